/**
 * What a JSON Schema, as the service writes it (2020-12, from msgspec), says of a value.
 *
 * In: the schema of a task's parameters or output. Out: shapes, which forms and viewers are made from. Pure: no page.
 *
 * A shape is `{kind, schema, nullable, unit, source, secret}`; `schema` has no reference and no null left. By kind:
 * `text`, `integer`, `number`, `boolean`, `null`, `any`; `choice` has `choices`; `list` has `items`, `tuple` has `places`,
 * `map` has `values`, `struct` has `fields`, `union` has `members`. What lies inside is read when it is asked for, since
 * a schema may hold itself.
 */

const own = (object, name) => (object !== null && typeof object === "object" && Object.hasOwn(object, name) ? object[name] : undefined);

/** Return *schema* with references replaced and "or null" taken off. */
function bare(schema, root) {
  let found = schema === true || schema === undefined ? {} : schema;
  let nullable = false;
  for (let depth = 0; depth < 20; depth += 1) {
    if (typeof found.$ref === "string") {
      const { $ref, ...rest } = found;
      const name = decodeURIComponent($ref.split("/").pop()).replaceAll("~1", "/").replaceAll("~0", "~");
      found = { ...own(root.$defs, name), ...rest };
    } else if (Array.isArray(found.anyOf ?? found.oneOf)) {
      const { anyOf, oneOf, ...rest } = found;
      const options = anyOf ?? oneOf;
      const some = options.filter((option) => option.type !== "null");
      nullable ||= some.length < options.length;
      if (some.length > 1) return [{ ...rest, anyOf: some }, nullable];
      found = { ...(some[0] ?? { type: "null" }), ...rest };
    } else break;
  }
  return [found, nullable];
}

const PLAIN = { string: "text", integer: "integer", number: "number", boolean: "boolean", null: "null" };

/** Return the shape of *schema*, whose references stand in *root*. */
export function shapeOf(schema, root) {
  const [found, nullable] = bare(schema, root);
  const shape = {
    kind: "any",
    schema: found,
    nullable,
    unit: typeof found["x-unit"] === "string" ? found["x-unit"] : "",
    source: found["x-source"] === true,
    secret: found["x-secret"] === true || found.writeOnly === true,
  };
  const lazily = (name, read) => Object.defineProperty(shape, name, { get: read, enumerable: true });
  if (found.anyOf) {
    shape.kind = "union";
    lazily("members", () => found.anyOf.map((member) => shapeOf(member, root)));
  } else if (Array.isArray(found.enum) || "const" in found) {
    shape.kind = "choice";
    shape.choices = Array.isArray(found.enum) ? found.enum : [found.const];
    if (shape.choices.includes(null)) {
      shape.choices = shape.choices.filter((choice) => choice !== null);
      shape.nullable = true;
    }
  } else if (found.type === "array" && Array.isArray(found.prefixItems)) {
    shape.kind = "tuple";
    lazily("places", () => found.prefixItems.map((place) => shapeOf(place, root)));
  } else if (found.type === "array") {
    shape.kind = "list";
    lazily("items", () => shapeOf(found.items, root));
  } else if (found.properties) {
    shape.kind = "struct";
    lazily("fields", () => fieldsOf(found, root));
  } else if (found.type === "object") {
    shape.kind = "map";
    lazily("values", () => shapeOf(found.additionalProperties, root));
  } else if (Object.hasOwn(PLAIN, found.type ?? "")) {
    shape.kind = PLAIN[found.type];
  }
  return shape;
}

/** Return the fields of an object: `{name, shape, required, fallback}`; `fallback` is the default, undefined without one. */
export function fieldsOf(schema, root = schema) {
  const [found] = bare(schema, root);
  const required = new Set(Array.isArray(found.required) ? found.required : []);
  return Object.entries(found.properties ?? {}).map(([name, about]) => {
    const shape = shapeOf(about, root);
    return { name, shape, required: required.has(name), fallback: own(shape.schema, "default") };
  });
}

/** Whether a value is written in one line of text: then a list of such is written with one on each line. */
export function isLine(shape) {
  if (shape.kind === "tuple") return shape.places.every((place) => ["integer", "number"].includes(place.kind) && !place.nullable);
  return ["integer", "number", "choice"].includes(shape.kind) || (shape.kind === "text" && !shape.secret);
}

/** Whether a text may have lines: nothing says that it is a name, a URL, a colour, a date. */
export function isLong({ kind, schema, source, secret }) {
  if (kind !== "text" || source || secret || schema.format || schema.pattern || schema.contentEncoding) return false;
  return schema.maxLength === undefined || schema.maxLength > 200;
}

/** Return whether a shape is, or holds at first hand, credentials. */
export function holdsSecret(shape) {
  if (shape.secret) return true;
  if (shape.kind === "list") return shape.items.secret;
  return shape.kind === "union" && shape.members.some((member) => member.secret);
}

/**
 * Return *value* with *instead* for each credential in it, wherever it lies; without it where *instead* is undefined. Of a
 * union only the service knows which member a value is: what one of them hides is hidden.
 */
export function withoutSecrets(value, shape, instead, depth = 0) {
  if (holdsSecret(shape)) return value === undefined ? value : instead;
  if (value === null || typeof value !== "object" || depth > 40) return value;
  const inside = (part, about) => (about ? withoutSecrets(part, about, instead, depth + 1) : part);
  if (shape.kind === "union") return shape.members.reduce((kept, member) => withoutSecrets(kept, member, instead, depth + 1), value);
  if (Array.isArray(value)) {
    if (shape.kind === "list") return value.map((item) => inside(item, shape.items));
    return shape.kind === "tuple" ? value.map((item, place) => inside(item, shape.places[place])) : value;
  }
  if (shape.kind !== "struct" && shape.kind !== "map") return value;
  const known = new Map(shape.kind === "struct" ? shape.fields.map((field) => [field.name, field.shape]) : []);
  const kept = Object.entries(value).map(([name, part]) => [name, inside(part, shape.kind === "map" ? shape.values : known.get(name))]);
  return Object.fromEntries(kept.filter(([, part]) => part !== undefined));
}

const number = (value) => (typeof value === "number" && Math.abs(value) >= 10_000 ? value.toLocaleString("en") : String(value));

/** Return "1 to 20", "at least 1", "above 0 and at most 1"; empty without limits. */
function range(low, above, high, below, unit) {
  const tail = unit ? ` ${unit}` : "";
  if (low !== undefined && high !== undefined) return low === high ? `${number(low)}${tail}` : `${number(low)} to ${number(high)}${tail}`;
  const parts = [];
  if (unit === "items" && low === 1 && high === undefined) return "at least 1 item";
  if (low !== undefined) parts.push(`at least ${number(low)}`);
  if (above !== undefined) parts.push(`above ${number(above)}`);
  if (high !== undefined) parts.push(`at most ${number(high)}`);
  if (below !== undefined) parts.push(`below ${number(below)}`);
  return parts.length ? parts.join(" and ") + tail : "";
}

const TYPES = { integer: "whole number", number: "number", text: "text", any: "JSON", map: "JSON object", boolean: "yes or no", null: "null" };
const FORMATS = { "date-time": "date and time (ISO 8601)", date: "date", time: "time", duration: "duration (ISO 8601)", uuid: "UUID", decimal: "decimal number", color: "colour", uri: "URL" };

/** Return in few words what kind of value it is: "whole number, px", "list of URLs". */
export function typeOf(shape) {
  if (shape.source) return mediaOf(shape);
  if (shape.secret) return "secret";
  if (shape.kind === "list") return `list of ${plural(typeOf(shape.items))}`;
  if (shape.kind === "tuple") {
    const types = [...new Set(shape.places.map(typeOf))];
    return types.length === 1 ? `${shape.places.length} ${plural(types[0])}` : `list of ${shape.places.length} values`;
  }
  if (shape.kind === "struct") return shape.schema.title ?? "group";
  if (shape.kind === "choice") return "choice";
  if (shape.kind === "union") return shape.members.map(typeOf).join(" or ");
  if (shape.schema.contentEncoding === "base64") return "bytes (base64)";
  const base = (shape.kind === "text" && FORMATS[shape.schema.format]) || TYPES[shape.kind];
  return shape.unit ? `${base}, ${shape.unit}` : base;
}

function mediaOf(shape) {
  const types = Array.isArray(shape.schema["x-media-types"]) ? shape.schema["x-media-types"] : [];
  const kinds = [...new Set(types.map((type) => String(type).split("/")[0]))];
  return kinds.length ? `file (${kinds.join(", ")})` : "file";
}

function plural(text) {
  const [, first, rest] = /^([\w ]+?)( \(.*|,.*)?$/.exec(text) ?? [null, text, ""];
  return /s$|^[A-Z]/.test(first) ? text : `${first.replace(/y$/, "ie")}s${rest ?? ""}`;
}

/** Return the limits and the default of a field, each in few words. */
export function factsOf({ shape, required, fallback }) {
  const { schema, kind } = shape;
  const facts = [];
  if (kind === "integer" || kind === "number") {
    facts.push(range(schema.minimum, schema.exclusiveMinimum, schema.maximum, schema.exclusiveMaximum, shape.unit));
    if (schema.multipleOf !== undefined) facts.push(`a multiple of ${schema.multipleOf}`);
  } else if (kind === "text" && !shape.source) {
    if (schema["x-expected"]) facts.push(schema["x-expected"]);
    else if (schema.pattern) facts.push(`matches ${schema.pattern}`);
    const low = schema.minLength > 1 ? schema.minLength : undefined;
    const length = range(low, undefined, schema.maxLength, undefined, "characters");
    if (length && !schema.pattern) facts.push(length);
  } else if (kind === "list") {
    facts.push(range(schema.minItems, undefined, schema.maxItems, undefined, "items"));
    const { items } = shape;
    if (items.kind === "choice") facts.push(`of ${items.choices.map(String).join(", ")}`);
    else if (isLine(items)) facts.push(...factsOf({ shape: items, required: true }).map((fact) => `each ${fact}`));
  } else if (kind === "map") {
    facts.push(range(schema.minProperties, undefined, schema.maxProperties, undefined, "entries"));
  }
  if (!required && fallback !== undefined && fallback !== null && !["", "[]", "{}"].includes(typeof fallback === "string" ? fallback : JSON.stringify(fallback)) && kind !== "boolean") {
    const text = typeof fallback === "string" ? fallback : JSON.stringify(fallback);
    facts.push(`default ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
  }
  return facts.filter(Boolean);
}
