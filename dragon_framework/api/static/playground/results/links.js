/**
 * Addresses in a result: a text that is a URL elsewhere, or a list of objects that have a `url`. Pictures of other places are
 * loaded only when somebody asks for them: each tells that place who looks.
 */

import { button, make } from "../dom.js";
import { kindOf, kindOfType } from "../media.js";
import { safe } from "./files.js";
import { frame } from "./frame.js";

/** So many are listed at first. */
const FIRST = 100;

export function links({ result, shapes }) {
  const views = [];
  for (const [name, value] of Object.entries(result)) {
    const description = shapes.get(name)?.schema.description;
    if (isLink(value, shapes.get(name))) {
      views.push(frame("link", name, description, make("p", {}, outside(value))));
    } else if (Array.isArray(value)) {
      const found = value.filter((item) => isWeb(item) || isWeb(item?.url));
      if (found.length) views.push(list(name, description, found));
    }
  }
  return views;
}

/** Whether a value is an address elsewhere: a URL that is no file of the service. */
export function isLink(value, shape) {
  return shape?.schema.format === "uri" && !shape.schema["x-media-types"] && isWeb(value) && !/\/storage\/[A-Z2-7]{26}\//.test(value);
}

function isWeb(value) {
  return typeof value === "string" && /^https?:\/\//i.test(value);
}

function outside(url, text = url) {
  return make("a", { href: safe(url), textContent: text, target: "_blank", rel: "noopener noreferrer" });
}

function list(name, description, found) {
  const items = make("ul", { className: "links" });
  const show = (from, to) => items.append(...found.slice(from, to).map(entry));
  show(0, FIRST);
  const tools = make("div", { className: "file-tools" });
  if (found.length > FIRST) {
    tools.append(button(`Show all ${found.length}`, (event) => {
      show(FIRST, found.length);
      event.currentTarget.remove();
    }, { className: "small" }));
  }
  if (found.some(pictureOf)) {
    tools.append(button("Load the pictures", (event) => {
      event.currentTarget.remove();
      [...items.children].forEach((item, number) => {
        const url = pictureOf(found[number]);
        if (url) item.prepend(make("img", { src: safe(url), alt: "", loading: "lazy", referrerPolicy: "no-referrer" }));
      });
    }, { className: "small" }));
  }
  return frame("link", `${name}: ${found.length}`, description, items, tools);
}

function entry(item) {
  if (typeof item === "string") return make("li", {}, make("div", {}, outside(item)));
  const title = typeof item.title === "string" && item.title.trim() ? item.title.trim() : "";
  const size = item.width && item.height ? `${item.width} × ${item.height}` : "";
  const about = [item.type, size, item.source, item.provider].filter((part) => typeof part === "string" && part).join(", ");
  const lines = [outside(item.url, title || item.url)];
  if (title) lines.push(make("div", { className: "quiet break", textContent: item.url }));
  if (about) lines.push(make("div", { className: "quiet", textContent: about }));
  return make("li", {}, make("div", {}, ...lines));
}

/** Return the URL of a picture of an item; empty if there is none. */
function pictureOf(item) {
  if (typeof item === "string") return kindOf(item) === "picture" ? item : "";
  if (isWeb(item.thumbnail)) return item.thumbnail;
  return item.type === "image" || kindOfType(item.media_type) === "picture" || kindOf(item.url) === "picture" ? item.url : "";
}
