"""Starts a stock dramatiq worker on a private Redis-compatible server, and measures it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.processes import stop, wait_until
from dragon_framework.embedded import EmbeddedServer


class StockDramatiq:
    """A private server and one stock worker command: `with StockDramatiq(1, 8) as stock: ...`.

    Args:
        processes: Worker processes.
        threads: Threads in each.
    """

    def __init__(self, processes: int, threads: int) -> None:
        self._size = ("--processes", str(processes), "--threads", str(threads))
        self._directory = tempfile.TemporaryDirectory(prefix="bench-")
        self._server = EmbeddedServer(Path(self._directory.name))

    def __enter__(self) -> "StockDramatiq":
        self._server.start()
        environ = os.environ | {"BENCH_REDIS": self._server.url}
        os.environ["BENCH_REDIS"] = self._server.url
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "dramatiq", "benchmarks.peers.bare_dramatiq", *self._size],
            env=environ,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Sent from here as a client would: its own connection, the library's own `send`.
        sys.modules.pop("benchmarks.peers.bare_dramatiq", None)
        from benchmarks.peers import bare_dramatiq

        self._actors = bare_dramatiq
        self._client = bare_dramatiq.client
        self.idle_start_ms(1)  # the worker is up when it has done something
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._worker)
        self._client.close()
        self._server.stop()
        self._directory.cleanup()

    def idle_start_ms(self, count: int) -> float:
        """Return the median time from sending a message to an idle worker to its start, in milliseconds."""
        samples = []
        for number in range(count):
            time.sleep(0.2 + number % 7 * 0.11)  # so that samples do not march in step with the polls
            self._actors.note_start.send(time.time())
            answer = self._client.blpop(["started_ms"], 30)
            assert isinstance(answer, (list, tuple))
            samples.append(float(answer[1]))
        return statistics.median(samples)

    def drain_seconds(self, count: int) -> float:
        """Return how long *count* bare messages take, from the first send until all are acknowledged."""
        begin = time.perf_counter()
        for _ in range(count):
            self._actors.nothing.send()
        wait_until(lambda: not self._client.hlen("dramatiq:default.msgs"), 300, "all messages are acknowledged")
        return time.perf_counter() - begin
