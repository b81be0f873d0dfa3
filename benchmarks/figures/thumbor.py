"""create_file beside thumbor: pictures a second through HTTP, uncached and shared.

The picture is that of `thumbs`; two smaller ones are there for reading. thumbor runs as
its command starts it, in one process, and again with a process for each CPU, which takes
an option: that comparison has no bar, because both spend their time in the same JPEG
decoder then. thumbor decodes at the smallest fraction that is not below the thumbnail,
Dragon leaves more pixels to a better resampling.
"""

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

PICTURE = ((6000, 4000), 512)  # size and width of the thumbnail, as in `thumbs`
SMALLER = (((4000, 3000), 320), ((1600, 1200), 320))  # a phone's picture, and one for the web
CONNECTIONS = 8
UNCACHED = 150
SHARED = 3000


def measure() -> list[Figure]:
    """Measure the picture with its bars, and the smaller ones without."""
    figures = _compare(*PICTURE, shared=SHARED, bars=True)
    for size, width in SMALLER:
        figures += _compare(size, width, shared=0, bars=False)
    return figures


def _compare(size: tuple[int, int], width: int, *, shared: int, bars: bool) -> list[Figure]:
    """Serve one picture under endless URLs to both services; a new URL is an uncached picture."""
    cpus = os.cpu_count() or 2
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        picture = photo(Path(directory, "photo.jpg"), *size)
        source = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.source_server", picture, str(port)], start_new_session=True
        )
        try:
            wait_for_port(port, source)

            def url_of(number: int) -> str:
                return quote(f"http://127.0.0.1:{port}/{number}.jpg", safe="")

            def theirs(processes: int) -> float:
                with Thumbor(processes) as thumbor:
                    return _rates(thumbor.port, lambda n: get(f"/unsafe/{width}x0/{url_of(n)}"), shared=0)[0]

            installed, tuned = theirs(1), theirs(cpus)
            with Service(workers=1) as dragon:
                query = f"/v1/create_file/thumb.jpg?task_name=image.thumb&width={width}&url="
                ours, again = _rates(dragon.port, lambda n: dragon.get(query + url_of(n)), shared=shared)
            if shared:
                with Thumbor(cpus, keep_results=True) as thumbor:
                    kept = _rates(thumbor.port, lambda n: get(f"/unsafe/{width}x0/{url_of(n)}"), shared=shared)[1]
        finally:
            stop(source)
    what = f"create_file, {size[0] * size[1] / 1e6:.0f} MP JPEG to {width} px"
    figures = [
        Figure(
            name=f"{what}, uncached",
            ours=f"{ours:.1f}/s",
            peer=f"{installed:.1f}/s, thumbor as it starts: one process",
            value=ours / installed,
            bar=2.0 if bars else None,
            at_least=True,
            note=f"{CONNECTIONS} connections; Dragon's redirect is followed and its file read; one worker, {cpus} CPUs",
        ),
        Figure(
            name=f"{what}, uncached, as many processes",
            ours=f"{ours:.1f}/s",
            peer=f"{tuned:.1f}/s, thumbor with --processes {cpus}",
            value=ours / tuned,
            at_least=True,
            note="for reading, no bar",
        ),
    ]
    if shared:
        figures += [
            Figure(
                name=f"{what}, shared result",
                ours=f"{again:.0f}/s",
                peer=f"{tuned:.1f}/s, thumbor with --processes {cpus}, uncached",
                value=again / tuned,
                bar=10.0,
                at_least=True,
            ),
            Figure(
                name=f"{what}, beside a thumbor that keeps results",
                ours=f"{again:.0f}/s",
                peer=f"{kept:.0f}/s, thumbor with result_storages.file_storage",
                value=again / kept,
                at_least=True,
                note="two requests of Dragon (redirect, file) against one of thumbor; for reading, no bar",
            ),
        ]
    return figures


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
