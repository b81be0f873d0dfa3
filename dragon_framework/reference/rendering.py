"""Markdown as HTML, for the pages of the service: what plugins write cannot become markup.

CommonMark with tables, by markdown-it-py. HTML in the text stays text, pictures are not
shown, links lead to http and https or to what the caller says they lead to, and to
nothing else. markdown-it is loaded when the first text has any markup.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from html import escape
from typing import Any

LinkTo = Callable[[str], str]
"""Makes a link of the text's one; empty if it leads nowhere here: then its words stay."""


def block(text: str, link_to: LinkTo | None = None, level: int = 0, prefix: str = "") -> str:
    """Return Markdown as HTML.

    Args:
        text: The Markdown; of a plugin, or ours.
        link_to: Where links that are not http or https lead; by default nowhere.
        level: How much smaller headings become: with 2, `# A` is an `h3`. Headings get ids from their words.
        prefix: What these ids begin with, so that they are no others of the page.
    """
    parser = _parser()
    tokens = parser.parse(text)
    ids: Counter[str] = Counter()
    for at, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1:]) + level)}"
            if token.type == "heading_open":
                words = prefix + slug(tokens[at + 1].content)
                token.attrSet(
                    "id", f"{words}-{ids[words]}" if ids[words] else words
                )  # as GitHub tells equal ones apart
                ids[words] += 1
        elif token.type == "table_open":
            token.attrSet("class", "facts")
        _link(token.children or (), link_to)
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


def inline(text: str, link_to: LinkTo | None = None) -> str:
    """Return one paragraph of Markdown as HTML without the paragraph: code, emphasis, links."""
    if not _MARKUP.search(text):
        return escape(" ".join(text.split()))
    parser = _parser()
    tokens = parser.parseInline(" ".join(text.split()))
    for token in tokens:
        _link(token.children or (), link_to)
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


def slug(words: str) -> str:
    """Return the id of a heading, as GitHub makes it: lower case, hyphens for spaces, no other signs."""
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


_MARKUP = re.compile(r"[`*_\[\]\\&<>!~]")
"""What a text has that is more than words: others need no parser, and 200 summaries are parsed in no time."""


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _link(tokens: Iterable[Any], link_to: LinkTo | None) -> None:
    """Send the links among the tokens of a paragraph where they may lead."""
    opened: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            if href.startswith(("http://", "https://")):
                token.attrSet("rel", "noopener")
            else:
                href = link_to(href) if link_to else ""
                token.attrSet("href", href)
            opened.append(bool(href))
            if not href:
                token.type, token.tag, token.attrs = "text", "", {}
        elif token.type == "link_close" and not opened.pop():
            token.type, token.tag = "text", ""
