/** What the browser keeps for this page. It may be switched off, or full: then nothing is kept, and the page works. */

/** Return a text that was kept under *name*; empty if there is none. `place` is `localStorage` or `sessionStorage`. */
export function kept(place, name) {
  try {
    return window[place].getItem(name) ?? "";
  } catch {
    return "";
  }
}

/** Keep a text; an empty one is taken away. Return whether it is kept. */
export function keep(place, name, text) {
  try {
    if (text) window[place].setItem(name, text);
    else window[place].removeItem(name);
    return true;
  } catch {
    return false;
  }
}
