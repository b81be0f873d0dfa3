"""Files that are not what they say, too large, or cut off. All are refused, none is half shown."""

import contextlib
import io
import random
import struct
import zlib

import pytest
from PIL import Image

from dragon_framework.errors import UnreadableSourceError

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(/tmp/x) (w) file closefile\nshowpage\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"Hello, this is text and no picture.\n" * 100,
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"garbage" * 50,
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0" + b"garbage" * 50,
        b"GIF89a",
        b"GIF89a" + bytes(50),
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0\x1cftypavif" + b"garbage" * 50,
        b"\0\0\0\x18ftypheic" + bytes(200),
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\0\0",
        b"BM" + bytes(60),
        b"8BPS\0\1" + bytes(40),
        b"\0\0\1\0\1\0" + b"\xff" * 40,
        b"icns\0\0\0\x08",
        b"qoif" + b"\xff" * 20,
        b"DDS |\0\0\0" + b"\xff" * 140,
        b"P6\n99999999999 1\n255\n",
        b"P6 0 0 255\n",
        b"\0\0\2\0" + b"\xff" * 40,
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        EPS,
        b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, len(EPS)) + bytes(18) + EPS,  # EPS with a binary head
        b"\xd7\xcd\xc6\x9a" + bytes(100),  # Windows metafile
        b"\x89HDF\r\n\x1a\n" + bytes(100),
        b"SIMPLE  =                    T" + b" " * 2850,
        b"#define x_width 9\n#define x_height 1\nstatic char x_bits[] = {0};\n",
        b'/* XPM */\nstatic char *x[] = {\n"1 1 1 1",\n"a x #000000",\n"a"};\n',
        b"PK\3\4" + bytes(100),
        b"\x1f\x8b\x08" + bytes(100),
    ],
)
def test_what_is_no_raster_image_is_refused(info, thumb, saved, content):
    path = saved(content, "photo.jpg")

    for run in (info, thumb):
        with pytest.raises(UnreadableSourceError, match=r"photo\.jpg is not an image") as raised:
            run(path)
        assert raised.value.code == "unreadable_source"


def test_no_format_is_opened_that_starts_a_program(monkeypatch, info, saved):
    started = []
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *arguments, **_: started.append(arguments))

    with pytest.raises(UnreadableSourceError):
        info(saved(EPS, "a.eps"))

    assert started == []


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "a.png", "a.gif", "a.webp", "a.avif", "a.heic", "a.tif", "a.bmp", "a.jp2", "a.qoi", "a.ico", "a.tga"],
)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_that_is_cut_off_is_an_error_and_no_half_picture(thumb, saved, tmp_path, name, share):
    path = saved(Image.effect_noise((64, 64), 90).convert("RGB"), name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(share * len(data))])

    with pytest.raises(UnreadableSourceError, match=r"damaged or cut off|no raster format"):
        thumb(path)


def test_progressive_and_compressed_files_that_are_cut_off_too(thumb, saved, tmp_path):
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    for name, options in (("a.jpg", {"progressive": True}), ("a.tif", {"compression": "tiff_lzw"})):
        path = saved(noise, name, **options)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[:-400])

        with pytest.raises(UnreadableSourceError):
            thumb(path)


def test_a_picture_that_declares_too_many_pixels_is_refused_before_it_is_decoded(thumb, saved, make):
    """12000 × 10001 px are one row above the default limit; no pixel is there to be decoded."""
    path = saved(make.png(width=12_000, height=10_001), "bomb.png")

    with pytest.raises(UnreadableSourceError, match="not an image of at most 120000000 pixels") as raised:
        thumb(path, width=10)

    assert raised.value.code == "unreadable_source"


@pytest.mark.parametrize("size", [(30_000, 30_000), (65_535, 65_535), (2**31 - 1, 2**31 - 1)])
def test_bombs_of_any_size_are_refused(thumb, saved, make, size):
    with pytest.raises(UnreadableSourceError):
        thumb(saved(make.png(width=size[0], height=size[1]), "bomb.png"))


def test_a_side_of_more_than_65535_px_is_refused(info, saved, make):
    with pytest.raises(UnreadableSourceError, match="65535 px a side"):
        info(saved(make.png(width=65_536, height=1), "a.png"))


def test_the_limit_is_a_setting(monkeypatch, thumb, info, saved):
    path = saved(Image.new("L", (40, 30)), "a.png")
    monkeypatch.setenv("DRAGON_IMAGE_MAX_PIXELS", "1199")

    with pytest.raises(UnreadableSourceError, match="at most 1199 pixels"):
        thumb(path, width=3)
    assert info(path).width == 40

    monkeypatch.setenv("DRAGON_IMAGE_MAX_PIXELS", "1200")
    assert thumb(path, width=3).size == (3, 2)


def ico_with(png):
    """An icon of 16 × 16 px, it says, whose picture is this PNG."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(png), 22) + png


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_bomb_inside_an_icon_is_refused_by_both_tasks(info, thumb, saved, make, side):
    path = saved(ico_with(make.png(width=side, height=side)), "a.ico")

    for run in (info, thumb):
        with pytest.raises(UnreadableSourceError):
            run(path)


def test_the_limit_holds_for_the_picture_inside_an_icon(monkeypatch, info, thumb, saved, tmp_path):
    saved(Image.new("RGBA", (100, 100)), "inside.png")
    path = saved(ico_with((tmp_path / "inside.png").read_bytes()), "a.ico")
    monkeypatch.setenv("DRAGON_IMAGE_MAX_PIXELS", "9999")

    for run in (info, thumb):
        with pytest.raises(UnreadableSourceError, match="at most 9999 pixels"):
            run(path)


def test_a_webp_of_the_largest_size_allocates_nothing_for_its_description(info, saved):
    """A lossless header of 16383 × 16383 px (RFC 9649, 3.4) and nothing behind it."""
    bits = struct.pack("<I", (16_382) | (16_382 << 14))
    chunk = b"VP8L" + struct.pack("<I", 6) + b"\x2f" + bits + b"\0"

    try:
        output = info(saved(b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk, "a.webp"))
    except UnreadableSourceError:
        return

    assert (output.width, output.height) == (16_383, 16_383)


def test_a_text_that_unpacks_to_a_gigabyte_is_not_unpacked(info, saved, make):
    text = zlib.compress(bytes(64 * 2**20), 9)
    path = saved(make.png(before=[(b"zTXt", b"Comment\0\0" + text)]), "a.png")

    with pytest.raises(UnreadableSourceError):
        info(path)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif", "a.bmp", "a.jp2", "a.qoi", "a.ico", "a.psd"]
)
def test_damaged_files_give_a_picture_or_an_honest_error(thumb, info, saved, name):
    """Bytes are changed at random places: nothing but `UnreadableSourceError` may come of it."""
    dice = random.Random(name)
    buffer = io.BytesIO()
    if name == "a.psd":
        buffer.write(b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 9, 11, 8, 3) + bytes(14) + bytes(297))
    else:
        Image.effect_noise((32, 24), 90).convert("RGB").save(buffer, Image.registered_extensions()[name[1:]])
    good = buffer.getvalue()

    for _ in range(40):
        data = bytearray(good)
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(min(len(data), 200) if dice.random() < 0.7 else len(data))] = dice.randrange(256)
        path = saved(bytes(data), name)
        for run in (info, thumb):
            with contextlib.suppress(UnreadableSourceError):
                run(path)


def test_an_error_shows_no_path_of_the_server(run_task, serve_file, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")

    with pytest.raises(UnreadableSourceError) as raised:
        run_task("image.thumb", url=serve_file(tmp_path / "a.jpg"))

    assert str(raised.value).startswith("http://127.0.0.1:")
    assert str(tmp_path) not in str(raised.value)


def test_settings_of_pillow_are_left_as_they_were(thumb, saved, make):
    before = Image.MAX_IMAGE_PIXELS

    thumb(saved(Image.new("L", (4, 3)), "a.png"))
    with pytest.raises(UnreadableSourceError):
        thumb(saved(make.png(width=60_000, height=60_000), "a.png"))

    assert before == Image.MAX_IMAGE_PIXELS
