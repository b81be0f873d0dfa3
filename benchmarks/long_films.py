"""Long films of 1080p for the benchmarks, and what turns them into others.

A test pattern, then a fractal, half a minute each, with a key picture every 250 frames; longer ones repeat them.
"""

import os
from pathlib import Path

from benchmarks.figures.audio import DRAGON, Run, run_ffmpeg, run_process

_ENCODED = (*("-c:v", "libx264", "-preset", "veryfast", "-g", "250", "-b:v", "512k", "-maxrate", "768k"),)
_ENCODED_SOUND = ("-bufsize", "1024k", "-c:a", "aac", "-b:a", "64k", "-ar", "48000")


def make_film(path: Path, minutes: int) -> None:
    """Write a film of 1080p with sound, H.264 and AAC, its index first; one minute of it is encoded."""
    minute = path.with_name("minute.mp4")
    if not minute.exists():
        _make_minute(minute)
    run_ffmpeg("-stream_loop", minutes - 1, "-i", minute, "-c", "copy", "-movflags", "+faststart", path)


def _make_minute(path: Path) -> None:
    mixed = "[1:v]trim=duration=30,setpts=PTS-STARTPTS,format=yuv420p[m];[0:v]format=yuv420p[t];[t][m]concat=n=2[v]"
    run_ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=30"),
        *("-f", "lavfi", "-i", "mandelbrot=s=1920x1080:r=30:end_pts=900"),
        *("-f", "lavfi", "-i", "sine=f=440:b=4:r=48000:d=60", "-filter_complex", mixed, "-map", "[v]", "-map", "2:a"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-c:a", "aac", "-b:a", "128k", path),
    )


def plain_options(width: str) -> tuple[str, ...]:
    """Return what the plain ffmpeg command is given to make what Dragon makes, *width* px wide."""
    scaled = ("-vf", f"scale={width}:-2:flags=bicubic,setsar=1,format=yuv420p")
    return (*_ENCODED, *_ENCODED_SOUND, "-movflags", "+faststart", *scaled)


def run_dragon(directory: Path, task: str, source: object, *parameters: str) -> Run:
    """Run a task by `dragon run`, as a process of its own."""
    environ = os.environ | {"DRAGON_ALLOW_SOURCE": "127.0.0.0/8"}
    command = [DRAGON, "run", task, f"url={source}", *parameters, "-o", str(directory / "out"), "--json"]
    return run_process(command, environ)
