"""The files that are written: formats, transparency, metadata, quality, the play icon."""

import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin


@pytest.mark.parametrize(
    ("asked", "suffix", "is_format"),
    [
        ("jpeg", ".jpg", "JPEG"),
        ("gif", ".gif", "GIF"),
        ("png", ".png", "PNG"),
        ("webp", ".webp", "WEBP"),
        ("avif", ".avif", "AVIF"),
    ],
)
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_is_written_in_every_format(thumb, saved, quadrants, asked, suffix, is_format, mode):
    source = quadrants(20, 14, "L").convert("I").convert("I;16") if mode == "I;16" else quadrants(20, 14, mode)
    path = saved(source, "a.tif")

    thumbnail = thumb(path, format=asked, width=10)

    assert thumbnail.path.suffix == suffix
    with Image.open(thumbnail.path) as image:
        assert (image.format, image.size) == (is_format, (10, 7))


def test_the_default_is_a_jpeg(thumb, saved):
    path = thumb(saved(Image.new("RGB", (4, 3)), "a.png")).path

    assert path.read_bytes()[:3] == b"\xff\xd8\xff"


def half_transparent(mode="RGBA"):
    """Blue with alpha 0, 100, 200, 255 in four columns."""
    image = Image.new("RGBA", (4, 1), (0, 0, 255))
    for x, alpha in enumerate((0, 100, 200, 255)):
        image.putpixel((x, 0), (0, 0, 255, alpha))
    return image.convert(mode)


def test_transparency_is_kept_in_png_webp_and_avif(thumb, saved):
    path = saved(half_transparent().resize((64, 16), Image.Resampling.NEAREST), "a.png")

    for file_format in ("png", "webp", "avif"):
        image = thumb(path, format=file_format)

        assert image.mode == "RGBA"
        assert [image.getpixel((x, 8))[3] for x in (8, 24, 40, 56)] == pytest.approx([0, 100, 200, 255], abs=3)


def test_transparent_parts_of_a_jpeg_lie_on_white(thumb, saved):
    """255 × (1 - alpha / 255) of white shines through."""
    path = saved(half_transparent().resize((64, 16), Image.Resampling.NEAREST), "a.png")

    image = thumb(path, quality=95)

    got = [image.getpixel((x, 8)) for x in (8, 24, 40, 56)]
    assert [pixel[0] for pixel in got] == pytest.approx([255, 155, 55, 0], abs=6)
    assert [pixel[2] for pixel in got] == pytest.approx([255] * 4, abs=6)


def test_transparency_in_a_gif_is_all_or_nothing(thumb, saved):
    image = thumb(saved(half_transparent(), "a.png"), format="gif").convert("RGBA")

    assert [image.getpixel((x, 0))[3] for x in range(4)] == [0, 0, 255, 255]
    assert image.getpixel((2, 0))[:3] == (0, 0, 255)


def test_a_grey_picture_with_alpha_stays_one(thumb, saved):
    image = Image.new("LA", (2, 1), (100, 200))

    assert thumb(saved(image, "a.png"), format="png").mode == "LA"
    assert thumb(saved(image, "a.png"), format="jpeg").mode == "L"


@pytest.mark.parametrize("count", [1, 2, 255, 256])
def test_a_gif_keeps_up_to_256_colours_exactly(thumb, saved, count):
    image = Image.new("RGB", (count, 2))
    for x in range(count):
        image.putpixel((x, 0), (x, 255 - x, x * 7 % 256))
        image.putpixel((x, 1), (x, 255 - x, x * 7 % 256))

    assert thumb(saved(image, "a.png"), format="gif").convert("RGB").tobytes() == image.tobytes()


@pytest.mark.parametrize("alpha", [True, False])
def test_a_gif_of_many_colours_is_close_to_the_picture(thumb, saved, alpha):
    """Dithered: the mean over any 8 × 8 pixels is near."""
    ramp = Image.linear_gradient("L").resize((128, 128))
    image = Image.merge("RGB", (ramp, ramp.rotate(90), ramp.rotate(180)))
    expected = image.reduce(8)
    if alpha:
        image.putalpha(255)

    got = thumb(saved(image, "a.png"), format="gif").convert("RGB").reduce(8)

    assert max(abs(a - b) for a, b in zip(got.tobytes(), expected.tobytes(), strict=True)) < 24


def test_an_animation_gives_its_first_frame(thumb, saved):
    frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "lime", "blue")]

    for name in ("a.gif", "a.webp", "a.png", "a.avif", "a.tif"):
        path = saved(frames[0], name, save_all=True, append_images=frames[1:])
        for file_format in ("png", "avif", "webp", "gif"):
            image = thumb(path, format=file_format)

            assert image.frames == 1
            assert image.convert("RGB").getpixel((4, 3)) == pytest.approx((255, 0, 0), abs=6)


@pytest.mark.parametrize("file_format", ["jpeg", "gif", "png", "webp", "avif"])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize("asked", [{}, {"width": 8}])
def test_nothing_of_the_metadata_is_left(thumb, saved, file_format, name, asked):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SECRETMAKE"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSDateStamp] = "SECRETDAY"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRETTEXT")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"pnginfo": text} if name == "a.png" else {"comment": "SECRETTEXT"} if name == "a.jpg" else {}
    path = saved(
        Image.new("RGB", (16, 12), "teal"),
        name,
        exif=exif.tobytes(),
        icc_profile=profile,
        xmp=b"<x>SECRETXMP</x>",
        dpi=(301, 301),
        **options,
    )

    image = thumb(path, format=file_format, **asked)

    data = image.path.read_bytes()
    assert b"SECRET" not in data
    assert b"acsp" not in data
    assert not image.getexif()
    assert image.info.get("dpi") in {None, (1, 1)}  # of JFIF: no unit, square pixels


@pytest.mark.parametrize("file_format", ["jpeg", "webp", "avif"])
def test_more_quality_takes_more_bytes(thumb, saved, file_format):
    path = saved(Image.effect_noise((64, 64), 80), "a.png")

    sizes = [thumb(path, format=file_format, quality=quality).path.stat().st_size for quality in (10, 50, 95)]

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("size", [(200, 100), (101, 151), (40, 40)])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_the_play_icon_is_in_the_middle(thumb, saved, size, mode):
    """White in the centre, dark beside the triangle, and the picture beyond 2/5 of the shorter side."""
    path = saved(
        Image.new(mode, size, {"L": 90, "LA": (90, 255), "RGB": (90,) * 3, "RGBA": (90, 90, 90, 255)}[mode]), "a.png"
    )

    image = thumb(path, poster=True, format="png").convert("L")

    x, y = size[0] // 2, size[1] // 2
    radius = min(size) / 5
    assert image.getpixel((x, y)) > 250
    assert image.getpixel((x, round(y - 0.85 * radius))) == pytest.approx(90 * (1 - 140 / 255), abs=8)
    assert image.getpixel((round(x - 0.6 * radius), y)) < 90
    for beyond in ((x, round(y - 1.2 * radius)), (x, round(y + 1.2 * radius)), (round(x - 1.2 * radius), y), (0, 0)):
        assert image.getpixel(beyond) == 90


def test_the_play_icon_points_right_however_the_picture_is_turned(thumb, saved):
    path = saved(Image.new("RGB", (120, 80)), "a.png")

    for rotation in (0, 90, 180, 270):
        image = thumb(path, poster=True, rotation=rotation, format="png").convert("L")
        x, y = image.width // 2, image.height // 2

        assert image.getpixel((x + 6, y)) == 255
        assert image.getpixel((x - 7, y)) == 0


def test_the_play_icon_has_smooth_edges_and_is_the_same_above_and_below(thumb, saved):
    image = thumb(saved(Image.new("L", (200, 200), 0), "a.png"), poster=True, format="png")

    values = set(image.tobytes())
    assert len(values) > 8
    flipped = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    assert max(abs(a - b) for a, b in zip(image.tobytes(), flipped.tobytes(), strict=True)) <= 16


def test_the_play_icon_covers_what_is_transparent(thumb, saved):
    """Over nothing, the disc is black of opacity 140 and the triangle is white and opaque."""
    image = thumb(saved(Image.new("RGBA", (100, 100), (255, 0, 0, 0)), "a.png"), poster=True, format="png")

    assert image.getpixel((50, 50)) == (255, 255, 255, 255)
    assert image.getpixel((50, 34)) == (0, 0, 0, 140)
    assert image.getpixel((1, 1))[3] == 0
