/** Times in a sound, as beats: marks over a player of the file that was given; a list of numbers in seconds that rises is one. */

import { make, makeSvg } from "../dom.js";
import { safe } from "./files.js";
import { frame } from "./frame.js";
import { seconds } from "./players.js";

export function beats({ result, shapes, sources }) {
  const lists = [];
  for (const [name, shape] of shapes) {
    const times = result[name];
    if (shape.kind !== "list" || shape.items.unit !== "s" || !Array.isArray(times) || !isRising(times)) continue;
    lists.push({ name, description: shape.schema.description, times });
  }
  // One player for all of them, above the first.
  const sound = sources.length === 1 && sources[0].kind !== "picture" ? soundOf(sources[0].url) : null;
  return lists.map((list, place) => timeline(list, result, sound, place === 0));
}

function isRising(times) {
  return times.every((time, place) => typeof time === "number" && (place === 0 || time >= times[place - 1]));
}

/** Return a player, and `follow`, which calls a function with the time while it plays, and after each jump. */
function soundOf(url) {
  const audio = make("audio", { controls: true, preload: "metadata", src: safe(url) });
  audio.setAttribute("aria-label", "The sound that was given");
  const followers = [];
  let running = 0;
  const draw = () => {
    for (const follower of followers) follower(audio.currentTime);
    running = audio.paused || !audio.isConnected ? 0 : requestAnimationFrame(draw);
  };
  for (const kind of ["play", "seeked", "timeupdate"]) audio.addEventListener(kind, () => { if (!running) draw(); });
  audio.addEventListener("error", () => audio.replaceWith(make("p", { className: "quiet", textContent: "This browser cannot play the file that was given." })));
  return { audio, follow: (follower) => followers.push(follower) };
}

function timeline({ name, description, times }, result, sound, first) {
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
  if (sound) {
    sound.follow((time) => {
      const x = (1000 * time) / whole;
      head.setAttribute("x1", x);
      head.setAttribute("x2", x);
      // Lit for a moment at each mark: heard and seen together.
      now.classList.toggle("lit", times.some((mark) => time >= mark && time < mark + 0.12));
    });
    svg.addEventListener("click", (event) => {
      const { left, width } = svg.getBoundingClientRect();
      sound.audio.currentTime = Math.max(0, ((event.clientX - left) / width) * whole);
    });
    if (first) parts.unshift(sound.audio);
  }
  const title = `${name}: ${times.length || "none"}`;
  return frame("beats", title, description, make("div", { className: "timeline" }, ...parts));
}
