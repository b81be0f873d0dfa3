"""`python -m benchmarks [NAME ...]`: measure all figures, or those named, and print one table.

Exit status 1 if a bar is missed or a figure could not be measured.
"""

import os
import platform
import sys
import time
import traceback
from importlib import import_module

from benchmarks.report import Figure, show, table

FIGURES = (
    "create_cpu",
    "no_ops",
    "streams",
    "held",
    "recovery",
    "scaling",
    "cold_start",
    "remote_info",
    "thumbs",
    "thumbor",
    "analysis",
    "html",
    "playground",
    "audio",
    "video",
    "video_reverse",
    "upload",
    "films",
    "accuracy.gif",
    "accuracy.thumb",
    "accuracy.beats",
    "accuracy.speech",
)


def main(names: list[str]) -> int:
    """Measure, print, and return the exit status."""
    unknown = sorted(set(names) - set(FIGURES))
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    broken: list[str] = []
    for name in names or FIGURES:
        print(f"  {name}", file=sys.stderr, flush=True)
        begin = time.monotonic()
        try:
            module = f"benchmarks.{name}" if "." in name else f"benchmarks.figures.{name}"
            measured = import_module(module).measure()
        except Exception:  # noqa: BLE001  (one figure that fails must not hide the others)
            traceback.print_exc()
            broken.append(name)
            continue
        show(measured)
        print(f"    {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        figures += measured
    load = os.getloadavg()[0]
    print(f"\nPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, load {load:.1f}\n")
    print(table(figures))
    for name in broken:
        print(f"{name}: could not be measured; see above")
    return 1 if broken or any(figure.passed is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
