// The first view: what the service does now, and what it did in the last hours.

import { $, bytes, count, keyButton, make, plural, seconds, show, write } from "./dom.js";
import { chart } from "./chart.js";
import { table } from "./table.js";

const WORRYING = 0.05; // of all tasks that ended

const share = (part, whole) => (whole ? `${(100 * part / whole).toFixed(part && part / whole < 0.1 ? 1 : 0)} %` : "–");

function tiles(place) {
  const made = new Map();
  return (list) => {
    for (const { title, figure, more = "", bad = false } of list) {
      if (!made.has(title)) {
        const parts = [make("dt", { textContent: title }), make("dd", { className: "figure" }), make("dd", { className: "quiet" })];
        const tile = make("div", {}, ...parts);
        made.set(title, { tile, parts });
        place.append(tile);
      }
      const { tile, parts } = made.get(title);
      write(parts[1], figure);
      write(parts[2], more);
      tile.classList.toggle("bad", bad);
    }
  };
}

function warningsOf(seen) {
  const { now, unserved } = seen;
  const list = [];
  if (!now.workers.length) list.push("No worker is alive: nothing runs. Start one with `dragon worker`.");
  else if (unserved.length) list.push(`No worker serves ${unserved.join(", ")}: tasks there wait until one does.`);
  for (const [name, queue] of Object.entries(now.queues)) {
    if (queue.buried) list.push(`${plural(queue.buried, "message")} of the queue ${name} could not be read by any worker and ${queue.buried === 1 ? "was" : "were"} put aside.`);
  }
  return list;
}

// `open(key)` shows a task, `browse(filters)` a list of tasks, `cancel(row)` ends one.
export function overview({ open, browse, cancel }) {
  const keyOf = (row, key = row.key) => keyButton(key, () => open(key, row.task_name));
  const drawTiles = tiles($("tiles"));
  const drawChart = chart($("chart"));
  const into = (id, made) => { $(id).append(...made.parts); return made; };

  const queues = into("queues", table("Queues", [
    { title: "Queue", value: (row) => `${row.name}|${row.lines.map((line) => `${line.account} ${line.waiting}`)}`, draw: (row) => [
      row.name,
      ...(row.lines.length ? [make("ul", { className: "lines" }, ...row.lines.slice(0, 5).map((line) => make("li", { textContent: `${line.account || "no account"}: ${count(line.waiting)}` })),
        ...(row.lines.length > 5 ? [make("li", { textContent: `and ${plural(row.lines.length - 5, "account")} more` })] : []))] : []),
    ] },
    { title: "Waiting", className: "number", value: (row) => count(row.waiting) },
    { title: "Oldest", className: "number", value: (row) => (row.waiting ? seconds(row.oldest_seconds) : "–") },
    { title: "Running", className: "number", value: (row) => count(row.running) },
    { title: "To be tried again", className: "number wide", value: (row) => count(row.retrying) },
  ], (row) => row.name, "There is no queue yet."));

  const workers = into("workers", table("Workers", [
    { title: "Worker", value: (row) => `${row.host}:${row.pid}|${row.queues}`, draw: (row) => [
      `${row.host}:${row.pid}`, make("ul", { className: "lines" }, make("li", { textContent: row.queues.join(", ") })),
    ] },
    { title: "Busy", className: "number", value: (row) => `${row.busy} of ${row.slots}` },
    { title: "Up", className: "number", value: (row) => (row.started ? seconds(Math.max(0, row.now - row.started)) : "–") },
    { title: "Last heard", className: "number", value: (row) => (row.heartbeat_seconds < 10 ? "now" : `${seconds(row.heartbeat_seconds)} ago`) },
    { title: "Memory", className: "number wide", value: (row) => bytes(row.resident_bytes) },
  ], (row) => row.id, "No worker is alive."));

  const running = into("running", table("Running tasks", [
    { title: "Task", value: (row) => row.task_name || "just ended" },
    { title: "Key", value: (row) => row.key, draw: (row) => keyOf(row) },
    { title: "Account", value: (row) => row.account },
    { title: "For", className: "number", value: (row) => seconds(row.seconds) },
    { title: "Worker", className: "wide", value: (row) => row.worker },
    { title: "", className: "number", value: (row) => row.key, draw: (row) => make("button", { type: "button", className: "small", textContent: "Cancel", ariaLabel: `Cancel ${row.task_name} ${row.key}`, onclick: () => cancel(row) }) },
  ], (row) => row.key, "Nothing runs now.", { cards: true }));

  const names = into("names", table("Tasks by name", [
    { title: "Task", value: (row) => row.task_name, draw: (row) => make("button", { type: "button", className: "linked", textContent: row.task_name, onclick: () => browse({ task_name: row.task_name }) }) },
    { title: "Succeeded", className: "number", value: (row) => count(row.success) },
    { title: "Failed", className: "number", value: (row) => row.error, draw: (row) => (row.error ? make("button", { type: "button", className: "linked", textContent: count(row.error), ariaLabel: `${plural(row.error, "failed task")} ${row.task_name}`, onclick: () => browse({ status: "error", task_name: row.task_name }) }) : "0") },
    { title: "of all", className: "number wide", value: (row) => share(row.error, row.success + row.error) },
    { title: "Cancelled", className: "number wide", value: (row) => count(row.cancelled) },
    { title: "Tried again", className: "number wide", value: (row) => count(row.retries) },
    { title: "Mean", className: "number", value: (row) => seconds(row.mean_seconds) },
    { title: "95 of 100 within", className: "number wide", value: (row) => (row.success && row.usual_seconds === null ? "over 30 min" : seconds(row.usual_seconds)) },
  ], (row) => row.task_name, "No task has ended in this time."));

  const errors = into("errors", table("Errors by code", [
    { title: "Code", className: "tight", value: (row) => row.code, draw: (row) => make("button", { type: "button", className: "linked", textContent: row.code, ariaLabel: `Tasks ${row.task_name} that ended with ${row.code}`, onclick: () => browse({ status: row.code === "cancelled" ? "cancelled" : "error", code: row.code, task_name: row.task_name }) }) },
    { title: "Task", value: (row) => row.task_name },
    { title: "Ended so", className: "number", value: (row) => count(row.count) },
    { title: "Tried again", className: "number wide", value: (row) => count(row.retries) },
    { title: "The last one", className: "text", value: (row) => `${row.example} ${row.message}`, draw: (row) => [row.message || "its status has expired, or tells of no error any more", " ", ...(row.example ? [keyOf(row, row.example)] : [])] },
  ], (row) => `${row.code} ${row.task_name}`, "No errors in this time.", { cards: true }));

  const slowest = into("slowest", table("Slowest tasks", [
    { title: "Task", value: (row) => row.task_name },
    { title: "Took", className: "number", value: (row) => seconds(row.seconds) },
    { title: "Ended as", value: (row) => row.outcome, draw: (row) => make("span", { className: `mark ${row.outcome}`, textContent: row.outcome }) },
    { title: "Key", value: (row) => row.key, draw: (row) => keyOf(row) },
  ], (row) => row.key, "No task took a tenth of a second in this time."));

  return (seen) => {
    const { now, past } = seen;
    const all = Object.entries(now.queues).map(([name, queue]) => ({ name, ...queue }));
    const sum = (list, field) => list.reduce((whole, row) => whole + row[field], 0);
    const oldest = Math.max(0, ...all.map((queue) => queue.oldest_seconds));
    const [done, failed] = [sum(past.hours, "success"), sum(past.hours, "error")];
    const span = past.hours.length === 1 ? "this hour" : `in ${past.hours.length} hours`;
    const warnings = warningsOf(seen);
    show($("warnings"), warnings.length > 0);
    if (warnings.join() !== $("warnings").said) {
      $("warnings").said = warnings.join();
      $("warnings").replaceChildren(...warnings.map((text) => make("li", { textContent: text })));
    }
    drawTiles([
      { title: "Waiting", figure: count(sum(all, "waiting")), more: oldest ? `the oldest for ${seconds(oldest)}` : "nothing waits" },
      { title: "Running", figure: count(sum(now.workers, "busy")), more: `of ${plural(sum(now.workers, "slots"), "place")}` },
      { title: "Workers", figure: count(now.workers.length), more: plural(new Set(now.workers.map((worker) => worker.host)).size, "machine"), bad: !now.workers.length },
      { title: "Succeeded", figure: count(done), more: span },
      { title: "Failed", figure: count(failed), more: failed ? `${share(failed, done + failed)} ${span}` : span, bad: failed > WORRYING * (done + failed) },
      { title: "Callbacks failed", figure: count(now.callbacks.failed), more: `${count(now.callbacks.waiting)} to be sent`, bad: now.callbacks.failed > 0 },
      { title: "Processes died", figure: count(sum(Object.entries(now.deaths).map(([, number]) => ({ number })), "number")), more: Object.entries(now.deaths).map(([reason, number]) => `${reason} ${number}`).join(", ") || "since the beginning" },
    ]);
    drawChart(past.hours);
    queues.update(all);
    workers.update(now.workers.map((worker) => ({ ...worker, now: now.time })));
    running.update(now.running);
    names.update(past.tasks);
    errors.update(past.errors);
    slowest.update(past.slowest);
  };
}
