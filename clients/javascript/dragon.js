/**
 * A client of the Dragon media task service, for browsers and Node >= 18: one module, no dependency.
 *
 * In: the URL of a service and a credential. Out: statuses as the v1 reference describes them.
 * Types and the meaning of each option are in `dragon.d.ts`. Stands on `fetch`.
 */

/** HTTP statuses of a service that is being started again, is full, or asks for patience: it may answer later. */
const PASSING = new Set([429, 502, 503, 504]);

/** A connection that lasted so long was a good one: when it breaks, counting failures starts anew. In ms. */
const HEALTHY_MS = 10_000;

const FINAL = new Set(["success", "error"]);

const CODES = {
  400: "invalid_request",
  401: "unauthorized",
  404: "not_found",
  413: "too_large",
  429: "too_many_failures",
  503: "unavailable",
};

/** Anything this module throws for what the service, a task or the network did. */
export class DragonError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The service could not be reached, or broke off, and trying again did not help. */
export class ConnectionLost extends DragonError {
  constructor(message, options) {
    super("connection_lost", message, options);
  }
}

/** The service refuses a request. */
export class ApiError extends DragonError {
  constructor(httpStatus, problems, text, retryAfter = null) {
    const limited = problems.some((problem) => problem.location === "account");
    super(limited ? "limit_reached" : (CODES[httpStatus] ?? `http_${httpStatus}`), `the service answers ${httpStatus}: ${text}`);
    this.httpStatus = httpStatus;
    this.problems = problems;
    this.retryAfter = retryAfter;
  }
}

/** A task ended as `error`. */
export class TaskError extends DragonError {
  constructor(status) {
    const { code = "task_error", transient = false } = status.error ?? {};
    super(code, typeof status.result === "string" ? status.result : JSON.stringify(status.result ?? code));
    this.transient = transient;
    this.key = status.key;
    this.result = status.result;
  }
}

/** Whether a status is the last one of its task. */
export function isFinal(status) {
  return FINAL.has(status.status);
}

/** The percent of a status, 0 to 100: 100 on success, else its progress (a number, or an object with `percent`), or null. */
export function percentOf(status) {
  if (status.status === "success") return 100;
  const value = status.progress?.percent ?? status.progress;
  return typeof value === "number" && Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : null;
}

export class Dragon {
  #server;
  #headers = {};
  #silenceMs;
  #retries;
  #longestWaitMs;

  constructor(server, { secret = "", apiKey = "", origin = "", silenceSeconds = 120, retries = 5, longestWaitSeconds = 30 } = {}) {
    if (secret && apiKey) throw new TypeError("give a secret or an api key, not both");
    if (!(silenceSeconds > 0)) throw new RangeError(`silenceSeconds must be above 0, got ${silenceSeconds}`);
    if (!(retries >= 0)) throw new RangeError(`retries must be at least 0, got ${retries}`);
    if (!(longestWaitSeconds >= 0)) throw new RangeError(`longestWaitSeconds must be at least 0, got ${longestWaitSeconds}`);
    this.#server = new URL(server).href.replace(/\/+$/, "");
    if (secret) this.#headers.Authorization = `Secret ${secret}`;
    if (apiKey) this.#headers.Authorization = `Api-Key ${apiKey}`;
    if (origin) this.#headers.Origin = origin;
    this.#silenceMs = silenceSeconds * 1000;
    this.#retries = retries;
    this.#longestWaitMs = longestWaitSeconds * 1000;
  }

  async create(tasks, { block = false, seconds = 300, idempotencyKey = freshKey(), signal } = {}) {
    const headers = { "Idempotency-Key": idempotencyKey };
    const statuses = await this.#post("/v1/create", { tasks: listed(tasks) }, { headers, signal });
    if (!block || statuses.every(isFinal)) return statuses;
    return this.block(statuses.map((status) => status.key), { seconds, signal });
  }

  async *createStream(tasks, options = {}) {
    const known = new Map();
    for (const status of await this.create(tasks, { ...options, block: false })) {
      known.set(status.key, JSON.stringify(status));
      yield status;
      if (isFinal(status)) known.delete(status.key);
    }
    if (known.size) yield* this.#follow([...known.keys()], known, options.signal);
  }

  async run(task, options = {}) {
    let status;
    for await (status of this.createStream(task, options)) options.onStatus?.(status);
    if (status.status !== "success") throw new TaskError(status);
    return status.result;
  }

  async status(keys, { signal } = {}) {
    return this.#post("/v1/status", { tasks: listed(keys) }, { signal });
  }

  async block(keys, { seconds = 300, signal } = {}) {
    const enough = new AbortController();
    const timer = seconds === null ? undefined : setTimeout(() => enough.abort(), seconds * 1000);
    const unlink = forward(signal, enough);
    try {
      for await (const _ of this.#follow(listed(keys), new Map(), enough.signal));
    } catch (error) {
      if (signal?.aborted || !enough.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      unlink();
    }
    return this.status(keys, { signal });
  }

  stream(keys, { signal } = {}) {
    return this.#follow(listed(keys), new Map(), signal);
  }

  async cancel(keys, { signal } = {}) {
    return this.#post("/v1/cancel", { tasks: listed(keys) }, { signal, repeat: false });
  }

  async upload(file, { name, signal } = {}) {
    let body = file;
    const headers = { "Content-Type": "application/octet-stream" };
    const more = {};
    if (typeof file === "string" || file instanceof URL) {
      const [{ createReadStream }, { stat }, { basename }, { fileURLToPath }, { Readable }] = await nodeModules(
        "node:fs", "node:fs/promises", "node:path", "node:url", "node:stream",
      );
      const path = file instanceof URL ? fileURLToPath(file) : file;
      headers["Content-Length"] = String((await stat(path)).size);
      name ??= basename(path);
      body = Readable.toWeb(createReadStream(path));
      more.duplex = "half"; // the fetch standard asks for it with a stream
    }
    name ??= file.name || "input";
    const path = `/v1/inputs/${encodeURIComponent(name)}`;
    const answer = await this.#once(this.#server + path, { method: "POST", body, headers: { ...this.#headers, ...headers }, ...more }, signal, readJson);
    return answer.url;
  }

  async download(url, { signal } = {}) {
    return this.#repeated(url, {}, signal, (response) => response.blob());
  }

  async downloadTo(url, path, { signal } = {}) {
    const [{ createWriteStream }, { rename, rm }, { Readable }, { pipeline }] = await nodeModules(
      "node:fs", "node:fs/promises", "node:stream", "node:stream/promises",
    );
    const part = `${path}.${freshKey()}.part`;
    try {
      await this.#repeated(url, {}, signal, async (response, touch) => {
        const chunks = async function* () {
          for await (const chunk of Readable.fromWeb(response.body)) {
            touch();
            yield chunk;
          }
        };
        await pipeline(chunks, createWriteStream(part));
      });
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  /** Yield statuses that differ from the *known* ones until all are final; a stream that breaks off is taken up again. */
  async *#follow(keys, known, signal) {
    const pending = new Set(keys);
    for (let failures = 0; pending.size; ) {
      const began = Date.now();
      let ended = false;
      let trouble;
      const init = this.#json({ tasks: [...pending] });
      const connection = new Connection(`${this.#server}/v1/status_stream`, init, signal, this.#silenceMs);
      try {
        const response = await connection.open();
        for await (const status of statusesIn(response.body, connection)) {
          if (isFinal(status)) ended = pending.delete(status.key) || ended;
          const text = JSON.stringify(status);
          if (known.get(status.key) === text) continue;
          known.set(status.key, text);
          yield status;
        }
        trouble = new ConnectionLost("the service ends the stream before the tasks have ended");
      } catch (error) {
        trouble = error;
      } finally {
        connection.close();
      }
      if (!pending.size) return;
      failures = ended || Date.now() - began >= HEALTHY_MS ? 1 : failures + 1;
      await this.#wait(failures, trouble, signal);
    }
  }

  #json(body, headers = {}) {
    return { method: "POST", body: JSON.stringify(body), headers: { ...this.#headers, "Content-Type": "application/json", ...headers } };
  }

  #post(path, body, { headers, signal, repeat = true } = {}) {
    const init = this.#json(body, headers);
    return repeat ? this.#repeated(this.#server + path, init, signal, readJson) : this.#once(this.#server + path, init, signal, readJson);
  }

  async #once(url, init, signal, read) {
    const connection = new Connection(url, init, signal, this.#silenceMs);
    try {
      const response = await connection.open();
      return await connection.told(() => read(response, () => connection.touch()));
    } finally {
      connection.close();
    }
  }

  async #repeated(url, init, signal, read) {
    for (let failures = 1; ; failures++) {
      try {
        return await this.#once(url, init, signal, read);
      } catch (error) {
        await this.#wait(failures, error, signal);
      }
    }
  }

  /** Wait before the next try, as `Retry-After` says or twice as long each time; throw *error* if there is none. */
  async #wait(failures, error, signal) {
    const passing =
      error instanceof ConnectionLost || (error instanceof ApiError && (PASSING.has(error.httpStatus) || error.retryAfter !== null));
    const asked = (error.retryAfter ?? 0) * 1000;
    if (!passing || failures > this.#retries || asked > this.#longestWaitMs) throw error;
    // Jitter: clients that lost the same service do not all come back at the same moment.
    const usual = Math.min(5000, 100 * 2 ** failures) * (0.5 + Math.random() / 2);
    await sleep(asked ? asked + Math.random() * 500 : usual, signal);
  }
}

/** One request: it ends when the caller's signal says so, or when the service is silent for too long. */
class Connection {
  #controller = new AbortController();
  #unlink;
  #timer;

  constructor(url, init, signal, silenceMs) {
    Object.assign(this, { url, init, signal, silenceMs });
    this.#unlink = forward(signal, this.#controller);
  }

  async open() {
    this.touch();
    const response = await this.told(() => fetch(this.url, { ...this.init, signal: this.#controller.signal }));
    if (!response.ok) throw await this.told(() => refusal(response));
    return response;
  }

  /** Start waiting anew: something was heard. */
  touch() {
    clearTimeout(this.#timer);
    if (this.#controller.signal.aborted) return;
    const silent = () => this.#controller.abort(new Error(`silent for ${this.silenceMs / 1000} s`));
    this.#timer = setTimeout(silent, this.silenceMs);
  }

  /** Return what *action* does; the network's errors become `ConnectionLost`, an abort keeps the caller's reason. */
  async told(action) {
    try {
      return await action();
    } catch (error) {
      this.signal?.throwIfAborted();
      if (error instanceof DragonError || isLocal(error)) throw error;
      const cause = this.#controller.signal.reason ?? error.cause ?? error;
      throw new ConnectionLost(`the service cannot be reached: ${cause.message || cause.code || cause}`, { cause: error });
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#unlink();
    this.#controller.abort();
  }
}

async function* statusesIn(body, connection) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (let rest = ""; ; ) {
    const { done, value } = await connection.told(() => reader.read());
    if (done) return;
    connection.touch();
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.trim()) yield* listed(await connection.told(() => JSON.parse(line)));
    }
  }
}

async function readJson(response) {
  return JSON.parse(await response.text());
}

async function refusal(response) {
  const text = await response.text();
  let problems = [];
  let said = text.slice(0, 200) || response.statusText;
  try {
    const answer = JSON.parse(text);
    if (Array.isArray(answer)) said = answer.map((status) => status.result).join("; ");
    else if (answer.errors) {
      problems = answer.errors;
      said = problems.map((problem) => problem.description).join("; ");
    } else said = answer.message ?? said;
  } catch {
    // The answer is that of something in between, such as a proxy.
  }
  return new ApiError(response.status, problems, said, retryAfter(response.headers.get("Retry-After")));
}

/** Seconds of a `Retry-After` (RFC 9110, 10.2.3: seconds, or a date); null if there is none. */
function retryAfter(text) {
  if (!text) return null;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

/** Abort *controller* when *signal* is aborted; return the function that ends the link. */
function forward(signal, controller) {
  if (!signal) return () => {};
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  return () => signal.removeEventListener("abort", abort);
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", stop), resolve()), ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Whether an error is that of a file on this machine: trying again does not help. */
function isLocal(error) {
  return typeof error.syscall === "string" && typeof error.path === "string";
}

function listed(value) {
  return Array.isArray(value) ? value : [value];
}

/** 128 random bits; `crypto.randomUUID` is missing on pages without TLS, `crypto` in Node 18. */
function freshKey() {
  const bytes = globalThis.crypto?.getRandomValues(new Uint8Array(16)) ?? Array.from({ length: 16 }, () => Math.floor(Math.random() * 256));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function nodeModules(...names) {
  if (typeof globalThis.process?.versions?.node !== "string") throw new TypeError("paths are for Node; give a Blob or a File");
  return Promise.all(names.map((name) => import(name)));
}
