/**
 * What the page says of the task that runs: a sentence (`#state`, with `data-status`), and how far it is.
 *
 * `data-status` is one of idle, queued, executing, success, error, cancelled. The sentence is read out when it changes; the
 * percent is not part of it, since it changes all the time.
 */

import { $, prose } from "./dom.js";

export function say(status, text, more = []) {
  if (status) $("state").dataset.status = status;
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  if ($("state").dataset.said === sentence) return;
  $("state").dataset.said = sentence;
  $("state").replaceChildren(...prose(sentence), ...more);
}

/** Say something beside the state of the task: of an upload, of a link. */
export function note(text, isError = false) {
  $("notice").replaceChildren(...prose(text));
  $("notice").classList.toggle("error", isError);
  $("notice").hidden = !text;
}

/** Show how far a task is: percent from 0 to 100, null if nobody knows, undefined for no bar. */
export function showProgress(percent) {
  const bar = $("progress");
  bar.hidden = percent === undefined;
  $("percent").hidden = typeof percent !== "number";
  if (typeof percent === "number") {
    bar.value = percent;
    $("percent").textContent = `${Math.floor(percent)} %`;
  } else bar.removeAttribute("value");
}

/** Return the percent of a status, 0 to 100; null if it has none. */
export function percentOf(status) {
  const value = status.progress?.percent ?? status.progress;
  return typeof value === "number" && Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : null;
}

/** Return how long a task ran, in words; empty if its events do not tell. */
export function took({ events = {} }) {
  const ms = new Date(events.completed) - new Date(events.started ?? events.queued);
  if (!Number.isFinite(ms)) return "";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
