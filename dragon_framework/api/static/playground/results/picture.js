/**
 * A picture, with its size. One that is many times as wide as high (a film strip) can be scrolled at its own height; one
 * that was drawn of a sound (a wave-form) gets a player of that sound, and shows where it is.
 */

import { button, make } from "../dom.js";
import { download, safe, sizeOf } from "./files.js";
import { frame } from "./frame.js";

/** From this width to height on a picture is a strip. */
const STRIP = 4;

export function picture({ name, url, description }, context) {
  const about = make("span", { className: "quiet" });
  const image = make("img", { src: safe(url), alt: description || `${name} of the task`, decoding: "async" });
  const stage = make("div", { className: "stage" }, image);
  const tools = make("div", { className: "file-tools" }, about, " ", download(url));
  const sound = context.sources.length === 1 && context.sources[0].kind === "audio" ? context.sources[0] : null;
  image.addEventListener("load", () => {
    about.textContent = `${image.naturalWidth} × ${image.naturalHeight} px`;
    sizeOf(url).then((size) => { if (size) about.textContent += `, ${size}`; });
    const isStrip = !sound && image.naturalWidth / image.naturalHeight >= STRIP && image.naturalWidth > stage.clientWidth * 1.2;
    if (isStrip) scrolling(stage, image, tools);
  });
  image.addEventListener("error", () => {
    about.textContent = "This browser cannot show the picture, or it has expired.";
    stage.hidden = true;
  });
  const view = frame("picture", name, description, stage, tools);
  if (sound) view.prepend(playing(sound, stage, context));
  return view;
}

function scrolling(stage, image, tools) {
  const switcher = button("", () => set(!stage.classList.contains("strip")), { className: "small" });
  const set = (isOn) => {
    stage.classList.toggle("strip", isOn);
    switcher.textContent = isOn ? "Fit to width" : "Scroll along it";
    if (isOn) {
      stage.tabIndex = 0;
      stage.setAttribute("role", "region");
      stage.setAttribute("aria-label", `${image.alt} Scroll sideways.`);
    } else for (const name of ["tabindex", "role", "aria-label"]) stage.removeAttribute(name);
  };
  tools.append(" ", switcher);
  set(true);
}

/** A player of the sound above its picture; a line runs over the picture, and a click goes there. */
function playing(sound, stage, { definition, result }) {
  const audio = make("audio", { controls: true, preload: "metadata", src: safe(sound.url) });
  audio.setAttribute("aria-label", "The sound that was given");
  const line = make("div", { className: "playhead", hidden: true });
  stage.classList.add("timed");
  stage.append(line);
  const begin = Number(definition.start) || 0;
  const end = () => Number(definition.end) || Number(result.duration) || audio.duration;
  const draw = () => {
    const part = (audio.currentTime - begin) / (end() - begin);
    line.hidden = !(part >= 0 && part <= 1) || audio.currentTime === 0;
    line.style.left = `${100 * part}%`;
  };
  for (const kind of ["timeupdate", "seeked"]) audio.addEventListener(kind, draw);
  stage.addEventListener("click", (event) => {
    const { left, width } = stage.getBoundingClientRect();
    audio.currentTime = begin + ((event.clientX - left) / width) * (end() - begin);
  });
  audio.addEventListener("error", () => audio.remove());
  return audio;
}
