"""The video tasks over films of 1080p, each in a process of its own, beside the plain ffmpeg program.

Times are those of whole processes, start and import included; memory is the greatest resident
size of the process. Only `video.info` is timed inside a process that is there already, as a worker's
task processes are. The films are made here: a test pattern, then a fractal, half a minute each, with a key
picture every 250 frames; longer ones repeat them.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figures.audio import DRAGON, Run, run_ffmpeg, run_process
from benchmarks.report import Figure
from dragon_framework.media.ffmpeg import ffmpeg_program

LOOPS_REMOTE = 14
LOOPS_LONG = 9
CONVERTED_SECONDS = 300
REVERSED_SECONDS = 600
FILTERED_SECONDS = 20
INFO_ROUNDS = 15

_SIZE = "640"
_ENCODED = (*("-c:v", "libx264", "-preset", "veryfast", "-g", "250", "-b:v", "512k", "-maxrate", "768k"),)
_ENCODED_SOUND = ("-bufsize", "1024k", "-c:a", "aac", "-b:a", "64k", "-ar", "48000")


def measure() -> list[Figure]:
    """Measure what the issue of dragon-video, part 1, sets bars for."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        minute, long, remote = directory / "minute.mp4", directory / "long.mp4", directory / "remote.mp4"
        _make(minute)
        for path, loops in ((long, LOOPS_LONG), (remote, LOOPS_REMOTE)):
            run_ffmpeg("-stream_loop", loops, "-i", minute, "-c", "copy", "-movflags", "+faststart", path)
        return [
            *_transferred(directory, remote),
            _told(long),
            _stripped(directory, long),
            _converted(directory, long),
            *_reversed(directory, long),
        ]


def _make(path: Path) -> None:
    mixed = "[1:v]trim=duration=30,setpts=PTS-STARTPTS,format=yuv420p[m];[0:v]format=yuv420p[t];[t][m]concat=n=2[v]"
    run_ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=30"),
        *("-f", "lavfi", "-i", "mandelbrot=s=1920x1080:r=30:end_pts=900"),
        *("-f", "lavfi", "-i", "sine=f=440:b=4:r=48000:d=60", "-filter_complex", mixed, "-map", "[v]", "-map", "2:a"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-c:a", "aac", "-b:a", "128k", path),
    )


def _transferred(directory: Path, film: Path) -> list[Figure]:
    from dragon_framework.testing.file_server import FileServer

    size = film.stat().st_size
    figures = []
    for task, parameters in (("video.info", ()), ("video.thumb", ("time=500", "width=320"))):
        with FileServer() as server:
            _dragon(directory, task, server.serve(film), *parameters)
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
    ours = min(_dragon(directory, "video.strip", film, "width=192", "count=10").seconds for _ in range(3))
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
        peers.append(run_ffmpeg("-i", part, *_plain(), directory / "plain.mp4").seconds)
        ours.append(_dragon(directory, "video.convert", part, f"width={_SIZE}").seconds)
    return Figure(
        name=f"video.convert of {CONVERTED_SECONDS // 60} min of 1080p to 360p",
        ours=f"{min(ours):.1f} s",
        peer=f"{min(peers):.1f} s, the plain ffmpeg command",
        value=min(ours) / min(peers),
        bar=1.03,
    )


def _reversed(directory: Path, film: Path) -> list[Figure]:
    part, short = directory / "part.mp4", directory / "short.mp4"
    run_ffmpeg("-i", film, "-t", REVERSED_SECONDS, "-c", "copy", part)
    run_ffmpeg("-i", film, "-t", FILTERED_SECONDS, "-c", "copy", short)
    forward = run_ffmpeg("-i", part, *_plain("1920"), directory / "plain.mp4")
    ours = _dragon(directory, "video.reverse", part)
    filtered = run_ffmpeg("-i", short, "-vf", "reverse", "-af", "areverse", *_plain("")[:-2], directory / "filter.mp4")
    minutes = REVERSED_SECONDS / 60
    return [
        Figure(
            name=f"video.reverse of {minutes:g} min of 1080p",
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


def _plain(width: str = _SIZE) -> tuple[str, ...]:
    scaled = ("-vf", f"scale={width}:-2:flags=bicubic,setsar=1,format=yuv420p")
    return (*_ENCODED, *_ENCODED_SOUND, "-movflags", "+faststart", *scaled)


def _dragon(directory: Path, task: str, source: object, *parameters: str) -> Run:
    environ = os.environ | {"DRAGON_ALLOW_SOURCE": "127.0.0.0/8"}
    command = [DRAGON, "run", task, f"url={source}", *parameters, "-o", str(directory / "out"), "--json"]
    return run_process(command, environ)
