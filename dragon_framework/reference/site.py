"""What all pages of the reference have: head, navigation, search by name, and where links lead.

A page lies either at `/docs` of a service or in a directory of files; `Site` knows the
difference. The style sheet and the script (search, copy buttons) are files of the
service, `/static/reference.css` and `/static/reference.js`; a page is whole without them.
"""

import re
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from dragon_framework.reference.facts import families
from dragon_framework.reference.rendering import slug
from dragon_framework.registry import Registry

ORIGIN = "{origin}"
"""Stands in pages for the service's own URL, which is another for each client; see `with_origin`."""

LOCAL = "http://127.0.0.1:8000"
"""Where `dragon serve` listens by default."""

MARK = "<!-- Made by `dragon reference`; changes are lost. -->"

OTHERS = {"settings": "Settings", "hooks": "Hooks", "contract": "The plugin contract", "openapi": "OpenAPI"}
"""Pages beside the index and the tasks. No task has such a name: theirs have a dot."""


class Site(Struct, frozen=True):
    """Where the pages lie.

    Args:
        files: Whether they are files in one directory, rather than pages of a service.
        service: Of files: URL of a service, for links to its playground; empty if there is none.
    """

    files: bool = False
    service: str = ""

    def page(self, name: str, anchor: str = "") -> str:
        """Return the link to a page: of a task, or one of `OTHERS`; empty for the index."""
        if self.files:
            path = f"{quote(name) or 'index'}.html"
        else:
            path = f"/docs/{quote(name)}" if name else "/docs"
        return path + (f"#{anchor}" if anchor else "")

    def static(self, name: str) -> str:
        """Return the link to a style sheet or script."""
        return name if self.files else f"/static/{name}"

    @property
    def playground(self) -> str:
        """URL of the playground; empty if there is none."""
        if self.files:
            return f"{self.service.rstrip('/')}/" if self.service else ""
        return "/"

    @property
    def document(self) -> str:
        """URL of the OpenAPI document."""
        return "openapi.json" if self.files else "/openapi.json"

    def link_to(self, href: str) -> str:
        """Return where a link of our Markdown pages leads here; empty if it leads nowhere."""
        name, _, anchor = href.partition("#")
        if not name:
            return href
        if name == "errors.md":
            return self.page("", "errors")
        if name in {"index.md", "api.md"}:
            return self.page("", anchor)
        found = re.fullmatch(r"([\w.]+)\.md", name)
        return self.page(found[1], anchor) if found else ""


@cache
def api_text() -> str:
    """Return the chapter on the API, as Markdown with `ORIGIN` in it."""
    return (Path(__file__).parent / "api.md").read_text(encoding="utf-8")


def with_origin(page: str, origin: str) -> str:
    """Return a page with the URL of its service in the examples.

    Args:
        page: The page.
        origin: Such as `https://dragon.example.com`.
    """
    return page.replace(ORIGIN, escape(origin))


def whole_page(site: Site, registry: Registry, title: str, body: str, current: str) -> str:
    """Return a page.

    Args:
        site: Where it lies.
        registry: The tasks of the navigation.
        title: Its title, as text.
        body: What is in it, as HTML.
        current: Its name, as in `Site.page`.
    """
    playground = f'<a href="{escape(site.playground)}">Playground</a> ' if site.playground else ""
    home = site.playground or site.page("")
    return f"""<!doctype html>
{MARK if site.files else ""}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} - Dragon</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{site.static("reference.css")}">
<script defer src="{site.static("reference.js")}"></script>
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header><a class="home" href="{escape(home)}">Dragon</a>
<nav aria-label="Pages">{playground}<a href="{site.page("")}">Reference</a>
<a href="{site.page("openapi")}">OpenAPI</a></nav></header>
<div class="columns">
<details class="tasks" open><summary>Contents</summary>
<nav aria-label="Reference">
<input type="search" id="filter" placeholder="Find by name: press /" aria-label="Find by name" hidden>
{_contents(site, registry, current)}
<p id="none" class="quiet" role="status" hidden>Nothing has this name.</p>
</nav></details>
<main id="content">
{body}
</main>
</div>
</body>
</html>
"""


def _contents(site: Site, registry: Registry, current: str) -> str:
    parts = [("API reference", [(site.page("", anchor), words, False) for words, anchor in _sections()])]
    for family, tasks in families(registry).items():
        parts.append((family, [(site.page(task.name), task.name, task.name == current) for task in tasks]))
    others = [(site.page("", "errors"), "Error codes", False)]
    others += [(site.page(name), words, name == current) for name, words in OTHERS.items()]
    parts.append(("The service", others))
    return "".join(
        f"<section><h2>{escape(title)}</h2><ul>{''.join(_link(*link) for link in links)}</ul></section>"
        for title, links in parts
    )


def _link(href: str, words: str, here: bool) -> str:  # noqa: FBT001  # one of three facts of a link
    current = ' aria-current="page"' if here else ""
    return f'<li><a href="{escape(href)}"{current}>{escape(words)}</a></li>'


@cache
def _sections() -> tuple[tuple[str, str], ...]:
    """Return (words, anchor) of the sections of the chapter on the API, and of its methods."""
    found = re.findall(r"^##(#?) (.+)$", api_text(), re.MULTILINE)
    return tuple((words, slug(words)) for deep, words in found if not deep or "/" in words)
