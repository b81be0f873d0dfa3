/**
 * One field of a form: label, type, editor, description, limits, and what is wrong with it.
 *
 * In: a field of `schema.fieldsOf` and its place (`{path, name, depth, service, tell}`). Out: a view:
 * `{field, element, read, write, tell, focus, find}`.
 */

import { freshId, make, prose } from "./dom.js";
import { editorOf } from "./editors.js";
import { factsOf, typeOf } from "./schema.js";
import { warningOf } from "./values.js";

let isPressed = false;
for (const [kind, value] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
  globalThis.document?.addEventListener(kind, () => { isPressed = value; }, { capture: true });
}

/** Do something now, or when the pointer is up: a sentence that appears moves what is being pressed away from under it. */
function afterPress(action) {
  if (isPressed) document.addEventListener("pointerup", () => setTimeout(action), { once: true });
  else action();
}

export function fieldView(field, place) {
  const { shape, required } = field;
  const label = field.label ?? field.name;
  const editor = editorOf(field, place);
  const hint = make("p", { className: "hint", id: freshId("hint") });
  if (shape.schema.description) hint.append(make("span", {}, ...prose(shape.schema.description)));
  const facts = factsOf(field);
  if (facts.length) hint.append(make("span", { className: "facts", textContent: facts.join(" · ") }));
  const wrong = make("p", { className: "wrong", id: freshId("wrong") });
  const type = make("span", { className: "type", textContent: `${typeOf(shape)}${required && place.depth === 0 ? ", required" : ""}` });

  const isCheck = editor.control?.type === "checkbox";
  let element;
  if (editor.control) {
    const title = make("label", { htmlFor: editor.control.id, textContent: label });
    const head = make("div", { className: "head" }, ...(isCheck ? [editor.element] : []), title, type);
    element = make("div", { className: "field" }, head, ...(isCheck ? [] : [editor.element]), wrong, hint);
  } else {
    const legend = make("legend", {}, make("span", { textContent: label }), " ", type);
    element = make("fieldset", { className: "field", name: editor.isUnion ? "" : place.name ?? "" }, legend, wrong, ...(hint.childNodes.length ? [hint] : []), editor.element);
  }
  const marked = editor.control ?? element;
  marked.setAttribute("aria-describedby", `${wrong.id} ${hint.id}`);
  if (required && editor.control && !isCheck) marked.setAttribute("aria-required", "true");

  const tell = (text, isHint = false) => {
    wrong.textContent = text;
    wrong.classList.toggle("mild", isHint);
    if (text && !isHint) marked.setAttribute("aria-invalid", "true");
    else marked.removeAttribute("aria-invalid");
  };
  // A hint when the field is left; the service has the last word.
  editor.control?.addEventListener("change", () => afterPress(() => {
    if (!marked.hasAttribute("aria-invalid")) tell(warningOf(editor.read(), shape), true);
  }));
  element.addEventListener("input", () => { if (wrong.textContent) tell(""); });

  return {
    field,
    element,
    path: place.path,
    read: editor.read,
    write: editor.write,
    tell,
    focus: () => (editor.control ? editor.control.focus() : editor.focus()),
    /** Return the view of the value at *path*, or the nearest around it. */
    find(path) {
      const views = editor.views ?? [];
      const inside = views.find((view) => path === view.path || path.startsWith(`${view.path}.`) || path.startsWith(`${view.path}[`));
      return inside ? inside.find(path) : this;
    },
  };
}
