/**
 * The form of a task, made from the schema of its parameters.
 *
 * In: a task as `/v1/tasks` tells it. Out: fields in a place of the page, and `{definition, fill, tellErrors, clear}`.
 */

import { freshId, make } from "./dom.js";
import { fieldView } from "./field.js";
import { fieldsOf, holdsSecret } from "./schema.js";
import { readText } from "./values.js";

/** With more fields than this there is a box to find one. */
const MANY = 15;

export function taskForm(task, host, { service, tell }) {
  const fields = fieldsOf(task.parameters);
  const views = fields.map((field) => fieldView(field, { path: field.name, name: field.name, depth: 0, service, tell }));
  host.replaceChildren(...(views.length > MANY ? [finder(views)] : []), ...sections(views));
  if (!views.length) host.append(make("p", { className: "quiet", textContent: "This task takes no parameters." }));

  return {
    fields,

    /** Return the task definition: what is given, and differs from the default. */
    definition() {
      const given = views.map((view) => [view.field.name, view.read()]).filter(([, value]) => value !== undefined);
      return Object.fromEntries([["task_name", task.name], ...given]);
    },

    /** Put values in: JSON values, or texts of a link (`isText`); return the names that are no parameters. Credentials stay. */
    fill(values, isText = false) {
      const left = new Map(values);
      for (const view of views) {
        const { name, shape } = view.field;
        if (holdsSecret(shape)) {
          if (isText) left.delete(name);
          continue;
        }
        view.tell("");
        view.write(left.has(name) ? (isText ? fromLink(left.get(name), shape) : left.get(name)) : undefined);
        left.delete(name);
      }
      return [...left.keys()];
    },

    /** Say under each field what is wrong with it, and go to the first; return what is about no field, in sentences. */
    tellErrors(errors) {
      const elsewhere = [];
      let first;
      const byName = new Map(views.map((view) => [view.field.name, view]));
      for (const [name, messages] of Object.entries(errors)) {
        const texts = (Array.isArray(messages) ? messages : [messages]).map(String);
        const view = byName.get(name);
        if (!view) elsewhere.push(...texts.map((text) => (name === "*" ? text : `${name}: ${text}`)));
        else view.tell(texts.join("; "));
      }
      for (const view of views) {
        if (first || !Object.hasOwn(errors, view.field.name)) continue;
        first = innermost(view, errors[view.field.name]);
      }
      if (first) {
        first.element.closest("details")?.setAttribute("open", "");
        first.focus();
      }
      return { elsewhere, named: views.map((view) => view.field.name).filter((name) => Object.hasOwn(errors, name)) };
    },

    clear() {
      for (const view of views) view.tell("");
    },
  };
}

/** A message that begins with a path (`steps[1].width: …`) is about a field inside: tell it there as well. */
function innermost(view, messages) {
  let first;
  for (const text of Array.isArray(messages) ? messages.map(String) : []) {
    const end = text.indexOf(": ");
    if (end < 0 || !text.startsWith(view.path) || !/^[.[]/.test(text.slice(view.path.length))) continue;
    const inside = view.find(text.slice(0, end));
    if (inside === view) continue;
    inside.tell(text.slice(end + 2));
    first ??= inside;
  }
  return first ?? view;
}

function fromLink(texts, shape) {
  const list = Array.isArray(texts) ? texts : [texts];
  if (shape.kind === "list" && list.length > 1) return list.map((text) => readText(text, shape.items));
  return readText(list.at(-1), shape);
}

/** Required fields first, then options. */
function sections(views) {
  const required = views.filter((view) => view.field.required);
  const options = views.filter((view) => !view.field.required);
  const parts = required.map((view) => view.element);
  if (!parts.length || !options.length) return [...parts, ...options.map((view) => view.element)];
  const title = make("summary", { textContent: `Options (${options.length})` });
  return [...parts, make("details", { open: true, className: "section" }, title, ...options.map((view) => view.element))];
}

function finder(views) {
  const input = make("input", { type: "search", id: freshId("find"), autocomplete: "off", spellcheck: false });
  const count = make("span", { className: "quiet", role: "status" });
  const find = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const view of views) {
      const text = `${view.field.name} ${view.field.shape.schema.description ?? ""}`.toLowerCase();
      view.element.hidden = !words.every((word) => text.includes(word));
      shown += view.element.hidden ? 0 : 1;
    }
    count.textContent = words.length ? `${shown} of ${views.length}` : `${views.length} parameters`;
  };
  input.addEventListener("input", (event) => { event.stopPropagation(); find(); });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  find();
  return make("div", { className: "finder" }, make("label", { htmlFor: input.id, textContent: "Find a parameter" }), input, count);
}
