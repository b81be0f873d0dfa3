"""Pictures with one region that is of interest, made here: for saliency and for smartcrop."""

import random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

SIZE = (640, 480)


class Region(NamedTuple):
    """A picture, and the box (left, top, right, bottom) that is of interest."""

    image: Image.Image
    box: tuple[int, int, int, int]


def objects(count: int, *, seed: int = 100) -> list[Region]:
    """Return pictures with an object of another colour before gradients, clouds, textures and noise."""
    return [_object(random.Random(seed + number), np.random.default_rng(seed + number)) for number in range(count)]


def details(count: int, *, seed: int = 900) -> list[Region]:
    """Return pictures with one place full of detail, before soft clouds with the grain of a sensor."""
    made = []
    for number in range(count):
        dice, rng = random.Random(seed + number), np.random.default_rng(seed + number)
        image = Image.fromarray(
            np.clip(_clouds(rng, (2, 4), 25) + rng.normal(0, 4, (*SIZE[::-1], 3)), 0, 255).astype("u1")
        )
        width, height = dice.randrange(130, 220), dice.randrange(80, 130)
        x, y = dice.randrange(SIZE[0] - width), dice.randrange(SIZE[1] - height)
        pen = ImageDraw.Draw(image)
        for _ in range(120):
            left, top = x + dice.randrange(width - 8), y + dice.randrange(height - 8)
            right, bottom = min(x + width, left + dice.randrange(4, 40)), min(y + height, top + dice.randrange(4, 40))
            pen.rectangle((left, top, right, bottom), fill=tuple(dice.randrange(256) for _ in range(3)))
        made.append(Region(image, (x, y, x + width, y + height)))
    return made


def _object(dice: random.Random, rng: np.random.Generator) -> Region:
    kind = dice.choice(("gradient", "clouds", "texture", "noise"))
    if kind == "noise":
        ground = rng.normal(120, 18, (*SIZE[::-1], 3))
    elif kind == "gradient":
        ground = _clouds(rng, (2,), 40)
    else:
        ground = _clouds(rng, (8, 16, 64), 22, grey=kind == "texture")
    image = Image.fromarray(np.clip(ground + rng.normal(0, 4, ground.shape), 0, 255).astype(np.uint8))
    side = dice.randrange(SIZE[1] // 9, SIZE[1] // 4)
    x, y = dice.randrange(SIZE[0] - side), dice.randrange(SIZE[1] - side)
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    if dice.random() < 0.5:
        pen.ellipse((0, 0, side - 1, side - 1), fill=255)
    else:
        corners = [dice.random() * side for _ in range(4)]
        pen.polygon([(corners[0], 0), (side, corners[1]), (corners[2], side), (0, corners[3])], fill=255)
    colour = [dice.randrange(256) for _ in range(3)]
    pixels = np.clip(colour + rng.normal(0, 25, (side, side, 1)), 0, 255).astype(np.uint8)
    image.paste(Image.fromarray(pixels), (x, y), mask)
    return Region(image, (x, y, x + side, y + side))


def _clouds(rng: np.random.Generator, octaves: tuple[int, ...], strength: float, *, grey: bool = False) -> np.ndarray:
    clouds = np.zeros((*SIZE[::-1], 3)) + rng.integers(60, 200, 3)
    for octave in octaves:
        cells = rng.normal(0, strength, (max(2, octave * 3 // 4), octave, 1 if grey else 3)).astype(np.float32)
        for channel in range(3):
            layer = Image.fromarray(cells[:, :, 0 if grey else channel])
            clouds[:, :, channel] += np.asarray(layer.resize(SIZE, Image.Resampling.BICUBIC))
    return clouds
