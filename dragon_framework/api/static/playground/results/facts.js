/** All of a result: a table of its values with their units and meanings, and the JSON as a tree. */

import { make, prose } from "../dom.js";
import { safe } from "./files.js";

/** Deeper lists and objects, and longer ones, are opened by hand or cut. */
const OPEN_DEPTH = 1;
const MOST = 200;

/** `shown` are the names of files and links that stand above: here they are text. */
export function facts({ result, fields, shown = new Set() }) {
  const known = new Map(fields.map((field) => [field.name, field.shape]));
  const body = make("tbody");
  for (const [name, value] of Object.entries(result)) {
    const shape = known.get(name);
    const about = shape?.schema.description;
    const head = make("th", { scope: "row" }, make("span", { textContent: name }));
    const cell = make("td", {}, shown.has(name) ? make("span", { textContent: String(value) }) : shownValue(value, shape));
    if (about) cell.append(make("div", { className: "quiet" }, ...prose(about)));
    body.append(make("tr", {}, head, cell));
  }
  const raw = make("details", { className: "raw" }, make("summary", { textContent: "As JSON" }),
    make("pre", { textContent: JSON.stringify(result, null, 2), tabIndex: 0, "aria-label": "The result as JSON" }));
  const table = make("table", {}, make("caption", { className: "unseen", textContent: "Values of the result" }), body);
  return make("div", { dataset: { kind: "json" } }, ...(body.children.length ? [table] : [make("p", { className: "quiet", textContent: "The task returns no values." })]), raw);
}

function shownValue(value, shape) {
  if (value === null) return make("span", { className: "quiet", textContent: "none (null)" });
  if (typeof value === "object") return tree(value, 0);
  if (typeof value === "boolean") return value ? "yes (true)" : "no (false)";
  if (typeof value === "string" && shape?.schema.format === "color" && /^#[\da-f]{3,8}$/i.test(value)) {
    const swatch = make("span", { className: "swatch" });
    swatch.style.backgroundColor = value;
    return make("span", {}, swatch, value);
  }
  if (typeof value === "number") return shape?.unit ? `${value} ${shape.unit}` : String(value);
  return leaf(value);
}

/** Lists and objects as parts that open and close; `label` is the name or the number of the part. */
function tree(value, depth, label = "") {
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const title = label && make("span", { className: "quiet", textContent: `${label}: ` });
  if (!entries.length) return make("div", {}, title, make("span", { className: "quiet", textContent: isList ? "none (empty list)" : "empty" }));
  if (isList && entries.length <= MOST && value.every((item) => item === null || typeof item !== "object")) {
    const items = value.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
    return make("div", {}, title, make("span", { className: "text", textContent: items.join(", ") }));
  }
  const list = make("ul", { className: "tree" });
  for (const [name, part] of entries.slice(0, MOST)) {
    const about = isList ? String(Number(name) + 1) : name;
    const isInner = part !== null && typeof part === "object";
    list.append(make("li", {}, ...(isInner ? [tree(part, depth + 1, about)] : [make("span", { className: "quiet", textContent: `${about}: ` }), leaf(part)])));
  }
  if (entries.length > MOST) list.append(make("li", { className: "quiet", textContent: `and ${entries.length - MOST} more, in the JSON below` }));
  const summary = make("summary", {}, title, isList ? `${entries.length} ${entries.length === 1 ? "item" : "items"}` : brief(value));
  return make("details", { open: depth < OPEN_DEPTH && entries.length <= 20 }, summary, list);
}

function leaf(value) {
  if (typeof value === "string" && /^https?:\/\//.test(value)) return make("a", { href: safe(value), textContent: value, target: "_blank", rel: "noopener noreferrer" });
  return make("span", { className: "text", textContent: typeof value === "string" ? value : JSON.stringify(value) });
}

/** Return the first values of an object, so that one of many is told from the others while it is closed. */
function brief(value) {
  const parts = Object.entries(value).filter(([, part]) => part !== null && typeof part !== "object").slice(0, 4);
  const text = parts.map(([name, part]) => `${name} ${part}`).join(", ");
  return text.length > 90 ? `${text.slice(0, 90)}…` : text || "object";
}
