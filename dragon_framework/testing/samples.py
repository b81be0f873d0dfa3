"""Small files that are whole: a picture, a sound, a film, a page, a text.

`check_task` tries them on a task for which its author names no parameters. They are made
here from what the formats' standards say; the film and the JPEG need PyAV and Pillow
(`dragon-framework[media]`) and are left out without them.
"""

import io
import struct
import zlib
from functools import cache

WIDTH, HEIGHT = 64, 48
RATE_HZ = 8000


@cache
def sample_files() -> dict[str, bytes]:
    """Return whole small files, by a name whose ending tells what they are."""
    files = {
        "sample.png": _png(),
        "sample.wav": _wav(),
        "sample.html": _HTML,
        "sample.txt": b"A text of one line.\n",
        "sample.json": b'{"name": "dragon", "sizes": [1, 2, 3]}\n',
    }
    for name, make in (("sample.mp4", _mp4), ("sample.jpg", _jpeg)):
        try:
            files[name] = make()
        except ImportError:
            continue
    return files


_HTML = b"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>A page</title><meta name="description" content="Of a dragon"></head>
<body><h1>A page</h1><p>With <a href="https://example.com/">a link</a>.</p></body>
</html>
"""


def _pixels() -> bytes:
    """Return a light square on a dark slope, 8-bit RGB, row by row."""
    rows = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            inside = 20 <= x < 44 and 12 <= y < 36
            rows += bytes((230, 220, 90)) if inside else bytes((2 * x, 3 * y, 60))
    return bytes(rows)


def _png() -> bytes:
    """Return a PNG of 64 × 48 pixels (PNG 1.2, 4.1: signature, IHDR, IDAT, IEND)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels, width = _pixels(), 3 * WIDTH
    rows = b"".join(b"\x00" + pixels[start : start + width] for start in range(0, len(pixels), width))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _wav() -> bytes:
    """Return 2 s of clicks each half second, mono, 16 bit, 8 kHz (RIFF WAVE, PCM)."""
    samples = bytearray()
    for number in range(2 * RATE_HZ):
        phase = number % (RATE_HZ // 2)
        level = 12000 if phase < 200 else 400
        samples += struct.pack("<h", level if (number // 10) % 2 else -level)
    header = struct.pack("<HHIIHH", 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.frombytes("RGB", (WIDTH, HEIGHT), _pixels()).save(out, "JPEG", quality=90)
    return out.getvalue()


def _mp4() -> bytes:
    """Return a film of 1 s: 10 pictures a second (MPEG-4 part 2), and the sound of `_wav` (AAC)."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film, av.open(io.BytesIO(_wav()), "r") as sound:
        pictures = film.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        voice = film.add_stream("aac", rate=RATE_HZ)
        pixels = _pixels()
        for number in range(10):
            shift = 3 * WIDTH * 4 * number
            frame = av.VideoFrame(WIDTH, HEIGHT, "rgb24")
            frame.planes[0].update(_lines(pixels[shift:] + pixels[:shift], frame.planes[0].line_size))
            film.mux(pictures.encode(frame.reformat(format="yuv420p")))
        film.mux(pictures.encode(None))
        for heard in sound.decode(audio=0):
            if heard.time is None or heard.time < 1:
                film.mux(voice.encode(heard))
        film.mux(voice.encode(None))
    return out.getvalue()


def _lines(pixels: bytes, line_bytes: int) -> bytes:
    """Return RGB rows, each filled up to the length that a frame's plane has."""
    width = 3 * WIDTH
    return b"".join(
        pixels[start : start + width].ljust(line_bytes, b"\x00") for start in range(0, HEIGHT * width, width)
    )
