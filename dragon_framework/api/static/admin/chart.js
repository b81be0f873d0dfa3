// How many tasks ended in each hour: bars for the eye, the same numbers in a table for everybody.

import { count, make, plural, svg } from "./dom.js";
import { table } from "./table.js";

const OUTCOMES = ["success", "error", "cancelled"];
const NAMES = { success: "succeeded", error: "failed", cancelled: "cancelled" };
const WIDTH = 1000;
const HEIGHT = 100;

const hour = (unix) => new Date(unix * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const total = (row) => OUTCOMES.reduce((sum, outcome) => sum + row[outcome], 0);

export function chart(place) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  const axis = make("div", { className: "axis quiet", ariaHidden: "true" });
  const legend = make("ul", { className: "legend quiet" }, ...OUTCOMES.map((outcome) => make("li", { className: outcome })));
  const numbers = table("Tasks that ended, by hour", [
    { title: "Hour from", value: (row) => hour(row.time) },
    ...OUTCOMES.map((outcome) => ({ title: NAMES[outcome], className: "number", value: (row) => count(row[outcome]) })),
  ], (row) => row.time, "");
  place.append(make("figure", {}, picture, axis, legend), make("details", {}, make("summary", { className: "quiet", textContent: "As a table" }), ...numbers.parts));
  let drawn = "";

  return (hours) => {
    const said = JSON.stringify(hours);
    if (said === drawn) return;
    drawn = said;
    const most = Math.max(1, ...hours.map(total));
    const sums = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, hours.reduce((sum, row) => sum + row[outcome], 0)]));
    const step = WIDTH / hours.length;
    const bars = [svg("line", { class: "ground", x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 })];
    hours.forEach((row, number) => {
      let top = HEIGHT - 1;
      for (const outcome of OUTCOMES) {
        if (!row[outcome]) continue;
        const height = Math.max(1.5, row[outcome] / most * (HEIGHT - 4)); // one of a million is still seen
        top -= height;
        bars.push(svg("rect", { class: outcome, x: number * step + step * 0.12, width: step * 0.76, y: Math.max(0, top), height }));
      }
      const text = OUTCOMES.map((outcome) => `${count(row[outcome])} ${NAMES[outcome]}`).join(", ");
      bars.push(svg("rect", { class: "over", x: number * step, width: step, y: 0, height: HEIGHT }, svg("title", {}, `${hour(row.time)}: ${text}`)));
    });
    picture.replaceChildren(...bars);
    const all = OUTCOMES.map((outcome) => `${count(sums[outcome])} ${NAMES[outcome]}`);
    picture.setAttribute("aria-label", `In ${plural(hours.length, "hour")}: ${all.join(", ")}; at most ${count(most)} in one hour.`);
    const middle = hours[Math.floor(hours.length / 2)];
    const marks = hours.length > 2 ? [hours[0], middle, hours.at(-1)] : [hours[0]];
    axis.replaceChildren(...marks.map((row) => make("span", { textContent: hour(row.time) })));
    [...legend.children].forEach((item, number) => { item.textContent = all[number]; });
    numbers.update([...hours].reverse());
  };
}
