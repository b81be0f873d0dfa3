/**
 * The request as code to copy, in tabs. Credentials are copied but not shown: screens are shared more often than clipboards.
 */

import { $ } from "./dom.js";
import { withoutSecrets, shapeOf } from "./schema.js";
import { curl, javascript, python } from "./snippets.js";

const LANGUAGES = { curl, python, javascript };
const HIDDEN = "…";

/** So many characters are shown; all are copied. */
const SHOWN = 20_000;

/** `current` returns `{task, definition, secret}`, or null; return the function that draws anew. */
export function requestPanel({ current }) {
  const tabs = [...$("languages").querySelectorAll("[role=tab]")];
  let language = "curl";

  const text = (isShown) => {
    const now = current();
    if (!now) return "";
    const secret = now.secret ? (isShown ? HIDDEN : now.secret) : "YOUR_SECRET";
    const definition = isShown ? hidden(now.definition, now.task) : now.definition;
    return LANGUAGES[language](definition, location.origin, secret);
  };
  const draw = () => {
    const whole = text(true);
    $("request").textContent = whole.length > SHOWN ? `${whole.slice(0, SHOWN)}…\n\n(${whole.length} characters; Copy has them all)` : whole;
  };
  const choose = (tab, isFocused) => {
    language = tab.dataset.language;
    for (const one of tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    $("request").setAttribute("aria-labelledby", tab.id);
    if (isFocused) tab.focus();
    draw();
  };
  tabs.forEach((tab, number) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : step === undefined ? -1 : (number + step + tabs.length) % tabs.length;
      if (to < 0) return;
      event.preventDefault();
      choose(tabs[to], true);
    });
  });
  copies($("copy"), () => text(false));
  return draw;
}

/** Make a button copy a text, and say so. */
export function copies(button, text) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    button.textContent = await copied(text()) ? "Copied" : "Select it and press Ctrl+C";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* pages without TLS have no clipboard, but for this machine's own */ }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

/** Return a definition with each credential as `…`. */
function hidden(definition, task) {
  const shape = shapeOf(task.parameters, task.parameters);
  const { task_name: name, ...values } = definition;
  return { task_name: name, ...withoutSecrets(values, shape, HIDDEN) };
}
