"""The work of `html.scrape` with BeautifulSoup on lxml, as one would write it: one walk over all elements.

It shares the plugin's parsers of srcset, CSS and JSON-LD and its collector, so that both give the same hits;
URLs are made absolute with the standard library.
"""

from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from dragon_html._collecting import Collector, File, kind_of
from dragon_html._css import css_urls
from dragon_html._providers import PROVIDER_WORDS, film_at
from dragon_html._srcset import parse_srcset
from dragon_html._structured import read_json_ld
from dragon_html._urls import Resolver
from dragon_html.hits import Hit

LATE = ("data-src", "data-original", "data-lazy-src", "data-lazy")


def scrape(data: bytes, url: str) -> tuple[str, list[Hit]]:
    """Return title and hits of a page."""
    soup = BeautifulSoup(data, "lxml", from_encoding="utf-8")
    base = soup.find("base", href=True)
    resolve = _Joining(urljoin(url, str(base["href"])) if base is not None else url)
    collector = Collector(resolve, keep_all=False, limit=10_000, smallest=(0, 0))
    for tag in soup.find_all(True):
        _look(tag, collector)
    return (soup.title.get_text() if soup.title else ""), collector.hits()


class _Joining(Resolver):
    """Makes URLs absolute with `urljoin`; remembers those it has seen."""

    def _resolved(self, text: str) -> str | None:
        try:
            url = urljoin(self._whole, text.strip()).partition("#")[0]
        except ValueError:
            return None
        return url if url.startswith(("http:", "https:")) else None


def _look(tag: Any, collector: Collector) -> None:  # one place for each kind of element
    name, attributes = tag.name, tag.attrs
    if name == "img" and tag.parent.name != "picture":
        collector.add("image", "img", _files(attributes), title=attributes.get("alt"), **_size(attributes))
    elif name == "picture":
        files = [file for child in tag.find_all(["source", "img"]) for file in _files(child.attrs)]
        image = tag.find("img")
        collector.add("image", "picture", files, title=image.attrs.get("alt") if image else None)
    elif name == "video":
        files = [File(attributes.get("src"))] + [File(child.attrs.get("src")) for child in tag.find_all("source")]
        collector.add("video", "video", files, **_size(attributes))
        collector.add("image", "video", [File(attributes.get("poster"))])
    elif name in {"iframe", "embed", "object"}:
        _either(attributes.get("src") or attributes.get("data"), collector)
    elif name == "a":
        target = attributes.get("href") or ""
        if any(word in target for word in PROVIDER_WORDS) or kind_of(target):
            _either(target, collector)
    elif name == "link":
        if "icon" in attributes.get("rel", []):
            collector.add("image", "link", [File(attributes.get("href"))])
    elif name == "meta":
        if attributes.get("property") == "og:image" or attributes.get("name") == "twitter:image":
            collector.add("image", "open-graph", [File(attributes.get("content"))])
    elif name == "script":
        if attributes.get("type") == "application/ld+json":
            read_json_ld(str(tag.string or ""), collector)
    elif name == "style":
        _css(str(tag.string or ""), collector)
    elif name == "image":
        collector.add("image", "svg", [File(attributes.get("href") or attributes.get("xlink:href"))])
    if "style" in attributes and "(" in attributes["style"]:
        _css(attributes["style"], collector)


def _either(url: str | None, collector: Collector) -> None:
    absolute = collector.resolve(url)
    if absolute and film_at(absolute):
        collector.add_film("iframe", page=url)
    elif absolute and (kind := kind_of(absolute)):
        collector.add(kind, "a", [File(url)])


def _css(text: str, collector: Collector) -> None:
    for url in css_urls(text):
        collector.add("image", "css", [File(url)])


def _files(attributes: Any) -> list[File]:
    files = [File(attributes.get("src"))]
    files += [File(attributes[name], rank=2) for name in LATE if name in attributes]
    for name in ("srcset", "data-srcset"):
        files += [File(url, width, density, rank=1) for url, width, density in parse_srcset(attributes.get(name, ""))]
    return files


def _size(attributes: Any) -> dict[str, Any]:
    found = {name: attributes.get(name, "") for name in ("width", "height")}
    return {name: int(value) if value.isdecimal() else None for name, value in found.items()}
