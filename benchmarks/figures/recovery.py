"""How soon a task runs elsewhere when its worker is killed or drained, and is gone when it is cancelled.

On the arena of the fault suite: Valkey, an API and two workers as processes of their own. A
task runs when its BEGIN passes on the way to Redis; it is gone when no process of it lives.
"""

import asyncio
import contextlib
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import Figure
from faults.arena import Arena, WorkerPart
from faults.parts import children, nursery_of

HEARTBEAT_SECONDS = 5.0
GRACE_SECONDS = 0.1
"""How long a worker that is told to stop lets tasks run on, here."""
KILLS = 8
DRAINS = 8
CANCELS = 200
PROGRAMS = 2
"""One in the task's process group, one detached."""
SETTINGS = {
    "DRAGON_WORKER_HEARTBEAT_SECONDS": f"{HEARTBEAT_SECONDS:g}",
    "DRAGON_WORKER_SHUTDOWN_SECONDS": f"{GRACE_SECONDS:g}",
}


def measure() -> list[Figure]:
    """Kill and drain workers under a task that goes on for a minute, then cancel 200 that have started programs."""
    with tempfile.TemporaryDirectory(prefix="bench-recovery-", ignore_cleanup_errors=True) as directory:
        return asyncio.run(_measure(Path(directory)))


async def _measure(directory: Path) -> list[Figure]:
    async with Arena(directory / "arena", random.Random(1), settings=SETTINGS) as arena:
        killed = [await _moved(arena, signal.SIGKILL) for _ in range(KILLS)]
        drained = [await _moved(arena, signal.SIGTERM) for _ in range(DRAINS)]
        cancelled = sorted([await _cancelled(arena) for _ in range(CANCELS)])
        await arena.clients.close()
        await arena.witness.close()
    p99 = cancelled[int(len(cancelled) * 0.99) - 1] * 1000
    return [
        Figure(
            name=f"worker killed: its task runs elsewhere, slowest of {KILLS}",
            ours=f"{max(killed):.1f} s (median {statistics.median(killed):.1f})",
            value=max(killed),
            bar=HEARTBEAT_SECONDS + 6,
            unit="s",
            note=f"with a heartbeat of {HEARTBEAT_SECONDS:g} s; from SIGKILL to the begin on the other worker",
        ),
        Figure(
            name=f"worker drained: its task runs elsewhere, slowest of {DRAINS}",
            ours=f"{max(drained):.2f} s (median {statistics.median(drained):.2f})",
            value=max(drained),
            bar=1.0,
            unit="s",
            note=f"from SIGTERM, with {GRACE_SECONDS:g} s for the task to end by itself",
        ),
        Figure(
            name=f"cancelled: process group and programs gone, p99 of {CANCELS}",
            ours=f"{p99:.0f} ms (median {statistics.median(cancelled) * 1000:.0f}, max {cancelled[-1] * 1000:.0f})",
            value=p99,
            bar=1000.0,
            unit="ms",
            note="from before the request; the task does not listen, and has a program in its group and a detached one",
        ),
    ]


async def _moved(arena: Arena, number: int) -> float:
    """Return the seconds from a signal to a worker until its task runs on the other one."""
    await arena.until_ready()
    key = await _create(arena, {"task_name": "fault.sleep", "seconds": 60})
    first = await _running(arena, key)
    begin = time.monotonic()
    first.signal(number)
    first.runs.clear()
    second = await _running(arena, key)  # the other one, or the first started again
    seconds = time.monotonic() - begin
    await arena.clients.post("/v1/cancel", {"tasks": [key]})
    await _until(lambda: key not in second.runs)
    return seconds


async def _cancelled(arena: Arena) -> float:
    """Return the seconds until nothing is left of a task that is cancelled."""
    await arena.until_ready()
    key = await _create(arena, {"task_name": "fault.spawn", "programs": PROGRAMS, "wait": 60})
    worker = await _running(arena, key)
    processes: list[int] = []

    def started() -> bool:
        for pid in children(nursery_of(worker.pid)):
            programs = [child for child in children(pid) if _is_program(child)]
            if len(programs) == PROGRAMS:
                processes[:] = [pid, *programs]
                return True
        return False

    await _until(started)
    begin = time.monotonic()
    await arena.clients.post("/v1/cancel", {"tasks": [key]})
    await _until(lambda: not any(map(_alive, processes)))
    return time.monotonic() - begin


def _is_program(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"time.sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


async def _create(arena: Arena, task: dict[str, object]) -> str:
    (status,) = await arena.clients.post("/v1/create", {"tasks": [task]})
    return str(status["key"])


async def _running(arena: Arena, key: str) -> WorkerPart:
    await _until(lambda: any(key in worker.runs for worker in arena.workers))
    return next(worker for worker in arena.workers if key in worker.runs)


async def _until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        await asyncio.sleep(0.002)
