/**
 * Controls for one value each: text, number, choice, yes or no, file, list of lines, JSON.
 *
 * In: a field (`{name, shape, required, fallback}`) and its place. Out: an editor: `{element, control, read, write}`.
 * `control` is what a label is for and what gets the focus; `read` returns undefined for "not given".
 */

import { freshId, make } from "./dom.js";
import { groupEditor, isGroup } from "./groups.js";
import { isLine, isLong, typeOf } from "./schema.js";
import { withUpload } from "./upload.js";
import { isSame, readJsonOr, readLines, readText, writeText } from "./values.js";

/** Return the editor of a field; `place` is `{path, depth, service, tell}`. */
export function editorOf(field, place) {
  const { shape } = field;
  if (isGroup(field, place)) return groupEditor(field, place);
  if (shape.kind === "boolean") return shape.nullable || (!field.required && typeof field.fallback !== "boolean") ? maybe(field, place) : check(field, place);
  if (shape.kind === "choice") return choice(field, place);
  if (shape.kind === "list" && isLine(shape.items)) return lines(field, place);
  if (shape.kind === "integer" || shape.kind === "number") return figure(field, place);
  if (shape.kind === "text") return text(field, place);
  return json(field, place);
}

function common(field, place) {
  return { id: freshId("control"), name: place.name ?? place.path, dataset: { path: place.path } };
}

function check(field, place) {
  const control = make("input", { ...common(field, place), type: "checkbox", checked: field.fallback === true });
  return {
    element: control,
    control,
    read: () => (field.required || control.checked !== field.fallback ? control.checked : undefined),
    write: (value) => { control.checked = value === undefined ? field.fallback === true : value === true || /^(true|1|yes|on)$/i.test(String(value)); },
  };
}

/** Yes, no, or nothing said. */
function maybe(field, place) {
  return choice({ ...field, shape: { ...field.shape, choices: [true, false] } }, place, (value) => (value ? "yes" : "no"));
}

function choice(field, place, shown = String) {
  const { choices, nullable } = field.shape;
  const hasDefault = field.fallback !== undefined && field.fallback !== null;
  const blank = !field.required && !hasDefault;
  const values = [...(blank ? [undefined] : []), ...choices, ...(nullable && (hasDefault || field.required) ? [null] : [])];
  const control = make("select", common(field, place));
  for (const value of values) {
    const isDefault = !field.required && hasDefault && isSame(value, field.fallback);
    control.append(make("option", {
      value: value === undefined ? "" : String(value),
      textContent: value === undefined ? "—" : value === null ? "nothing (null)" : shown(value),
      selected: isDefault,
    }));
  }
  if (field.required && choices.length > 1) control.prepend(make("option", { value: "", textContent: "choose …", selected: true }));
  const offset = control.options.length - values.length;
  let unknown; // an option for a value that is none of the choices, from a link or from history: the service judges it
  return {
    element: control,
    control,
    read() {
      const chosen = control.selectedOptions[0];
      if (unknown && chosen === unknown.option) return unknown.value;
      const value = values[control.selectedIndex - offset];
      return !field.required && isSame(value, field.fallback) ? undefined : value;
    },
    write(value) {
      unknown?.option.remove();
      unknown = undefined;
      const wanted = value === undefined && !field.required ? field.fallback ?? undefined : value;
      const exact = values.findIndex((one) => isSame(one, wanted));
      const index = exact < 0 && typeof wanted === "string" ? values.findIndex((one) => one !== undefined && String(one) === wanted) : exact;
      if (index < 0 && wanted !== undefined) {
        unknown = { value: wanted, option: make("option", { value: String(wanted), textContent: `${writeText(wanted, field.shape)} (no choice of this task)` }) };
        control.append(unknown.option);
        unknown.option.selected = true;
      } else control.selectedIndex = index < 0 ? (offset ? 0 : -1) : index + offset;
    },
  };
}

/** A number, as text: a control of type "number" gives up what is no number, and the service could not say what is wrong. */
function figure(field, place) {
  const control = make("input", { ...common(field, place), type: "text", autocomplete: "off", spellcheck: false });
  control.inputMode = field.shape.schema.minimum >= 0 ? (field.shape.kind === "integer" ? "numeric" : "decimal") : "text";
  if (field.fallback !== undefined && field.fallback !== null) control.placeholder = String(field.fallback);
  const element = field.shape.unit ? make("span", { className: "with-unit" }, control, make("span", { className: "unit", textContent: field.shape.unit, "aria-hidden": "true" })) : control;
  return {
    element,
    control,
    read: () => (control.value.trim() === "" ? undefined : readText(control.value, field.shape)),
    write: (value) => { control.value = writeText(value, field.shape); },
  };
}

function text(field, place) {
  const { shape, required, fallback } = field;
  const { schema } = shape;
  const long = isLong(shape) || schema.contentEncoding === "base64";
  const control = long
    ? make("textarea", { ...common(field, place), rows: schema.maxLength > 2000 || schema.maxLength === undefined ? 2 : 1 })
    : make("input", { ...common(field, place), type: shape.secret ? "password" : schema.format === "date" ? "date" : "text" });
  Object.assign(control, { autocomplete: "off", spellcheck: long && !shape.secret });
  if (shape.secret) control.setAttribute("autocomplete", "new-password");
  if (shape.source || schema.format === "uri") control.inputMode = "url";
  if (shape.source) control.placeholder = "https://… or a file of yours";
  else if (Array.isArray(schema.examples) && typeof schema.examples[0] === "string") control.placeholder = schema.examples[0];
  // A default is put in, so that an empty text can be meant; credentials have none.
  const start = typeof fallback === "string" && !shape.secret ? fallback : "";
  control.value = start;
  const mayBeEmpty = required && !(schema.minLength > 0) && !shape.source && !schema.pattern && !schema.format?.startsWith("date");
  const editor = {
    element: control,
    control,
    read() {
      const value = readText(control.value, shape);
      if (value === "" && (start === "" || shape.nullable || schema.minLength > 0)) return mayBeEmpty ? "" : undefined;
      return !required && value === start ? undefined : value;
    },
    write(value) {
      control.value = value === undefined || value === null ? start : writeText(value, shape);
      control.dispatchEvent(new Event("written"));
    },
  };
  if (shape.source) editor.element = withUpload(control, place, field);
  else if (schema.format === "color") editor.element = withSwatch(control);
  return editor;
}

function lines(field, place) {
  const { shape } = field;
  const control = make("textarea", { ...common(field, place), rows: 3, spellcheck: false, placeholder: "one on each line" });
  const start = Array.isArray(field.fallback) && field.fallback.length ? writeText(field.fallback, shape) : "";
  control.value = start;
  return {
    element: shape.items.source ? withUpload(control, place, field) : control,
    control,
    read() {
      if (control.value.trim() === "") return start ? [] : undefined;
      const value = readLines(control.value, shape);
      return !field.required && isSame(value, field.fallback) ? undefined : value;
    },
    write(value) {
      control.value = value === undefined || value === null ? start : typeof value === "string" ? value : writeText(value, shape);
      control.dispatchEvent(new Event("written"));
    },
  };
}

/** Anything else, as JSON. */
function json(field, place) {
  const { shape } = field;
  const control = make("textarea", { ...common(field, place), rows: 3, spellcheck: false, className: "code" });
  control.placeholder = shape.kind === "any" ? "JSON, or a text" : `${typeOf(shape)}, written as JSON`;
  return {
    element: control,
    control,
    read: () => (control.value.trim() === "" ? undefined : readJsonOr(control.value)),
    write: (value) => { control.value = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2); },
  };
}

function withSwatch(control) {
  const swatch = make("input", { type: "color", "aria-label": "Pick a colour" });
  const six = (value) => (/^#[\da-f]{3}$/i.test(value) ? `#${[...value.slice(1)].map((digit) => digit + digit).join("")}` : value.slice(0, 7));
  const follow = () => {
    const known = /^#([\da-f]{3}|[\da-f]{6}|[\da-f]{8})$/i.test(control.value.trim());
    if (known) swatch.value = six(control.value.trim());
    swatch.classList.toggle("unset", !known);
  };
  control.addEventListener("input", follow);
  control.addEventListener("written", follow);
  swatch.addEventListener("input", () => {
    control.value = swatch.value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  });
  follow();
  return make("span", { className: "with-swatch" }, control, swatch);
}
