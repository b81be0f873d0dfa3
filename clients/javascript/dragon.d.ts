/** What to do: the name of a task and its parameters. */
export interface TaskDefinition {
  task_name: string;
  [parameter: string]: unknown;
}

/** A task's status, as the service tells it. */
export interface Status<Result = any> {
  status: "queued" | "executing" | "success" | "error";
  key: string;
  /** ISO 8601 times. */
  events: { queued?: string; started?: string; completed?: string };
  /** A number, usually percent; or an object; see `percentOf`. */
  progress?: number | { percent?: number; phase?: string; [more: string]: unknown } | unknown;
  /** What the task gives; part of it before it ends; what went wrong if it ended as `error`. */
  result?: Result;
  error?: { code: string; transient: boolean };
  /** Only while the task waits for its next try; `seconds` is how long it waits. */
  retry?: { number: number; seconds: number; error: { code: string; transient: boolean }; result: unknown };
}

/** What is wrong with a request. */
export interface Problem {
  name: string;
  location: string;
  description: string;
}

export interface Options {
  /** Secret of an account, for programs that keep it to themselves: never in a page. */
  secret?: string;
  /** Api key of an account, for pages on its list of referrers. */
  apiKey?: string;
  /** In Node, the page that the api key is for, such as `https://example.org`; browsers send their own. */
  origin?: string;
  /** Seconds that the service may be silent, > 0; 120 by default. Idle streams send a blank line every 15 s. */
  silenceSeconds?: number;
  /** How often in a row a request that may be repeated is tried again, >= 0; 5 by default. */
  retries?: number;
  /** Longest `Retry-After` that is waited for, in seconds, >= 0; 30 by default. A longer one is an `ApiError` at once. */
  longestWaitSeconds?: number;
}

export interface Abortable {
  /** Ends the request and throws the signal's reason; tasks go on (see `cancel`). */
  signal?: AbortSignal;
}

export interface CreateOptions extends Abortable {
  /**
   * 1 to 255 characters that name this request; fresh ones by default. A request repeated under its key creates
   * nothing twice, so that this one is tried again when the network fails.
   */
  idempotencyKey?: string;
}

export interface BlockOptions extends Abortable {
  /** Longest wait in seconds, then the current statuses; 300 by default, as the service's own; null for none. */
  seconds?: number | null;
}

/** Talks to one service. Methods throw `ApiError`, `ConnectionLost`, or the reason of their signal. */
export class Dragon {
  /** @param server URL of the service, such as `http://127.0.0.1:8000`. */
  constructor(server: string | URL, options?: Options);

  /** Create tasks and return their statuses, in order. */
  create(tasks: TaskDefinition | TaskDefinition[], options?: CreateOptions & BlockOptions & { block?: boolean }): Promise<Status[]>;

  /** Create tasks and yield their statuses as they change, until all are final. */
  createStream(tasks: TaskDefinition | TaskDefinition[], options?: CreateOptions): AsyncGenerator<Status, void, undefined>;

  /**
   * Create one task and return its result.
   * @throws {TaskError} If the task ends as `error`.
   */
  run<Result = any>(task: TaskDefinition, options?: CreateOptions & { onStatus?: (status: Status) => void }): Promise<Result>;

  /** Return the statuses of tasks, in the order of *keys*; a 404 if none is known. */
  status(keys: string | string[], options?: Abortable): Promise<Status[]>;

  /** Wait until tasks are final and return their statuses, in the order of *keys*. */
  block(keys: string | string[], options?: BlockOptions): Promise<Status[]>;

  /** Yield statuses as they change, until all are final; a stream that breaks off is taken up again. */
  stream(keys: string | string[], options?: Abortable): AsyncGenerator<Status, void, undefined>;

  /** Cancel tasks of this account and return their statuses; not tried again. */
  cancel(keys: string | string[], options?: Abortable): Promise<Status[]>;

  /**
   * Upload a file and return its URL for tasks; not tried again.
   * @param file A Blob or File; in Node a path, or a `file:` URL, too.
   */
  upload(file: Blob | string | URL, options?: Abortable & { name?: string }): Promise<string>;

  /** Return the file at the URL of an output, in memory; the credential is not sent there. */
  download(url: string, options?: Abortable): Promise<Blob>;

  /** Node: write the file at the URL of an output to *path*, which appears when it is whole. */
  downloadTo(url: string, path: string, options?: Abortable): Promise<void>;
}

/** Whether a status is the last one of its task. */
export function isFinal(status: Status): boolean;

/** The percent of a status, 0 to 100: 100 on success, else what its progress tells; null if it tells none. */
export function percentOf(status: Status): number | null;

/** Anything this module throws for what the service, a task or the network did. */
export class DragonError extends Error {
  /** For programs: `connection_lost`, `unauthorized`, `limit_reached`, `not_found`, ..., or the code of a task's error. */
  readonly code: string;
}

/** The service could not be reached, or broke off, and trying again did not help. */
export class ConnectionLost extends DragonError {}

/** The service refuses a request. */
export class ApiError extends DragonError {
  readonly httpStatus: number;
  /** Empty if the answer was not the API's. */
  readonly problems: Problem[];
  /** Seconds after which the service wants to be asked again; null if it does not say. */
  readonly retryAfter: number | null;
}

/** A task ended as `error`; `code` is that of its error. */
export class TaskError extends DragonError {
  readonly key: string;
  /** Whether trying again may help. */
  readonly transient: boolean;
  /** What the service says, such as `{parameters: {width: [...]}}`. */
  readonly result: unknown;
}
