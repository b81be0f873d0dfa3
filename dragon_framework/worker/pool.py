"""The task processes of one worker, lent to whichever thread has a task.

Not one for each thread: there are more threads than slots (`places`), and what was used last
is warm. In: a nursery that forks. Out: `TaskRunner`s, one for each task that runs. Stands on `runner`.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

import structlog

from dragon_framework.worker.processes import Nursery
from dragon_framework.worker.runner import TaskRunner

log = structlog.get_logger("dragon.processes")


class RunnerPool:
    """Runners, some with a task and some without.

    Args:
        nursery: Forks task processes.
        slots: So many processes are kept when they have nothing to do.
        tasks_per_process: A process is replaced after so many tasks.
    """

    def __init__(self, nursery: Nursery, slots: int, tasks_per_process: int) -> None:
        self._nursery = nursery
        self._slots = slots
        self._tasks_per_process = tasks_per_process
        self._runners: list[TaskRunner] = []
        self._idle: list[TaskRunner] = []
        self._handing_back = False
        self._lock = threading.Lock()
        self._deaths: Counter[str] = Counter()

    def prepare(self, stop: threading.Event) -> None:
        """Fork a process for each slot, ahead of the tasks, unless *stop* is set meanwhile."""
        for _ in range(self._slots):
            if stop.is_set():
                return
            runner = self._new()
            try:
                runner.prepare()
            except OSError as error:
                log.warning("task_process_unavailable", reason=str(error))
            with self._lock:
                self._idle.append(runner)

    @contextlib.contextmanager
    def lent(self) -> Iterator[TaskRunner]:
        """Lend a runner, the one that was used last if one is idle."""
        with self._lock:
            runner = self._idle.pop() if self._idle else None
        runner = runner or self._new()
        try:
            yield runner
        finally:
            with self._lock:
                kept = len(self._idle) < self._slots
                if kept:
                    self._idle.append(runner)
                else:
                    self._runners.remove(runner)
            if not kept:
                runner.close()

    def running(self) -> list[str]:
        """Return the keys of the tasks that run now."""
        with self._lock:
            return [key for runner in self._runners if (key := runner.key)]

    def ages(self) -> dict[str, float]:
        """Return how long each task that runs now has been running, in seconds, by key."""
        now = time.monotonic()
        with self._lock:
            return {key: now - runner.begun for runner in self._runners if (key := runner.key)}

    def take_deaths(self) -> Counter[str]:
        """Return how many task processes have died with a task in them since the last call, by reason."""
        with self._lock:
            deaths, self._deaths = self._deaths, Counter()
        return deaths

    def _note_death(self, reason: str) -> None:
        with self._lock:
            self._deaths[reason] += 1

    def take_away(self, key: str) -> None:
        """End the run of the task *key*, if it runs here: it has a final status, or another worker."""
        with self._lock:
            for runner in self._runners:
                runner.take_away(key)

    def hand_back_all(self) -> None:
        """End all running tasks, and those that begin from now on; they are queued again."""
        with self._lock:
            self._handing_back = True
            for runner in self._runners:
                runner.hand_back()

    def close(self) -> None:
        """End the task processes."""
        with self._lock:
            for runner in self._runners:
                runner.close()

    def _new(self) -> TaskRunner:
        runner = TaskRunner(self._nursery, self._tasks_per_process, self._note_death)
        with self._lock:
            self._runners.append(runner)
            if self._handing_back:
                runner.hand_back()
        return runner
