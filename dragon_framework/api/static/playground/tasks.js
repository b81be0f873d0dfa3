/**
 * The list of tasks: a `<select>` grouped by family (`image.thumb` is of `image`), and a box that narrows it.
 *
 * On a wide screen the select is a list that is always open; on a narrow one it opens as phones do it.
 */

import { $, make } from "./dom.js";

const WIDE = "(min-width: 75rem)";

export function taskPicker(tasks, { chosen }) {
  const select = $("task");
  const search = $("task-search");
  const count = $("task-count");

  const wide = matchMedia(WIDE);
  const fit = () => { select.size = wide.matches ? Math.max(4, select.options.length + select.children.length) : 1; };
  wide.addEventListener("change", fit);

  const fill = () => {
    const kept = select.value;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = tasks.filter((task) => words.every((word) => `${task.name} ${task.summary}`.toLowerCase().includes(word)));
    // The chosen one stays, so that the value of the select does.
    const shown = tasks.filter((task) => found.includes(task) || task.name === kept);
    const families = Map.groupBy ? Map.groupBy(shown, familyOf) : grouped(shown);
    select.replaceChildren(...[...families].map(([family, some]) => make("optgroup", { label: family },
      ...some.map((task) => make("option", { value: task.name, textContent: task.name, title: task.summary ?? "" })))));
    if (kept) select.value = kept;
    fit();
    count.textContent = words.length ? `${found.length} of ${tasks.length} tasks` : "";
    return found;
  };
  search.addEventListener("input", fill);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      select.focus();
    }
    if (event.key !== "Enter") return;
    event.preventDefault();
    const [first] = fill();
    if (first) {
      select.value = first.name;
      chosen(first.name);
    }
  });
  select.addEventListener("change", () => chosen(select.value));

  fill();
}

function familyOf(task) {
  return task.name.split(".")[0];
}

function grouped(tasks) {
  const families = new Map();
  for (const task of tasks) families.set(familyOf(task), [...(families.get(familyOf(task)) ?? []), task]);
  return families;
}
