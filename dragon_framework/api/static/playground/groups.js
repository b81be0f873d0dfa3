/**
 * Editors of values that hold others: structs, lists of them, tuples, unions. Each is a group of fields of its own.
 */

import { button, make } from "./dom.js";
import { editorOf } from "./editors.js";
import { fieldView } from "./field.js";
import { isLine, typeOf } from "./schema.js";
import { isSame } from "./values.js";

/** Deeper than this a value is written as JSON: a schema may hold itself. */
const DEEPEST = 5;

/** Whether a field is edited as a group of fields. */
export function isGroup({ shape, required, fallback }, { depth }) {
  if (depth >= DEEPEST) return false;
  if (shape.kind === "list") return !isLine(shape.items) && !["any", "map"].includes(shape.items.kind);
  if (shape.nullable && needsNull(required, fallback) && !["choice", "boolean"].includes(shape.kind)) return true;
  return ["struct", "tuple", "union"].includes(shape.kind);
}

/** Whether null is another thing than "not given". */
function needsNull(required, fallback) {
  return required || (fallback !== undefined && fallback !== null);
}

export function groupEditor(field, place) {
  const { shape } = field;
  const kinds = members(field);
  if (kinds.length > 1) return union(field, place, kinds);
  if (shape.kind === "list") return rows(field, place);
  return parts(field, place, shape.kind === "tuple" ? placesOf(shape) : shape.fields, shape.kind === "tuple");
}

/** Return the shapes among which a person chooses, null last where it is one of them. */
function members({ shape, required, fallback }) {
  const own = shape.kind === "union" ? shape.members : [{ ...shape, nullable: false, ...lazily(shape) }];
  return shape.nullable && needsNull(required, fallback) ? [...own, { kind: "null", schema: {}, nullable: true, unit: "" }] : own;
}

/** Return what a shape reads when asked for, still to be read when asked for. */
function lazily(shape) {
  const kept = {};
  for (const name of ["fields", "items", "places", "values", "members"]) {
    if (name in shape) Object.defineProperty(kept, name, { get: () => shape[name], enumerable: true });
  }
  return kept;
}

function placesOf(shape) {
  return shape.places.map((item, number) => ({ name: String(number), label: item.schema.title ?? `${number + 1}`, shape: item, required: true }));
}

/** A struct, or a tuple: its fields, in a box; one that need not be given has a box to tick first. */
function parts(field, place, fields, isTuple) {
  // A field that can have one value alone, such as the tag of a member of a union, is not asked for.
  const fixed = isTuple ? [] : fields.filter(({ shape, required }) => required && shape.kind === "choice" && shape.choices.length === 1);
  const views = fields.filter((part) => !fixed.includes(part)).map((part) => {
    const path = isTuple ? `${place.path}[${part.name}]` : `${place.path}.${part.name}`;
    return fieldView(part, { ...place, name: undefined, path, depth: place.depth + 1 });
  });
  const box = make("div", { className: isTuple ? "parts tuple" : "parts" }, ...views.map((view) => view.element));
  const optional = !field.required;
  const given = make("input", { type: "checkbox", "aria-label": `Give ${field.label ?? field.name}` });
  const show = () => { box.hidden = optional && !given.checked; };
  given.addEventListener("change", show);
  show();
  const element = make("div", {}, ...(optional ? [make("label", { className: "give" }, given, " give it")] : []), box);
  return {
    element,
    control: null,
    views,
    focus: () => (optional && !given.checked ? given.focus() : views[0]?.focus()),
    read() {
      if (optional && !given.checked) return undefined;
      if (isTuple) return views.map((view) => view.read() ?? null);
      const constants = fixed.map(({ name, shape }) => [name, shape.choices[0]]);
      return Object.fromEntries([...constants, ...views.map((view) => [view.field.name, view.read()])].filter(([, value]) => value !== undefined));
    },
    write(value) {
      const filled = value !== undefined && value !== null && typeof value === "object";
      given.checked = filled;
      show();
      for (const view of views) view.write(filled && Object.hasOwn(value, view.field.name) ? value[view.field.name] : undefined);
    },
  };
}

/** A list whose items are groups: rows that are added and taken away. */
function rows(field, place) {
  const { shape } = field;
  const list = make("ol", { className: "rows" });
  const label = field.label ?? field.name;
  let views = [];
  const rename = () => views.forEach((view, number) => {
    view.row.querySelector(":scope > .remove")?.setAttribute("aria-label", `Remove item ${number + 1} of ${label}`);
  });
  const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));
  const add = (value) => {
    const number = views.length;
    const item = { name: `${label} ${number + 1}`, label: `Item ${number + 1}`, shape: shape.items, required: true };
    const view = fieldView(item, { ...place, name: undefined, path: `${place.path}[${number}]`, depth: place.depth + 1 });
    view.write(value);
    const remove = button("Remove", () => {
      const at = views.indexOf(view);
      const values = views.map((one) => one.read());
      values.splice(at, 1);
      fill(values);
      changed();
      (views[Math.min(at, views.length - 1)] ?? { focus: () => more.focus() }).focus();
    }, { className: "remove small" });
    view.row = make("li", {}, view.element, remove);
    views.push(view);
    list.append(view.row);
    return view;
  };
  const fill = (values) => {
    views = [];
    list.replaceChildren();
    for (const value of values) add(value);
    rename();
  };
  const more = button(`Add to ${label}`, () => {
    const view = add(undefined);
    rename();
    changed();
    view.focus();
  }, { className: "small" });
  fill(Array.isArray(field.fallback) ? field.fallback : []);
  const start = JSON.stringify(field.fallback ?? []);
  return {
    element: make("div", {}, list, more),
    control: null,
    get views() { return views; },
    focus: () => (views[0] ? views[0].focus() : more.focus()),
    read() {
      const values = views.map((view) => view.read() ?? null);
      if (!field.required && JSON.stringify(values) === start) return undefined;
      return values;
    },
    write: (value) => fill(Array.isArray(value) ? value : Array.isArray(field.fallback) ? field.fallback : []),
  };
}

/** One of several types: which one is chosen first. */
function union(field, place, kinds) {
  const label = field.label ?? field.name;
  const picker = make("select", { className: "kind", "aria-label": `Type of ${label}` });
  const names = kinds.map(nameOf);
  names.forEach((name, number) => picker.append(make("option", { value: String(number), textContent: names.indexOf(name) === number ? name : `${name} ${number + 1}` })));
  const inside = make("div", { className: "member" });
  let editor;
  const show = (number) => {
    const shape = kinds[number];
    // The fallback is that of the union; its members have none. A blank text is "not given" only where that can be.
    const required = field.required || needsNull(false, field.fallback) || !isLine(shape);
    editor = shape.kind === "null" ? nothing(picker) : editorOf({ ...field, shape, required, fallback: undefined }, { ...place, depth: place.depth + 1 });
    if (editor.control) editor.control.setAttribute("aria-label", label);
    inside.replaceChildren(editor.element);
  };
  const fallback = field.fallback ?? undefined;
  const blank = !field.required && fallback === undefined;
  if (blank) picker.prepend(make("option", { value: "", textContent: "—" }));
  const offset = blank ? 1 : 0;
  const choose = (index) => {
    if (index < offset) {
      editor = undefined;
      inside.replaceChildren();
    } else show(index - offset);
    picker.selectedIndex = index;
  };
  picker.addEventListener("change", () => choose(picker.selectedIndex));
  const write = (value) => {
    if (value === undefined && fallback === undefined) return choose(blank && isLine(kinds[0]) ? offset : 0);
    const wanted = value === undefined ? fallback : value;
    choose(offset + Math.max(0, kinds.findIndex((kind) => fits(wanted, kind))));
    return editor.write(wanted);
  };
  write(undefined);
  return {
    element: make("div", { className: "union" }, picker, inside),
    isUnion: true, // its member has the name
    control: null,
    get views() { return editor?.views ?? []; },
    focus: () => (editor?.control ?? editor ?? picker).focus(),
    read() {
      const value = editor?.read();
      return fallback !== undefined && isSame(value, fallback) ? undefined : value;
    },
    write,
  };
}

function nothing(picker) {
  const element = make("span", { className: "quiet", textContent: "null is sent" });
  return { element, control: null, views: [], focus: () => picker.focus(), read: () => null, write: () => {} };
}

function nameOf(shape) {
  return shape.kind === "null" ? "nothing (null)" : typeOf(shape);
}

/** Whether a value may be of a type, as far as that is seen from outside. */
function fits(value, { kind, choices, schema, fields }) {
  switch (kind) {
    case "null": return value === null;
    case "boolean": return typeof value === "boolean";
    case "integer": return Number.isInteger(value);
    case "number": return typeof value === "number";
    case "text": return typeof value === "string";
    case "choice": return choices.includes(value);
    case "list":
    case "tuple": return Array.isArray(value);
    case "map": return value !== null && typeof value === "object" && !Array.isArray(value);
    case "struct":
      return value !== null && typeof value === "object" && !Array.isArray(value)
        && (schema.required ?? []).every((name) => Object.hasOwn(value, name))
        && fields.every(({ name, shape }) => shape.kind !== "choice" || !Object.hasOwn(value, name) || shape.choices.includes(value[name]));
    default: return true;
  }
}
