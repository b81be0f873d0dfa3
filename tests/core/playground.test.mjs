/** What the playground's modules compute, without a page: schemas, values, requests, links. Run by Node, from test_playground.py. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const modules = pathToFileURL(`${process.env.PLAYGROUND}/`).href;
const { factsOf, fieldsOf, shapeOf, typeOf, withoutSecrets } = await import(`${modules}schema.js`);
const { readText, warningOf, writeText } = await import(`${modules}values.js`);
const { curl, javascriptValue, pythonValue, shellWord } = await import(`${modules}snippets.js`);
const { readLink, writeLink } = await import(`${modules}link.js`);
const { kindOf, kindOfType } = await import(`${modules}media.js`);

const HOSTILE = ["", "it's", `'"\\`, "$(id) `id` $HOME \\n !x", "line\nbreak\ttab", "é 👍 \u2028", "-n", "{}[]*?~#;&|<>"];

test("a reference, an or-null and a description at the field are read as one shape", () => {
  const root = { properties: { p: { description: "here", anyOf: [{ $ref: "#/$defs/P" }, { type: "null" }], default: null } }, $defs: { P: { type: "object", properties: { x: { type: "integer", "x-unit": "px", minimum: 1, maximum: 9 } }, required: ["x"] } } };

  const [{ shape, required, fallback }] = fieldsOf(root);

  assert.equal(shape.kind, "struct");
  assert.equal(shape.nullable, true);
  assert.equal(shape.schema.description, "here");
  assert.deepEqual([required, fallback], [false, null]);
  assert.deepEqual(factsOf(shape.fields[0]), ["1 to 9 px"]);
  assert.equal(typeOf(shape.fields[0].shape), "whole number, px");
});

test("a schema that holds itself is read as far as it is asked for", () => {
  const root = { $ref: "#/$defs/T", $defs: { T: { type: "object", properties: { inner: { type: "array", items: { $ref: "#/$defs/T" } } } } } };

  let shape = shapeOf(root, root);
  for (let depth = 0; depth < 100; depth += 1) shape = shape.fields[0].shape.items;

  assert.equal(shape.kind, "struct");
});

test("names that every object has are names like others", () => {
  const root = JSON.parse('{"properties": {"__proto__": {"type": "string"}, "constructor": {"$ref": "#/$defs/toString"}}}');

  const fields = fieldsOf(root);

  assert.deepEqual(fields.map(({ name, shape }) => [name, shape.kind]), [["__proto__", "text"], ["constructor", "any"]]);
});

test("credentials are taken out wherever they lie", () => {
  const secret = { type: "string", "x-secret": true };
  const root = { type: "object", properties: { a: secret, list: { type: "array", items: secret }, in: { anyOf: [{ type: "object", properties: { s: secret, t: { type: "string" } } }, { type: "object", properties: { u: { type: "array", items: { type: "object", properties: { s: secret } } } } }] }, map: { type: "object", additionalProperties: secret }, or: { anyOf: [secret, { type: "null" }] } } };
  const value = { a: "1", list: ["2"], in: { s: "3", t: "kept", u: [{ s: "4" }] }, map: { m: "5" }, or: "6" };

  const kept = JSON.stringify(withoutSecrets(value, shapeOf(root, root)));

  assert.equal(kept, '{"in":{"t":"kept","u":[{}]},"map":{}}');
});

test("a text is read as the value it stands for, and kept where it stands for none", () => {
  const integer = shapeOf({ type: "integer" }, {});
  const either = shapeOf({ anyOf: [{ type: "integer" }, { type: "boolean" }] }, {});
  const pairs = shapeOf({ type: "array", items: { type: "array", prefixItems: [{ type: "integer" }, { type: "number" }] } }, {});

  assert.deepEqual(["12", " -3 ", "1.5", "0x10", "12px", "1e400"].map((text) => readText(text, integer)), [12, -3, 1.5, "0x10", "12px", "1e400"]);
  assert.deepEqual(["7", "true", "x"].map((text) => readText(text, either)), [7, true, "x"]);
  assert.deepEqual(readText("1, 2.5\n[3, 4]", pairs), [[1, 2.5], [3, 4]]);
  assert.deepEqual(readText("[1, 2]\n[3, 4]", pairs), [[1, 2], [3, 4]]);
  assert.deepEqual(readText("[[1, 2], [3, 4]]", pairs), [[1, 2], [3, 4]]);
  assert.deepEqual(readText("[1, 2]", pairs), [[1, 2]]);
});

test("a list of texts is read as it was written, lines, blanks and brackets included", () => {
  const shape = shapeOf({ type: "array", items: { type: "string" } }, {});

  for (const list of [["a", "b"], ["two\nlines", "b"], [" blank "], ["[x"], ["[1]", "2"], [""], HOSTILE]) {
    assert.deepEqual(readText(writeText(list, shape), shape), list);
  }
});

test("what is beyond the limits is told, and what is within them is not", () => {
  const shape = shapeOf({ type: "number", exclusiveMinimum: 0, maximum: 1, "x-unit": "s" }, {});

  assert.deepEqual([0, 0.5, 1, 1.01, "x"].map((value) => warningOf(value, shape)), ["must be above 0 s", "", "", "must be at most 1 s", "this is not a number"]);
});

test("a word of a shell is what it was", () => {
  for (const text of HOSTILE) assert.equal(execFileSync("/bin/sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" }), text);
});

test("the body of the curl command is the request", () => {
  const definition = JSON.parse('{"task_name": "a.b", "url": "it\'s", "__proto__": {"x": [1, null, true]}}');

  const command = curl(definition, "http://127.0.0.1:1", "S'1").replace("curl ", "printf '%s\\n' ");
  const words = execFileSync("/bin/sh", ["-c", command], { encoding: "utf8" }).trim().split("\n");

  assert.deepEqual(words.slice(0, 3), ["http://127.0.0.1:1/v1/create", "-H", "Authorization: Secret S'1"]);
  assert.equal(words.at(-1), JSON.stringify({ tasks: definition, block: true }));
});

test("literals of Python and JavaScript are the value", () => {
  const value = JSON.parse('{"__proto__": [1, -2.5, 1e-7], "a b": {"none": null, "yes": true, "no": false}, "long": ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"], "empty": [{}, []]}');
  value.hostile = [...HOSTILE, "\ud800", "\u007f\u0000"];

  const python = execFileSync(process.env.PYTHON, ["-c", "import ast, json, sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))"], { input: pythonValue(value), encoding: "utf8" });
  const javascript = new Function(`return ${javascriptValue(value)}`)();

  assert.equal(JSON.stringify(JSON.parse(python)), JSON.stringify(value));
  assert.equal(JSON.stringify(javascript), JSON.stringify(value));
});

test("a link has what the form has, but for credentials", () => {
  const task = { type: "object", properties: { url: { type: "string" }, images: { type: "array", items: { type: "string" } }, width: { type: "integer" }, key: { type: "string", "x-secret": true }, shape: { type: "object", properties: { s: { type: "string", "x-secret": true }, t: { type: "string" } } } } };

  const link = writeLink("image.x", { url: "https://e.org/?a=1&b=#c", images: ["1", "2"], width: 5, key: "K", shape: { s: "K", t: "T" } }, fieldsOf(task));

  assert.deepEqual(readLink(link), { task: "image.x", values: [["url", ["https://e.org/?a=1&b=#c"]], ["images", ["1", "2"]], ["width", ["5"]], ["shape", ['{"t":"T"}']]] });
  assert.deepEqual(readLink("#secret=S&task=a", "?task=b"), { task: "a", values: [] });
  assert.deepEqual(readLink("", "?task=b"), { task: "b", values: [] });
});

test("what a file is, is told by the ending of its path, or by its type", () => {
  assert.deepEqual(["https://e.org/a.JPG?x=.mp3", "https://e.org/", "https://e.mp3", "data:audio/ogg;base64,xx", "https://e.org/a.mp4#t=1"].map(kindOf), ["picture", "", "", "audio", "video"]);
  assert.deepEqual(["image/*", "application/ld+json", "text/csv", "application/zip", undefined].map(kindOfType), ["picture", "json", "text", "file", ""]);
});
