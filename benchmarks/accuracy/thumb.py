"""`image.thumb` beside Pillow's and vips' thumbnails: similarity with a full decode and Lanczos resampling."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.accuracy.pixels import ssim
from benchmarks.pictures import photo
from benchmarks.report import Figure

SIZE = (4000, 3000)
SIDES = (160, 320, 1280)


def measure() -> list[Figure]:
    """Measure a photograph and a page of lines, JPEG of 12 megapixels, at three sizes; all write PNG."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = Path(directory)
        pictures = {"photograph": photo(root / "photo.jpg", *SIZE), "lines": _lines(root / "lines.jpg")}
        return [_compared(name, path, side, root) for name, path in pictures.items() for side in SIDES]


def _compared(name: str, path: Path, side: int, root: Path) -> Figure:
    with Image.open(path) as image:
        ideal = image.convert("RGB").resize((side, side * 3 // 4), Image.Resampling.LANCZOS)
    program = Path(sys.executable).with_name("dragon")
    asked = [f"url={path}", f"width={side}", f"height={side}", "format=png"]
    subprocess.run([program, "run", "image.thumb", *asked, "-o", root / "made"], check=True, stdout=subprocess.DEVNULL)
    made = {"Dragon": (root / "made" / "output.png").replace(root / "dragon.png"), "Pillow": root / "pillow.png"}
    with Image.open(path) as image:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image.save(made["Pillow"])
    if shutil.which("vipsthumbnail"):
        made["vips"] = root / "vips.png"
        command: list[str | Path] = ["vipsthumbnail", "--size", f"{side}x{side}", "-o", made["vips"], path]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    values = {}
    for maker, file in made.items():
        with Image.open(file) as image:
            values[maker] = ssim(image.convert("RGB"), ideal)
    ours = values.pop("Dragon")
    return Figure(
        name=f"image.thumb, 12 MP {name} to {side} px: SSIM with the ideal",
        ours=f"{ours:.4f}",
        peer=", ".join(f"{value:.4f} {maker}" for maker, value in values.items()),
        value=ours - max(values.values()),
        bar=0.0,
        unit="more",
        at_least=True,
    )


def _lines(path: Path) -> Path:
    """Write a page of fine lines and text, which shows every shortcut; return *path*."""
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for number in range(120):
        pen.line((0, 25 * number, SIZE[0], 33 * number), fill="black", width=1 + number % 5)
        pen.line((33 * number, 0, 25 * number, SIZE[1]), fill="navy", width=1 + number % 3)
        pen.text((30 * number, 24 * number), "Dragon 0123456789 " * 3, fill="darkred", font_size=20 + number % 40)
    image.save(path, quality=92)
    return path
