"""`python -m benchmarks.scrape_loop ours|soup|memory DIRECTORY`: what one process takes for the pages there, as JSON.

`ours` and `soup` print {page: CPU seconds of the best of five} and the number of hits; `memory`
prints how many bytes resident memory grew by at its highest, for each page in a child of its own.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dragon_framework import Origin
from dragon_html._page import read_page
from dragon_html.hits import Hit
from dragon_html.scrape import HtmlScrapeParameters

URL = "http://foo.com/dir/page.html"
ORIGIN = Origin(URL, "text/html; charset=utf-8")
TIMES = 5


def ours(data: bytes) -> tuple[str, list[Hit]]:
    return read_page(data, ORIGIN, HtmlScrapeParameters(url=URL))


def soup(data: bytes) -> tuple[str, list[Hit]]:
    from benchmarks.peers.soup import scrape

    return scrape(data, URL)


def measured(work: Callable[[bytes], tuple[str, list[Hit]]], data: bytes) -> dict[str, float]:
    seconds = []
    hits = 0
    for _ in range(TIMES):
        begin = time.process_time()
        hits = len(work(data)[1])
        seconds.append(time.process_time() - begin)
    return {"seconds": min(seconds), "hits": hits}


def grown(data: bytes) -> int:
    """Return by how many bytes the highest resident memory of a fresh child grew."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours(data)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(writing, str((after - before) * 1024).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = int(answer.read())
    os.waitpid(child, 0)
    return told


def main(kind: str, directory: Path) -> None:
    pages = {path.stem: path.read_bytes() for path in sorted(directory.glob("*.html"))}
    if kind == "memory":
        print(json.dumps({name: grown(data) for name, data in pages.items()}))
    else:
        work = {"ours": ours, "soup": soup}[kind]
        print(json.dumps({name: measured(work, data) for name, data in pages.items()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
