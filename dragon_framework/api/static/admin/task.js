// One task with everything that is kept of it, in a dialog.

import { $, bytes, make, moment, seconds } from "./dom.js";

const unix = (text) => Date.parse(text) / 1000;
const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return make("dl", { className: "facts" }, ...shown.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, value)]));
}

function block(title, value) {
  if (value === undefined || value === null || (typeof value === "object" && !Object.keys(value).length)) return [];
  return [make("div", {}, make("h3", { textContent: title }), make("pre", { tabIndex: 0, ariaLabel: title, role: "group", textContent: pretty(value) }))];
}

function deliveryOf(delivery, number) {
  const { run = 0, store = 0 } = delivery.seconds || {};
  const told = [
    delivery.code,
    delivery.seconds ? `ran ${seconds(run)}` : "",
    store > 0.001 ? `stored in ${seconds(store)}` : "",
    delivery.memory_bytes ? `${bytes(delivery.memory_bytes)} of memory` : "",
    delivery.bytes_fetched ? `${bytes(delivery.bytes_fetched)} fetched` : "",
  ].filter(Boolean);
  const { worker, began, ended, outcome, code, seconds: _, memory_bytes: __, bytes_fetched: ___, ...notes } = delivery;
  return make("div", {},
    make("p", {}, make("strong", { textContent: `Delivery ${number + 1}: ${outcome}` }), `${began ? `, ${moment(unix(began))}` : ""}${told.length ? `, ${told.join(", ")}` : ""}`),
    ...block("", notes).flatMap((part) => [...part.querySelectorAll("pre")].map((pre) => { pre.ariaLabel = `What delivery ${number + 1} noted`; return pre; })));
}

// `does` has cancel(row), retry(row) and replay(key).
export function showTask(key, name, told, does) {
  const { status, callback } = told;
  const outcome = status.error && status.error.code === "cancelled" ? "cancelled" : status.status;
  const open = status.status === "queued" || status.status === "executing";
  const row = { key, task_name: told.task_name || name, account: told.account };
  const { queued, started, completed } = status.events;
  const ran = started && completed ? unix(completed) - unix(started) : null;
  $("task-title").textContent = row.task_name || "A task";
  const buttons = [];
  if (open) buttons.push(make("button", { type: "button", textContent: "Cancel", onclick: () => does.cancel(row) }));
  else if (status.status === "error") {
    buttons.push(make("button", { type: "button", textContent: "Retry", disabled: Boolean(told.retry_refused), "aria-describedby": "task-refused", onclick: () => does.retry(row) }));
    if (told.retry_refused) buttons.push(make("span", { id: "task-refused", className: "quiet", textContent: `It cannot be tried again: ${told.retry_refused}.` }));
  }
  if (callback) buttons.push(make("button", { type: "button", textContent: "Send callback again", onclick: () => does.replay(key) }));
  const attempts = callback ? callback.attempts.map((attempt) => make("li", { textContent: `${moment(unix(attempt.time))}: ${attempt.problem || `answered ${attempt.answer}`}, ${seconds(attempt.seconds)}` })) : [];
  $("task-facts").replaceChildren(
    facts([
      ["Status", make("span", { className: `mark ${outcome}`, textContent: outcome })],
      ["Error", status.error ? make("code", { textContent: status.error.code }) : ""],
      ["Key", make("code", { textContent: key })],
      ["Account", told.account],
      ["Created", queued ? moment(unix(queued)) : ""],
      ["Waited", status.queued_seconds ? seconds(status.queued_seconds) : ""],
      ["Began", started ? moment(unix(started)) : ""],
      ["Ended", completed ? `${moment(unix(completed))}${ran === null ? "" : `, after ${seconds(ran)}`}` : ""],
      ["Forgotten in", seconds(told.expires_seconds)],
    ]),
    make("div", { className: "buttons" }, ...buttons),
    ...block(status.status === "error" ? "What went wrong" : "Result", status.result),
    ...block("The last try", status.retry),
    ...block("Parameters", told.parameters),
    ...(callback ? [make("div", {}, make("h3", { textContent: "Callback" }), facts([["State", callback.state], ["To", callback.url], ["Next try", callback.due ? moment(callback.due) : ""]]), make("ol", {}, ...attempts))] : []),
    ...(told.deliveries.length ? [make("div", {}, make("h3", { textContent: "What workers did" }), ...told.deliveries.map(deliveryOf))] : []),
  );
}
