"""image.face, image.saliency and image.smartcrop: how often they are right, and what they cost.

Faces: recall and precision beside OpenCV's cascades as its tutorials call them. Saliency and
smartcrop: how often the first answer lies in the region of interest, beside the middle of the
picture, and how often it stays where it was when the picture is mirrored or twice as large.
Speed: CPU of a whole run on a JPEG of 12 megapixels, decoding included.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from benchmarks.accuracy import labelled, regions
from benchmarks.accuracy.runs import Runner
from benchmarks.pictures import photo
from benchmarks.report import Figure

SCENES = 42
REGIONS = 60
Box = tuple[float, float, float, float]
Point = tuple[float, float]


def measure() -> list[Figure]:
    """Measure all three."""
    return [*_speed(), *_faces(), *_first_answers()]


def _speed() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        picture = photo(Path(directory, "photo.jpg"), 4000, 3000)
        figures = []
        for name, bar in (("image.face", 150.0), ("image.smartcrop", 120.0), ("image.saliency", 60.0)):
            spent = Runner(name).cpu_ms(picture)
            figures.append(
                Figure(name=f"{name}, 12 MP JPEG: CPU", ours=f"{spent:.0f} ms", value=spent, bar=bar, unit="ms")
            )
    return figures


def _faces() -> list[Figure]:
    import cv2

    face = Runner("image.face")
    cv2.setNumThreads(1)

    def ours(image: Image.Image) -> list[Box]:
        return [(one["x"], one["y"], one["width"], one["height"]) for one in face.on(image)["faces"]]

    finders: dict[str, Callable[[Image.Image], list[Box]]] = {
        "image.face": ours,
        "default cascade": _cascade("haarcascade_frontalface_default.xml"),
        "alt2 cascade": _cascade("haarcascade_frontalface_alt2.xml"),
    }
    sets = {
        "placed faces": labelled.scenes(SCENES),
        "large and small": labelled.scenes(SCENES // 2, sides=(28, 200), seed=2),
        "portrait": [labelled.portrait()],
        "no faces": labelled.others(),
    }
    found = {finder: {name: _score(find, scenes) for name, scenes in sets.items()} for finder, find in finders.items()}
    figures = []
    for name in ("placed faces", "large and small", "portrait"):
        recall = {finder: hit / faces for finder, of in found.items() for hit, faces, _ in (of[name],)}
        figures.append(_beside(f"faces, {name} ({found['image.face'][name][1]}): recall", recall))
    precision = {
        finder: hit / max(1, hit + wrong)
        for finder, of in found.items()
        for hit, wrong in ((sum(row[0] for row in of.values()), sum(row[2] for row in of.values())),)
    }
    figures.append(_beside("faces, all pictures: precision", precision, bar=True))
    return figures


def _cascade(name: str) -> Callable[[Image.Image], list[Box]]:
    """Return OpenCV's cascade as its tutorial calls it: equalised, 1.1, 3 neighbours."""
    import cv2
    import numpy as np

    cascade: Any = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))

    def find(image: Image.Image) -> list[Box]:
        boxes = cascade.detectMultiScale(cv2.equalizeHist(np.asarray(image)), 1.1, 3)
        return [(float(x), float(y), float(width), float(height)) for x, y, width, height in boxes]

    return find


def _score(find: Callable[[Image.Image], list[Box]], scenes: list[labelled.Scene]) -> tuple[int, int, int]:
    """Return (faces found, faces there are, boxes that are none)."""
    hit = there = wrong = 0
    for scene in scenes:
        found = find(scene.image)
        right = labelled.hits(found, scene.faces)
        hit, there, wrong = hit + right, there + len(scene.faces), wrong + len(found) - right
    return hit, there, wrong


def _beside(name: str, shares: dict[str, float], *, bar: bool = False) -> Figure:
    """Return a figure whose bar, if it has one, is the best peer."""
    mine = shares["image.face"]
    peers = {finder: share for finder, share in shares.items() if finder != "image.face"}
    return Figure(
        name=name,
        ours=f"{mine:.3f}",
        peer=", ".join(f"{share:.3f} {finder}" for finder, share in peers.items()),
        value=mine,
        bar=max(peers.values()) if bar else None,
        unit="",
        at_least=True,
    )


def _first_answers() -> list[Figure]:
    saliency, smartcrop = Runner("image.saliency"), Runner("image.smartcrop")

    def point(image: Image.Image) -> Point:
        points = saliency.on(image)["points"]
        return (points[0][0], points[0][1]) if points else (-1.0, -1.0)

    def middle(image: Image.Image) -> Point:
        box = smartcrop.on(image, boxes_number=1)["points"][0]
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    figures = []
    for name, look, made in (
        ("image.saliency", point, regions.objects(REGIONS)),
        ("image.smartcrop", middle, regions.details(REGIONS)),
    ):
        answers = [look(region.image) for region in made]
        hit = sum(_inside(answer, region.box) for answer, region in zip(answers, made, strict=True)) / len(made)
        centre = (regions.SIZE[0] / 2, regions.SIZE[1] / 2)
        peer = sum(_inside(centre, region.box) for region in made) / len(made)
        figures.append(
            Figure(
                name=f"{name}, {len(made)} pictures with one region of interest: first answer in it",
                ours=f"{hit:.2f}",
                peer=f"{peer:.2f} the middle of the picture",
                value=hit,
                bar=0.85,
                unit="",
                at_least=True,
            )
        )
        width = regions.SIZE[0]
        mirrored = [look(ImageOps.mirror(region.image)) for region in made]
        large = [look(region.image.resize((2 * width, 2 * regions.SIZE[1]))) for region in made]
        same = [_near(a, (width - b[0], b[1])) for a, b in zip(answers, mirrored, strict=True)]
        scaled = [_near(a, (b[0] / 2, b[1] / 2)) for a, b in zip(answers, large, strict=True)]
        for what, kept in (("mirrored", same), ("twice as large", scaled)):
            share = sum(kept) / len(kept)
            figures.append(
                Figure(
                    name=f"{name}, {what}: first answer stays",
                    ours=f"{share:.2f}",
                    value=share,
                    bar=0.9,
                    unit="",
                    at_least=True,
                )
            )
    return figures


def _inside(point: Point, box: tuple[int, int, int, int]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _near(one: Point, other: Point) -> bool:
    """Whether two points are within a thirtieth of the width."""
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= regions.SIZE[0] / 30
