/**
 * Elements from code. Whatever comes from a plugin, a result or a person is set as text, never as markup.
 *
 * The fields of a form shadow its own properties (`form.append` may be an input named "append"), so nothing here or
 * elsewhere calls a method of a form that has fields.
 */

let count = 0;

/** An id that no other element has; names of parameters are unfit for ids. */
export function freshId(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}

export function $(id) {
  return document.getElementById(id);
}

/** Return a new element. Keys with a hyphen, and `role`, become attributes; `dataset` is merged; all else is set as a property. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export function button(text, onclick, properties = {}) {
  const element = make("button", { type: "button", textContent: text, ...properties });
  element.addEventListener("click", onclick);
  return element;
}

/** Return a text of a description as nodes: `code` and **strong** are marked as such, all else is text. */
export function prose(text) {
  const parts = String(text).split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  return parts.filter(Boolean).map((part) => {
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) return make("code", { textContent: part.slice(1, -1) });
    if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) return make("strong", { textContent: part.slice(2, -2) });
    return part;
  });
}

/** Return an element of SVG with attributes. */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
