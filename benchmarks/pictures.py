"""Photo-like JPEG files for the benchmarks, made here: gradients, shapes and sensor noise."""

import random
from pathlib import Path


def photo(path: Path, width: int, height: int, *, quality: int = 90) -> Path:
    """Write a JPEG of *width* × *height* px about 0.3 bytes a pixel as phones write, with EXIF; return *path*."""
    from PIL import Image, ImageDraw, ImageFilter

    dice = random.Random(7)
    small = Image.new("RGB", (width // 4, height // 4))
    small.paste(Image.linear_gradient("L").resize(small.size), (0, 0))
    pen = ImageDraw.Draw(small)
    for _ in range(400):
        x, y, r = dice.randrange(small.width), dice.randrange(small.height), dice.randrange(4, small.width // 8)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(dice.randrange(256) for _ in range(3)))
    image = small.filter(ImageFilter.GaussianBlur(1.5)).resize((width, height), Image.Resampling.BICUBIC)
    noise = Image.effect_noise((width, height), 60).convert("RGB")
    image = Image.blend(image, noise, 0.12)
    exif = Image.Exif()
    exif[271], exif[272] = "Dragon", "Bench 1"
    image.save(path, quality=quality, exif=exif)
    return path
