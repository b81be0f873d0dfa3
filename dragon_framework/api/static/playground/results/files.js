/** A file that is not shown: a link to it, with its size; of text and JSON, the beginning on request. */

import { button, make } from "../dom.js";
import { frame } from "./frame.js";

/** So much of a text is shown, in bytes. */
const SHOWN = 20_000;

export function file({ name, url, kind, description }) {
  const size = make("span", { className: "quiet" });
  sizeOf(url).then((text) => { size.textContent = text; });
  const parts = [download(url, fileName(url)), " ", size];
  if (["json", "text"].includes(kind) && isSameOrigin(url)) {
    const text = make("pre", { hidden: true, tabIndex: 0, "aria-label": `Beginning of ${fileName(url)}` });
    parts.push(" ", button("Look inside", async (event) => {
      event.currentTarget.disabled = true;
      const answer = await fetch(url, { headers: { Range: `bytes=0-${SHOWN - 1}` } }).catch(() => null);
      text.textContent = answer?.ok ? (await answer.text()).slice(0, SHOWN) : "The file cannot be read; has it expired?";
      text.hidden = false;
    }, { className: "small" }), text);
  }
  return frame("file", name, description, make("div", { className: "file" }, ...parts));
}

export function download(url, text = "Download") {
  return make("a", { href: safe(url), textContent: text, download: "", target: "_blank", rel: "noopener" });
}

/** Return a URL that does no harm when it is followed: of http, https, or a picture, film or sound in itself. */
export function safe(url) {
  return /^(https?:\/\/|data:(image\/(?!svg)|audio\/|video\/)|blob:)/i.test(url) ? url : "about:blank";
}

export function fileName(url) {
  const last = url.split(/[?#]/)[0].split("/").pop();
  try {
    return decodeURIComponent(last) || url;
  } catch {
    return last || url;
  }
}

function isSameOrigin(url) {
  return url.startsWith(`${location.origin}/`);
}

/** Return the size of a file of this service, in words; empty if it cannot be told. */
export async function sizeOf(url) {
  if (!isSameOrigin(url)) return "";
  const answer = await fetch(url, { method: "HEAD" }).catch(() => null);
  const bytes = Number(answer?.headers.get("Content-Length"));
  return answer?.ok && bytes ? bytesInWords(bytes) : "";
}

export function bytesInWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}
