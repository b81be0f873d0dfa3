"""`image.info` of a remote 20-megapixel JPEG: the share of its bytes that comes over the network."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pictures import photo
from benchmarks.report import Figure
from benchmarks.service import environment
from dragon_framework.testing.file_server import FileServer

SIZE = (5472, 3648)


def measure() -> list[Figure]:
    """Run `dragon run image.info` on a URL of a server that counts what it sends."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, FileServer() as server:
        picture = photo(Path(directory, "photo.jpg"), *SIZE)
        size = picture.stat().st_size
        program = Path(sys.executable).parent / "dragon"
        command = [str(program), "run", "image.info", f"url={server.serve(picture)}", "--json"]
        answer = subprocess.run(command, env=environment(), cwd=directory, capture_output=True, check=True)
        sent = server.bytes_sent
    if (json.loads(answer.stdout)["width"], json.loads(answer.stdout)["height"]) != SIZE:
        raise RuntimeError(answer.stdout.decode())
    return [
        Figure(
            name="image.info of a remote 20 MP JPEG: bytes transferred",
            ours=f"{sent / 1000:.0f} kB of {size / 1e6:.1f} MB",
            value=100 * sent / size,
            bar=1.0,
            unit="%",
        )
    ]
