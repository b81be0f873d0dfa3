/**
 * A task definition as a request to copy: curl, Python (dragon-client), JavaScript (clients/javascript). Pure: no page.
 *
 * In: the definition (JSON values), the server's URL and a secret. Out: texts.
 */

/** Return *text* as one word of a POSIX shell: between single quotes nothing is special (POSIX.1-2017, 2.2.2). */
export function shellWord(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function curl(definition, server, secret) {
  const body = JSON.stringify({ tasks: definition, block: true });
  return [`curl ${shellWord(`${server}/v1/create`)}`, `-H ${shellWord(`Authorization: Secret ${secret}`)}`, "-H 'Content-Type: application/json'", `-d ${shellWord(body)}`].join(" \\\n  ");
}

export function python(definition, server, secret) {
  return `from dragon_client import Client

with Client(${pythonText(server)}, secret=${pythonText(secret)}) as dragon:
    result = dragon.run(${pythonValue(definition, "    ")})
    print(result)
`;
}

const JS_IMPORT = 'import { Dragon } from "./dragon.js";';

export function javascript(definition, server, secret) {
  return `${JS_IMPORT}

const dragon = new Dragon(${JSON.stringify(server)}, { secret: ${JSON.stringify(secret)} });
const result = await dragon.run(${javascriptValue(definition, "")});
console.log(result);
`;
}

/** Return a text as a literal of Python. JSON's escapes are Python's, but for pairs of surrogates, which JSON.stringify leaves as they are. */
export function pythonText(text) {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

/** Return a JSON value as a literal of Python. */
export function pythonValue(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonText(value);
  if (typeof value !== "object" || isRaw(value)) return JSON.stringify(value);
  return Array.isArray(value)
    ? inBrackets("[", value.map((item) => pythonValue(item, `${indent}    `)), "]", indent, "    ")
    : inBrackets("{", Object.entries(value).map(([name, item]) => `${pythonText(name)}: ${pythonValue(item, `${indent}    `)}`), "}", indent, "    ");
}

/** Return a JSON value as an expression of JavaScript; `__proto__` would set a prototype, so it is put in brackets. */
export function javascriptValue(value, indent = "") {
  if (value === undefined) return "null";
  if (value === null || typeof value !== "object" || isRaw(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return inBrackets("[", value.map((item) => javascriptValue(item, `${indent}  `)), "]", indent, "  ");
  const entries = Object.entries(value).map(([name, item]) => `${javascriptName(name)}: ${javascriptValue(item, `${indent}  `)}`);
  return inBrackets("{", entries, "}", indent, "  ");
}

function javascriptName(name) {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function isRaw(value) {
  return Boolean(JSON.isRawJSON?.(value));
}

/** Return items in one line if that is short, else each in a line of its own. */
function inBrackets(open, items, close, indent, step) {
  if (!items.length) return open + close;
  const line = open === "{" && step === "  " ? `{ ${items.join(", ")} }` : open + items.join(", ") + close;
  if (line.length + indent.length <= 80 && !line.includes("\n")) return line;
  return `${open}\n${items.map((item) => `${indent}${step}${item},\n`).join("")}${indent}${close}`;
}
