"""A film of 1 GB to a server on this machine: speed beside `curl -T` to the same server, and memory.

The times are medians: those of curl alone differ by a third from run to run.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.report import Figure

FILM_BYTES = 1_000_000_000
ROUNDS = 7
TASKS = ("video.upload.youtube", "video.upload.vimeo", "video.upload.fb")


def measure() -> list[Figure]:
    """Measure curl and each task in turns, in the same run."""
    if shutil.which("curl") is None:
        raise RuntimeError("this figure needs the program curl")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-upload-") as directory:
        film = large_film(Path(directory, "film.mp4"))
        command = [sys.executable, "-m", "benchmarks.upload_server"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout
            port = server.stdout.readline().decode().strip()
            for task in TASKS:
                curl, ours = [], []
                for _ in range(ROUNDS):  # in turns, so that both meet what else the machine does
                    curl.append(_curl(film, port))
                    ours.append(_ours(task, film, port))
                figures += _figures(task, ours, statistics.median(curl))
            assert server.stdin
            server.stdin.close()
    return figures


def large_film(path: Path) -> Path:
    """Make a film of `FILM_BYTES`: one second of pictures, then a `free` box (ISO/IEC 14496-12, 8.1.2) of noise."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for number in range(25):
            picture = np.full((240, 320, 3), number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    noise = np.random.default_rng(1).integers(0, 256, 1 << 20, dtype=np.uint8).tobytes()
    left = FILM_BYTES - path.stat().st_size
    with path.open("ab") as file:
        file.write(left.to_bytes(4, "big") + b"free")
        left -= 8
        while left:
            left -= file.write(noise[: min(left, len(noise))])
    return path


def _curl(film: Path, port: str) -> float:
    """Return the time of `curl -T` in seconds, as curl tells it."""
    url = f"http://127.0.0.1:{port}/curl"
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{time_total}", "-H", "Expect:", "-T", str(film), url]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def _ours(task: str, film: Path, port: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.upload_loop", task, str(film), port]
    answer: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return answer


def _figures(task: str, ours: list[dict[str, Any]], peer: float) -> list[Figure]:
    size = FILM_BYTES / 1e6
    seconds, memory = statistics.median(run["seconds"] for run in ours), max(run["memory"] for run in ours)
    return [
        Figure(
            name=f"{task} of 1 GB to a server on this machine",
            ours=f"{size / seconds:.0f} MB/s",
            peer=f"{size / peer:.0f} MB/s curl -T",
            value=100 * peer / seconds,
            bar=90.0,
            unit="%",
            at_least=True,
        ),
        Figure(
            name=f"{task} of 1 GB: memory above an idle task process",
            ours=f"{memory / 1e6:.0f} MB",
            value=memory / 1e6,
            bar=100.0,
            unit="MB",
        ),
    ]
