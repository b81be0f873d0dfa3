"""Pictures made for the tests, some byte by byte, and short ways to run tasks."""

import struct
import zlib
from types import SimpleNamespace

import pytest
from PIL import Image


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def make_png(*, width=1, height=1, depth=8, colour=0, rows=b"\0\0", before=(), after=()):
    """Return a PNG (third edition): *rows* with their filter bytes, chunks (kind, data) before and after the pixels."""
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)),
            *(png_chunk(*chunk) for chunk in before),
            png_chunk(b"IDAT", zlib.compress(rows)),
            *(png_chunk(*chunk) for chunk in after),
            png_chunk(b"IEND", b""),
        ]
    )


def _fixed(*numbers):
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def make_profile(space, tags):
    """Return an ICC profile, version 2.1, with *tags*: {signature: data}."""
    kind, pcs = (b"prtr", b"Lab ") if space == b"CMYK" else (b"mntr", b"XYZ ")
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + _fixed(0.9642, 1, 0.8249),
        b"cprt": b"text" + bytes(4) + b"none\0",
        **tags,
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for signature, content in tags.items():
        table += signature + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(data), b"", 0x02100000, kind, space, pcs)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(0.9642, 1, 0.8249) + bytes(48)
    return header + table + data


LINEAR = b"curv" + bytes(8)  # no entries: the identity


def make_linear_rgb_profile():
    """Return the profile of sRGB's primaries with linear light (primaries: IEC 61966-2-1, adapted to D50)."""
    primaries = {
        b"rXYZ": (0.4360, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    tags = {name: b"XYZ " + bytes(4) + _fixed(*xyz) for name, xyz in primaries.items()}
    return make_profile(b"RGB ", {**tags, b"rTRC": LINEAR, b"gTRC": LINEAR, b"bTRC": LINEAR})


def _lab8(lightness, a, b):
    return bytes([round(lightness * 2.55), a + 128, b + 128])


def make_cmyk_profile(lab_of):
    """Return a CMYK profile that maps each of the sixteen full mixes (c, m, y, k in 0, 1) to L, a, b."""
    mixes = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    points = b"".join(_lab8(*lab_of(*mix)) for mix in mixes)
    straight = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return make_profile(b"CMYK", {b"A2B0": table + straight * 4 + points + straight * 3})


def make_exif(entries, shot=()):
    """Return EXIF (TIFF, little endian) with raw directory entries (tag, type, count, value of four bytes).

    *shot* is the directory behind tag 0x8769. Values that do not fit lie behind both: a value
    of bytes longer than four is put there.
    """
    entries = list(entries)
    first = 8
    second = first + 2 + 12 * (len(entries) + bool(shot)) + 4
    extra_at = second + (2 + 12 * len(shot) + 4 if shot else 0)
    extra = b""

    def directory(rows):
        nonlocal extra
        out = struct.pack("<H", len(rows))
        for tag, kind, count, value in rows:
            content = struct.pack("<I", value) if isinstance(value, int) else value
            if len(content) > 4:
                extra, content = extra + content, struct.pack("<I", extra_at + len(extra))
            out += struct.pack("<HHI", tag, kind, count) + content.ljust(4, b"\0")
        return out + bytes(4)

    if shot:
        entries.append((0x8769, 4, 1, second))
    body = directory(entries) + (directory(list(shot)) if shot else b"")
    return b"Exif\0\0II*\0" + struct.pack("<I", first) + body + extra


@pytest.fixture
def make():
    """Makers of bytes: `png`, `exif`, and ICC profiles."""
    return SimpleNamespace(
        png=make_png,
        exif=make_exif,
        profile=make_profile,
        linear_rgb_profile=make_linear_rgb_profile,
        cmyk_profile=make_cmyk_profile,
        linear=LINEAR,
    )


@pytest.fixture
def saved(tmp_path):
    """Write an image, or bytes, into a file; return its path: `saved(image, "a.png", exif=...)`."""

    def save(content, name, **options):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content.save(path, **options)
        return str(path)

    return save


@pytest.fixture
def info(run_task):
    """Run image.info: `info(path) -> values as attributes`."""
    return lambda path: run_task("image.info", url=path)


@pytest.fixture
def thumb(run_task):
    """Run image.thumb: `thumb(path, width=...) -> the picture`, decoded; `.values` and `.path` beside it."""

    def run(path, **parameters):
        done = run_task("image.thumb", url=path, **parameters)
        with Image.open(done.files["output"]) as image:
            image.load()
            image.frames = getattr(image, "n_frames", 1)
        image.values = done.values
        image.path = done.files["output"]
        return image

    return run


QUADRANTS = {(0, 0): (255, 0, 0), (1, 0): (0, 255, 0), (0, 1): (0, 0, 255), (1, 1): (255, 255, 0)}


@pytest.fixture
def quadrants():
    """A picture of four colours: red and green above, blue and yellow below."""

    def paint(width, height, mode="RGB"):
        image = Image.new("RGB", (width, height))
        for (x, y), colour in QUADRANTS.items():
            image.paste(colour, (x * width // 2, y * height // 2, (x + 1) * width // 2, (y + 1) * height // 2))
        return image.convert(mode)

    return paint


@pytest.fixture
def corners():
    """Names of the colours in the four corners, clockwise from the top left: `corners(image) -> "rgyb"`."""

    def look(image):
        image = image.convert("RGB")
        right, bottom = image.width - 1, image.height - 1
        return "".join(
            {(1, 0, 0): "r", (0, 1, 0): "g", (0, 0, 1): "b", (1, 1, 0): "y"}.get(
                tuple(int(part > 127) for part in image.getpixel(at)), "?"
            )
            for at in ((0, 0), (right, 0), (right, bottom), (0, bottom))
        )

    return look
