/**
 * The service behind this page: its tasks, uploads, streams of statuses, cancelling.
 *
 * Every failure is a `Trouble`: a sentence that says what happened and how to go on. Stands on `fetch`.
 */

const WHERE_SECRETS_ARE = "`dragon serve` prints one when it starts, `dragon accounts add` when it makes an account.";

const FORGOTTEN = "The service does not know this task any more: tasks are kept for a week, if nobody set another time. Run it again.";

/** How often a stream that broke off is taken up again without any news, and how long it waits before that, in ms. */
const TRIES = 7;
const pause = (tries) => Math.min(5000, 250 * 2 ** tries);

export class Trouble extends Error {
  /** `kind` is `unreachable`, `secret`, `busy`, `gone` or `refused`. */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

export function isFinal(status) {
  return status.status === "success" || status.status === "error";
}

/** Return the service of this page; `secretOf` returns the secret of the moment, empty for none. */
export function makeService(secretOf) {
  // A plugin may let requests in that have no secret.
  const headers = (type) => ({ "Content-Type": type, ...(secretOf() && { Authorization: `Secret ${secretOf()}` }) });

  async function ask(path, { body, more, signal, method = "POST" } = {}) {
    let response;
    try {
      const about = method === "GET" ? {} : { headers: { ...headers("application/json"), ...more }, body: JSON.stringify(body) };
      response = await fetch(path, { method, signal, ...about });
    } catch (error) {
      throw error.name === "AbortError" ? error : unreachable();
    }
    if (!response.ok) throw refusal(await response.text().catch(() => ""), response.status, response.headers.get("Retry-After"), secretOf());
    return response;
  }

  const json = async (...given) => readJson(await ask(...given));

  /** Yield the statuses of a stream: one JSON object, or a list of one, on each line. */
  async function* statuses(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { value, done } = await reader.read().catch((error) => { throw error.name === "AbortError" ? error : unreachable(); });
      const lines = (rest + (done ? "\n" : value)).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line.trim()) yield* [parsed(line)].flat();
      if (done) return;
    }
  }

  return {
    /** Return every installed task, as `/v1/tasks` tells it. */
    tasks: () => json("/v1/tasks", { method: "GET" }),

    /** Return the status of a task. */
    status: async (key, signal) => (await json("/v1/status", { body: { tasks: [key] }, signal }))[0],

    cancel: (key) => json("/v1/cancel", { body: { tasks: [key] } }),

    /** Create a task and yield its statuses to the last; `lost` is called when the connection breaks and is tried again. */
    async *run(definition, { signal, lost }) {
      const more = { "Idempotency-Key": freshKey() };
      const create = () => ask("/v1/create_stream", { body: { tasks: [definition] }, more, signal });
      yield* following(create, { signal, lost });
    },

    /** Yield the statuses of a task that was created before. */
    async *follow(key, { signal, lost }) {
      try {
        yield* following(() => ask("/v1/status_stream", { body: { tasks: [key] }, signal }), { signal, lost });
      } catch (error) {
        throw error.kind === "gone" ? new Trouble("gone", FORGOTTEN) : error;
      }
    },

    /** Upload a file; return the URL under which every task finds it. `told` gets the percent. */
    upload(file, told) {
      return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest(); // fetch does not tell how much of a body is sent
        request.open("POST", `/v1/inputs/${encodeURIComponent(file.name)}`);
        for (const [name, value] of Object.entries(headers(file.type || "application/octet-stream"))) request.setRequestHeader(name, value);
        request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) told((100 * event.loaded) / event.total); });
        request.addEventListener("error", () => reject(unreachable()));
        request.addEventListener("load", () => {
          if (request.status >= 300) return reject(refusal(request.responseText, request.status, request.getResponseHeader("Retry-After"), secretOf()));
          try {
            return resolve(JSON.parse(request.responseText).url);
          } catch {
            return reject(new Trouble("refused", "The service's answer to the upload is no JSON."));
          }
        });
        request.send(file);
      });
    },
  };

  async function* following(open, { signal, lost }) {
    let key;
    for (let tries = 0; ; ) {
      let trouble;
      try {
        for await (const status of statuses(await open())) {
          tries = 0;
          key = status.key ?? key;
          yield status;
          if (isFinal(status)) return;
        }
        trouble = new Trouble("unreachable", "The service ended the answer before the task ended.");
      } catch (error) {
        if (!["unreachable", "busy"].includes(error.kind)) throw error;
        trouble = error;
      }
      tries += 1;
      // Before there is a key nothing was created, or the idempotency key finds it: the first try is told at once.
      if (tries > (key ? TRIES : 1)) {
        throw key ? new Trouble(trouble.kind, `${trouble.message} The task may still run: it is in the history, below; open it there.`) : trouble;
      }
      lost?.(tries);
      await sleep(pause(tries), signal);
      if (key) {
        const known = key;
        open = () => ask("/v1/status_stream", { body: { tasks: [known] }, signal });
      }
    }
  }
}

function unreachable() {
  return new Trouble("unreachable", navigator.onLine === false && !/^(localhost|127\.|\[::1\])/.test(location.host)
    ? "This device is offline."
    : `The service at ${location.host} cannot be reached. Is it running? \`make run\` or \`dragon serve\` starts it; then try again.`);
}

async function readJson(response) {
  return parsed(await response.text());
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Trouble("refused", "The service's answer is no JSON; is there a proxy between?");
  }
}

function refusal(text, code, retryAfter, secret) {
  let errors;
  try {
    ({ errors } = JSON.parse(text));
  } catch { /* the answer is that of something in between, such as a proxy */ }
  const when = retryAfter ? ` Try again in ${retryAfter} s.` : "";
  if (code === 404) return new Trouble("gone", "The service answered with HTTP status 404.");
  if (!Array.isArray(errors)) {
    const kind = [502, 503, 504].includes(code) ? "busy" : "refused";
    return new Trouble(kind, `The service answered with HTTP status ${code}.${when}`);
  }
  const said = sentence(errors.map((error) => error.description).join("; "));
  if (code === 401 && errors.some((error) => error.name === "secret" || error.name === "api_key")) {
    return new Trouble("secret", `${secret ? `The secret is not accepted: ${said}` : "Enter the secret of an account, above."} ${WHERE_SECRETS_ARE}`);
  }
  return new Trouble(code === 503 ? "busy" : "refused", said + when);
}

export function sentence(text) {
  const whole = String(text ?? "").trim();
  return whole && whole.charAt(0).toUpperCase() + whole.slice(1) + (/[.!?…]$/.test(whole) ? "" : ".");
}

function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", stop), resolve()), ms);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
