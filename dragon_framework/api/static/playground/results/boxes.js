/**
 * Rectangles and points, drawn over the picture that was given. A list is one of them if its items are objects with `x`, `y`,
 * `width` and `height` in pixels, or pairs in pixels.
 */

import { make, makeSvg } from "../dom.js";
import { safe } from "./files.js";
import { frame } from "./frame.js";

const SIDES = ["x", "y", "width", "height"];

/** More than this are listed, but not drawn. */
const MOST = 500;

export function boxes({ result, shapes, sources }) {
  const source = sources.filter(({ kind }) => kind === "picture" || kind === "")[0] ?? null;
  const views = [];
  for (const [name, shape] of shapes) {
    const found = result[name];
    if (shape.kind !== "list" || !Array.isArray(found)) continue;
    if (isBox(shape.items)) views.push(drawing(name, shape, found.filter((box) => SIDES.every((side) => Number.isFinite(box?.[side]))), source, result));
    else if (isPoint(shape.items)) views.push(drawing(name, shape, found.map(([x, y]) => ({ x, y })), source, result));
  }
  return views;
}

function isBox(shape) {
  if (shape.kind !== "struct") return false;
  const units = new Map(shape.fields.map((field) => [field.name, field.shape.unit]));
  return SIDES.every((side) => units.get(side) === "px");
}

function isPoint(shape) {
  return shape.kind === "tuple" && shape.places.length === 2 && shape.places.every((place) => place.unit === "px");
}

function drawing(name, shape, found, source) {
  const shown = found.slice(0, MOST);
  const stage = make("div", { className: "stage drawn" });
  const list = make("ol", { className: "boxes" });
  const draw = (width, height) => {
    const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${found.length} ${name} drawn over the picture` });
    const size = Math.max(width, height);
    const items = shown.map((box, number) => mark(box, number + 1, size));
    svg.append(...items);
    stage.append(svg);
    list.replaceChildren(...shown.map((box, number) => entry(box, items[number])));
  };
  const blank = () => {
    const width = Math.max(1, ...found.map((box) => box.x + (box.width ?? 0)));
    const height = Math.max(1, ...found.map((box) => box.y + (box.height ?? 0)));
    stage.classList.add("blank");
    draw(Math.ceil(width * 1.02), Math.ceil(height * 1.02));
  };
  if (source) {
    const image = make("img", { alt: "The picture that was given", decoding: "async" });
    image.addEventListener("load", () => draw(image.naturalWidth, image.naturalHeight), { once: true });
    image.addEventListener("error", () => {
      image.remove();
      blank();
    }, { once: true });
    image.src = safe(source.url);
    stage.append(image);
  } else blank();
  const title = `${name}: ${found.length || "none"}`;
  return frame("boxes", title, shape.schema.description, stage, list);
}

function mark(box, number, size) {
  const shape = box.width === undefined
    ? makeSvg("circle", { cx: box.x, cy: box.y, r: size / 60 })
    : makeSvg("rect", { x: box.x, y: box.y, width: box.width, height: box.height });
  const text = makeSvg("text", { x: box.x + (box.width === undefined ? size / 45 : size / 150), y: box.y + (box.width === undefined ? size / 70 : size / 24), "font-size": size / 26 });
  text.textContent = String(number);
  return makeSvg("g", { class: "mark" }, shape, text);
}

/** A line of the list: what is known of a box beside its place; pointing at it lights it up. */
function entry(box, element) {
  const place = box.width === undefined ? `${box.x}, ${box.y}` : `${box.width} × ${box.height} at ${box.x}, ${box.y}`;
  const more = Object.entries(box).filter(([name]) => !SIDES.includes(name)).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  const item = make("li", { textContent: [place, ...more].join("; ") });
  for (const [kind, isLit] of [["mouseenter", true], ["mouseleave", false]]) item.addEventListener(kind, () => element.classList.toggle("lit", isLit));
  return item;
}
