"""Writing an animated GIF (GIF89a, CompuServe 1990), frame by frame.

In: pictures of one size, one after the other. Out: the bytes of the file. Each frame holds
only the rectangle that changes, and in it only the pixels that change; the others let show
through what is there. The memory needed does not depend on the number of frames: one
picture is held back, because what is to become of its pixels (`disposal`) follows from the
next. Stands on `_palette` and Pillow; import it inside a task's function alone.

A picture of at most 256 colours is kept exactly. In others a pixel counts as changed when
one of its channels is more than `TOLERANCE` from what was there when it was last drawn: so
noise is not drawn again, and nothing can creep away unseen.
"""

import struct
from os import SEEK_CUR, SEEK_END
from typing import IO

from PIL import Image, ImageChops

from dragon_image._palette import COLOURS, Bytes, Palettes, exact_colours

Rectangle = tuple[int, int, int, int]

TOLERANCE = 3
"""Of 255: less than half of what the palette itself changes, on average, in a photograph."""

OPAQUE_FROM = 128
"""Alpha from here on is opaque."""

_LEAVE = 1
_CLEAR = 2


class GifWriter:
    """Writes pictures of *size* into *file*; `close` writes the last.

    Args:
        file: Takes bytes, and can seek.
        size: (width, height) in pixels, 1 to 65535 each.
        centiseconds: How long each picture is shown, 0 to 65535 hundredths of a second.
        loop: How often the animation is repeated after it was shown once, up to 65535; 0
            for ever, -1 not at all.
    """

    def __init__(self, file: IO[bytes], size: tuple[int, int], *, centiseconds: int, loop: int) -> None:
        self._file = file
        self._size = size
        self._centiseconds = centiseconds
        self._loop = loop
        self._held: _Frame | None = None
        self._palettes = Palettes()
        self._shared: Bytes | None = None
        self._first_control = 0  # where the first frame's flags are, if it is opaque
        self._clears = False
        # What the viewer shows after the frame that is held: colours, and where there are any.
        self._colours = Image.new("RGB", size)
        self._opaque = Image.new("L", size)

    def add(self, picture: Image.Image) -> None:
        """Append *picture*, of mode L, LA, RGB or RGBA; alpha below 128 is transparent, the rest opaque."""
        colours, opaque = _split(picture)
        if self._held is None:
            changed, box = opaque, (0, 0, *self._size)
        else:
            gone = ImageChops.darker(self._opaque, ImageChops.invert(opaque)).getbbox()
            if gone is not None:
                self._held.clear_with(gone)
                self._clears = True
                self._opaque.paste(0, self._held.box)
            self._write_held()
            changed = self._changed(colours, opaque)
            # A frame that changes nothing is one pixel of nothing: it still takes its time.
            box = changed.getbbox() or (0, 0, 1, 1)
        self._held = _Frame(colours, changed, box)
        self._colours.paste(colours, mask=changed)
        self._opaque = ImageChops.lighter(self._opaque, changed)

    def close(self) -> None:
        """Write the last picture and the end of the file.

        Raises:
            ValueError: If no picture was added.
        """
        if self._held is None:
            raise ValueError("a GIF has at least one picture")
        self._write_held()
        self._held = None
        self._file.write(b"\x3b")
        self._declare_transparency()

    def _changed(self, colours: Image.Image, opaque: Image.Image) -> Image.Image:
        """Return 255 where the next picture must be drawn, 0 elsewhere."""
        tolerance = 0 if exact_colours(colours, COLOURS) is not None else TOLERANCE
        red, green, blue = ImageChops.difference(colours, self._colours).split()
        most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        differs = most.point([0 if value <= tolerance else 255 for value in range(256)])
        return ImageChops.darker(ImageChops.lighter(differs, ImageChops.invert(self._opaque)), opaque)

    def _write_held(self) -> None:
        frame = self._held
        assert frame is not None  # the callers have looked
        part, drawn = frame.colours.crop(frame.box), frame.drawn.crop(frame.box)
        whole = frame.disposal == _LEAVE and drawn.getextrema() == (255, 255)
        found = self._palettes.indexed(part, None if whole else drawn, self._shared)
        first = self._shared is None
        if self._shared is None:
            self._shared = found.palette
            self._write_head(found.palette)
            self._first_control = self._file.tell() + 3 if found.clear is None else 0
        own = not first and found.palette is not self._shared
        left, top, right, bottom = frame.box
        bits = max(2, _bits(len(found.palette) + (found.clear is not None)))
        table = _table(found.palette, found.clear is not None) if own else b""
        self._file.write(
            struct.pack(
                "<BBBBHBB",
                0x21,
                0xF9,
                4,
                frame.disposal << 2 | (found.clear is not None),
                self._centiseconds,
                found.clear or 0,
                0,
            )
            + struct.pack(
                "<BHHHHB", 0x2C, left, top, right - left, bottom - top, 0x80 | _bits(len(table) // 3) - 1 if own else 0
            )
            + table
            + bytes([bits])
            + found.image.tobytes("gif", found.image.mode, bits, 0)
            + b"\0"
        )

    def _declare_transparency(self) -> None:
        """Have the first frame declare a transparent colour, which it does not use, if a later one is cleared.

        Viewers do not need it; Pillow clears to black in an animation that begins without one.
        """
        if not (self._clears and self._first_control) or self._shared is None or len(self._shared) == COLOURS:
            return
        self._file.seek(self._first_control)
        self._file.write(bytes([_LEAVE << 2 | 1]))
        self._file.seek(2, SEEK_CUR)
        self._file.write(bytes([len(self._shared)]))
        self._file.seek(0, SEEK_END)

    def _write_head(self, palette: Bytes) -> None:
        table = _table(palette, len(palette) < COLOURS)
        self._file.write(
            b"GIF89a" + struct.pack("<HHBBB", *self._size, 0xF0 | _bits(len(table) // 3) - 1, 0, 0) + table
        )
        if self._loop >= 0:
            self._file.write(b"\x21\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, self._loop, 0))


class _Frame:
    """A picture that is held back: its colours, which pixels are drawn, and the rectangle they are in."""

    def __init__(self, colours: Image.Image, drawn: Image.Image, box: Rectangle) -> None:
        self.colours = colours
        self.drawn = drawn
        self.box = box
        self.disposal = _LEAVE

    def clear_with(self, gone: Rectangle) -> None:
        """Have the rectangle cleared before the next frame, and let it hold *gone*."""
        self.disposal = _CLEAR
        left, top, right, bottom = self.box
        self.box = min(left, gone[0]), min(top, gone[1]), max(right, gone[2]), max(bottom, gone[3])


def _split(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Return the colours of *picture* (RGB), black where it is transparent, and 255 where it is opaque (L)."""
    colours = picture.convert("RGB")
    if picture.mode not in {"LA", "RGBA"}:
        return colours, Image.new("L", picture.size, 255)
    opaque = picture.getchannel("A").point([0 if alpha < OPAQUE_FROM else 255 for alpha in range(256)])
    colours.paste("black", mask=ImageChops.invert(opaque))
    return colours, opaque


def _bits(count: int) -> int:
    """Return how many bits number *count* things, at least 1."""
    return max(1, (count - 1).bit_length())


def _table(palette: Bytes, with_clear: bool) -> bytes:  # noqa: FBT001  # reads well where it is called
    """Return *palette* as a colour table: as many entries as a power of two."""
    entries = 1 << _bits(len(palette) + with_clear)
    return palette.tobytes().ljust(3 * entries, b"\0")
