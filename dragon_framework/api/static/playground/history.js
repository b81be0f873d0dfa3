/**
 * The tasks that this browser ran, the last first; kept in its local storage, without credentials.
 *
 * An entry is `{key, task, definition, status, at, cut}`: `cut` if the definition was too long to keep.
 */

import { $, button, make } from "./dom.js";
import { shapeOf, withoutSecrets } from "./schema.js";
import { keep, kept } from "./storage.js";

const PLACE = "dragon.tasks";
const MOST = 50;

/** So many characters of one definition are kept; a `data:` URL may have millions. */
const LONGEST = 20_000;

export function taskHistory({ open, again }) {
  let entries = read();

  const save = () => {
    for (let most = MOST; most > 0; most = Math.floor(most / 2)) {
      // Where there is no room for all, there may be for fewer.
      if (keep("localStorage", PLACE, JSON.stringify(entries.slice(0, most)))) return;
    }
  };

  const draw = () => {
    $("history").replaceChildren(...entries.map(row));
    $("history-empty").hidden = entries.length > 0;
    $("clear").hidden = !entries.length;
  };

  const row = (entry) => {
    const about = make("span", { className: "quiet break", textContent: brief(entry) });
    const title = make("span", {}, make("span", { className: "dot", dataset: { status: entry.status } }), entry.task,
      make("span", { className: "quiet", textContent: ` ${entry.status}, ` }), when(entry.at));
    const opener = make("button", { type: "button", className: "open" }, title, about);
    opener.addEventListener("click", () => open(entry));
    const repeat = button("Run again", () => again(entry), { className: "small", "aria-label": `Run again: ${entry.task}` });
    const remove = button("×", () => {
      entries = entries.filter((one) => one !== entry);
      save();
      draw();
      $("history-title").focus();
    }, { className: "small", "aria-label": `Forget this ${entry.task}` });
    return make("li", {}, opener, repeat, remove);
  };

  $("clear").addEventListener("click", () => {
    entries = [];
    keep("localStorage", PLACE, "");
    draw();
    $("history-title").focus();
  });
  // Another tab of this browser may run tasks, too.
  addEventListener("storage", (event) => {
    if (event.key !== PLACE && event.key !== null) return;
    entries = read();
    draw();
  });
  draw();

  return {
    /** Keep a task, or what is new about it. */
    note(task, definition, status) {
      const known = entries.find((entry) => entry.key === status.key);
      const state = status.error?.code === "cancelled" ? "cancelled" : status.status;
      if (known?.status === state) return;
      if (known) known.status = state;
      else {
        const { task_name: name, ...values } = definition;
        const given = safe(withoutSecrets(values, shapeOf(task.parameters, task.parameters)));
        const cut = JSON.stringify(given).length > LONGEST;
        entries = entries.slice(0, MOST - 1);
        entries.unshift({ key: status.key, task: name, definition: cut ? {} : given, status: state, at: new Date().toISOString(), cut });
      }
      save();
      draw();
    },
  };
}

/** Return what was kept before, if it is what this module writes. */
function read() {
  try {
    const found = JSON.parse(kept("localStorage", PLACE) || "[]");
    const isEntry = (entry) => typeof entry?.key === "string" && typeof entry.task === "string" && typeof entry.definition === "object" && entry.definition !== null;
    return Array.isArray(found) ? found.filter(isEntry).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Take passwords out of URLs: `https://name:word@host/`; write integers that only JSON can hold as texts. */
function safe(value) {
  if (JSON.isRawJSON?.(value)) return value.rawJSON;
  if (typeof value === "string") return value.replace(/^([a-z][a-z+.-]*:\/\/)[^/?#@\s]*@/gim, "$1");
  if (Array.isArray(value)) return value.map(safe);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, safe(part)]));
}

function brief({ definition, cut }) {
  if (cut) return "too long to be kept";
  const texts = Object.entries(definition).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const last = /^https?:/.test(text) ? text.split(/[?#]/)[0].split("/").pop() || text : text;
    return `${name} ${last.length > 40 ? `${last.slice(0, 40)}…` : last}`;
  });
  return texts.join(", ");
}

function when(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const isToday = date.toDateString() === new Date().toDateString();
  const text = isToday ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : date.toLocaleDateString();
  return make("time", { dateTime: date.toISOString(), className: "quiet", textContent: text });
}
