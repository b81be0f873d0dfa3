"""Pictures and films in JSON-LD (schema.org), as the scripts of a page carry it.

In: the text of the script. Out: calls to a collector. Stands on `_collecting`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from dragon_html._collecting import Collector, File, kind_of
from dragon_html.hits import Source

MAX_DEPTH = 40

IMAGE_NAMES = frozenset(
    {"image", "images", "logo", "photo", "photos", "primaryImageOfPage", "screenshot", "thumbnail", "thumbnailUrl"}
)
_WRAPPERS = re.compile(r"^\s*(?://)?\s*(?:<!--|<!\[CDATA\[)|(?://)?\s*(?:-->|\]\]>)\s*$|;\s*$")


def read_json_ld(text: str, collector: Collector) -> None:
    """Hand everything that JSON-LD says of pictures and films to *collector*; broken JSON says nothing."""
    _walk(_parsed(text), "", collector, 0)


def film_from(facts: dict[str, Any], collector: Collector, source: Source) -> None:
    """Take a `VideoObject`: its file, player and page, and its pictures."""
    thumbnails = [*_urls(facts.get("thumbnailUrl")), *_urls(facts.get("thumbnail")), *_urls(facts.get("image"))]
    collector.add_film(
        source,
        file=next(_urls(facts.get("contentUrl")), None),
        embed=next(_urls(facts.get("embedUrl")), None) or next(_urls(facts.get("embedURL")), None),
        page=next(_urls(facts.get("url")), None),
        thumbnail=thumbnails[0] if thumbnails else None,
        title=_string(facts.get("name")) or _string(facts.get("headline")),
        width=_side(facts.get("width")),
        height=_side(facts.get("height")),
        media_type=_string(facts.get("encodingFormat")),
    )
    for url in thumbnails:
        collector.add("image", source, [File(url)])


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    try:
        return json.loads(_WRAPPERS.sub("", _WRAPPERS.sub("", text)), strict=False)  # line breaks in texts are common
    except (ValueError, RecursionError):
        return None


def _walk(value: Any, name: str, collector: Collector, depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            _walk(item, name, collector, depth + 1)
    elif isinstance(value, str):
        if name in IMAGE_NAMES:
            collector.add("image", "json-ld", [File(value)])
        elif name == "embedUrl":
            collector.add_film("json-ld", embed=value)
    elif isinstance(value, dict):
        _object(value, name, collector, depth)


def _object(value: dict[str, Any], name: str, collector: Collector, depth: int) -> None:
    types = {str(one).rpartition("/")[2] for one in _listed(value.get("@type"))}
    handled: set[str] = set()
    if "VideoObject" in types:
        film_from(value, collector, "json-ld")
        handled = {"contentUrl", "embedUrl", "embedURL", "thumbnailUrl", "thumbnail", "image", "url"}
    elif "ImageObject" in types or (name in IMAGE_NAMES and ("url" in value or "contentUrl" in value)):
        files = [File(url) for field in ("contentUrl", "url") for url in _urls(value.get(field))][:1]
        if not files and "ImageObject" in types:
            files = [File(url) for url in _urls(value.get("@id")) if kind_of(url) == "image"][:1]
        collector.add(
            "image",
            "json-ld",
            files,
            title=_string(value.get("caption")) or _string(value.get("name")),
            width=_side(value.get("width")),
            height=_side(value.get("height")),
        )
        handled = {"contentUrl", "url"}
    elif "contentUrl" in value and "AudioObject" not in types:
        for url in _urls(value["contentUrl"]):
            if (kind := kind_of(url, _string(value.get("encodingFormat")))) is not None:
                collector.add(kind, "json-ld", [File(url)], title=_string(value.get("name")))
    for key, inner in value.items():
        if key not in handled and isinstance(inner, str | list | dict):
            _walk(inner, key, collector, depth + 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _urls(value: Any) -> Iterator[str]:
    """Yield the URLs that a value stands for: a string, an object with one, or a list of both."""
    for item in _listed(value):
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            for name in ("contentUrl", "url", "@id"):
                if isinstance(item.get(name), str):
                    yield item[name]
                    break


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _side(value: Any) -> int | None:
    """Return a length in pixels: a number, a text such as `1200px`, or a `QuantitativeValue`."""
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str) and (found := re.match(r"\s*([0-9]{1,6})(?:\.[0-9]+)?\s*(?:px)?\s*$", value, re.ASCII)):
        value = int(found[1])
    if isinstance(value, float) and 0 <= value < 1e6:
        value = round(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**6 else None
