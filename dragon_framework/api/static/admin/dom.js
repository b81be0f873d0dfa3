// Elements and how values are written. Everything shown is set as text, never as markup:
// messages, names and parameters come from anywhere.

export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Text is only set where it changes, so that a screen reader is not told the same again.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${Number(value.toFixed(value < 10 ? 1 : 0))} s`;
  const minutes = Math.floor(value / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(value % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export function bytes(value) {
  if (value < 2 ** 20) return `${Math.round(value / 1024)} KiB`;
  return value < 2 ** 30 ? `${Math.round(value / 2 ** 20)} MiB` : `${(value / 2 ** 30).toFixed(1)} GiB`;
}

export const count = (value) => value.toLocaleString("en");

export function clock(unix) {
  return new Date(unix * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

// The time of today, else day and time; both as the reader's clock has them.
export function moment(unix) {
  const then = new Date(unix * 1000);
  if (then.toDateString() === new Date().toDateString()) return clock(unix);
  return `${then.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${clock(unix).slice(0, 5)}`;
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

// A key is long and looks like any other: its beginning is seen, the whole is read out.
export function keyButton(key, onclick) {
  return make("button", { type: "button", className: "key", title: key, textContent: key, onclick });
}
