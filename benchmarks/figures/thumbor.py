"""create_file beside thumbor: pictures a second through HTTP, uncached and shared."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from benchmarks.load import Connection, get, path_of, run_load
from benchmarks.peers.thumbor import Thumbor
from benchmarks.pictures import photo
from benchmarks.processes import free_port, stop, wait_for_port
from benchmarks.report import Figure
from benchmarks.service import Service

SIZE = (4000, 3000)
WIDTH = 320
CONNECTIONS = 8
UNCACHED = 150
SHARED = 3000


def measure() -> list[Figure]:
    """Serve one picture under endless URLs to both services; a new URL is an uncached picture."""
    cpus = os.cpu_count() or 2
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        picture = photo(Path(directory, "photo.jpg"), *SIZE)
        source = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.source_server", picture, str(port)], start_new_session=True
        )
        try:
            wait_for_port(port, source)

            def url_of(number: int) -> str:
                return quote(f"http://127.0.0.1:{port}/{number}.jpg", safe="")

            with Thumbor(cpus) as thumbor:
                theirs = _rates(thumbor.port, lambda n: get(f"/unsafe/{WIDTH}x0/{url_of(n)}"), shared=0)[0]
            with Thumbor(cpus, keep_results=True) as thumbor:
                kept = _rates(thumbor.port, lambda n: get(f"/unsafe/{WIDTH}x0/{url_of(n)}"), shared=SHARED)[1]
            with Service(workers=1) as dragon:
                query = f"/v1/create_file/thumb.jpg?task_name=image.thumb&width={WIDTH}&url="
                ours, shared = _rates(dragon.port, lambda n: dragon.get(query + url_of(n)), shared=SHARED)
        finally:
            stop(source)
    size = f"{SIZE[0] * SIZE[1] / 1e6:.0f} MP JPEG to {WIDTH} px"
    return [
        Figure(
            name=f"create_file, {size}, uncached",
            ours=f"{ours:.0f}/s",
            peer=f"{theirs:.0f}/s, thumbor, {cpus} processes",
            value=ours / theirs,
            bar=2.0,
            at_least=True,
            note=f"{CONNECTIONS} connections; Dragon's redirect is followed and its file read; one worker, {cpus} CPUs",
        ),
        Figure(
            name=f"create_file, {size}, shared result",
            ours=f"{shared:.0f}/s",
            peer=f"{theirs:.0f}/s, thumbor as installed",
            value=shared / theirs,
            bar=10.0,
            at_least=True,
        ),
        Figure(
            name="the same beside a thumbor that keeps results",
            ours=f"{shared:.0f}/s",
            peer=f"{kept:.0f}/s, thumbor with result_storages.file_storage",
            value=shared / kept,
            at_least=True,
            note="two requests of Dragon (redirect, file) against one of thumbor; for reading, no bar",
        ),
    ]


def _rates(port: int, request: Callable[[int], bytes], *, shared: int) -> tuple[float, float]:
    """Return pictures a second with a new URL each time, and with one URL *shared* times."""

    async def fetch(connection: Connection, number: int) -> None:
        answer = await connection.exchange(request(number))
        if answer.status == 302:
            answer = await connection.exchange(get(path_of(answer.headers["location"])))
        if answer.status != 200 or not answer.body.startswith(b"\xff\xd8"):
            raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")

    asyncio.run(run_load(port, CONNECTIONS, 2 * CONNECTIONS, fetch))  # warm: processes, imports
    fresh = asyncio.run(run_load(port, CONNECTIONS, UNCACHED, lambda link, n: fetch(link, 1000 + n))).per_second
    if not shared:
        return fresh, 0.0
    return fresh, asyncio.run(run_load(port, CONNECTIONS, shared, lambda link, _: fetch(link, 0))).per_second
