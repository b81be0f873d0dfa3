"""Everything that a film needs from outside: fetched side by side, spoken, and looked at.

In: the nodes of a film. Out: `Asset`s by their keys, and fonts by their URLs. Whatever is missing or
broken is told at once, each with the element that names it. Stands on `assets` and the task's context.
"""

import contextlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from dragon_framework import TaskContext
from dragon_framework.errors import SourceError
from dragon_video.film.assets import Asset, Kind, probed
from dragon_video.film.errors import CouldNotDownloadError, FilmError, InvalidImageError, Problem
from dragon_video.film.keys import AssetKey, asset_key
from dragon_video.film.nodes import Node
from dragon_video.film.validate import MOST_PROBLEMS, most_told

_KINDS: Mapping[str, Kind] = {"image": "image", "video": "video", "sound": "sound"}


class Gathered(NamedTuple):
    """What was gathered: files of media by key, files of fonts by URL."""

    assets: dict[AssetKey, Asset]
    fonts: dict[str, Path]


class Speaker(Protocol):
    """Makes speech of text."""

    def __call__(self, voice: str, text: str) -> Path:
        """Return a file with *text*, spoken."""


class Cartographer(Protocol):
    """Draws maps."""

    def __call__(self, node: Node) -> Path:
        """Return a picture of the map that an `image` node describes."""


def font_url(node: Node) -> str | None:
    """Return the URL of the font of a text; None if it is named, or none is."""
    name = node.values.get("fontname") if node.name == "text" else None
    return name if name is not None and (":" in name or "/" in name) else None


def gather(body: Node, ctx: TaskContext, speak: Speaker, draw_map: Cartographer) -> Gathered:
    """Return everything that the nodes of *body* name.

    Raises:
        CouldNotDownloadError: If files cannot be fetched; it tells all of them.
        FilmError: If files are not what they should be; it tells all that are like the first.
        TaskCancelledError: If the task is cancelled.
    """
    nodes: dict[AssetKey, Node] = {}
    fonts: dict[str, Node] = {}
    for node in body.walk():
        if (key := asset_key(node)) is not None:
            nodes.setdefault(key, node)
        if (url := font_url(node)) is not None:
            fonts.setdefault(url, node)
    wanted = {key[1]: node for key, node in nodes.items() if key[0] in _KINDS} | fonts
    spared = {key[1] for key in nodes if len(key) > 2 and key[2]}
    paths, failures, untried = _fetched(wanted, spared, ctx)
    for key in nodes:
        if key[1] in failures and len(key) > 2 and key[2] and key[2] not in paths:
            with contextlib.suppress(SourceError):
                paths[key[2]] = ctx.fetch(key[2])
    lost = [
        _lost(node, failures[key[1]])
        for key, node in nodes.items()
        if key[0] in _KINDS and key[1] in failures and not (len(key) > 2 and key[2] in paths)
    ]
    lost += [_lost(node, failures[url], "fontname") for url, node in fonts.items() if url in failures]
    if lost:
        told = most_told(lost)
        if untried:
            told.append(Problem(0, 0, f"and {untried} more were not tried"))
        raise CouldNotDownloadError(told, transient=all(error.transient for error in failures.values()))
    assets: dict[AssetKey, Asset] = {}
    problems: list[tuple[type[FilmError], Problem]] = []
    for key, node in nodes.items():
        ctx.check()
        try:
            assets[key] = _asset(key, node, paths, ctx, speak, draw_map)
        except FilmError as error:
            problems += [
                (type(error), one if one.line else node.problem(one.message, "filename")) for one in error.problems
            ]
    if problems:
        kind = problems[0][0]
        raise kind(most_told([problem for _, problem in problems]))
    return Gathered(assets, {url: paths[url] for url in fonts})


def _lost(node: Node, error: SourceError, attribute: str = "filename") -> Problem:
    return node.problem(f"<{node.name}> needs a file that cannot be fetched: {error}", attribute)


def _asset(
    key: AssetKey, node: Node, paths: Mapping[str, Path], ctx: TaskContext, speak: Speaker, draw_map: Cartographer
) -> Asset:
    if key[0] == "speech":
        return probed(speak(key[1], key[2]), "sound", "the speech", ctx.check)
    if key[0] == "map":
        return probed(draw_map(node), "image", "the map", ctx.check)
    kind, names = _KINDS[key[0]], [name for name in key[1:] if name in paths]
    for name in names[:-1]:
        with contextlib.suppress(InvalidImageError):
            return probed(paths[name], kind, name, ctx.check)
    return probed(paths[names[-1]], kind, names[-1], ctx.check)


def _fetched(
    wanted: Mapping[str, Node], spared: Collection[str], ctx: TaskContext
) -> tuple[dict[str, Path], dict[str, SourceError], int]:
    """Return local paths of URLs, why others cannot be fetched, and how many were not tried.

    After so many failures as are told no more is tried, but those of *spared*, which have another file, do not count.
    """
    paths: dict[str, Path] = {}
    failures: dict[str, SourceError] = {}
    left = list(wanted)
    while left:
        coming = ctx.fetch_all(tuple(left))
        try:
            for path in coming:
                paths[left.pop(0)] = path
                ctx.progress({"percent": int(10 * len(paths) / len(wanted)), "phase": "fetch"})
        except SourceError as error:
            failures[left.pop(0)] = error
            if len(failures.keys() - spared) >= MOST_PROBLEMS:
                break
    return paths, failures, len(left)
