// The reference: search by name, copy buttons. Pages are whole without it.

const filter = document.getElementById("filter");
const none = document.getElementById("none");
const contents = document.querySelector("details.tasks");
const narrow = matchMedia("(max-width: 48rem)");

function show() {
  const asked = filter.value.trim().toLowerCase().split(/\s+/);
  const fits = (name) => asked.every((word) => name.toLowerCase().includes(word));
  let found = 0;
  for (const section of contents.querySelectorAll("section")) {
    let some = 0;
    for (const item of section.querySelectorAll("li")) {
      item.hidden = !fits(`${section.firstChild.textContent} ${item.textContent}`);
      some += item.hidden ? 0 : 1;
    }
    section.hidden = some === 0;
    found += some;
  }
  none.hidden = found > 0;
  for (const table of document.querySelectorAll("table.list")) {
    const rows = [...table.querySelectorAll("tr")];
    for (const row of rows) row.hidden = !fits(row.dataset.name);
    table.hidden = rows.every((row) => row.hidden);
    table.previousElementSibling.hidden = table.hidden;
  }
}

filter.hidden = false;
filter.addEventListener("input", show);
filter.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    filter.value = "";
    show();
  } else if (event.key === "Enter") {
    const first = [...contents.querySelectorAll("li")].find((item) => item.offsetParent);
    if (first && filter.value) first.querySelector("a").click();
  }
});
addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    contents.open = true;
    filter.focus();
  }
});

const fold = () => { contents.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();
contents.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
if (location.hash === "") scrollTo(0, 0);

// What a link leads to may lie in something that is folded.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target?.closest("main details");
  if (folded) {
    folded.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", unfold);
unfold();

for (const code of document.querySelectorAll("main pre > code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  const box = document.createElement("div");
  box.className = "example";
  code.parentElement.replaceWith(box);
  code.parentElement.tabIndex = 0;
  box.append(code.parentElement, button);
}
