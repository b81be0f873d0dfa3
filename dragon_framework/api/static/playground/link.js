/**
 * The address of a filled form: `/#task=image.thumb&url=...&width=200`. Credentials are never in it.
 *
 * A value is as in the query of `GET /v1/create_file`: a text, a number, `true`; a key for each item of a list; JSON for
 * what holds others. `secret`, which `dragon serve` prints in the address of the playground, is taken out by `takeSecret`.
 */

import { holdsSecret, withoutSecrets } from "./schema.js";

/** Return `{task, values}` of an address; `values` are pairs of a name and its texts. */
export function readLink(hash, search = "") {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const task = given.get("task") ?? new URLSearchParams(search).get("task");
  const names = [...new Set(given.keys())].filter((name) => name !== "task" && name !== "secret");
  return { task, values: names.map((name) => [name, given.getAll(name)]) };
}

/** Return the hash of a task and its values. */
export function writeLink(name, values, fields) {
  const link = new URLSearchParams({ task: name });
  for (const { name: field, shape } of fields) {
    if (holdsSecret(shape) || !Object.hasOwn(values, field) || field === "task" || field === "secret") continue;
    const value = withoutSecrets(values[field], shape);
    const texts = Array.isArray(value) && value.length > 1 && value.every((item) => typeof item !== "object") ? value : [value];
    for (const text of texts) link.append(field, typeof text === "string" ? text : JSON.stringify(text));
  }
  return `#${link}`;
}

/** Take the secret out of the address of the page, and return it; empty if there is none. */
export function takeSecret() {
  const given = new URLSearchParams(location.hash.slice(1));
  const secret = given.get("secret") ?? "";
  if (given.has("secret")) {
    given.delete("secret");
    history.replaceState(null, "", location.pathname + location.search + (given.size ? `#${given}` : ""));
  }
  return secret;
}
