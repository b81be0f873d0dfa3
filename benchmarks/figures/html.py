"""`html.scrape` of ten pages of real sizes: CPU beside BeautifulSoup on lxml, and memory for each byte of a page."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.pages import pages
from benchmarks.report import Figure


def measure() -> list[Figure]:
    """Measure each in a process of its own, on the same files."""
    with tempfile.TemporaryDirectory(prefix="bench-html-") as directory:
        sizes = {}
        for name, data in pages().items():
            (Path(directory) / f"{name}.html").write_bytes(data)
            sizes[name] = len(data)
        mine, peer = _loop("ours", directory), _loop("soup", directory)
        memory = _loop("memory", directory)
    figures = [
        Figure(
            name=f"html.scrape, {name}, {sizes[name] / 1e6:.1f} MB, {mine[name]['hits']} hits: CPU",
            ours=f"{1000 * mine[name]['seconds']:.0f} ms",
            peer=f"{1000 * peer[name]['seconds']:.0f} ms BeautifulSoup on lxml",
            value=peer[name]["seconds"] / mine[name]["seconds"],
            bar=3.0,
            at_least=True,
            note=f"the peer finds {peer[name]['hits']} hits" if peer[name]["hits"] != mine[name]["hits"] else "",
        )
        for name in sizes
    ]
    worst = max((name for name, size in sizes.items() if size > 500_000), key=lambda name: memory[name] / sizes[name])
    ratio = memory[worst] / sizes[worst]
    return [
        *figures,
        Figure(
            name="html.scrape: memory for each byte of a page, the worst of those above 0.5 MB",
            ours=f"{memory[worst] / 1e6:.0f} MB for {worst}, {sizes[worst] / 1e6:.1f} MB",
            value=ratio,
            bar=40.0,
            unit="B",
        ),
    ]


def _loop(kind: str, directory: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scrape_loop", kind, directory]
    answer: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return answer
