"""`video.reverse` of ten minutes of 1080p, beside the same forwards: time of the whole process, and its memory.

Beside it the memory of ffmpeg's own reverse filter, which keeps all pictures decoded, over a few seconds.
"""

import tempfile
from pathlib import Path

from benchmarks.figures.audio import run_ffmpeg
from benchmarks.long_films import make_film, plain_options, run_dragon
from benchmarks.report import Figure

MINUTES = 10
FILTERED_SECONDS = 20


def measure() -> list[Figure]:
    """Run the film forwards and backwards, one after the other."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        film, short = directory / "long.mp4", directory / "short.mp4"
        make_film(film, MINUTES)
        run_ffmpeg("-i", film, "-t", FILTERED_SECONDS, "-c", "copy", short)
        forward = run_ffmpeg("-i", film, *plain_options("1920"), directory / "plain.mp4")
        ours = run_dragon(directory, "video.reverse", film)
        backwards = ("-vf", "reverse", "-af", "areverse", *plain_options("")[:-2])
        filtered = run_ffmpeg("-i", short, *backwards, directory / "filter.mp4")
    return [
        Figure(
            name=f"video.reverse of {MINUTES} min of 1080p",
            ours=f"{ours.seconds:.1f} s",
            peer=f"{forward.seconds:.1f} s, the same forwards",
            value=ours.seconds / forward.seconds,
            bar=1.6,
        ),
        Figure(
            name="    its memory",
            ours=f"{ours.resident / 1e6:.0f} MB",
            peer=f"{filtered.resident / 1e6:.0f} MB, ffmpeg's reverse filter over {FILTERED_SECONDS} s of it",
            value=ours.resident / 1e6,
            bar=500.0,
            unit="MB",
        ),
    ]
