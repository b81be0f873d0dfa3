"""A bill: one line of JSON for each finished task, and what they cost on the metrics page.

Hooks run where the thing happens: tasks are queued in API processes and end in worker
processes. So the bill is a file in the data directory, which all of them append to (one
`write` with O_APPEND, which POSIX keeps whole) and the API reads.
"""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dragon_framework.hooks import hookimpl
from dragon_framework.settings import Settings


class Bill:
    """The hooks, and what this process knows."""

    def __init__(self) -> None:
        self._path = Path(os.devnull)
        self._queued = self._started = 0
        self._read = 0  # bytes of the bill that are counted
        self._tasks, self._seconds = 0, 0.0
        self._lock = threading.Lock()

    @hookimpl
    def dragon_startup(self, settings: Settings) -> None:
        """Find the bill."""
        self._path = settings.data_path / "acme-bill.jsonl"

    @hookimpl
    def dragon_task_queued(self, key: str, task_name: str, account: str) -> None:
        """Count it (API process)."""
        self._queued += 1

    @hookimpl
    def dragon_task_started(self, key: str, task_name: str, delivery: int) -> None:
        """Count it (worker process)."""
        self._started += 1

    @hookimpl
    def dragon_task_finished(self, key: str, task_name: str, status: str, seconds: float) -> None:
        """Write a line."""
        line = json.dumps({"key": key, "task": task_name, "status": status, "seconds": round(seconds, 3)}) + "\n"
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)

    @hookimpl
    def dragon_metrics(self) -> Mapping[str, float]:
        """Show what was queued here, and what the bill adds up to."""
        tasks, seconds = self._sum()
        return {"acme_bill_queued": self._queued, "acme_bill_tasks": tasks, "acme_bill_seconds": seconds}

    @hookimpl
    def dragon_routes(self) -> list[Any]:
        """Add a page with the sum."""
        from litestar import get

        @get("/acme/bill", sync_to_thread=True)
        def bill() -> dict[str, float]:
            tasks, seconds = self._sum()
            return {"tasks": tasks, "seconds": round(seconds, 3)}

        return [bill]

    def _sum(self) -> tuple[int, float]:
        """Return (tasks, seconds); reads only the lines that came since the last call."""
        with self._lock:
            if self._path.is_file():
                with self._path.open("rb") as file:
                    file.seek(self._read)
                    for line in file:
                        if line.endswith(b"\n"):  # else it is still being written
                            self._read += len(line)
                            self._tasks += 1
                            self._seconds += json.loads(line)["seconds"]
            return self._tasks, self._seconds
