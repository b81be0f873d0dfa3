// The list of tasks, of all accounts: filtered, in pages, with what can be done with those shown.

import { $, count, keyButton, make, moment, plural, seconds, show, write } from "./dom.js";
import { get } from "./service.js";
import { table } from "./table.js";

const FIELDS = ["status", "task_name", "account", "code"];
const REACH = "Of tasks that are over, the last 10,000 are listed, and the last 2,000 that failed or were cancelled.";
const OPEN = new Set(["queued", "executing"]);

// `open(key)` shows a task, `cancel(rows)` and `retry(rows)` do it, once the operator is sure.
export function taskList({ open, cancel, retry }) {
  let rows = [];
  let next = null;
  let pages = 1;
  let asked = 0;

  const list = table("Tasks", [
    { title: "Status", className: "tight", value: (row) => row.status, draw: (row) => make("span", { className: `mark ${row.status}`, textContent: row.status }) },
    { title: "Task", value: (row) => row.task_name || "–" },
    { title: "Account", value: (row) => row.account || "–" },
    { title: "When", className: "tight wide", value: (row) => (row.ended ? moment(row.ended) : row.worker || row.queue) },
    { title: "Took", className: "number", value: (row) => seconds(row.seconds) },
    { title: "Error", className: "text", value: (row) => `${row.code} ${row.message}`, draw: (row) => (row.code ? [make("strong", { textContent: row.code }), ` ${row.message}`] : []) },
    { title: "Key", value: (row) => row.key, draw: (row) => keyButton(row.key, () => open(row.key, row.task_name)) },
    { title: "", className: "number", value: (row) => row.status, draw: (row) => action(row) },
  ], (row) => row.key, "There are no such tasks.", { cards: true });
  $("list").append(...list.parts);

  function action(row) {
    if (!able(row)) return [];
    const ends = OPEN.has(row.status);
    const textContent = ends ? "Cancel" : "Retry";
    return make("button", { type: "button", className: "small", textContent, ariaLabel: `${textContent} ${row.task_name} ${row.key}`, onclick: () => (ends ? cancel([row]) : retry([row])) });
  }

  // What has succeeded is done; what was refused has nothing to run.
  const able = (row) => row.status !== "success" && row.code !== "invalid_parameters";
  const filters = () => Object.fromEntries(FIELDS.map((name) => [name, $("filters").elements[name].value.trim()]));

  async function load() {
    const mine = ++asked;
    const found = [];
    let after = "";
    for (let page = 0; page < pages; page += 1) {
      const answer = await get("tasks", { ...filters(), after });
      found.push(...answer.tasks);
      after = answer.next;
      if (!after) break;
    }
    if (mine !== asked) return; // another filter has been chosen since
    [rows, next] = [found, after];
    draw();
  }

  function draw() {
    list.update(rows);
    const { status } = filters();
    show($("more"), next !== null && next !== "");
    write($("more"), OPEN.has(status) ? "More tasks" : "Older tasks");
    const some = rows.filter(able);
    show($("all"), some.length > 1 && (status === "error" || status === "cancelled" || OPEN.has(status)));
    write($("all"), `${OPEN.has(status) ? "Cancel" : "Retry"} these ${count(some.length)}`);
    write($("reach"), `${plural(rows.length, "task")} shown. ${OPEN.has(status) ? "" : REACH}`);
  }

  $("more").addEventListener("click", async () => { pages += 1; await load(); });
  $("all").addEventListener("click", () => {
    if (OPEN.has(filters().status)) cancel(rows.filter(able));
    else retry(rows.filter(able));
  });

  return {
    load,
    // What is listed only changes by itself as long as the first page is shown.
    refresh: () => (pages === 1 ? load() : undefined),
    choose(given) {
      for (const name of FIELDS) $("filters").elements[name].value = given[name] || (name === "status" ? "ended" : "");
      pages = 1;
      rows = [];
      return load();
    },
    filters,
    suggest(past) {
      options($("known-names"), past.tasks.map((row) => row.task_name));
      options($("known-codes"), past.errors.map((row) => row.code));
    },
  };
}

function options(place, values) {
  const said = [...new Set(values)].sort();
  if (place.said === said.join()) return;
  place.said = said.join();
  place.replaceChildren(...said.map((value) => make("option", { value })));
}
