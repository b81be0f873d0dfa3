"""`audio.beats` beside librosa, on pieces whose beats are known: F-measure by mir_eval, and speed."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.accuracy.pieces import Piece, pieces, render
from benchmarks.accuracy.runs import Runner
from benchmarks.peers import librosa_beats
from benchmarks.peers.librosa_beats import Tracked
from benchmarks.report import Figure

FRESH_ROUNDS = 3


def measure() -> list[Figure]:
    """Render the pieces, find their beats with both, and compare by group."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        music = pieces()
        paths = [render(piece, Path(name)) for piece in music]
        theirs = librosa_beats.track(paths)
        ours = _tracked(paths)
        found = [(piece.beats, one.beats) for piece, one in zip(music, ours, strict=True)]
        peers = [(piece.beats, one.beats) for piece, one in zip(music, theirs, strict=True)]
        judged = librosa_beats.judge([*found, *peers])
        return [
            *_compared(music, judged[: len(music)], judged[len(music) :]),
            _warm(sum(one.seconds for one in ours), sum(one.seconds for one in theirs), len(music)),
            _fresh(paths[0], Path(name)),
        ]


def _tracked(paths: list[Path]) -> list[Tracked]:
    run = Runner("audio.beats")
    run(paths[0])
    tracked = []
    for path in paths:
        begin = time.perf_counter()
        beats = run(path)["beats"]
        tracked.append(Tracked(beats, time.perf_counter() - begin))
    return tracked


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
        ours=f"{our:.2f} s",
        peer=f"{their:.2f} s librosa",
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
            begin = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            seconds[number].append(time.perf_counter() - begin)
    our, their = (statistics.median(some) for some in seconds)
    return Figure(
        name="audio.beats of half a minute, in a fresh process",
        ours=f"{our:.2f} s",
        peer=f"{their:.2f} s librosa",
        value=their / our,
        bar=5.0,
        at_least=True,
        note="start and imports included; ours is the whole of `dragon run`",
    )
