"""Make thumbnails in this one process: `python -m benchmarks.thumb_loop dragon FILE COUNT SIDE OUT`.

With `pillow` instead of `dragon`, Pillow's own best call. Prints JSON: CPU seconds of the loop,
after one thumbnail to warm up, and resident memory after a tenth of the loop and at its end.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import resident_bytes

QUALITY = 85


def dragon(source: Path, side: int, out: Path) -> Callable[[], None]:
    """Return a function that runs `image.thumb` once, files and validation included."""
    from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
    from dragon_framework.registry import load_registry
    from dragon_framework.settings import SourcesSettings
    from dragon_framework.sources import Sources
    from dragon_framework.validation import convert_parameters

    task = load_registry().get("image.thumb")
    sources = Sources(SourcesSettings(), cache_directory=None, local_files=True)

    def once() -> None:
        parameters = convert_parameters(task, {"url": str(source), "width": side, "height": side})
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            ctx = RunContext(
                task,
                Path(directory),
                sources,
                reporter=SilentReporter(),
                settings=plugin_settings(task, {}, os.environ),
            )
            _, files = run_in_context(task, parameters, ctx)
            shutil.move(files[0].path, out)

    return once


def pillow(source: Path, side: int, out: Path) -> Callable[[], None]:
    """Return a function that calls `Image.thumbnail`, which decodes a JPEG at a fraction of its size (draft)."""
    from PIL import Image

    def once() -> None:
        with Image.open(source) as image:
            image.thumbnail((side, side))
            image.save(out, quality=QUALITY)

    return once


def main(kind: str, source: Path, count: int, side: int, out: Path) -> dict[str, float]:
    """Run the loop and return what it cost."""
    once = {"dragon": dragon, "pillow": pillow}[kind](source, side, out)
    once()
    begin = time.process_time()
    early = 0
    for number in range(count):
        once()
        if number == count // 10:
            early = resident_bytes(os.getpid())
    return {"cpu_seconds": time.process_time() - begin, "early": early, "late": resident_bytes(os.getpid())}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))))
