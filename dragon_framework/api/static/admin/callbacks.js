// Callbacks that failed and that are to be sent.

import { $, keyButton, make, moment } from "./dom.js";
import { table } from "./table.js";

const last = (row) => row.delivery.attempts.at(-1);

export function callbackLists({ open, replay }) {
  const columns = (button) => [
    { title: "Task", value: (row) => row.task_name },
    { title: "Account", value: (row) => row.account },
    { title: "To", className: "text", value: (row) => row.delivery.url },
    { title: "Tries", className: "number", value: (row) => row.delivery.attempts.length },
    { title: "The last one met", className: "text", value: (row) => (last(row) ? last(row).problem || `an answer of ${last(row).answer}` : "nothing yet") },
    { title: button === "Replay" ? "Last try" : "Next try", className: "tight wide", value: (row) => (button === "Replay" ? last(row) && moment(Date.parse(last(row).time) / 1000) : row.delivery.due && moment(row.delivery.due)) || "now" },
    { title: "Key", value: (row) => row.delivery.key, draw: (row) => keyButton(row.delivery.key, () => open(row.delivery.key, row.task_name)) },
    { title: "", className: "number", value: (row) => row.delivery.key, draw: (row) => make("button", { type: "button", className: "small", textContent: button, ariaLabel: `${button} the callback of ${row.delivery.key}`, onclick: () => replay(row.delivery.key) }) },
  ];
  const key = (row) => row.delivery.key;
  const failed = table("Failed callbacks", columns("Replay"), key, "No callback has failed.", { cards: true });
  const pending = table("Callbacks to be sent", columns("Send now"), key, "No callback waits.", { cards: true });
  $("failed").append(...failed.parts);
  $("pending").append(...pending.parts);
  return (seen) => {
    failed.update(seen.failed);
    pending.update(seen.pending);
  };
}
