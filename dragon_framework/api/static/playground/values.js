/**
 * Values from what a person types, and what is clearly wrong with them. Pure: no page.
 *
 * What does not fit the schema is kept as it is: the service says what is wrong with it. `undefined` means "not given".
 */

import { isLine } from "./schema.js";

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Return a number as JSON holds it, exactly if the browser can; the text itself if it is none. */
function readNumber(text) {
  if (!NUMBER.test(text)) return text;
  const value = Number(text);
  if (INTEGER.test(text) && !Number.isSafeInteger(value)) return JSON.rawJSON ? JSON.rawJSON(String(BigInt(text))) : text;
  return Number.isFinite(value) ? value : text;
}

/** Return the value of a JSON text, or the text itself. */
export function readJsonOr(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Return what *text* means where a value of *shape* is asked for. */
export function readText(text, shape) {
  switch (shape.kind) {
    case "integer":
    case "number":
      return readNumber(text.trim());
    case "boolean":
      return /^(true|1|yes|on)$/i.test(text.trim()) ? true : /^(false|0|no|off)$/i.test(text.trim()) ? false : text;
    case "choice": {
      const found = shape.choices.find((choice) => String(choice) === text.trim());
      return found === undefined ? text : found;
    }
    case "text":
      return shape.source || shape.schema.format ? text.trim() : text;
    case "tuple":
      return text.includes("[") ? readJsonOr(text) : text.split(/[\s,;]+/).filter(Boolean).map((part, place) => (shape.places[place] ? readText(part, shape.places[place]) : readNumber(part)));
    case "list":
      return isLine(shape.items) ? readLines(text, shape) : readJsonOr(text);
    case "union": {
      const value = readJsonOr(text);
      return typeof value === "object" || !shape.members.some(({ kind }) => kind === "text") ? value : text;
    }
    default:
      return readJsonOr(text);
  }
}

/** Return the items of a list: one on each line, or a JSON list. */
export function readLines(text, shape) {
  if (text.trim().startsWith("[")) {
    const value = readJsonOr(text.trim());
    // One pair in brackets is an item, not the list.
    if (Array.isArray(value)) return shape.items.kind === "tuple" && value.length && !value.some(Array.isArray) ? [value] : value;
  }
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter(Boolean).map((line) => readText(line, shape.items));
}

/** Return the text that `readText` reads as *value*. */
export function writeText(value, shape) {
  if (value === undefined || value === null) return "";
  if (shape.kind === "list" && isLine(shape.items) && Array.isArray(value)) {
    const lines = value.map((item) => (typeof item === "string" ? item : Array.isArray(item) ? item.join(", ") : JSON.stringify(item)));
    const plain = lines.every((line) => line.trim() === line && line && !line.includes("\n")) && !lines[0]?.startsWith("[");
    return plain ? lines.join("\n") : JSON.stringify(value);
  }
  return typeof value === "string" ? value : JSON.stringify(value, null, typeof value === "object" ? 2 : undefined);
}

/** Whether two values are the same JSON. */
export function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Return what is wrong with a value, in a sentence, where that is beyond doubt; empty if nothing is. */
export function warningOf(value, shape) {
  const { schema, kind, unit } = shape;
  const tail = unit ? ` ${unit}` : "";
  if (value === undefined) return "";
  if (kind === "integer" || kind === "number") {
    if (typeof value === "object") return "";
    if (typeof value !== "number") return "this is not a number";
    if (kind === "integer" && !Number.isInteger(value)) return "this is not a whole number";
    if (value < schema.minimum) return `must be at least ${schema.minimum}${tail}`;
    if (value <= schema.exclusiveMinimum) return `must be above ${schema.exclusiveMinimum}${tail}`;
    if (value > schema.maximum) return `must be at most ${schema.maximum}${tail}`;
    if (value >= schema.exclusiveMaximum) return `must be below ${schema.exclusiveMaximum}${tail}`;
  }
  if (kind === "text" && typeof value === "string") {
    const length = [...value].length;
    if (length < schema.minLength) return `needs at least ${schema.minLength} characters, has ${length}`;
    if (length > schema.maxLength) return `may have at most ${schema.maxLength} characters, has ${length}`;
    if (shape.source && /^(file:|[a-z]:\\|~?\/|\.\.?\/)/i.test(value)) return "a path of this machine is not seen by the service: choose the file, or drop it here";
    if (shape.source && !/^(https?|data):/i.test(value)) return "must be an http, https or data URL";
    if (schema.format === "color" && !/^#([\da-f]{3}|[\da-f]{6}|[\da-f]{8})$/i.test(value)) return "must be a colour such as #ff8800";
  }
  if (kind === "list") {
    if (!Array.isArray(value)) return "";
    if (value.length < schema.minItems) return `needs at least ${schema.minItems} items, has ${value.length}`;
    if (value.length > schema.maxItems) return `may have at most ${schema.maxItems} items, has ${value.length}`;
    for (const [place, item] of value.entries()) {
      const warning = warningOf(item, shape.items);
      if (warning) return `item ${place + 1}: ${warning}`;
    }
  }
  if (kind === "map" && (typeof value !== "object" || Array.isArray(value))) return "must be a JSON object, such as {\"a\": 1}";
  return "";
}
