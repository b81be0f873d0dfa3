"""Formats that are old or rare, written byte by byte after their specifications, or by Pillow where it writes them.

Each file holds the four quadrants of `quadrants`, 16 × 12 px, in colour, in grey or in black and white.
"""

import io
import struct
import warnings

import pytest
from PIL import Image

WIDTH, HEIGHT = 16, 12
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]


def indices():
    """The quadrants as numbers 0 to 3, row after row from above."""
    return bytes((y >= HEIGHT // 2) * 2 + (x >= WIDTH // 2) for y in range(HEIGHT) for x in range(WIDTH))


def rgb():
    return b"".join(bytes(COLOURS[index]) for index in indices())


def grey():
    """0 and 100 above, 200 and 255 below."""
    return bytes((0, 100, 200, 255)[index] for index in indices())


def by_pillow(kind, mode="RGB"):
    image = Image.frombytes("RGB", (WIDTH, HEIGHT), rgb()).convert(mode)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Pillow 15 will read IM no more
        image.save(file, kind)
    return file.getvalue()


def dcx():
    """ZSoft: a magic number, a list of places, and PCX files."""
    return struct.pack("<III", 0x3ADE68B1, 12, 0) + by_pillow("PCX")


def fits():
    """FITS 4.0: cards of 80 characters in blocks of 2880, then rows from below."""
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2"]
    cards += [f"NAXIS1  = {WIDTH:20}", f"NAXIS2  = {HEIGHT:20}", "END"]
    rows = [grey()[y * WIDTH : (y + 1) * WIDTH] for y in reversed(range(HEIGHT))]
    data = b"".join(rows)
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode() + data.ljust(2880, b"\0")


def flc():
    """Autodesk FLC: a header of 128 bytes and a frame of two chunks: a palette (4) and the pixels as they are (16)."""
    palette = b"".join(map(bytes, COLOURS))
    colours = struct.pack("<HBB", 1, 0, len(COLOURS)) + palette
    chunks = struct.pack("<IH", 6 + len(colours), 4) + colours
    chunks += struct.pack("<IH", 6 + WIDTH * HEIGHT, 16) + indices()
    frame = struct.pack("<IHH8x", 16 + len(chunks), 0xF1FA, 2) + chunks
    header = struct.pack("<IHHHHHHI", 128 + len(frame), 0xAF12, 1, WIDTH, HEIGHT, 8, 3, 50)
    return header.ljust(80, b"\0") + struct.pack("<II", 128, 0).ljust(48, b"\0") + frame


def ftex():
    """Independence War 2: magic, version, size, mipmaps, formats, (format, place), then size and pixels."""
    head = b"FTEX" + struct.pack("<iiiiiii", 1, WIDTH, HEIGHT, 1, 1, 1, 32)
    return head + struct.pack("<i", len(rgb())) + rgb()


def gbr():
    """GIMP's brushes, version 2 (devel-docs/gbr.txt)."""
    name = b"brush\0"
    head = struct.pack(">IIIII4sI", 28 + len(name), 2, WIDTH, HEIGHT, 4, b"GIMP", 10) + name
    return head + b"".join(bytes(COLOURS[index]) + b"\xff" for index in indices())


def imt():
    """IM Tools: lines of text, a form feed, pixels."""
    return f"* made by hand\nwidth {WIDTH}\nheight {HEIGHT}\npixel n8\n".encode() + b"\x0c" + grey()


def mcidas():
    """McIDAS area: a directory of 64 words; 9 to 11 are lines, elements, bytes, 14 is bands, 34 where the data lie."""
    words = [0] * 64
    words[1], words[8], words[9], words[10], words[13], words[33] = 4, HEIGHT, WIDTH, 1, 1, 256
    return struct.pack(">64i", *words) + grey()


def photo_cd():
    """Kodak's Photo CD: the base picture, 768 × 512 px, lies at 96 × 2048; grey without colour differences here."""
    two_rows = bytes(768) * 1 + bytes(768) + bytes([156]) * 384 + bytes([137]) * 384
    return bytes(2048) + b"PCD_IPI".ljust(1539, b"\0") + bytes(96 * 2048 - 2048 - 1539) + two_rows * 256


def pixar():
    head = bytearray(1024)
    head[:4] = b"\x80\xe8\0\0"
    struct.pack_into("<HH", head, 416, HEIGHT, WIDTH)
    struct.pack_into("<HH", head, 424, 14, 2)
    return bytes(head) + rgb()


def sun():
    """Sun raster, type 1: blue, green, red."""
    pixels = b"".join(bytes(reversed(COLOURS[index])) for index in indices())
    return struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 24, len(pixels), 1, 0, 0) + pixels


def xpm():
    rows = [
        indices()[y * WIDTH : (y + 1) * WIDTH].translate(bytes.maketrans(b"\0\1\2\3", b"rgby")) for y in range(HEIGHT)
    ]
    colours = "".join(f'"{name} c #{r:02x}{g:02x}{b:02x}",\n' for name, (r, g, b) in zip("rgby", COLOURS, strict=True))
    body = ",\n".join(f'"{row.decode()}"' for row in rows)
    return f'/* XPM */\nstatic char *x[] = {{\n"{WIDTH} {HEIGHT} 4 1",\n{colours}{body}\n}};\n'.encode()


def xv_thumbnail():
    """xv's thumbnails: three bits of red and green, two of blue."""
    packed = bytes((0xE0, 0x1C, 0x03, 0xFC)[index] for index in indices())
    return f"P7 332\n#XVVERSION:Version 2.28\n#END_OF_COMMENTS\n{WIDTH} {HEIGHT} 255\n".encode() + packed


COLOUR = {
    "a.blp": lambda: by_pillow("BLP", "P"),
    "a.dcx": dcx,
    "a.flc": flc,
    "a.ftu": ftex,
    "a.gbr": gbr,
    "a.im": lambda: by_pillow("IM"),
    "a.pxr": pixar,
    "a.ras": sun,
    "a.xpm": xpm,
    "a.xv": xv_thumbnail,
}
GREY = {"a.fits": fits, "a.imt": imt, "a.area": mcidas}
MEDIA_TYPES = {"a.fits": "image/fits", "a.flc": "video/x-flic", "a.ras": "image/x-sun-raster", "a.xpm": "image/xpm"}


@pytest.mark.parametrize("name", COLOUR)
def test_a_picture_in_colour_is_read(info, thumb, saved, corners, name):
    path = saved(COLOUR[name](), name)

    facts, picture = info(path), thumb(path, format="png")

    assert (facts.width, facts.height) == picture.size == (WIDTH, HEIGHT)
    assert facts.content_type == MEDIA_TYPES.get(name, "application/octet-stream")
    assert corners(picture) == "rgyb"


@pytest.mark.parametrize("name", GREY)
def test_a_grey_picture_is_read(info, thumb, saved, name):
    path = saved(GREY[name](), name)

    facts, picture = info(path), thumb(path, format="png").convert("L")

    assert (facts.width, facts.height) == (WIDTH, HEIGHT)
    assert [picture.getpixel(at) for at in ((0, 0), (15, 0), (0, 11), (15, 11))] == [0, 100, 200, 255]


@pytest.mark.parametrize(("name", "kind"), [("a.msp", "MSP"), ("a.xbm", "XBM")])
def test_a_picture_in_black_and_white_is_read(thumb, saved, name, kind):
    image = Image.new("1", (WIDTH, HEIGHT))
    image.paste(1, (8, 0, 16, 12))

    picture = thumb(saved(image, name, format=kind), format="png").convert("L")

    assert [picture.getpixel(at) for at in ((0, 0), (7, 11), (8, 0), (15, 11))] == [0, 0, 255, 255]


def test_a_picture_of_floats_is_read_between_its_extremes(thumb, saved):
    image = Image.frombytes("L", (WIDTH, HEIGHT), grey()).convert("F")

    picture = thumb(saved(image, "a.spi", format="SPIDER"), format="png").convert("L")

    assert [picture.getpixel(at) for at in ((0, 0), (15, 0), (0, 11), (15, 11))] == [0, 100, 200, 255]


def test_the_base_picture_of_a_photo_cd_is_read(info, thumb, saved):
    path = saved(photo_cd(), "a.pcd")

    facts, picture = info(path), thumb(path, width=96, format="png").convert("L")

    assert (facts.width, facts.height, facts.content_type) == (768, 512, "image/x-photo-cd")
    assert picture.size == (96, 64)
    assert picture.getextrema()[1] < 16  # luma 0, and chroma at the zero points of PhotoYCC: 156, 137


@pytest.mark.parametrize("name", [*COLOUR, *GREY])
def test_a_file_that_is_cut_off_is_an_error(thumb, saved, name):
    from dragon_framework.errors import UnreadableSourceError

    content = {**COLOUR, **GREY}[name]()
    if name == "a.fits":
        content = content.rstrip(b"\0")  # the last block is filled up

    with pytest.raises(UnreadableSourceError):
        thumb(saved(content[: int(0.9 * len(content))] if name != "a.dcx" else content[:60], name))
