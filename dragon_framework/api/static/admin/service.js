// What is asked of the service, with the operator's secret in the header of each request.
// The secret is kept for this tab alone, where the playground keeps it, too.

const KEPT = "secret";

export class ServiceError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status; // 0: it could not be reached
  }
}

export const secret = () => sessionStorage.getItem(KEPT) || "";
export const remember = (value) => sessionStorage.setItem(KEPT, value);
export const forget = () => sessionStorage.removeItem(KEPT);

// A link of `dragon serve` has the secret behind the #, which browsers send to nobody.
export function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("secret");
  if (!given) return false;
  remember(given);
  history.replaceState(null, "", location.pathname);
  return true;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(`/v1/admin/${path}`, {
      ...options,
      headers: { Authorization: `Secret ${encodeURI(secret())}`, "Content-Type": "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(15000),
    });
  } catch {
    throw new ServiceError(0, "The service cannot be reached.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  const said = ((answer && answer.errors) || []).map((problem) => problem.description).join("; ");
  throw new ServiceError(response.status, said || `The service answered ${response.status}.`);
}

export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return ask(text ? `${path}?${text}` : path, {});
}

const MOST_KEYS = 100;

// Ask for something for each task; the answers tell what became of each.
export async function act(action, keys) {
  const answers = [];
  for (let start = 0; start < keys.length; start += MOST_KEYS) {
    const body = JSON.stringify({ tasks: keys.slice(start, start + MOST_KEYS) });
    answers.push(...await ask(action, { method: "POST", body }));
  }
  return answers;
}
