/** A film or a sound, with the browser's own controls; what it cannot play is there to download. */

import { make } from "../dom.js";
import { download, safe, sizeOf } from "./files.js";
import { frame } from "./frame.js";

export function player({ name, url, kind, description }) {
  const media = make(kind, { controls: true, preload: "metadata", src: safe(url) });
  if (kind === "video") media.playsInline = true;
  media.setAttribute("aria-label", description || name);
  const about = make("span", { className: "quiet" });
  media.addEventListener("loadedmetadata", () => {
    const parts = [seconds(media.duration)];
    if (media.videoWidth) parts.unshift(`${media.videoWidth} × ${media.videoHeight} px`);
    about.textContent = parts.filter(Boolean).join(", ");
    sizeOf(url).then((size) => { if (size) about.textContent += `, ${size}`; });
  });
  media.addEventListener("error", () => {
    media.hidden = true;
    about.textContent = "This browser cannot play the file; download it.";
  });
  return frame(kind, name, description, media, make("div", { className: "file-tools" }, about, " ", download(url)));
}

/** Return a duration as `4.25 s`, or `2:05` from a minute on. */
export function seconds(value) {
  if (!Number.isFinite(value)) return "";
  if (value < 60) return `${Number(value.toFixed(2))} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
