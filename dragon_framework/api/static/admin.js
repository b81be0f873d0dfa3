// The dashboard: signs in, chooses the view that the address names, and looks again every two
// seconds while somebody can see it.

import { $, clock, count, plural, show, write } from "./admin/dom.js";
import { callbackLists } from "./admin/callbacks.js";
import { overview } from "./admin/overview.js";
import { act, forget, get, remember, secret, takeFromAddress } from "./admin/service.js";
import { showTask } from "./admin/task.js";
import { taskList } from "./admin/tasks.js";

const LOOK_MS = 2000;
const VIEWS = ["overview", "tasks", "callbacks"];

let view = "overview";
let paused = false;
let looking = false;
let timer = 0;
let shown = null; // the task in the dialog

const drawOverview = overview({ open, browse, cancel: (row) => cancel([row]) });
const list = taskList({ open, cancel, retry });
const drawCallbacks = callbackLists({ open, replay });

function say(text, wrong = false) {
  $("notice").classList.toggle("wrong", wrong);
  $("notice").textContent = text;
  show($("notice"), Boolean(text));
}

// What went wrong while something was asked for: a lost right leads to the entrance.
function fail(error, place = "trouble") {
  if (error.status === 401 || error.status === 403 || error.status === 429) {
    leave(error.message, error.status !== 429);
    return;
  }
  const text = error.status === undefined ? `The page has a fault: ${error.message}` : error.message;
  write($(place), place === "trouble" && error.status === 0 ? `${text} What is shown is of ${$("fresh").textContent || "before"}; it is tried again.` : text);
  show($(place), true);
  if (place === "notice") $("notice").classList.add("wrong");
}

async function look() {
  clearTimeout(timer);
  if (looking || !secret()) return;
  looking = true;
  try {
    const seen = await get("overview", { hours: $("hours").value });
    enter();
    drawOverview(seen);
    list.suggest(seen.past);
    const { failed } = seen.now.callbacks;
    show($("callbacks-count"), failed > 0);
    write($("callbacks-count"), count(failed));
    if (view === "tasks") await list.refresh();
    if (view === "callbacks") drawCallbacks(await get("callbacks"));
    write($("fresh"), clock(seen.now.time));
    show($("trouble"), false);
  } catch (error) {
    fail(error);
  } finally {
    looking = false;
    again();
  }
}

function again() {
  clearTimeout(timer);
  if (!paused && !document.hidden && secret()) timer = setTimeout(look, LOOK_MS);
}

function enter() {
  if ($("entrance").hidden && !$("views").hidden) return;
  const signing = !$("entrance").hidden;
  show($("entrance"), false);
  show($("session"), true);
  show($("views"), true);
  goTo();
  if (signing) $("main").focus();
}

function leave(reason = "", forgotten = true) {
  clearTimeout(timer);
  if (forgotten) forget();
  for (const name of VIEWS) show($(`view-${name}`), false);
  for (const id of ["views", "session", "trouble", "notice"]) show($(id), false);
  for (const id of ["task", "sure"]) if ($(id).open) $(id).close();
  show($("entrance"), true);
  $("secret").value = "";
  write($("secret-wrong"), reason && reason.charAt(0).toUpperCase() + reason.slice(1));
  if (reason) $("secret").setAttribute("aria-invalid", "true");
  else $("secret").removeAttribute("aria-invalid");
  $("secret").focus();
}

function goTo() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  view = VIEWS.includes(name) ? name : "overview";
  for (const each of VIEWS) show($(`view-${each}`), each === view);
  for (const link of $("views").children) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "tasks") list.choose(Object.fromEntries(new URLSearchParams(query))).catch(fail);
  if (view === "callbacks") get("callbacks").then(drawCallbacks).catch(fail);
}

function browse(filters) {
  const given = Object.entries(filters).filter(([, value]) => value);
  const hash = `#tasks?${new URLSearchParams(given)}`;
  if (location.hash === hash) goTo();
  else location.hash = hash;
  $("main").focus();
}

async function open(key, name = "") {
  try {
    const told = await get(`tasks/${encodeURIComponent(key)}`);
    shown = { key, name };
    showTask(key, name, told, { cancel: (row) => cancel([row]), retry: (row) => retry([row]), replay });
    if (!$("task").open) $("task").showModal();
  } catch (error) {
    fail(error, "notice");
  }
}

// Ask before what cannot be taken back; resolves to whether it shall be done.
function sure(text, yes) {
  $("sure-text").textContent = text;
  $("sure-yes").textContent = yes;
  $("sure").returnValue = "";
  $("sure").showModal();
  return new Promise((resolve) => {
    $("sure").addEventListener("close", () => resolve($("sure").returnValue === "yes"), { once: true });
  });
}

// Do something for each task, and say what became of them.
async function doFor(action, keys, done) {
  try {
    const answers = await act(action, keys);
    const good = answers.filter((answer) => answer.done);
    const refused = answers.filter((answer) => !answer.done);
    const reasons = [...new Set(refused.map((answer) => answer.reason))].slice(0, 3).join("; ");
    const text = good.length ? `${plural(good.length, "task")} ${done}.` : "";
    say(`${text}${refused.length ? ` ${plural(refused.length, "task")} ${refused.length === 1 ? "was" : "were"} not: ${reasons}.` : ""}`.trim(), !good.length);
    if ($("task").open && shown) {
      if (good.length === 1 && good[0].new_key) await open(good[0].new_key, shown.name);
      else await open(shown.key, shown.name);
    }
    if (view === "tasks") await list.load();
    await look();
  } catch (error) {
    fail(error, "notice");
  }
}

const named = (rows) => (rows.length === 1 ? `${rows[0].task_name || "the task"}${rows[0].account ? ` of ${rows[0].account}` : ""}` : `these ${count(rows.length)} tasks`);

async function cancel(rows) {
  const text = `Cancel ${named(rows)}? ${rows.length === 1 ? "It ends as an error" : "They end as errors"} with the code cancelled, and nothing calls back.`;
  if (await sure(text, rows.length === 1 ? "Cancel the task" : `Cancel ${count(rows.length)} tasks`)) {
    await doFor("cancel", rows.map((row) => row.key), rows.length === 1 ? "was cancelled" : "were cancelled");
  }
}

async function retry(rows) {
  const agreed = rows.length === 1 || await sure(`Try ${named(rows)} again? New tasks are created for the accounts that created these.`, `Retry ${count(rows.length)} tasks`);
  if (agreed) await doFor("retry", rows.map((row) => row.key), rows.length === 1 ? "was created anew" : "were created anew");
}

function replay(key) {
  return doFor("callbacks/replay", [key], "will be told of again");
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("secret").value.trim();
  if (!given) {
    leave("Enter a secret.");
    return;
  }
  remember(given);
  get("overview", { hours: 1 }).then(look).catch((error) => {
    if (error.status === 401 || error.status === 403 || error.status === 429) fail(error);
    else leave(error.message);
  });
});
$("secret").addEventListener("input", () => $("secret").removeAttribute("aria-invalid"));
$("leave").addEventListener("click", () => leave());
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  write($("pause"), paused ? "Paused" : "Pause");
  if (!paused) look();
});
$("hours").addEventListener("change", look);
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  const filters = list.filters();
  browse({ ...filters, status: filters.status === "ended" ? "" : filters.status });
});
$("status").addEventListener("change", () => $("filters").requestSubmit());
$("by-key").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = $("key").value.trim().toUpperCase();
  if (key) open(key);
});
$("task-close").addEventListener("click", () => $("task").close());
$("sure-yes").addEventListener("click", () => $("sure").close("yes"));
$("sure-no").addEventListener("click", () => $("sure").close("no"));
addEventListener("hashchange", () => {
  if (takeFromAddress()) look();
  else if (!$("views").hidden) goTo();
});
document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else if (!paused) look(); });

takeFromAddress();
if (secret()) look();
else leave();
