"""The pages in Chromium, as at a first visit: bytes, milliseconds until the form can be used; `/docs` for 200 tasks.

Each visit has a fresh profile: no cache, nothing connected. The form can be used when Run is enabled and a
control stands in the form; the clock is the page's own, from the beginning of the navigation.
"""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.browser import chromium
from benchmarks.processes import cpu_seconds
from benchmarks.report import Figure
from benchmarks.service import Service

VISITS = 7
GENERATED = 200

READY = """
new MutationObserver((_, observer) => {
  const run = document.querySelector("#run");
  if (run && !run.disabled && document.querySelector("#parameters [name]")) {
    window.formReady = performance.now();
    observer.disconnect();
  }
}).observe(document, { childList: true, subtree: true, attributes: true });
"""

MODULE = '''
"""Tasks that are only there to be many."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import Pixels, Seconds, SourceUrl


class GeneratedParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the source.")]
    width: Annotated[Pixels | None, Meta(description="Width of the output; leave empty to follow the height.")] = None
    height: Annotated[Pixels | None, Meta(description="Height of the output; leave empty to follow the width.")] = None
    start: Annotated[Seconds, Meta(description="Where to begin.")] = 0.0
    quality: Annotated[int, Meta(ge=1, le=100, description="Quality of the output.")] = 85
    format: Annotated[Literal["jpeg", "png", "webp"], Meta(description="Format of the output.")] = "jpeg"
    words: Annotated[tuple[str, ...], Meta(max_length=20, description="Words to write on it.")] = ()
    poster: Annotated[bool, Meta(description="Whether a play icon is added.")] = False


class GeneratedOutput(Output, frozen=True, kw_only=True):
    width: Annotated[int, Meta(ge=1, description="Width of the output.")]
    height: Annotated[int, Meta(ge=1, description="Height of the output.")]
    duration: Annotated[Seconds, Meta(description="Duration of the source.")]


def generated(parameters: GeneratedParameters, ctx: TaskContext) -> GeneratedOutput:
    """Make an output of a source, of some size and format, with words on it.

    What is not given follows the source. Of an animation the first frame is taken, and words that do not fit are
    broken into lines.
    """
    return GeneratedOutput(width=1, height=1, duration=0.0)


for number in range(COUNT):
    made = task(f"many.task_{number:03}", files=[OutputFile("output", "The output.")])(generated)
    globals()[f"task_{number:03}"] = made
'''


def measure() -> list[Figure]:
    """Visit the playground several times; then ask a service of 200 tasks more for its reference, once."""
    with chromium() as browser, Service() as dragon:
        visits = [_visit(browser, f"http://127.0.0.1:{dragon.port}/") for _ in range(VISITS)]
    sizes, times, busy = zip(*visits, strict=True)
    milliseconds, documents = statistics.median(times), _reference()
    return [
        Figure(
            name="playground, first load: bytes on the wire",
            ours=f"{max(sizes) / 1000:.0f} kB",
            value=max(sizes) / 1000,
            bar=150.0,
            unit="kB",
        ),
        Figure(
            name="playground, first load: until the form can be used",
            ours=f"{milliseconds:.0f} ms, median of {VISITS} ({min(times):.0f} to {max(times):.0f})",
            value=milliseconds,
            bar=300.0,
            unit="ms",
            note=f"CPU of the page's main thread: {statistics.median(busy):.0f} ms",
        ),
        Figure(
            name=f"/docs with {GENERATED} generated tasks: the first answer, whole",
            ours=f"{documents[0]:.0f} ms; {documents[1]:.1f} ms after that",
            value=documents[0],
            bar=100.0,
            unit="ms",
            note=f"CPU of the API process for the first: {documents[2]:.0f} ms",
        ),
    ]


def _visit(browser: Browser, url: str) -> tuple[int, float, float]:
    """Visit with a fresh profile.

    Returns:
        (bytes on the wire, milliseconds until the form can be used, CPU of the page's main thread in milliseconds).
    """
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(READY)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url, wait_until="networkidle")
    ready: float = page.wait_for_function("window.formReady").json_value()
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    context.close()
    return sum(sizes), ready, 1000 * metrics["TaskDuration"]


def _reference() -> tuple[float, float, float]:
    """Ask a service with many tasks for /docs.

    Returns:
        Milliseconds: (the first answer, the median of 20 more, CPU of the API process for the first).
    """
    with tempfile.TemporaryDirectory(prefix="bench-many-") as directory:
        site = Path(directory)
        (site / "many_tasks.py").write_text(MODULE.replace("COUNT", str(GENERATED)))
        metadata = site / "dragon_many-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dragon-many\nVersion: 1.0\n")
        points = [f"many.task_{number:03} = many_tasks:task_{number:03}" for number in range(GENERATED)]
        (metadata / "entry_points.txt").write_text("\n".join(["[dragon.tasks]", *points, ""]))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
        with Service(environ=environ | {"PYTHONPATH": directory}, workers=0) as dragon:
            return asyncio.run(_asked(dragon))


async def _asked(dragon: Service) -> tuple[float, float, float]:
    connection = await dragon.connect()
    api, times, used = dragon.api_pid, [], []
    for _ in range(21):
        used.append(cpu_seconds(api))
        begin = time.perf_counter()
        answer = await connection.exchange(dragon.get("/docs"))
        times.append(1000 * (time.perf_counter() - begin))
        if answer.status != 200 or f"many.task_{GENERATED - 1:03}".encode() not in answer.body:
            raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")
    connection.close()
    return times[0], statistics.median(times[1:]), 1000 * (used[1] - used[0])
