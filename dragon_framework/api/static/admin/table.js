// Tables that change while somebody reads them: a row stays the element that it is as long as
// its key stays, and a cell is drawn anew only if its value changes. So focus is not lost, and
// nothing is read out twice.

import { make, show, write } from "./dom.js";

// columns: [{ title, value(row), draw(row), className }]; `value` is what a cell says, or what
// tells that it has to be drawn again, where `draw` returns its elements. A table of `cards` is
// read from top to bottom on a narrow screen; its roles are said, since such a layout takes them away.
export function table(label, columns, keyOf, empty, { cards = false } = {}) {
  const body = make("tbody", { role: "rowgroup" });
  const head = make("tr", { role: "row" }, ...columns.map(({ title, className = "" }) => make("th", { scope: "col", role: "columnheader", className }, title || make("span", { className: "unseen", textContent: "Action" }))));
  const element = make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: label },
    make("table", { role: "table", className: cards ? "cards" : "", ariaLabel: label }, make("thead", { role: "rowgroup" }, head), body));
  const nothing = make("p", { className: "empty", textContent: empty });
  const rows = new Map();

  function update(items) {
    show(element, items.length > 0);
    show(nothing, items.length === 0);
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      if (row.contains(document.activeElement)) element.focus();
      row.remove();
      rows.delete(key);
    }
    let before = body.firstChild;
    for (const item of items) {
      const key = keyOf(item);
      let row = rows.get(key);
      if (!row) {
        row = make("tr", { role: "row" }, ...columns.map(({ title, className = "" }) => make("td", { role: "cell", className, "data-title": title })));
        rows.set(key, row);
      }
      columns.forEach((column, place) => fill(row.children[place], column, item));
      if (row === before) before = before.nextSibling;
      else body.insertBefore(row, before);
    }
  }

  return { parts: [element, nothing], update };
}

function fill(cell, { value, draw }, item) {
  const said = String(value(item));
  if (!draw) {
    write(cell, said);
  } else if (cell.said !== said) {
    cell.said = said;
    cell.replaceChildren(...[draw(item)].flat());
  }
}
