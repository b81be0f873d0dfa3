/**
 * The result of a task, shown as what it is: chosen from its output schema, media types and URLs, never from its name.
 *
 * In: `{task, definition, result}`. Out: elements with `data-kind`: picture, video, audio, beats, boxes, link, file, json.
 * A viewer of files is chosen in `fileView`; one of values returns a list of elements for what it knows.
 */

import { kindOf, kindOfType, kindOfTypes } from "../media.js";
import { fieldsOf } from "../schema.js";
import { beats } from "./beats.js";
import { boxes } from "./boxes.js";
import { facts } from "./facts.js";
import { file } from "./files.js";
import { isLink, links } from "./links.js";
import { picture } from "./picture.js";
import { player } from "./players.js";

export function resultView({ task, definition, result }) {
  if (result === null || typeof result !== "object" || Array.isArray(result)) return [facts({ result: { result }, fields: [] })];
  const fields = fieldsOf(task?.output ?? {});
  const shapes = new Map(fields.map((field) => [field.name, field.shape]));
  const sources = sourcesOf(task, definition);
  const context = { result, fields, shapes, sources, definition };
  const files = filesOf(task, context);
  const views = files.map((about) => fileView(about, context));
  views.push(...boxes(context), ...beats(context), ...links(context));
  const shown = new Set([...files, ...fields.filter(({ name, shape }) => isLink(result[name], shape))].map(({ name }) => name));
  return [...views, facts({ ...context, shown })];
}

/** Return the files of a result: `{name, url, kind, description}`. */
function filesOf(task, { result, shapes }) {
  const declared = new Set((task?.files ?? []).map((about) => about.name));
  const found = [];
  for (const [name, value] of Object.entries(result)) {
    if (typeof value !== "string" || !(declared.has(name) || isStored(value))) continue;
    const schema = shapes.get(name)?.schema ?? {};
    const types = schema["x-media-types"];
    const kind = kindOf(value) || kindOfTypes(types) || (declared.size === 1 ? kindOfType(mediaTypeIn(result, shapes)) : "") || "file";
    found.push({ name, url: value, kind, description: schema.description ?? "" });
  }
  return found;
}

/** Return what the result itself says of its media type: a field of `x-media-type`. */
function mediaTypeIn(result, shapes) {
  for (const [name, shape] of shapes) if (shape.schema["x-media-type"] && typeof result[name] === "string") return result[name];
  return "";
}

function isStored(url) {
  return /^https?:\/\/[^/]+\/storage\/[A-Z2-7]{26}\//.test(url);
}

function fileView(about, context) {
  if (about.kind === "picture") return picture(about, context);
  if (about.kind === "video" || about.kind === "audio") return player(about);
  return file(about);
}

/** Return the files that were given: `{name, url, kind}`. */
function sourcesOf(task, definition) {
  const found = [];
  for (const { name, shape } of fieldsOf(task?.parameters ?? {})) {
    const value = Object.hasOwn(definition ?? {}, name) ? definition[name] : undefined;
    if (!shape.source || typeof value !== "string") continue;
    found.push({ name, url: value, kind: kindOf(value) || kindOfTypes(shape.schema["x-media-types"]) });
  }
  return found;
}
