"""The steps of `video.create`: definition → nodes → files → times → pieces and sound → the finished films.

Stands on all other modules here; import it inside a task's function alone.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import structlog

from dragon_framework import TaskContext
from dragon_framework.errors import TaskCancelledError
from dragon_framework.parts import MOST_PARTS
from dragon_video.create import VideoCreateParameters
from dragon_video.film.annotating import annotated
from dragon_video.film.crew import crew, processors
from dragon_video.film.durations import Timed, solve
from dragon_video.film.errors import InvalidContentError, Problem
from dragon_video.film.gathering import Gathered, gather
from dragon_video.film.joining import FilmWriter
from dragon_video.film.keys import asset_key
from dragon_video.film.nodes import Node
from dragon_video.film.parse import parse
from dragon_video.film.pieces import Order, Piece, cut, ordered
from dragon_video.film.plan import Plan
from dragon_video.film.previewing import EarlyPreview
from dragon_video.film.profiles import Profile, preview_of, profile
from dragon_video.film.rewriting import rewritten
from dragon_video.film.scene import World, check_texts
from dragon_video.film.services import map_drawer, speaker
from dragon_video.film.sharing import Listed, Pieces, Shared, shared
from dragon_video.film.sound.encoding import encode_sound
from dragon_video.film.sound.mixing import mix
from dragon_video.film.soundtrack import tracks
from dragon_video.film.validate import most_told, validate
from dragon_video.settings import VideoSettings

log = structlog.get_logger("dragon.film")

MOST_PROCESSES = 8
"""Where the operator says nothing: each takes about half a gigabyte at 1080p, and the task may take eight."""

HELPERS = 4
"""A film that other workers may help with is cut as if so many processes more drew it."""

_FETCHED, _DRAWN = 10, 95  # percent


class Made(NamedTuple):
    """What was made; sizes in pixels, the duration in seconds."""

    duration: float
    width: int
    height: int
    definition: str | None
    warnings: list[str]


def made_film(parameters: VideoCreateParameters, ctx: TaskContext) -> Made:
    """Make the films that *parameters* ask for.

    Raises:
        FilmError: If the definition is wrong, or what it names is missing or broken.
    """
    settings: VideoSettings = ctx.settings
    written = profile(parameters.profile)
    root = parse(parameters.definition)
    warnings = validate(root)
    body, told = rewritten(root)
    warnings += told
    gathered = gather(body, ctx, speaker(ctx), map_drawer(ctx, settings))
    timed, told = _timed(body, gathered, settings)
    warnings += told
    world = World(
        written.frame_rate,
        gathered.assets,
        written.height,
        fonts=gathered.fonts,
        font_directory=settings.fonts,
    )
    check_texts(timed, world)
    frames = written.frames(timed.duration)
    messages = [str(warning) for warning in most_told(warnings)]
    duration = float(written.seconds(frames))
    if parameters.dry_run:
        return Made(duration, written.width, written.height, annotated(timed, gathered.assets), messages)
    ctx.partial(duration=round(duration, 3), width=written.width, height=written.height)
    _write(parameters, ctx, settings, written, timed, gathered)
    return Made(duration, written.width, written.height, None, messages)


def _timed(body: Node, gathered: Gathered, settings: VideoSettings) -> tuple[Timed, list[Problem]]:
    def length(node: Node) -> Fraction | None:
        key = asset_key(node)
        return None if key is None else gathered.assets[key].seconds

    timed, warnings = solve(body, length)
    if timed.duration > settings.film_seconds:
        problem = f"the film lasts {float(timed.duration):.0f} s; at most {settings.film_seconds:g} s are made here"
        raise InvalidContentError([body.problem(problem)])
    return timed, warnings


def _write(
    parameters: VideoCreateParameters,
    ctx: TaskContext,
    settings: VideoSettings,
    written: Profile,
    timed: Timed,
    gathered: Gathered,
) -> None:
    """Write the thumbnail, the preview and the export."""
    frames = written.frames(timed.duration)
    processes = settings.film_processes or min(processors(), MOST_PROCESSES)
    preview = preview_of(written) if parameters.preview else None
    drawn = written if parameters.export or preview is None else preview
    plan = Plan(
        timed,
        gathered.assets,
        gathered.fonts,
        width=drawn.width,
        height=drawn.height,
        aspect=drawn.aspect,
        frame_rate=drawn.frame_rate,
        font_directory=settings.fonts,
    )
    directory = ctx.temporary_directory
    thumbnail = min(frames - 1, max(0, int(Fraction(parameters.thumbnail_time) * drawn.frame_rate)))
    spreads = False
    if not parameters.export and preview is None:  # the thumbnail alone
        pieces = [Piece(0, thumbnail, thumbnail + 1)]
        processes = 1
    else:
        spreads = settings.film_spread and timed.duration >= settings.film_spread_seconds
        count = processes + HELPERS if spreads else processes
        pieces = cut(frames, drawn, count, early=preview is not None)
    thumbnail_path = ctx.output("thumbnail", ".jpg", "image/jpeg")
    order = Order(plan, drawn, preview, parameters.export, directory, thumbnail, thumbnail_path)
    total = pieces[-1].last - pieces[0].first
    wanted = [one for one in (preview, written if parameters.export else None) if one is not None]
    with ExitStack() as stack:
        workers = stack.enter_context(crew(order, min(processes, len(pieces))))
        # A thread of its own: the crew is forked already.
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="sound"))
        ended = threading.Event()
        stack.callback(ended.set)
        sounds = _Sounds(timed, gathered, drawn.seconds(frames), frames, directory)
        heard = pool.submit(sounds.make, wanted, lambda: _go_on(ctx, ended))
        progress = _Progress(ctx, total, thumbnail_path)
        in_order = ordered(pieces, thumbnail)
        source: Pieces = Listed(in_order)
        if spreads and 1 < len(pieces) <= MOST_PARTS:
            spread = stack.enter_context(shared(ctx, parameters, order, in_order))
            source = Shared(spread, in_order, directory)

        def ready_sound() -> Path | None:
            return sounds.file(preview) if preview and heard.done() and heard.exception() is None else None

        early = EarlyPreview(ctx, preview, pieces, directory, ready_sound) if preview is not None else None

        def go_on(more: int) -> None:
            progress.drawn(more)
            if early is not None:
                early.show()

        for piece in workers.make(source, go_on, ctx.check):
            if early is not None:
                early.add(piece)
            go_on(0)
        heard.result()
    ctx.progress({"percent": _DRAWN, "phase": "join"})
    if preview is not None:
        path = ctx.output("preview", ".mp4", "video/mp4")
        _join(path, preview, [piece.preview(directory) for piece in pieces], sounds.file(preview), ctx)
        ctx.partial(preview=path)
    if parameters.export:
        path = ctx.output("export", f".{written.container}", written.media_type)
        _join(path, written, [piece.export(directory) for piece in pieces], sounds.file(written), ctx)


def _go_on(ctx: TaskContext, ended: threading.Event) -> None:
    if ended.is_set():
        raise TaskCancelledError
    ctx.check()


class _Progress:
    """Tells how many frames are drawn, and shows the thumbnail as soon as it is there."""

    def __init__(self, ctx: TaskContext, total: int, thumbnail: Path) -> None:
        self._ctx = ctx
        self._total = total
        self._count = 0
        self._thumbnail: Path | None = thumbnail
        self.drawn(0)

    def drawn(self, more: int) -> None:
        self._count += more
        if self._thumbnail is not None and self._thumbnail.is_file():
            self._ctx.partial(thumbnail=self._thumbnail)
            self._thumbnail = None
        share = min(1.0, self._count / self._total)
        self._ctx.progress({"percent": int(_FETCHED + (_DRAWN - _FETCHED) * share), "phase": "render"})


def _join(path: Path, written: Profile, pieces: list[Path], sound: Path, ctx: TaskContext) -> None:
    with FilmWriter(path, written, sound) as film:
        for piece in pieces:
            ctx.check()
            film.add(piece)
            piece.unlink()


class _Sounds:
    """The sound of the film, encoded once for each way that it is wanted in."""

    def __init__(self, timed: Timed, gathered: Gathered, seconds: Fraction, frames: int, directory: Path) -> None:
        self._tracks = tracks(timed, gathered.assets)
        self._frames = frames
        self._seconds = seconds
        self._directory = directory
        self._made: dict[tuple[str, int, int, str], Path] = {}

    def make(self, wanted: Sequence[Profile], check: Callable[[], None]) -> None:
        """Encode the sound for all these profiles."""
        for written in wanted:
            key = _sound_key(written)
            if key not in self._made:
                path = self._directory / f"sound-{len(self._made)}"
                windows = mix(self._tracks, self._seconds, written.sample_rate, check=check)
                encode_sound(windows, path, written, self._frames)
                self._made[key] = path

    def file(self, written: Profile) -> Path:
        """Return the sound as this profile has it."""
        return self._made[_sound_key(written)]


def _sound_key(written: Profile) -> tuple[str, int, int, str]:
    return written.audio_codec, written.audio_kilobits, written.sample_rate, written.container
