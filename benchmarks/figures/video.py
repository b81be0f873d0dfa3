"""The video tasks but `video.reverse` over films of 1080p, beside the plain ffmpeg program.

Times are those of whole processes, start and import included. Only `video.info` is timed inside
a process that is there already, as a worker's task processes are.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figures.audio import run_ffmpeg
from benchmarks.long_films import make_film, plain_options, run_dragon
from benchmarks.report import Figure
from dragon_framework.media.ffmpeg import ffmpeg_program

REMOTE_MINUTES = 15
LONG_MINUTES = 10
CONVERTED_SECONDS = 300
INFO_ROUNDS = 15

_WIDTH = "640"


def measure() -> list[Figure]:
    """Measure what the issue of dragon-video, part 1, sets bars for."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        long, remote = directory / "long.mp4", directory / "remote.mp4"
        make_film(long, LONG_MINUTES)
        make_film(remote, REMOTE_MINUTES)
        return [
            *_transferred(directory, remote),
            _told(long),
            _stripped(directory, long),
            _converted(directory, long),
        ]


def _transferred(directory: Path, film: Path) -> list[Figure]:
    from dragon_framework.testing.file_server import FileServer

    size = film.stat().st_size
    figures = []
    for task, parameters in (("video.info", ()), ("video.thumb", ("time=500", "width=320"))):
        with FileServer() as server:
            run_dragon(directory, task, server.serve(film), *parameters)
            sent = server.bytes_sent
        figures.append(
            Figure(
                name=f"{task} of a remote mp4 of {size / 1e9:.2f} GB: transferred",
                ours=f"{sent / 1e6:.2f} MB",
                value=100 * sent / size,
                bar=1.0,
                unit="%",
            )
        )
    return figures


def _told(film: Path) -> Figure:
    from dragon_framework.media.reading import open_media
    from dragon_video._probe import EXPECTED, probe

    program = shutil.which("ffprobe")
    command = [program, "-v", "error", "-show_format", "-show_streams", str(film)] if program else []
    command = command or [ffmpeg_program(), "-hide_banner", "-i", str(film)]
    ours, peers = [], []
    for _ in range(INFO_ROUNDS):
        begin = time.perf_counter()
        with film.open("rb") as file, open_media(file, str(film), EXPECTED) as container:
            probe(container, str(film), file, lambda: None)
        ours.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        peers.append(time.perf_counter() - begin)
    our, peer = statistics.median(ours), statistics.median(peers)
    return Figure(
        name="video.info of 10 min of 1080p, in a task process",
        ours=f"{our * 1e3:.1f} ms",
        peer=f"{peer * 1e3:.1f} ms, a process of {'ffprobe' if program else 'ffmpeg -i (no ffprobe is here)'}",
        value=peer / our,
        bar=5.0,
        at_least=True,
    )


def _stripped(directory: Path, film: Path) -> Figure:
    ours = min(run_dragon(directory, "video.strip", film, "width=192", "count=10").seconds for _ in range(3))
    whole = ("-vf", "fps=10/600,scale=192:108,tile=10x1", "-frames:v", 1, directory / "strip.jpg")
    peer = run_ffmpeg("-i", film, *whole).seconds
    return Figure(
        name="video.strip of 10 frames of 10 min of 1080p",
        ours=f"{ours:.2f} s",
        peer=f"{peer:.1f} s, one pass of ffmpeg with fps and tile",
        value=peer / ours,
        bar=20.0,
        at_least=True,
    )


def _converted(directory: Path, film: Path) -> Figure:
    part = directory / "part.mp4"
    run_ffmpeg("-i", film, "-t", CONVERTED_SECONDS, "-c", "copy", part)
    ours, peers = [], []
    for _ in range(2):
        peers.append(run_ffmpeg("-i", part, *plain_options(_WIDTH), directory / "plain.mp4").seconds)
        ours.append(run_dragon(directory, "video.convert", part, f"width={_WIDTH}").seconds)
    return Figure(
        name=f"video.convert of {CONVERTED_SECONDS // 60} min of 1080p to 360p",
        ours=f"{min(ours):.1f} s",
        peer=f"{min(peers):.1f} s, the plain ffmpeg command",
        value=min(ours) / min(peers),
        bar=1.03,
    )
