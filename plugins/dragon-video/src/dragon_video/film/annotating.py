"""The definition with everything that was worked out: each node with its start and its duration.

In: the timed tree and its files. Out: XML to read, as `dry_run` returns it. Stands on the standard library.
"""

from collections.abc import Mapping
from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

from dragon_video.film.assets import Asset
from dragon_video.film.durations import Timed
from dragon_video.film.keys import AssetKey, asset_key


def annotated(body: Timed, assets: Mapping[AssetKey, Asset]) -> str:
    """Return the film as XML: `start`, `end` and `length` of each node in seconds of the film, and what media are."""
    lines = ['<movie service="craftsman-1.0">']
    _write(body, assets, 1, lines)
    return "\n".join([*lines, "</movie>"])


def _write(timed: Timed, assets: Mapping[AssetKey, Asset], depth: int, lines: list[str]) -> None:
    node, indent = timed.node, "  " * depth
    times = {"film-start": _shown(timed.start), "film-duration": _shown(timed.duration)}
    if (key := asset_key(node)) is not None and key in assets:
        asset = assets[key]
        if asset.width:
            times["media-size"] = f"{asset.width}x{asset.height}"
        if asset.seconds is not None:
            times["media-duration"] = _shown(asset.seconds)
        if asset.kind == "video":
            times["media-sound"] = "true" if asset.sound else "false"
    given = node.attributes or {name: _text(value) for name, value in node.values.items()}
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in {**given, **times}.items())
    text = escape(node.text.strip())
    if not timed.children:
        lines.append(f"{indent}<{node.name}{attributes}" + (f">{text}</{node.name}>" if text else "/>"))
        return
    lines.append(f"{indent}<{node.name}{attributes}>{text}")
    for child in timed.children:
        _write(child, assets, depth + 1, lines)
    lines.append(f"{indent}</{node.name}>")


def _shown(seconds: Fraction) -> str:
    return f"{float(seconds):.6f}".rstrip("0").rstrip(".")


def _text(value: object) -> str:
    if isinstance(value, Fraction):
        return _shown(value)
    if isinstance(value, tuple):
        if len(value) == 4 and all(isinstance(part, int) for part in value):
            blue, green, red, alpha = value
            return f"#{red:02x}{green:02x}{blue:02x}{alpha:02x}"
        return ",".join(_text(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
