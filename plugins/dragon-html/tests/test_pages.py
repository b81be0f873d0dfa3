"""Whole pages: what is found, compared with lists written by hand, and with what Chromium sees.

`pages/*.txt` has for each page what a reader finds in its source, a type and a URL a line.
Chromium, where it is installed, loads the same pages; a script in them tells which URLs
its DOM holds, and the server which were asked for.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

PAGES = Path(__file__).parent / "pages"
NAMES = sorted(path.stem for path in PAGES.glob("*.html"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Tells `shown` (what the DOM shows or would load as picture or film) and `named` (every URL in the page).
SCRIPT = """<script id=looking>
const shown = new Set(), named = new Set();
const add = (set, text, base) => {
  try { if (text) set.add(new URL(text.trim(), base).href.split("#")[0]) } catch { /* no URL */ }
};
const cssUrls = text => [...text.matchAll(/url\\(\\s*(?:"([^"]*)"|'([^']*)'|([^)]*?))\\s*\\)/g)]
  .map(found => found[1] ?? found[2] ?? found[3]);
const strings = value => typeof value === "string" ? [value]
  : value && typeof value === "object" ? Object.values(value).flatMap(strings) : [];

function look(root, base, live) {
  for (const el of root.querySelectorAll("*")) if (el.id !== "looking") lookAt(el, base, live);
}

function lookAt(el, base, live) {
  for (const {name, value} of el.attributes) {
    add(named, value, base);
    if (name.includes("srcset"))
      for (const part of value.split(/\\s+/)) { add(named, part, base); add(named, part.replace(/,$/, ""), base) }
  }
  if (el.style) for (const url of cssUrls(el.style.cssText)) add(named, url, base);
  if (el.tagName === "NOSCRIPT") look(new DOMParser().parseFromString(el.textContent, "text/html"), base, false);
  if (el.type === "application/ld+json") for (const text of strings(JSON.parse(el.textContent))) add(named, text, base);
  if (el.shadowRoot) look(el.shadowRoot, base, live);
  if (el.tagName === "IFRAME" && el.srcdoc) look(el.contentDocument, base, live);
  if (live) show(el, base);
}

function show(el, base) {
  const shows = ["IMG", "VIDEO", "SOURCE", "EMBED"].includes(el.tagName) && el.parentElement?.tagName !== "AUDIO";
  if (shows || (el.tagName === "INPUT" && el.type === "image")) add(shown, el.src, base);
  if (el.tagName === "IMG") add(shown, el.currentSrc, base);
  if (el.tagName === "OBJECT") add(shown, el.data, base);
  if (el.tagName === "image") add(shown, el.href.baseVal, base);
  if (el.tagName === "LINK" && /icon/.test(el.rel)) add(shown, el.href, base);
  if (el.poster) add(shown, el.poster, base);
  for (const pseudo of [null, "::before", "::after"]) {
    const style = getComputedStyle(el, pseudo);
    for (const name of ["backgroundImage", "content", "listStyleImage", "borderImageSource", "maskImage"])
      for (const url of cssUrls(style[name] || "")) { add(shown, url, base); add(named, url, base) }
  }
}

addEventListener("load", () => setTimeout(() => {
  look(document, document.baseURI, true);
  for (const sheet of document.styleSheets)
    for (const rule of sheet.cssRules) for (const url of cssUrls(rule.cssText)) add(named, url, document.baseURI);
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = encodeURIComponent(JSON.stringify({shown: [...shown], named: [...named]}));
  document.body.append(out);
}, 300));
</script>"""


def expected_of(name, base):
    lines = (PAGES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(kind, urljoin(base, url)) for kind, _, url in (line.partition(" ") for line in lines)]


def files_of(hits):
    """Every file of the hits, with its type."""
    return [(hit["type"], url) for hit in hits for url in [hit["url"], *(one["url"] for one in hit["candidates"])]]


def charset(name):
    return "windows-1252" if name == "players" else "utf-8"


def put(site, name, extra=""):
    text = (PAGES / f"{name}.html").read_text(encoding="utf-8")
    content_type = f"text/html; charset={charset(name)}"
    return site.put(f"/dir/{name}.html", (text + extra).encode(charset(name)), content_type)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_gives_what_a_reader_finds_in_its_source(run_task, site, name):
    url = put(site, name)
    expected = expected_of(name, url)

    found = files_of(run_task("html.scrape", url=url).hits)

    right = set(expected) & set(found)
    print(f"{name}: recall {len(right)}/{len(expected)}, precision {len(right)}/{len(found)}")
    assert sorted(found) == sorted(expected)


def test_titles_are_as_a_browser_shows_them(run_task, site):
    titles = [run_task("html.scrape", url=put(site, name)).page_title for name in ("article", "gallery")]

    assert titles == ["How bees find home & dry", "Gallery"]


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; the lists written by hand are compared in any case")
@pytest.mark.parametrize("name", NAMES)
def test_a_page_gives_what_chromium_sees(run_task, site, name, tmp_path):
    url = put(site, name)
    hits = {url for _, url in files_of(run_task("html.scrape", url=url, keep_all=True).hits)}
    site.asked.clear()
    shown, named = browse(put(site, name, SCRIPT), tmp_path)
    asked = {site.url + path for path in site.asked} - {url, f"{site.url}/favicon.ico"}
    asked = {one for one in asked if not one.endswith((".woff2", ".mp3"))}
    derived = {"https://fast.wistia.net/embed/iframe/j38ihh83m5"}  # from a class, which is no URL

    wanted = {one for one in shown | asked if one != url and not one.startswith("data:,")}
    missed, absent = wanted - hits, hits - named - shown - derived

    print(
        f"{name}: recall {len(wanted) - len(missed)}/{len(wanted)}, precision {len(hits) - len(absent)}/{len(hits)}, "
        f"{len(asked)} requested, {len(shown)} in the DOM"
    )
    assert len(asked) >= 2
    assert missed == set()
    assert absent == set()


def browse(url, directory):
    """Load a page in Chromium; return the URLs its script tells."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
        "--autoplay-policy=no-user-gesture-required", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--virtual-time-budget=10000", "--timeout=20000", f"--user-data-dir={directory / 'profile'}", "--dump-dom", url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    seen = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert seen, done.stdout[-500:] + done.stderr[-500:]
    told = json.loads(unquote(seen[1]))
    return set(told["shown"]), set(told["named"])
