"""CPU-bound work with one worker process and with two, of one place each, on the same machine.

The work is `image.thumb` of a 6-megapixel JPEG to 1,400 px: decoded whole, resized, and written.
Both services are up at once and take turns, so that whatever slows the machine slows both.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pictures import photo
from benchmarks.processes import free_port, stop, wait_for_port
from benchmarks.report import Figure
from benchmarks.service import ROOT, Service

SIZE = (3000, 2000)
WIDTH = 1400
"""More than half the size: JPEG's cheap decoding at a half, a quarter or an eighth does not apply."""
TASKS = 80
ROUNDS = 5


def measure() -> list[Figure]:
    """Run batches of thumbnails in turn on one worker and on two."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:  # two workers need two
        raise RuntimeError("needs two CPUs")
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        picture = photo(Path(directory) / "photo.jpg", *SIZE)
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.source_server", str(picture), str(port)]
        source = subprocess.Popen(command, cwd=ROOT)
        try:
            wait_for_port(port, source)
            with Service(workers=1, concurrency=1) as one, Service(workers=2, concurrency=1) as two:
                url = f"http://127.0.0.1:{port}/photo.jpg"
                pairs = [(asyncio.run(_seconds(one, url)), asyncio.run(_seconds(two, url))) for _ in range(1 + ROUNDS)]
        finally:
            stop(source)
    del pairs[0]  # processes start and fetch the picture in it
    alone, both = (statistics.median(times) for times in zip(*pairs, strict=True))
    return [
        Figure(
            name=f"{TASKS} thumbnails of 6 MP with two worker processes",
            ours=f"{TASKS / both:.1f} a second",
            peer=f"{TASKS / alone:.1f} a second with one",
            value=alone / both,
            bar=1.8,
            at_least=True,
            note=f"one place each, median of {ROUNDS} rounds in turn; API, Valkey and client use the same CPUs",
        )
    ]


async def _seconds(dragon: Service, url: str) -> float:
    """Return how long a batch takes from create to the last final status."""
    connection = await dragon.connect()
    tasks = [{"task_name": "image.thumb", "url": url, "width": WIDTH}] * TASKS
    begin = asyncio.get_running_loop().time()
    answer = await connection.exchange(dragon.create(tasks, block=True))
    passed = asyncio.get_running_loop().time() - begin
    connection.close()
    failed = [status for status in json.loads(answer.body) if status["status"] != "success"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {TASKS} failed: {failed[0]}")
    return passed
