"""Films made for the tests by ffmpeg."""

import subprocess
import zlib

import pytest

from dragon_framework.media.ffmpeg import ffmpeg_program


@pytest.fixture(scope="session")
def ffmpeg():
    """Run ffmpeg: `ffmpeg("-i", path, ...)`."""

    def run(*arguments):
        command = [ffmpeg_program(), "-v", "error", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    return run


def place(directory, name, *how):
    """Return a path for a film called *name* that is made in this way."""
    own = directory / f"{zlib.crc32(repr(how).encode()):08x}"
    own.mkdir(exist_ok=True)
    return own / name


@pytest.fixture(scope="session")
def films(tmp_path_factory, ffmpeg):
    """`films(name, *options)` makes 2 s of a test picture, 96 × 64 px, 25 a second, with a tone."""
    directory = tmp_path_factory.mktemp("films")

    def make(name, *options, picture="testsrc2=s=96x64:r=25:d=2", sound="sine=f=440:r=44100:d=2"):
        path = place(directory, name, options, picture, sound)
        if not path.exists():
            inputs = ["-f", "lavfi", "-i", picture]
            if sound:
                inputs += ["-f", "lavfi", "-i", sound]
            ffmpeg(*inputs, *options, path)
        return str(path)

    return make


BARS = 10
"""A numbered picture shows its number as so many bars, white for a 1, the lowest bit on the left."""


@pytest.fixture(scope="session")
def numbered(tmp_path_factory):
    """`numbered(name, *options)` makes a film of numbered pictures, 320 × 64 px, with a tone."""
    directory = tmp_path_factory.mktemp("numbered")

    def make(name, *options, frames=150, rate=25, sound=True):
        path = place(directory, name, options, frames, rate, sound)
        if not path.exists():
            pictures = b"".join(
                bytes(255 if number >> bar & 1 else 0 for bar in range(BARS) for _ in range(32)) * 64
                for number in range(frames)
            )
            raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "320x64", "-r", str(rate), "-i", "-"]
            tone = ["-f", "lavfi", "-i", f"sine=f=440:r=44100:d={frames / rate}"] if sound else []
            command = [ffmpeg_program(), "-v", "error", "-y", *raw, *tone, *map(str, options), str(path)]
            subprocess.run(command, check=True, input=pictures)
        return str(path)

    return make


def number_in(image):
    """Return the number that a picture shows, whatever its size."""
    grey = image.convert("L")
    width, height = grey.size
    middles = [grey.getpixel((int((bar + 0.5) * width / BARS), height // 2)) for bar in range(BARS)]
    return sum(1 << bar for bar, value in enumerate(middles) if value > 127)


@pytest.fixture(scope="session")
def read_number():
    """Return the number that a numbered picture shows."""
    return number_in
