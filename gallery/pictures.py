"""Pictures, masks, a short film and a song for the gallery and the guide: all drawn by code, the same every time.

In: nothing. Out: files in a directory. Stands on numpy, OpenCV, Pillow and the ffmpeg program; sizes in pixels.
"""

import subprocess
import wave
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from dragon_framework.media.ffmpeg import ffmpeg_program
from dragon_video.film.fonts import installed_directories

Pixels = npt.NDArray[np.float32]
Line = npt.NDArray[np.float32]
Rgb = tuple[int, int, int]

WIDE, HIGH = 1080, 720
"""Of a photograph: 3 to 2, as cameras have it."""

_SHIFT = 4  # bits of OpenCV's fixed point


def colour(code: str) -> Rgb:
    """Return the red, green and blue of `#RRGGBB`."""
    red, green, blue = bytes.fromhex(code[1:])
    return red, green, blue


def gradient(width: int, height: int, *codes: str) -> Pixels:
    """Return colours at equal distances, from the top down, with smooth steps between."""
    stops = np.array([colour(code) for code in codes], np.float32)
    at = np.linspace(0, 1, height, dtype=np.float32)
    places = np.linspace(0, 1, len(codes), dtype=np.float32)
    rows = np.stack([np.interp(at, places, stops[:, channel]) for channel in range(3)], axis=1)
    return np.repeat(rows[:, None, :], width, axis=1).astype(np.float32)


def blend(picture: Pixels, code: str, mask: npt.ArrayLike) -> None:
    """Lay a colour over *picture* where *mask* is 1."""
    picture += (np.array(colour(code), np.float32) - picture) * np.asarray(mask, np.float32)[:, :, None]


def polygon(picture: Pixels, points: npt.ArrayLike, code: str) -> None:
    """Fill a polygon, its edges smooth; *points* are x and y in pixels."""
    corners = np.asarray(points, np.float64)
    part, left, top = _around(picture, corners.min(axis=0) - 1, corners.max(axis=0) + 2)
    if not part.size:
        return
    mask = np.zeros(part.shape[:2], np.uint8)
    fixed = np.round((corners - (left, top)) * 2**_SHIFT).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SHIFT)
    blend(part, code, mask.astype(np.float32) / 255)


def disc(picture: Pixels, x: float, y: float, radius: float, code: str, soft: float = 1.0) -> None:
    """Fill a circle whose edge is *soft* pixels wide."""
    reach = radius + soft
    part, left, top = _around(picture, (x - reach, y - reach), (x + reach + 1, y + reach + 1))
    across, down = np.meshgrid(np.arange(part.shape[1]), np.arange(part.shape[0]))
    distance = np.hypot(across + left - x, down + top - y).astype(np.float32)
    blend(part, code, np.clip((radius - distance) / soft + 0.5, 0, 1))


def _around(picture: Pixels, first: npt.ArrayLike, last: npt.ArrayLike) -> tuple[Pixels, int, int]:
    """Return the part of *picture* between two corners, and where it begins."""
    height, width = picture.shape[:2]
    left, top = (int(value) for value in np.clip(np.floor(first), 0, (width, height)))
    right, low = (int(value) for value in np.clip(np.ceil(last), 0, (width, height)))
    return picture[top:low, left:right], left, top


def shine(picture: Pixels, x: float, y: float, reach: float, code: str, strength: float) -> None:
    """Add light around a place; half as strong at *reach* pixels."""
    across, down = np.meshgrid(np.arange(picture.shape[1]), np.arange(picture.shape[0]))
    light = strength / (1 + ((across - x) ** 2 + (down - y) ** 2) / reach**2)
    picture += light[:, :, None].astype(np.float32) * np.array(colour(code), np.float32)


def hills(width: int, seed: int, rough: float = 0.55, waves: int = 7) -> Line:
    """Return a line of hills, -1 to 1: waves of doubling frequency and falling height."""
    dice = np.random.default_rng(seed)
    at = np.linspace(0, 1, width, dtype=np.float32)
    line = np.zeros(width, np.float32)
    for octave in range(waves):
        turn = float(dice.uniform(0, 2 * np.pi))
        line += rough**octave * np.sin(2 * np.pi * (1.1 + dice.uniform(0, 0.6)) * 2**octave * at + turn)
    return np.asarray(line / np.abs(line).max(), np.float32)


def ridge(picture: Pixels, middle: float, reach: float, code: str, seed: int, rough: float = 0.55) -> None:
    """Fill everything below a line of hills; *middle* and *reach* are fractions of the height."""
    height, width = picture.shape[:2]
    top = (middle - reach * hills(width, seed, rough)) * height
    down = np.arange(height, dtype=np.float32)[:, None]
    blend(picture, code, np.clip(down - top[None, :] + 0.5, 0, 1))


def lettered(picture: Pixels, words: str, code: str = "#ffffff") -> Image.Image:
    """Return *picture* as an image, with its name small in the lower left corner."""
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    size = round(image.height / 16)
    draw.text((size, image.height - 1.9 * size), words, colour(code), font(size))
    return image


def font(size: int) -> ImageFont.FreeTypeFont:
    """Return a free face, *size* pixels high."""
    files = [path for directory in installed_directories() for path in directory.glob("*.ttf")]
    arimo = sorted(path for path in files if "arimo" in path.name.lower())
    return ImageFont.truetype(str(arimo[0]), size)


def mountains(width: int = WIDE, height: int = HIGH) -> Image.Image:
    """Return mountains at dusk."""
    picture = gradient(width, height, "#2b3a67", "#7b5b8e", "#e58a6f", "#ffd08a", "#ffe9b0")
    x, y = 0.66 * width, 0.46 * height
    shine(picture, x, y, 0.09 * height, "#ffd9a0", 0.9)
    disc(picture, x, y, 0.065 * height, "#fff6dc", 2)
    ridge(picture, 0.56, 0.13, "#9b6f8f", 3)
    ridge(picture, 0.66, 0.11, "#6d4f7c", 8)
    ridge(picture, 0.76, 0.09, "#453a63", 12)
    ridge(picture, 0.9, 0.06, "#231f42", 21, 0.6)
    return lettered(picture, "Mountains" if width < 2 * height else "Panorama")


def sea() -> Image.Image:
    """Return a sailing boat on a blue sea."""
    picture = gradient(WIDE, HIGH, "#3f8fd6", "#8cc6ee", "#dff1fb", "#dff1fb")
    for seed, (x, y) in enumerate(((190, 150), (470, 100), (850, 190))):
        dice = np.random.default_rng(seed)
        for _ in range(14):
            dx, dy = dice.normal(0, 62), dice.normal(0, 13)
            disc(picture, x + dx, y + dy, float(dice.uniform(16, 40)), "#ffffff", 34)
    horizon = 380
    water = gradient(WIDE, HIGH - horizon, "#2f7fb5", "#1d5c94", "#0e3c6e")
    dice = np.random.default_rng(5)
    for _ in range(900):
        row = int(dice.uniform(0, 1) ** 1.6 * (HIGH - horizon))
        long = int(6 + 80 * row / (HIGH - horizon))
        left = int(dice.integers(0, WIDE - long))
        water[row : row + 1 + row // 120, left : left + long] += 26
    picture[horizon:] = water
    polygon(picture, ((600, 455), (860, 455), (820, 505), (650, 505)), "#7a2f2a")
    polygon(picture, ((735, 215), (741, 215), (741, 455), (735, 455)), "#4a3728")
    polygon(picture, ((748, 225), (748, 440), (850, 440)), "#fff8ec")
    polygon(picture, ((728, 240), (728, 440), (628, 440)), "#f4c542")
    return lettered(picture, "The sea")


def city() -> Image.Image:
    """Return a city at night."""
    picture = gradient(WIDE, HIGH, "#0b1030", "#1a2257", "#413a7c", "#a05a7c")
    dice = np.random.default_rng(2)
    for _ in range(160):
        x, y = dice.uniform(0, WIDE), dice.uniform(0, 0.6 * HIGH)
        disc(picture, float(x), float(y), float(dice.uniform(0.5, 1.5)), "#ffffff", 1.5)
    shine(picture, 200, 140, 60, "#d8dcff", 0.45)
    disc(picture, 200, 140, 52, "#f4f1dc", 2)
    for layer, code in ((0, "#252a5a"), (1, "#141938")):
        left = -20
        while left < WIDE:
            wide, tall = int(dice.integers(60, 120)), int(dice.integers(180, 430) - 90 * layer)
            top = HIGH - tall
            polygon(picture, ((left, top), (left + wide, top), (left + wide, HIGH), (left, HIGH)), code)
            for row in range(top + 16, HIGH - 10, 26):
                for column in range(left + 10, left + wide - 16, 20):
                    if dice.uniform() < 0.42:
                        light = ("#ffd66b", "#ffefb8", "#ffb347")[int(dice.integers(3))]
                        points = ((column, row), (column + 9, row), (column + 9, row + 13), (column, row + 13))
                        polygon(picture, points, light)
            left += wide + int(dice.integers(-6, 14))
    return lettered(picture, "City")


def forest() -> Image.Image:
    """Return firs in the mist."""
    picture = gradient(WIDE, HIGH, "#cfe3e0", "#e9f1e6", "#d5e6da", "#b9d3c2")
    shine(picture, 300, 130, 60, "#fff6d8", 0.14)
    dice = np.random.default_rng(9)
    for code, ground, size, count in (
        ("#a9c7b8", 470, 150, 26),
        ("#7aa58f", 540, 220, 20),
        ("#457a62", 630, 300, 14),
        ("#173f31", 760, 420, 9),
    ):
        places = (np.arange(count) + dice.uniform(-0.3, 0.3, count)) * WIDE / (count - 1)
        for x in places:
            tall = size * float(dice.uniform(0.75, 1.15))
            for part in range(4):
                top = ground - tall + part * tall * 0.21
                low, half = top + tall * 0.4, tall * (0.1 + 0.06 * part)
                polygon(picture, ((x, top), (x + half, low), (x - half, low)), code)
        polygon(picture, ((0, ground - size * 0.06), (WIDE, ground - size * 0.06), (WIDE, HIGH), (0, HIGH)), code)
    return lettered(picture, "Forest")


def desert() -> Image.Image:
    """Return dunes under a clear sky."""
    picture = gradient(WIDE, HIGH, "#2a86c8", "#7fc1e4", "#fbe8c4", "#fbe8c4")
    disc(picture, 860, 150, 54, "#fffbe6", 3)
    across, down = np.meshgrid(np.arange(WIDE, dtype=np.float32), np.arange(HIGH, dtype=np.float32))
    for base, reach, light, dark, turn in (
        (330, 34, "#e8b878", "#c98c56", 0.4),
        (430, 60, "#e2a35c", "#b9713c", 2.2),
        (570, 74, "#d98f45", "#9c5428", 4.4),
    ):
        wave = np.sin(across / WIDE * 2 * np.pi * 1.3 + turn)
        top = base - reach * (1 - np.abs(wave)) ** 1.4
        inside = np.clip(down - top + 0.5, 0, 1)
        blend(picture, light, inside)
        lee = np.clip((down - top) / 150, 0, 1)
        blend(picture, dark, inside * np.clip(wave * 8 + 0.5, 0, 1) * (1 - 0.65 * lee))
    return lettered(picture, "Dunes")


def balloons() -> Image.Image:
    """Return hot air balloons in strong colours."""
    picture = gradient(WIDE, HIGH, "#4aa3e0", "#a9dcf5", "#fdf3d6", "#fdf3d6")
    ridge(picture, 0.82, 0.05, "#8fc178", 4)
    ridge(picture, 0.92, 0.04, "#4f9456", 6)
    for x, y, size, codes in (
        (280, 250, 150, ("#e63946", "#ffffff")),
        (700, 190, 110, ("#f4a300", "#5a189a")),
        (890, 400, 80, ("#1d7874", "#ffe66d")),
    ):
        _balloon(picture, x, y, size, codes)
    return lettered(picture, "Balloons", "#12361c")


def _balloon(picture: Pixels, x: float, y: float, size: float, codes: tuple[str, str]) -> None:
    turns = np.linspace(-np.pi / 2, np.pi / 2, 40)
    for gore in range(9):  # from the outside in, each narrower
        half = size * (1 - gore / 9)
        side = half * np.cos(turns) * np.where(turns > 0, 1 - 0.22 * np.sin(turns), 1)
        down = y + size * np.sin(turns) * np.where(turns > 0, 1.25, 1)
        points = np.concatenate((np.stack((x + side, down), 1), np.stack((x - side, down), 1)[::-1]))
        polygon(picture, points, codes[gore % 2])
    low = y + 1.25 * size
    polygon(
        picture, ((x - 3, low), (x - 1, low), (x - 0.1 * size, low + 0.24 * size), (x - 0.12 * size, low)), "#5b4636"
    )
    box = ((x - 0.14 * size, low + 0.12 * size), (x + 0.14 * size, low + 0.12 * size))
    deep = ((x + 0.11 * size, low + 0.34 * size), (x - 0.11 * size, low + 0.34 * size))
    polygon(picture, (*box, *deep), "#6b4f3a")


def lighthouse() -> Image.Image:
    """Return a lighthouse, upright: 2 to 3."""
    width, height = 600, 900
    picture = gradient(width, height, "#253b6e", "#6d6fa6", "#e9a27c", "#ffd9a8")
    shine(picture, 300, 172, 46, "#fff1b8", 1.1)
    ridge(picture, 0.86, 0.04, "#35506b", 2)
    for part in range(6):
        top, low = 220 + part * 100, 320 + part * 100
        half = [62 + 52 * (at - 220) / 600 for at in (top, low)]
        points = ((300 - half[0], top), (300 + half[0], top), (300 + half[1], low), (300 - half[1], low))
        polygon(picture, points, ("#d62828", "#fdf8f0")[part % 2])
    polygon(picture, ((245, 140), (355, 140), (355, 206), (245, 206)), "#ffe08a")
    polygon(picture, ((228, 204), (372, 204), (372, 222), (228, 222)), "#22263d")
    polygon(picture, ((300, 84), (366, 142), (234, 142)), "#22263d")
    ridge(picture, 0.93, 0.03, "#16233a", 7)
    return lettered(picture, "Lighthouse")


def panorama() -> Image.Image:
    """Return mountains four times as wide as high."""
    return mountains(1920, 480)


def logo() -> Image.Image:
    """Return a round badge on nothing."""
    size = 320
    picture = gradient(size, size, "#ffb347", "#e8503a")
    polygon(picture, ((40, 230), (120, 110), (170, 180), (205, 140), (280, 230)), "#ffffff")
    disc(picture, 220, 92, 26, "#fff3c4", 2)
    ring = np.zeros((size, size, 3), np.float32)
    disc(ring, size / 2 - 0.5, size / 2 - 0.5, size / 2 - 2, "#ffffff", 1.5)
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).convert("RGBA")
    image.putalpha(Image.fromarray(ring[:, :, 0].astype(np.uint8)))
    return image


def badge() -> Image.Image:
    """Return the badge on white paper."""
    paper = Image.new("RGB", (400, 400), "white")
    round_ = logo()
    paper.paste(round_, (40, 40), round_)
    return paper


def ripples() -> Image.Image:
    """Return waves in red and green around the middle, to bend pictures by."""
    width, height = WIDE // 2, WIDE * 9 // 32
    across, down = np.meshgrid(np.arange(width) - width / 2, np.arange(height) - height / 2)
    distance = np.hypot(across, down) + 1e-6
    wave = np.sin(distance / 9)
    red, green = 127.5 + 127.5 * wave * across / distance, 127.5 - 127.5 * wave * down / distance
    return Image.fromarray(np.stack((red, green, np.full_like(red, 128)), axis=2).astype(np.uint8))


def star() -> Image.Image:
    """Return a white star on black, for masks."""
    picture = gradient(WIDE, WIDE * 9 // 16, "#000000", "#000000")
    height = picture.shape[0]
    turns = np.arange(10) * np.pi / 5 - np.pi / 2
    radii = np.where(np.arange(10) % 2 == 0, 0.46, 0.19) * height
    polygon(picture, np.stack((WIDE / 2 + radii * np.cos(turns), height * 0.52 + radii * np.sin(turns)), 1), "#ffffff")
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def studio() -> Image.Image:
    """Return a balloon before a green screen that is not lit evenly."""
    picture = gradient(WIDE, HIGH, "#12b83c", "#10a836", "#0d9a30")
    _balloon(picture, WIDE / 2, 270, 210, ("#e63946", "#fdf3d6"))
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


PHOTOGRAPHS: Mapping[str, Callable[[], Image.Image]] = {
    "mountains.jpg": mountains,
    "sea.jpg": sea,
    "city.jpg": city,
    "forest.jpg": forest,
    "desert.jpg": desert,
    "balloons.jpg": balloons,
    "lighthouse.jpg": lighthouse,
    "panorama.jpg": panorama,
    "logo.png": logo,
    "badge.png": badge,
    "ripples.png": ripples,
    "star.png": star,
    "studio.png": studio,
}
CLIP, SONG = "boat.mp4", "song.wav"


def draw(directory: Path) -> None:
    """Write all pictures, the film and the song to *directory*."""
    for name, make in PHOTOGRAPHS.items():
        make().save(directory / name, quality=92, subsampling=0)
    clip(directory / CLIP)
    song(directory / SONG)


def clip(path: Path, seconds: int = 8, rate: int = 25) -> None:
    """Write a film of a boat that crosses a bay, with a bell that rings once a second."""
    width, height = 480, 270
    ground = gradient(width, height, "#f6b26b", "#fbe0b0", "#4f8fa8", "#2a5f7c")
    ground[height // 2 :] = gradient(width, height - height // 2, "#3f88a6", "#1f4f6d")
    disc(ground, 360, 70, 24, "#fff7df", 2)
    frames = []
    for number in range(seconds * rate):
        at = number / (seconds * rate)
        picture, x, y = ground.copy(), -60 + (width + 120) * at, 150 + 3 * np.sin(number / 6)
        polygon(picture, ((x - 44, y), (x + 44, y), (x + 30, y + 18), (x - 30, y + 18)), "#7a2f2a")
        polygon(picture, ((x + 4, y - 6), (x + 4, y - 88), (x + 40, y - 6)), "#fff8ec")
        polygon(picture, ((x - 4, y - 6), (x - 4, y - 76), (x - 36, y - 6)), "#f4c542")
        frames.append(np.clip(picture, 0, 255).astype(np.uint8).tobytes())
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"]
    bell = "aevalsrc=0.4*sin(2*PI*880*t)*exp(-6*mod(t\\,1)):s=44100:d=" + str(seconds)
    written = ["-f", "lavfi", "-i", bell, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-c:a", "aac"]
    command = [ffmpeg_program(), "-v", "error", "-y", *raw, *written, "-shortest", str(path)]
    subprocess.run(command, check=True, input=b"".join(frames))


def song(path: Path, seconds: int = 12, rate: int = 22_050) -> None:
    """Write a song of four chords, plucked in turn."""
    at = np.arange(seconds * rate, dtype=np.float32) / rate
    chords = ((220, 277.2, 329.6), (196, 246.9, 293.7), (174.6, 220, 261.6), (164.8, 207.7, 246.9))
    sound = np.zeros_like(at)
    for beat in range(seconds * 4):
        tone = chords[beat // 4 % 4][beat % 3] * (2 if beat % 4 == 3 else 1)
        since = at - beat / 4
        sound += np.where(since >= 0, 0.18 * np.sin(2 * np.pi * tone * since) * np.exp(-3 * since.clip(0)), 0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
