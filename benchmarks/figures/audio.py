"""The audio tasks over an hour of stereo mp3, each in a process of its own, beside the plain ffmpeg program.

Times are CPU seconds of whole processes and their children, start and import included, which do not change with
what else the machine does; memory is the greatest resident size of the process. Both sides of a ratio take turns.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import Figure
from dragon_framework.media.ffmpeg import ffmpeg_program

SECONDS = 3600
CONVERTED_SECONDS = 600
ROUNDS = 3
DRAGON = str(Path(sys.executable).parent / "dragon")


class Run(NamedTuple):
    """Wall-clock seconds of a process, its greatest resident size in bytes, and its CPU seconds with its children's."""

    seconds: float
    resident: int
    cpu_seconds: float


def measure() -> list[Figure]:
    """Measure waveform and convert with their bars (issue of dragon-audio), info and beats to be read."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        hour, part = Path(directory, "hour.mp3"), Path(directory, "part.mp3")
        sound = "0.4*sin(440*t)*abs(sin(3*t))+0.1*(random(0)-0.5)|0.3*sin(330*t)"
        run_ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{sound}':s=44100:d={SECONDS}", "-b:a", "128k", hour)
        run_ffmpeg("-i", hour, "-t", CONVERTED_SECONDS, "-c", "copy", part)
        decoded, drawn, plain, converted = [], [], [], []
        for _ in range(ROUNDS):
            decoded.append(run_ffmpeg("-i", hour, "-f", "null", "-"))
            drawn.append(_dragon(directory, "audio.waveform", hour))
            plain.append(run_ffmpeg("-i", part, "-c:a", "libvorbis", "-q:a", "5", Path(directory, "plain.ogg")))
            converted.append(_dragon(directory, "audio.convert", part, "codec=vorbis"))
        told = min((_dragon(directory, "audio.info", hour) for _ in range(ROUNDS)), key=_cpu_seconds)
        found = _dragon(directory, "audio.beats", hour)
    waveform, decoding, plainly, whole = (min(runs, key=_cpu_seconds) for runs in (drawn, decoded, plain, converted))
    minutes = SECONDS // 60
    return [
        Figure(
            name=f"audio.waveform of {minutes} min of mp3",
            ours=f"{waveform.cpu_seconds:.1f} s of CPU",
            peer=f"{decoding.cpu_seconds:.1f} s of CPU, ffmpeg decoding it to nothing",
            value=waveform.cpu_seconds / decoding.cpu_seconds,
            bar=1.2,
        ),
        Figure(
            name="    its memory",
            ours=f"{waveform.resident / 1e6:.0f} MB",
            value=max(run.resident for run in drawn) / 1e6,
            bar=80.0,
            unit="MB",
        ),
        Figure(
            name=f"audio.convert of {CONVERTED_SECONDS // 60} min of mp3 to vorbis",
            ours=f"{whole.cpu_seconds:.1f} s of CPU",
            peer=f"{plainly.cpu_seconds:.1f} s of CPU, the plain ffmpeg command",
            value=whole.cpu_seconds / plainly.cpu_seconds,
            bar=1.05,
        ),
        Figure(name=f"audio.info of {minutes} min of mp3", ours="", value=told.cpu_seconds, unit="s"),
        Figure(
            name=f"audio.beats of {minutes} min of mp3",
            ours=f"{found.resident / 1e6:.0f} MB",
            value=found.cpu_seconds,
            unit="s",
        ),
    ]


def _cpu_seconds(run: Run) -> float:
    return run.cpu_seconds


def run_ffmpeg(*arguments: object) -> Run:
    """Run the plain ffmpeg program."""
    return run_process([ffmpeg_program(), "-v", "error", "-nostdin", "-y", *map(str, arguments)])


def _dragon(directory: str, task: str, source: Path, *parameters: str) -> Run:
    return run_process([DRAGON, "run", task, f"url={source}", *parameters, "-o", f"{directory}/out", "--json"])


def run_process(command: list[str], environ: Mapping[str, str] | None = None) -> Run:
    """Run a process to its end, in this environment or another."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)
