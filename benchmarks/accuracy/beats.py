"""`audio.beats` beside librosa, on pieces whose beats are known: F-measure by mir_eval, and speed; and its bars.

Downbeats stand beside what is had for nothing: every fourth of the same beats, from the first on. Speeds are
CPU seconds, which do not change with what else the machine does.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from benchmarks.accuracy.barred import barred
from benchmarks.accuracy.pieces import Piece, pieces, render
from benchmarks.accuracy.runs import Runner
from benchmarks.peers import librosa_beats
from benchmarks.report import Figure

FRESH_ROUNDS = 3


def measure() -> list[Figure]:
    """Render the pieces, find their beats with both and their bars with ours, and compare by group."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        music, bands = pieces(), barred()
        paths = [render(piece, Path(name)) for piece in [*music, *bands]]
        theirs = librosa_beats.track(paths)
        ours = _found(paths)
        found = [(piece.beats, one.beats) for piece, one in zip([*music, *bands], ours, strict=True)]
        peers = [(piece.beats, one.beats) for piece, one in zip([*music, *bands], theirs, strict=True)]
        count = len(paths)
        judged = librosa_beats.judge([*found, *peers])
        return [
            *_compared([*music, *bands], judged[:count], judged[count:]),
            *_downbeats(music, ours[: len(music)], "the same pieces"),
            *_downbeats(bands, ours[len(music) :], "pieces with upbeats, on none of which it was fitted"),
            _confidence(ours, judged[:count]),
            _warm(sum(one.seconds for one in ours), sum(one.seconds for one in theirs), count),
            _fresh(paths[0], Path(name)),
        ]


class Found(NamedTuple):
    """What the task says of a piece, and the CPU seconds it took."""

    beats: list[float]
    downbeats: list[float]
    beats_per_bar: int
    confidence: float
    seconds: float


def _found(paths: list[Path]) -> list[Found]:
    run = Runner("audio.beats")
    run(paths[0])
    found = []
    for path in paths:
        begin = time.process_time()
        said = run(path)
        spent = time.process_time() - begin
        found.append(Found(said["beats"], said["downbeats"], said["beats_per_bar"], said["confidence"], spent))
    return found


def _downbeats(music: list[Piece], ours: list[Found], what: str) -> list[Figure]:
    found = [(piece.downbeats, one.downbeats) for piece, one in zip(music, ours, strict=True)]
    naive = [(piece.downbeats, one.beats[::4]) for piece, one in zip(music, ours, strict=True)]
    judged = librosa_beats.judge([*found, *naive])
    for piece, one, our, plain in zip(music, ours, judged[: len(music)], judged[len(music) :], strict=True):
        bars = f"{one.beats_per_bar} beats a bar of {piece.metre}"
        print(f"    {piece.name:16} downbeats {our:.3f}  every fourth {plain:.3f}  {bars}", file=sys.stderr)
    our, plain = statistics.fmean(judged[: len(music)]), statistics.fmean(judged[len(music) :])
    metres = sum(one.beats_per_bar == piece.metre for piece, one in zip(music, ours, strict=True))
    return [
        Figure(
            name=f"audio.beats, downbeats of {len(music)} pieces: F-measure",
            ours=f"{our:.3f}",
            peer=f"{plain:.3f} every fourth beat",
            value=our - plain,
            bar=0.0,
            unit="",
            at_least=True,
            note=f"{what}; beats in a bar right in {metres} of {len(music)}",
        )
    ]


def _confidence(ours: list[Found], judged: list[float]) -> Figure:
    told, true = statistics.fmean(one.confidence for one in ours), statistics.fmean(judged)
    return Figure(
        name="audio.beats, confidence beside the F-measure, means of all pieces",
        ours=f"{told:.3f}",
        peer=f"{true:.3f} F-measure",
        value=abs(told - true),
        bar=0.05,
        unit="",
    )


def _compared(music: list[Piece], ours: list[float], theirs: list[float]) -> list[Figure]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(music):
        groups[piece.group].append(number)
        print(f"    {piece.name:16} {ours[number]:.3f}  librosa {theirs[number]:.3f}", file=sys.stderr)
    figures = []
    for group, numbers in {f"all {len(music)} pieces": list(range(len(music))), **groups}.items():
        our = statistics.fmean(ours[number] for number in numbers)
        their = statistics.fmean(theirs[number] for number in numbers)
        figures.append(
            Figure(
                name=f"audio.beats, {group}: F-measure",
                ours=f"{our:.3f}",
                peer=f"{their:.3f} librosa",
                value=our - their,
                bar=0.0,
                unit="",
                at_least=True,
            )
        )
    return figures


def _warm(our: float, their: float, count: int) -> Figure:
    return Figure(
        name=f"audio.beats of {count} pieces of half a minute, in a process that has run it before",
        ours=f"{our:.2f} s of CPU",
        peer=f"{their:.2f} s of CPU librosa",
        value=their / our,
        bar=1.0,
        at_least=True,
    )


def _fresh(path: Path, directory: Path) -> Figure:
    program = Path(sys.executable).with_name("dragon")
    commands: tuple[list[str | Path], ...] = (
        [program, "run", "audio.beats", f"url={path}", "-o", directory / "out"],
        [*librosa_beats.command("track", path)],
    )
    seconds: list[list[float]] = [[], []]
    for _ in range(FRESH_ROUNDS):
        for number, command in enumerate(commands):
            before = os.times()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            after = os.times()
            spent = after.children_user + after.children_system - before.children_user - before.children_system
            seconds[number].append(spent)
    our, their = (min(some) for some in seconds)
    return Figure(
        name="audio.beats of half a minute, in a fresh process",
        ours=f"{our:.2f} s of CPU",
        peer=f"{their:.2f} s of CPU librosa",
        value=their / our,
        bar=5.0,
        at_least=True,
        note="start and imports included; ours is the whole of `dragon run`",
    )
