"""`image.thumb` of a 24-megapixel JPEG to 512 px: CPU beside its peers, and memory over 1,000 of them."""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pictures import photo
from benchmarks.report import Figure
from benchmarks.thumb_loop import QUALITY

SIZE = (6000, 4000)
SIDE = 512
COUNT = 20
MANY = 1000


def measure() -> list[Figure]:
    """Measure each in a process of its own; `vipsthumbnail` gets all its files in one call."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = Path(directory)
        picture = photo(root / "photo.jpg", *SIZE)
        ours = [_loop("dragon", picture, COUNT, root)["cpu_seconds"] / COUNT * 1000 for _ in range(3)]
        pillow = [_loop("pillow", picture, COUNT, root)["cpu_seconds"] / COUNT * 1000 for _ in range(3)]
        vips = [_vips(picture, root) for _ in range(3)] if shutil.which("vipsthumbnail") else []
        many = _loop("dragon", picture, MANY, root)
    mine = min(ours)
    peers = {"Pillow's Image.thumbnail": min(pillow)} | ({"vipsthumbnail": min(vips)} if vips else {})
    best = min(peers.values())
    grown = (many["late"] - many["early"]) / 1e6
    return [
        Figure(
            name="image.thumb, 24 MP JPEG to 512 px: CPU",
            ours=f"{mine:.0f} ms",
            peer=", ".join(f"{value:.0f} ms {name}" for name, value in peers.items()),
            value=mine / best,
            bar=1.15,
            note="" if vips else "vipsthumbnail is not on PATH: measured against Pillow alone",
        ),
        Figure(
            name=f"{MANY:,} thumbnails in one process: memory gained after the first hundred",
            ours=f"{many['early'] / 1e6:.0f} → {many['late'] / 1e6:.0f} MB",
            value=grown,
            bar=10.0,
            unit="MB",
        ),
    ]


def _loop(kind: str, picture: Path, count: int, root: Path) -> dict[str, float]:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "benchmarks.thumb_loop",
        kind,
        picture,
        str(count),
        str(SIDE),
        root / f"{kind}.jpg",
    ]
    answer: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return answer


def _vips(picture: Path, root: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["vipsthumbnail", "--size", f"{SIDE}x{SIDE}", "-o", str(root / f"vips.jpg[Q={QUALITY}]")]
    subprocess.run([*command, *[str(picture)] * COUNT], check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / COUNT * 1000
