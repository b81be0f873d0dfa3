/** The frame of every view of a result: what it is (`data-kind`), its name, and what it says below. */

import { make, prose } from "../dom.js";

export function frame(kind, title, description, ...children) {
  const caption = make("figcaption", {}, make("span", { className: "name", textContent: title }));
  if (description) caption.append(" ", make("span", { className: "quiet" }, ...prose(description)));
  return make("figure", { dataset: { kind } }, ...children, caption);
}
