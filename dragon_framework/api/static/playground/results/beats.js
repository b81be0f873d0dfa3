/** Times in a sound, as beats: marks over a player of the file that was given; a list of numbers in seconds that rises is one. */

import { make, makeSvg } from "../dom.js";
import { safe } from "./files.js";
import { frame } from "./frame.js";
import { seconds } from "./players.js";

export function beats({ result, shapes, sources }) {
  const views = [];
  for (const [name, shape] of shapes) {
    const times = result[name];
    if (shape.kind !== "list" || shape.items.unit !== "s" || !Array.isArray(times) || !isRising(times)) continue;
    views.push(timeline(name, shape.schema.description, times, result, sources.length === 1 ? sources[0] : null));
  }
  return views;
}

function isRising(times) {
  return times.every((time, place) => typeof time === "number" && (place === 0 || time >= times[place - 1]));
}

function timeline(name, description, times, result, source) {
  const whole = Math.max(Number(result.duration) || 0, times.at(-1) ?? 0, 0.001);
  const svg = makeSvg("svg", { viewBox: "0 0 1000 60", preserveAspectRatio: "none", role: "img", "aria-label": `${times.length} marks in ${seconds(whole)}` });
  const marks = times.map((time) => {
    const x = (1000 * time) / whole;
    const mark = makeSvg("line", { x1: x, x2: x, y1: 8, y2: 52, class: "beat" }, makeSvg("title"));
    mark.firstChild.textContent = `${time} s`;
    return mark;
  });
  const head = makeSvg("line", { x1: 0, x2: 0, y1: 0, y2: 60, class: "head" });
  svg.append(...marks, head);
  const now = make("span", { className: "pulse", "aria-hidden": "true" });
  const scale = make("div", { className: "scale", "aria-hidden": "true" }, make("span", { textContent: "0" }), now, make("span", { textContent: seconds(whole) }));
  const parts = [svg, scale];
  if (source && source.kind !== "picture") {
    const audio = make("audio", { controls: true, preload: "metadata", src: safe(source.url) });
    audio.setAttribute("aria-label", "The sound that was given");
    let running = 0;
    const draw = () => {
      const x = (1000 * audio.currentTime) / whole;
      head.setAttribute("x1", x);
      head.setAttribute("x2", x);
      // Lit for a moment at each mark: heard and seen together.
      now.classList.toggle("lit", times.some((time) => audio.currentTime >= time && audio.currentTime < time + 0.12));
      running = audio.paused || !audio.isConnected ? 0 : requestAnimationFrame(draw);
    };
    audio.addEventListener("play", () => { if (!running) draw(); });
    for (const kind of ["seeked", "timeupdate"]) audio.addEventListener(kind, () => { if (!running) draw(); });
    svg.addEventListener("click", (event) => {
      const { left, width } = svg.getBoundingClientRect();
      audio.currentTime = Math.max(0, ((event.clientX - left) / width) * whole);
    });
    audio.addEventListener("error", () => audio.replaceWith(make("p", { className: "quiet", textContent: "This browser cannot play the file that was given." })));
    parts.unshift(audio);
  }
  const title = `${name}: ${times.length || "none"}`;
  return frame("beats", title, description, make("div", { className: "timeline" }, ...parts));
}
