"""The pieces of a film, made here and by idle workers elsewhere.

In: pieces in the order to make them in. Out: one piece after another for whoever is free here (`Listed`); or that, and
those which other workers have made (`Shared`). What such a worker needs travels as `film.json`, beside the fetched
files: it parses the same definition, and works out the same times from what is known of the files. So it draws the same
frames, and encodes them with the same settings. Stands on `making`'s other parts and the task's context.
"""

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from dragon_framework import PartContext, Spread, TaskContext, TaskError
from dragon_video.create import FilmPiece, VideoCreateParameters
from dragon_video.film.assets import Asset, Kind
from dragon_video.film.durations import solve
from dragon_video.film.fonts import SUFFIXES
from dragon_video.film.keys import AssetKey, asset_key
from dragon_video.film.nodes import Node
from dragon_video.film.parse import parse
from dragon_video.film.pieces import Order, Piece, make
from dragon_video.film.plan import Drawing, Plan
from dragon_video.film.profiles import preview_of, profile
from dragon_video.film.rewriting import rewritten
from dragon_video.film.validate import validate

NO_THUMBNAIL = -1
"""The piece with the thumbnail is the first to be made, and so never another worker's."""


class Pieces(Protocol):
    """Pieces that are to be made."""

    @property
    def outstanding(self) -> int:
        """How many are neither taken here nor made elsewhere."""

    def take(self) -> Piece | None:
        """Return a piece that is to be made here; None if none is free now."""

    def arrived(self) -> list[Piece]:
        """Return the pieces that were made elsewhere since the last call; their files lie where those made here do."""


class Listed:
    """Pieces that are all made here."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._left = list(pieces)

    @property
    def outstanding(self) -> int:
        """How many are not taken."""
        return len(self._left)

    def take(self) -> Piece | None:
        """Return the next piece."""
        return self._left.pop(0) if self._left else None

    def arrived(self) -> list[Piece]:
        """Return nothing."""
        return []


class Shared:
    """Pieces that other workers make, too.

    Args:
        spread: Their parts, in the same order.
        pieces: In the order to make them in.
        directory: Where the files of pieces go.
    """

    def __init__(self, spread: Spread, pieces: Sequence[Piece], directory: Path) -> None:
        self._spread = spread
        self._pieces = pieces
        self._directory = directory

    @property
    def outstanding(self) -> int:
        """How many are neither taken here nor made elsewhere."""
        return self._spread.outstanding

    def take(self) -> Piece | None:
        """Return a piece that is to be made here."""
        number = self._spread.take()
        return None if number is None else self._pieces[number]

    def arrived(self) -> list[Piece]:
        """Return the pieces that were made elsewhere."""
        found = self._spread.arrived()
        for result in found:
            for name, path in result.files.items():
                path.replace(self._directory / name)
        return [self._pieces[result.number] for result in found]


class _File(msgspec.Struct, frozen=True):
    """An asset as it travels: `seconds` as a fraction in text."""

    key: list[str]
    kind: Kind
    file: str
    width: int
    height: int
    seconds: str | None
    sound: bool


class _Film(msgspec.Struct, frozen=True):
    """What another worker must know beside the files."""

    definition: str
    profile: str
    preview: bool
    export: bool
    files: list[_File]
    fonts: dict[str, str]
    own_fonts: str


class FontsDifferError(TaskError):
    """A worker has other fonts than the one whose film it helps with."""

    code = "fonts_differ"

    def __str__(self) -> str:
        return "the setting video.fonts names other fonts here than where the film is made"


def shared(ctx: TaskContext, parameters: VideoCreateParameters, order: Order, pieces: Sequence[Piece]) -> Spread:
    """Offer *pieces* to other workers.

    Args:
        ctx: The task's.
        parameters: The task's.
        order: What is to be written.
        pieces: In the order to make them in.
    """
    names: dict[Path, str] = {}

    def name(path: Path) -> str:
        return names.setdefault(path, f"file-{len(names)}")

    plan = order.plan
    film = _Film(
        parameters.definition,
        parameters.profile,
        order.preview is not None,
        order.export,
        [
            _File(
                list(key),
                asset.kind,
                name(asset.path),
                asset.width,
                asset.height,
                None if asset.seconds is None else str(asset.seconds),
                asset.sound,
            )
            for key, asset in plan.assets.items()
        ],
        {url: name(path) for url, path in plan.fonts.items()},
        _digest(plan.font_directory),
    )
    brief = order.directory / "film.json"
    brief.write_bytes(msgspec.json.encode(film))
    files = {stored: path for path, stored in names.items()} | {"film": brief}
    return ctx.spread([FilmPiece(number=one.number, first=one.first, last=one.last) for one in pieces], files)


def make_piece(piece: FilmPiece, ctx: PartContext) -> None:
    """Make a piece of a film that another worker makes.

    Raises:
        FontsDifferError: If the operator's own fonts are others here.
    """
    film = msgspec.json.decode(ctx.files["film"].read_bytes(), type=_Film)
    if film.own_fonts != _digest(ctx.settings.fonts):
        raise FontsDifferError
    assets = {tuple(one.key): _asset(one, ctx.files) for one in film.files}
    root = parse(film.definition)
    validate(root)  # it fills in what is left out
    body, _ = rewritten(root)
    timed, _ = solve(body, lambda node: _seconds(node, assets))
    written = profile(film.profile)
    preview = preview_of(written) if film.preview else None
    drawn = written if film.export or preview is None else preview
    plan = Plan(
        timed,
        assets,
        {url: ctx.files[name] for url, name in film.fonts.items()},
        width=drawn.width,
        height=drawn.height,
        aspect=drawn.aspect,
        frame_rate=drawn.frame_rate,
        font_directory=ctx.settings.fonts,
    )
    directory = ctx.temporary_directory
    order = Order(plan, drawn, preview, film.export, directory, NO_THUMBNAIL, directory / "thumbnail.jpg")
    one = Piece(piece.number, piece.first, piece.last)
    with Drawing(plan) as drawing:
        make(one, order, drawing, lambda _: ctx.check())
    for path, wanted in ((one.export(directory), film.export), (one.preview(directory), film.preview)):
        if wanted:
            path.replace(ctx.output(path.name))


def _asset(one: _File, files: Mapping[str, Path]) -> Asset:
    seconds = None if one.seconds is None else Fraction(one.seconds)
    return Asset(one.kind, files[one.file], one.width, one.height, seconds, one.sound)


def _seconds(node: Node, assets: Mapping[AssetKey, Asset]) -> Fraction | None:
    key = asset_key(node)
    return None if key is None else assets[key].seconds


@cache
def _digest(directory: str) -> str:
    """Return a digest of the fonts in a directory; "" of none."""
    if not directory:
        return ""
    whole = hashlib.sha256()
    for path in sorted(Path(directory).rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            whole.update(str(path.relative_to(directory)).encode())
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()
