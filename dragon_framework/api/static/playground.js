/**
 * The playground: a form for each task, made from its schema; run, watch, see, copy, and come back to it.
 *
 * Everything shown is set as text, never as markup: names, descriptions and results come from plugins. The parts are in
 * `playground/`; this module joins them.
 *
 * Tests, and whoever drives the page by a program, rely on these marks: `#task`, a select whose value is the name of the
 * task; the form `#parameters` with a control of the name of each parameter (a fieldset where it is a group of fields);
 * `#run`, `#cancel`; `#state` with `data-status`: idle, queued, executing, success, error or cancelled; `#result` with
 * parts whose `data-kind` is picture, video, audio, beats, boxes, link, file or json (in whose `pre` the result stands as
 * JSON); `#request`, the code to copy.
 */

import { $, button, make } from "./playground/dom.js";
import { taskForm } from "./playground/form.js";
import { taskHistory } from "./playground/history.js";
import { readLink, takeSecret, writeLink } from "./playground/link.js";
import { copies, requestPanel } from "./playground/request.js";
import { isFinal, makeService, sentence } from "./playground/service.js";
import { note, percentOf, say, showProgress, took } from "./playground/state.js";
import { keep, kept } from "./playground/storage.js";
import { taskPicker } from "./playground/tasks.js";

const service = makeService(() => $("secret").value.trim());
let tasks = [];
let task = null;
let form = null;
let running = null; // {controller, key, isCancelled}

const results = () => import("./playground/results/index.js"); // not before there is a result

const drawRequest = requestPanel({
  current: () => form && { task, definition: form.definition(), secret: $("secret").value.trim() },
});
const past = taskHistory({ open: reopen, again: runAgain });

function changed() {
  drawRequest();
  const { task_name: name, ...values } = form.definition();
  const link = writeLink(name, values, form.fields);
  // Long addresses are cut or refused on the way; then the link has the task alone.
  history.replaceState(null, "", `${location.pathname}${link.length < 4000 ? link : `#task=${encodeURIComponent(name)}`}`);
}

function showTask(name, values = [], isText = false) {
  task = tasks.find((one) => one.name === name);
  $("task").value = task.name;
  const reference = make("a", { href: `/docs/${encodeURIComponent(task.name)}`, textContent: "Reference" });
  $("task-name").textContent = task.name;
  $("summary").replaceChildren(`${task.summary ?? ""} `, reference);
  form = taskForm(task, $("fields"), { service, tell });
  note("");
  const unknown = values.length ? form.fill(values, isText) : [];
  if (unknown.length) note(`${task.name} has no parameter ${unknown.join(", ")}: left out.`, true);
  changed();
}

/** Fill the form as the address of the page says. */
function followLink(otherwise) {
  const link = readLink(location.hash, location.search);
  if (tasks.some((one) => one.name === link.task)) return showTask(link.task, link.values, true);
  showTask(otherwise);
  if (link.task) note(`There is no task ${link.task} here; the list has those that are installed.`, true);
  return undefined;
}

async function run() {
  form.clear();
  note("");
  const definition = form.definition();
  const asked = task;
  await watch(asked, definition, (options) => service.run(definition, options), "Sending …");
}

/** Show the statuses of a task while they come, then its result. */
async function watch(asked, definition, statuses, text) {
  running?.controller.abort();
  const mine = { controller: new AbortController(), key: null, isCancelled: false };
  running = mine;
  $("result").replaceChildren();
  results().catch(() => {}); // fetched while the task runs; a failure is told when it is needed
  $("run").disabled = true;
  $("cancel").disabled = false;
  say("queued", text);
  showProgress(null);
  try {
    for await (const status of statuses({ signal: mine.controller.signal, lost: () => say(null, "The connection is lost; trying again …") })) {
      if (running !== mine) return;
      mine.key = status.key;
      past.note(asked, definition, status);
      if (mine.isCancelled && !isFinal(status)) await service.cancel(mine.key);
      await show(status, asked, definition);
    }
  } catch (error) {
    if (running === mine && error.name !== "AbortError") trouble(error);
  } finally {
    if (running === mine) {
      running = null;
      $("run").disabled = false;
      $("cancel").disabled = true;
      showProgress(undefined);
      comeIntoView();
    }
  }
}

async function cancel() {
  if (!running) return;
  running.isCancelled = true;
  $("cancel").disabled = true;
  say(null, "Cancelling …");
  try {
    if (running.key) await service.cancel(running.key);
  } catch (error) {
    $("cancel").disabled = false;
    note(`It was not cancelled: ${error.message}`, true);
  }
}

async function show(status, asked, definition) {
  if (status.status === "error") return fail(status, asked);
  const { result, progress } = status;
  // A task may have parts of its result before it ends; they are shown as they come.
  if ((result !== null && typeof result === "object") || status.status === "success") {
    const { resultView } = await results();
    const text = JSON.stringify(result);
    if (text !== $("result").dataset.shown || !$("result").hasChildNodes()) $("result").replaceChildren(...resultView({ task: asked, definition, result }));
    $("result").dataset.shown = text;
  }
  if (status.status === "success") {
    const time = took(status);
    return say("success", `Done${time ? ` in ${time}` : ""}.`, [keyOf(status)]);
  }
  showProgress(percentOf(status));
  const phase = typeof progress?.phase === "string" && progress.phase ? `: ${progress.phase}` : "";
  return say(status.status, `${status.status}${phase}`, [keyOf(status)]);
}

function fail(status, asked) {
  const { result } = status;
  if (status.error?.code === "cancelled") return say("cancelled", "Cancelled.", [keyOf(status)]);
  const wrong = result !== null && typeof result === "object" ? result.parameters : undefined;
  if (wrong && typeof wrong === "object" && asked === task) {
    const { elsewhere, named } = form.tellErrors(wrong);
    const first = named.length ? `Not run: ${named.join(", ")} ${named.length === 1 ? "is" : "are"} wrong, as is said there.` : "";
    return say("error", [first, ...elsewhere.map(sentence)].filter(Boolean).join(" "));
  }
  const text = sentence(typeof result === "string" ? result : JSON.stringify(result));
  const code = status.error?.code ? [" ", make("code", { textContent: status.error.code, className: "quiet" })] : [];
  const hint = status.error?.transient ? [" It may work when it is run again."] : [];
  return say("error", text, [...hint, ...code, keyOf(status)]);
}

function keyOf(status) {
  return make("span", { className: "key", textContent: ` ${status.key}`, title: "Key of the task" });
}

function askForSecret() {
  $("secret").setAttribute("aria-invalid", "true");
  $("secret").focus();
}

/** What the parts of the form have to say; `error` is what went wrong. */
function tell(text, error) {
  note(text, Boolean(error));
  if (error?.kind === "secret") askForSecret();
}

function trouble(error) {
  if (error.kind === "secret") askForSecret();
  say("error", error.kind ? error.message : `The playground failed: ${error.message}`);
}

/** On a narrow screen the result is below the form; what is wrong with a field is at the field. */
function comeIntoView() {
  if ($("fields").querySelector("[aria-invalid]") || $("secret").hasAttribute("aria-invalid")) return;
  const { top } = $("state").getBoundingClientRect();
  if (top < 0 || top > innerHeight - 100) $("result-title").scrollIntoView();
}

/** Open a task of the history: its form, and how it stands now. */
async function reopen(entry) {
  if (!fillFrom(entry)) return;
  const { task_name: name, ...values } = form.definition();
  await watch(task, { task_name: name, ...values }, (options) => service.follow(entry.key, options), "Asking …");
}

async function runAgain(entry) {
  if (fillFrom(entry) && !entry.cut) await run();
}

function fillFrom(entry) {
  if (!tasks.some((one) => one.name === entry.task)) {
    note(`${entry.task} is not installed any more.`, true);
    return false;
  }
  showTask(entry.task, Object.entries(entry.definition));
  if (entry.cut) note("What this task was given is too long to be kept; the form is empty.", true);
  return true;
}

async function load() {
  try {
    tasks = await service.tasks();
  } catch (error) {
    say("error", error.message, [" ", button("Try again", () => location.reload(), { className: "small" })]);
    return;
  }
  if (!tasks.length) {
    $("summary").textContent = "No task is installed: pip install dragon-image adds image.info and image.thumb.";
    return;
  }
  taskPicker(tasks, { chosen: showTask });
  $("run").disabled = false;
  followLink(tasks[0].name);
  addEventListener("hashchange", () => {
    rememberSecret();
    if (readLink(location.hash).task) followLink(task.name);
  });
}

function rememberSecret() {
  const given = takeSecret();
  if (given) keep("sessionStorage", "secret", given);
  $("secret").value = given || kept("sessionStorage", "secret") || $("secret").value;
}

function listen() {
  // Before there are fields: an input named "addEventListener" would hide the form's own.
  $("parameters").addEventListener("submit", (event) => {
    event.preventDefault();
    if (form) run();
  });
  for (const kind of ["input", "change"]) $("parameters").addEventListener(kind, () => form && changed());
  $("parameters").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form && !$("run").disabled) run();
  });
  $("cancel").addEventListener("click", cancel);
  $("reset").addEventListener("click", () => showTask(task.name));
  $("secret").addEventListener("input", () => {
    keep("sessionStorage", "secret", $("secret").value.trim());
    $("secret").removeAttribute("aria-invalid");
    drawRequest();
  });
  $("account").addEventListener("submit", (event) => event.preventDefault());
  copies($("link"), () => location.href);
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault()); // beside a field
}

rememberSecret();
listen();
load();
