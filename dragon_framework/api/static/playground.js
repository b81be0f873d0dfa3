// The playground: a form for each task, made from its schema. Everything shown is
// set as text, never as markup: names and descriptions come from plugins.

const $ = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

const UNREACHABLE = "The service cannot be reached. Is it running?";
const WHERE_SECRETS_ARE = "`dragon serve` prints one when it starts, `dragon accounts add` when it makes an account.";

let tasks = [];
let running = null;
let key = null; // of the task that runs
let cancelled = false; // asked for, before or after the key is known

function current() {
  return tasks.find((candidate) => candidate.name === $("task").value);
}

function secret() {
  return $("secret").value.trim();
}

function rememberSecret() {
  const given = new URLSearchParams(location.hash.slice(1)).get("secret");
  if (given) {
    sessionStorage.setItem("secret", given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  $("secret").value = sessionStorage.getItem("secret") || "";
  $("secret").addEventListener("input", () => {
    sessionStorage.setItem("secret", secret());
    $("secret").removeAttribute("aria-invalid");
    showRequest();
  });
  $("account").addEventListener("submit", (event) => event.preventDefault());
}

// A field's schema without references and without "or null".
function plain(schema, root) {
  let found = schema;
  for (let depth = 0; depth < 10; depth += 1) {
    if (found.$ref) {
      const { $ref, ...rest } = found;
      const name = $ref.split("/").pop();
      found = { ...(root.$defs || {})[name], ...rest };
    } else if (found.anyOf) {
      const { anyOf, ...rest } = found;
      const some = anyOf.filter((option) => option.type !== "null");
      // Several types: a text field, read as a number or a boolean where it is one.
      found = some.length > 1 ? { ...rest, mixed: true } : { ...(some[0] || {}), ...rest };
    } else {
      break;
    }
  }
  return found;
}

function properties(task) {
  const root = plain(task.parameters, task.parameters);
  const required = new Set(root.required || []);
  return Object.entries(root.properties || {})
    .map(([name, schema]) => ({ name, schema: plain(schema, task.parameters), required: required.has(name) }));
}

function hint(schema, required) {
  const parts = [];
  if (schema.description) parts.push(schema.description);
  const facts = [];
  const unit = schema["x-unit"] ? ` ${schema["x-unit"]}` : "";
  if (schema.minimum !== undefined && schema.maximum !== undefined) facts.push(`${schema.minimum} to ${schema.maximum}${unit}`);
  else if (schema.minimum !== undefined) facts.push(`at least ${schema.minimum}${unit}`);
  else if (schema.maximum !== undefined) facts.push(`at most ${schema.maximum}${unit}`);
  else if (unit) facts.push(`in${unit}`);
  if (!required && schema.default !== undefined && schema.default !== null) facts.push(`default ${JSON.stringify(schema.default)}`);
  if (facts.length) parts.push(`(${facts.join("; ")})`);
  return parts.join(" ");
}

function control({ name, schema, required }) {
  const id = `parameter-${name}`;
  if (schema.type === "boolean") return make("input", { type: "checkbox", id, name, checked: schema.default === true });
  if (schema.enum) {
    const select = make("select", { id, name });
    for (const choice of schema.enum) {
      select.append(make("option", { value: JSON.stringify(choice), textContent: String(choice), selected: choice === schema.default }));
    }
    if (!required && (schema.default === undefined || schema.default === null)) {
      select.prepend(make("option", { value: "", textContent: "", selected: true }));
    }
    return select;
  }
  if (schema.type === "array") return make("textarea", { id, name, rows: 4, placeholder: "one on each line" });
  if (schema.type === "integer" || schema.type === "number") {
    const input = make("input", { type: "number", id, name, step: schema.type === "integer" ? 1 : "any" });
    if (schema.minimum !== undefined) input.min = schema.minimum;
    if (schema.maximum !== undefined) input.max = schema.maximum;
    if (schema.default !== undefined && schema.default !== null) input.placeholder = schema.default;
    return input;
  }
  const text = schema["x-secret"] || schema.writeOnly ? "password" : "text";
  return make("input", { type: text, id, name, spellcheck: false, placeholder: schema.default ?? "" });
}

// What a text means for a field: JSON where the schema asks for it, else the text itself.
// What does not fit is sent as it is; the service says what is wrong with it.
function read(text, schema) {
  if (schema.type === "integer" || schema.type === "number") return Number.isNaN(Number(text)) ? text : Number(text);
  if (schema.type === "string") return text;
  if (schema.mixed && !/^(-?[\d.]+(e[+-]?\d+)?|true|false|null|[[{].*)$/is.test(text)) return text;
  try { return JSON.parse(text); } catch { return text; }
}

function isSource(schema) {
  return Boolean(schema["x-source"] || (schema.items && schema.items["x-source"]));
}

function withUpload(input, several) {
  const picker = make("input", { type: "file", multiple: several });
  const button = make("button", { type: "button", textContent: "Choose file" });
  const area = make("div", { className: "drop" }, input, button, picker);
  const take = async (files) => {
    for (const file of files) {
      say(`Uploading ${file.name} …`);
      try {
        const url = await upload(file);
        input.value = several && input.value.trim() ? `${input.value.trim()}\n${url}` : url;
        tellField(input.name, "");
        say(`${file.name} is uploaded.`);
      } catch (error) {
        say(error.message, true);
      }
    }
    showRequest();
  };
  button.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => take(picker.files));
  area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => { event.preventDefault(); area.classList.remove("over"); take(event.dataTransfer.files); });
  return area;
}

async function upload(file) {
  const response = await fetch(`/v1/inputs/${encodeURIComponent(file.name)}`, {
    method: "POST",
    headers: headers(file.type || "application/octet-stream"),
    body: file,
  }).catch(() => { throw new Error(UNREACHABLE); });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(describe(answer, response.status));
  return answer.url;
}

function showTask() {
  const task = current();
  $("summary").textContent = task ? `${task.summary} ` : "";
  if (task) $("summary").append(make("a", { href: `/docs/${task.name}`, textContent: "Reference" }));
  const form = $("parameters");
  form.replaceChildren();
  if (!task) return;
  history.replaceState(null, "", `?task=${encodeURIComponent(task.name)}`);
  for (const field of properties(task)) {
    const input = control(field);
    const about = make("p", { className: "hint", id: `hint-${field.name}`, textContent: hint(field.schema, field.required) });
    const wrong = make("p", { className: "wrong", id: `wrong-${field.name}` });
    input.setAttribute("aria-describedby", `${about.id} ${wrong.id}`);
    const label = make("label", { htmlFor: input.id, textContent: field.name });
    if (field.required) label.append(make("span", { className: "quiet", textContent: " (required)" }));
    const body = isSource(field.schema) ? withUpload(input, field.schema.type === "array") : input;
    form.append(field.schema.type === "boolean"
      ? make("div", { className: "field" }, make("div", { className: "check" }, input, label), about, wrong)
      : make("div", { className: "field" }, label, body, about, wrong));
  }
  form.append(make("button", { className: "main", type: "submit", textContent: "Run", id: "run" }));
  showRequest();
}

function definition() {
  const task = current();
  const values = { task_name: task.name };
  for (const { name, schema, required } of properties(task)) {
    const input = $(`parameter-${name}`);
    if (schema.type === "boolean") {
      if (input.checked !== (schema.default === true) || required) values[name] = input.checked;
    } else if (input.value.trim() !== "") {
      const text = input.value.trim();
      if (schema.enum) values[name] = JSON.parse(text);
      else if (schema.type === "array") {
        const items = plain(schema.items || {}, task.parameters);
        values[name] = text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => read(line, items));
      } else values[name] = read(text, schema);
      if (schema.enum && values[name] === schema.default) delete values[name];
    }
  }
  return values;
}

// Credentials are copied but not shown: screens are shared more often than clipboards.
function request(shown) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const values = definition();
  for (const { name, schema } of properties(current())) {
    if (shown && schema["x-secret"] && name in values) values[name] = "…";
  }
  const key = secret() ? (shown ? "…" : secret()) : "YOUR_SECRET";
  const body = JSON.stringify({ tasks: values, block: true });
  return `curl ${location.origin}/v1/create \\\n  -H ${quoted(`Authorization: Secret ${key}`)} \\\n  -d ${quoted(body)}`;
}

function showRequest() {
  if (current()) $("request").textContent = request(true);
}

function say(text, isError = false, status = isError ? "error" : null) {
  if (status) $("state").dataset.status = status;
  $("state").textContent = text.charAt(0).toUpperCase() + text.slice(1);
  $("state").classList.toggle("error", isError);
}

function pointAtSecret() {
  $("secret").setAttribute("aria-invalid", "true");
  $("secret").focus();
}

// A plugin may let requests in that have no secret.
function headers(contentType) {
  return { "Content-Type": contentType, ...(secret() && { Authorization: `Secret ${secret()}` }) };
}

function describe(answer, code) {
  if (!answer || !Array.isArray(answer.errors)) return `The service answered with HTTP status ${code}.`;
  const text = answer.errors.map((error) => error.description).join("; ");
  if (code !== 401 || !answer.errors.some((error) => error.name === "secret")) return text;
  pointAtSecret();
  return `${secret() ? text : "Enter the secret of an account, above"}. ${WHERE_SECRETS_ARE}`;
}

async function run(event) {
  event.preventDefault();
  if (running) running.abort();
  running = new AbortController();
  for (const { name } of properties(current())) tellField(name, "");
  $("result").replaceChildren();
  $("run").disabled = true;
  $("cancel").disabled = false;
  key = null;
  cancelled = false;
  say("Sending …", false, "queued");
  try {
    const response = await fetch("/v1/create_stream", {
      method: "POST",
      headers: headers("application/json"),
      body: JSON.stringify({ tasks: [definition()] }),
      signal: running.signal,
    });
    if (!response.ok) throw new Error(describe(await response.json().catch(() => null), response.status));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let last = {};
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      rest += done ? "\n" : value;
      const lines = rest.split("\n");
      rest = lines.pop();
      for (const line of lines.filter((text) => text.trim())) {
        last = [JSON.parse(line)].flat()[0];
        key = last.key;
        if (cancelled && !isFinal(last)) await cancel();
        show(last);
      }
      if (done) break;
    }
    if (!isFinal(last)) say(`The service ended the answer before the task ended. Ask /v1/status?tasks=${last.key} for its status.`, true);
  } catch (error) {
    if (error.name !== "AbortError") say(error instanceof TypeError ? UNREACHABLE : error.message, true);
  } finally {
    $("run").disabled = false;
    $("cancel").disabled = true;
    $("progress").hidden = true;
    // On a narrow screen the result is below the form; what is wrong with a field is at the field.
    const top = $("state").getBoundingClientRect().top;
    const hidden = top < 0 || top > innerHeight - 100;
    if (hidden && !$("parameters").querySelector("[aria-invalid]")) $("result-title").scrollIntoView();
  }
}

async function cancel() {
  cancelled = true;
  if (!key) return;
  const response = await fetch("/v1/cancel", { method: "POST", headers: headers("application/json"), body: JSON.stringify({ tasks: [key] }) });
  if (!response.ok) say(describe(await response.json().catch(() => null), response.status), true, $("state").dataset.status);
}

function isFinal(status) {
  return status.status === "success" || status.status === "error";
}

// Say under a field what is wrong with it; return whether the form has such a field.
function tellField(name, text) {
  const place = $(`wrong-${name}`);
  if (!place) return false;
  place.textContent = text;
  if (text) $(`parameter-${name}`).setAttribute("aria-invalid", "true");
  else $(`parameter-${name}`).removeAttribute("aria-invalid");
  return true;
}

function show(status) {
  const bar = $("progress");
  bar.hidden = isFinal(status);
  const percent = status.progress?.percent ?? status.progress;
  if (typeof percent === "number") { bar.max = 100; bar.value = percent; } else bar.removeAttribute("value");
  if (!bar.hidden && status.progress?.phase) say(`${status.status}: ${status.progress.phase}`, false, status.status);
  if (status.status === "error") {
    const wrong = status.result && status.result.parameters;
    if (wrong) {
      const elsewhere = []; // about no field of the form: the parameters as a whole, or an unknown one
      for (const [name, messages] of Object.entries(wrong)) {
        const text = messages.join("; ");
        if (!tellField(name, text)) elsewhere.push(name === "*" ? text : `${name}: ${text}`);
      }
      const named = properties(current()).map(({ name }) => name).filter((name) => name in wrong);
      if (named.length) $(`parameter-${named[0]}`).focus();
      const sentence = named.length ? `Wrong: ${named.join(", ")}. What is wrong stands under each.` : "";
      say([sentence, ...elsewhere].filter(Boolean).join(" "), true);
    } else {
      const text = typeof status.result === "string" ? status.result : JSON.stringify(status.result);
      if (status.error?.code === "cancelled") say(text, false, "cancelled");
      else say(text, true);
    }
    return;
  }
  const { queued, started, completed } = status.events || {};
  const ms = new Date(completed) - new Date(started || queued);
  const took = completed ? ` in ${ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`}` : "";
  say(`${status.status}${took} (${status.key})`, false, status.status);
  if (status.result) showResult(status.result);
}

function shown(kind, element) {
  const part = make("div", {}, element);
  part.dataset.kind = kind;
  return part;
}

function showResult(result) {
  const place = $("result");
  place.replaceChildren();
  const rows = make("tbody");
  for (const [name, value] of Object.entries(result)) {
    const cell = make("td");
    if (typeof value === "string" && /\/storage\/[A-Z2-7]{26}\//.test(value)) {
      cell.append(make("a", { href: value, textContent: value, target: "_blank", rel: "noopener" }));
      const kind = value.split(".").pop();
      if (/^(jpe?g|png|gif|webp|avif)$/.test(kind)) place.prepend(shown("picture", make("img", { src: value, alt: `${name} of the task` })));
      if (/^(mp4|webm)$/.test(kind)) place.prepend(shown("video", make("video", { src: value, controls: true })));
      if (/^(mp3|ogg|m4a|wav|flac|opus)$/.test(kind)) place.prepend(shown("audio", make("audio", { src: value, controls: true })));
    } else {
      cell.textContent = typeof value === "string" ? value : JSON.stringify(value);
    }
    rows.append(make("tr", {}, make("th", { scope: "row", textContent: name }), cell));
  }
  place.append(shown("json", make("table", {}, rows)));
}

async function start() {
  rememberSecret();
  $("parameters").addEventListener("submit", run);
  $("parameters").addEventListener("input", (event) => { tellField(event.target.name, ""); showRequest(); });
  $("cancel").addEventListener("click", () => cancel().catch(() => say(UNREACHABLE, true, $("state").dataset.status)));
  $("task").addEventListener("change", showTask);
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault()); // beside a field
  $("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(request(false));
    $("copy").textContent = "Copied";
    setTimeout(() => { $("copy").textContent = "Copy"; }, 1500);
  });
  try {
    tasks = await (await fetch("/v1/tasks")).json();
  } catch {
    say(UNREACHABLE, true);
    return;
  }
  if (!tasks.length) {
    $("summary").textContent = "No task is installed: pip install dragon-image adds image.info and image.thumb.";
    return;
  }
  for (const task of tasks) $("task").append(make("option", { value: task.name, textContent: task.name }));
  const asked = new URLSearchParams(location.search).get("task");
  if (tasks.some((task) => task.name === asked)) $("task").value = asked;
  showTask();
}

start();
