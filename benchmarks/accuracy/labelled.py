"""Labelled faces: those of scikit-image's wheel, and placements of them on its other pictures.

The wheel brings `lfw_subset.npy` (100 faces and 100 non-faces of 25 × 25 px, from Labeled
Faces in the Wild), one portrait, and photographs and textures without people. It is
unpacked into `.venv-faces`, without what it depends on; nothing of it is imported.
"""

import random
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

ROOT = Path(".venv-faces")
DISTRIBUTION = "scikit-image==0.26.0"
FACES = 100  # of the 200 crops; the rest are no faces
SIZE = (640, 480)
PORTRAIT = ("astronaut.png", (176, 65, 98))
"""Its one face, labelled by hand: x, y, side in pixels."""
PLACES = ("rocket.jpg", "coffee.png", "chelsea.png", "motorcycle_left.png", "brick.png", "gravel.png", "grass.png")
"""Pictures without people."""

Grey = npt.NDArray[np.uint8]
Square = tuple[float, float, float]


class Scene(NamedTuple):
    """A picture, and its faces as squares: x, y, side."""

    image: Image.Image
    faces: list[Square]


def data() -> Path:
    """Return the folder with the pictures, after fetching the wheel if it is not there."""
    folder = ROOT / "skimage" / "data"
    if not folder.is_dir():
        print(f"    unpacking {DISTRIBUTION} into {ROOT}", file=sys.stderr)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(ROOT), DISTRIBUTION]
        subprocess.run(command, check=True)
    return folder


@lru_cache(maxsize=1)
def crops() -> Any:
    """Return the crops, (200, 25, 25), 0 to 255."""
    return (np.load(data() / "lfw_subset.npy") * 255).astype(np.uint8)


def scenes(count: int, *, sides: tuple[int, ...] = (32, 40, 60, 90, 140), seed: int = 1) -> list[Scene]:
    """Return pictures with up to three faces each: other sizes, turned by up to 12°, at half to 1.4 times the light."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        with Image.open(data() / PLACES[number % len(PLACES)]) as place:
            image = place.convert("L").resize(SIZE)
        faces: list[Square] = []
        for _ in range(3):
            side = dice.choice(sides)
            face = Image.fromarray(crops()[dice.randrange(FACES)]).resize((side, side), Image.Resampling.BICUBIC)
            face = ImageEnhance.Brightness(face).enhance(dice.uniform(0.5, 1.4))
            angle = dice.uniform(-12, 12)
            mask = Image.new("L", face.size, 255).rotate(angle)
            face = face.rotate(angle, Image.Resampling.BICUBIC)
            for _ in range(50):
                x, y = dice.randrange(SIZE[0] - side), dice.randrange(SIZE[1] - side)
                if all(x > a + s or a > x + side or y > b + s or b > y + side for a, b, s in faces):
                    image.paste(face, (x, y), mask)
                    faces.append((x, y, side))
                    break
        made.append(Scene(image, faces))
    return made


def portrait() -> Scene:
    """Return the portrait."""
    with Image.open(data() / PORTRAIT[0]) as image:
        return Scene(image.convert("L"), [PORTRAIT[1]])


def others() -> list[Scene]:
    """Return what has no face: the photographs and textures, and the crops without one, five times as large."""
    made = []
    for name in PLACES:
        with Image.open(data() / name) as image:
            made.append(Scene(image.convert("L"), []))
    made += [Scene(Image.fromarray(crop).resize((125, 125), Image.Resampling.BICUBIC), []) for crop in crops()[FACES:]]
    return made


def hits(found: list[tuple[float, float, float, float]], faces: list[Square]) -> int:
    """Return how many of *faces* were found: middle within 0.3 of the side, size within 0.4 to 1.8 of it; each once."""
    left = list(found)
    number = 0
    for x, y, side in faces:
        for box in left:
            off = abs(box[0] + box[2] / 2 - x - side / 2), abs(box[1] + box[3] / 2 - y - side / 2)
            if max(off) < 0.3 * side and 0.4 < box[2] / side < 1.8:
                left.remove(box)
                number += 1
                break
    return number
