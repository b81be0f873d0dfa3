"""Colours: expected values are worked out from the standards beside them. Thumbnails are png, which is exact."""

import io
import struct

import pytest
from PIL import Image, ImageCms


@pytest.fixture
def colour(thumb, saved):
    """The colour of the middle pixel of a thumbnail of a picture, or of the bytes of one."""

    def look(content, name="a.png", **options):
        image = thumb(saved(content, name, **options), format="png")
        return image.getpixel((image.width // 2, image.height // 2))

    return look


def linear_to_srgb(value):
    """IEC 61966-2-1, for 0 to 255 above the straight part at the dark end."""
    return round(255 * (1.055 * (value / 255) ** (1 / 2.4) - 0.055))


def test_a_plain_picture_keeps_its_colours_exactly(colour):
    assert colour(Image.new("RGB", (5, 3), (1, 128, 254))) == (1, 128, 254)
    assert colour(Image.new("L", (5, 3), 77)) == 77
    assert colour(Image.new("RGBA", (5, 3), (1, 128, 254, 99))) == (1, 128, 254, 99)
    assert colour(Image.new("LA", (5, 3), (77, 99))) == (77, 99)
    assert colour(Image.new("1", (5, 3), 1)) == 255


@pytest.mark.parametrize("value", [0, 128, 257, 32_639, 65_535])
@pytest.mark.parametrize("kind", ["png", "tif", "pgm"])
def test_sixteen_bits_of_grey_become_eight_by_a_257th(colour, value, kind):
    image = Image.new("I;16", (5, 3), value)
    if kind == "pgm":
        image = image.convert("I")

    assert colour(image, f"a.{kind}") == round(value / 257)


def test_sixteen_bits_a_channel_keep_the_upper_eight(colour, make):
    row = b"\0" + struct.pack(">3H", 0x1234, 0x80FF, 0xFFFF)

    assert colour(make.png(depth=16, colour=2, rows=row)) == (0x12, 0x80, 0xFF)


def test_integers_beyond_sixteen_bits_are_stretched_over_what_is_there(thumb, saved):
    image = Image.new("I", (3, 1))
    for x, value in enumerate((-100_000, 0, 100_000)):
        image.putpixel((x, 0), value)

    assert list(thumb(saved(image, "a.tif"), format="png").tobytes()) == [0, 128, 255]  # 127.5: halves up


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.0, 0.5, 1.0), [0, 128, 255]),  # 0 to 1 is black to white
        ((0.0, 0.5, 0.5), [0, 128, 128]),
        ((-10.0, 0.0, 30.0), [0, 64, 255]),  # stretched: 63.75
        ((7.0, 7.0, 7.0), [0, 0, 0]),  # one value: nothing to see
        ((float("nan"), 0.0, 1.0), None),
        ((float("inf"), 0.0, 1.0), None),
    ],
)
def test_floats_from_0_to_1_are_black_to_white_and_others_are_stretched(thumb, saved, values, expected):
    image = Image.new("F", (3, 1))
    for x, value in enumerate(values):
        image.putpixel((x, 0), value)

    pixels = list(thumb(saved(image, "a.tif"), format="png").tobytes())

    assert expected is None or pixels == expected


@pytest.mark.parametrize("ink", [(0, 0, 0, 0), (255, 0, 0, 0), (0, 0, 0, 255), (155, 155, 155, 0), (100, 50, 0, 51)])
@pytest.mark.parametrize("name", ["a.tif", "a.jpg"])
def test_ink_without_a_profile_is_multiplied(colour, ink, name):
    """Red is (1 - cyan) × (1 - black). The JPEG is Adobe's kind: inverted, with marker APP14."""
    c, m, y, k = (1 - part / 255 for part in ink)

    got = colour(Image.new("CMYK", (16, 16), ink), name)

    assert got == pytest.approx([round(255 * part * k) for part in (c, m, y)], abs=2)


def cmyk_jpeg(ink):
    buffer = io.BytesIO()
    Image.new("CMYK", (16, 16), ink).save(buffer, "JPEG", quality=95)
    data = buffer.getvalue()
    at = data.index(b"\xff\xee\x00\x0eAdobe")
    return data, at


def test_ycck_is_ink_behind_luma_and_chroma(colour):
    """With transform 2 the stored 100, 128, 128, 255 are Y, Cb, Cr and K.

    No chroma: cyan, magenta and yellow are 255 - 100 as libjpeg tells them, which is
    inverted, so 100 of ink each; black is 255 - 255 = 0. That is a grey of 155.
    """
    data, at = cmyk_jpeg((155, 127, 127, 0))
    ycck = data[: at + 15] + b"\2" + data[at + 16 :]

    assert colour(ycck, "a.jpg") == pytest.approx((155, 155, 155), abs=2)


def test_ink_without_adobes_marker_is_not_inverted(colour):
    """The same samples, 255 less ink, now mean ink as they are (libjpeg.txt, "Special color spaces")."""
    data, at = cmyk_jpeg((200, 255, 255, 255))
    plain = data[:at] + data[at + 16 :]

    assert colour(plain, "a.jpg") == pytest.approx((200, 255, 255), abs=2)  # 55 of cyan, no black


def test_a_profile_tells_the_colours(colour, make):
    """The profile has linear light: 128 of it is 188 in sRGB."""
    assert linear_to_srgb(128) == 188

    got = colour(Image.new("RGB", (5, 3), (128, 64, 255)), icc_profile=make.linear_rgb_profile())

    assert got == pytest.approx((188, linear_to_srgb(64), 255), abs=1)


def test_a_profile_of_grey_tells_the_greys_and_they_stay_grey(thumb, saved, make):
    profile = make.profile(b"GRAY", {b"kTRC": make.linear})

    image = thumb(saved(Image.new("L", (5, 3), 128), "a.png", icc_profile=profile), format="png")

    assert image.mode == "L"
    assert image.getpixel((2, 1)) == pytest.approx(188, abs=1)


def test_a_profile_leaves_alpha_alone(colour, make):
    image = Image.new("RGBA", (5, 3), (128, 128, 128, 99))

    assert colour(image, icc_profile=make.linear_rgb_profile()) == pytest.approx((188, 188, 188, 99), abs=1)


@pytest.mark.parametrize("name", ["a.tif", "a.jpg"])
def test_a_profile_of_ink_is_used(colour, make, name):
    """A press on which full cyan prints a grey of L* = 50: Y = ((50 + 16) / 116)³ = 0.1842, which is 119 in sRGB."""

    def lab_of(cyan, magenta, yellow, black):
        return (0 if magenta or yellow or black else 50 if cyan else 100), 0, 0

    assert round(255 * (1.055 * (66 / 116) ** (3 / 2.4) - 0.055)) == 119

    got = colour(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), name, icc_profile=make.cmyk_profile(lab_of))

    assert got == pytest.approx((119, 119, 119), abs=2)


def test_the_profile_of_a_palette_is_that_of_its_colours(colour, make):
    image = Image.new("P", (5, 3))
    image.putpalette([128, 128, 128])

    assert colour(image, icc_profile=make.linear_rgb_profile()) == pytest.approx((188, 188, 188), abs=1)


def test_lab_is_converted(colour):
    """L* = 50 without chroma is 119 in sRGB, as above."""
    got = colour(Image.new("LAB", (5, 3), (128, 128, 128)), "a.tif")

    assert got == pytest.approx((119, 119, 119), abs=2)


def test_srgb_stays_as_it_is(colour):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert colour(Image.new("RGB", (5, 3), (10, 128, 250)), icc_profile=profile) == pytest.approx((10, 128, 250), abs=1)


@pytest.mark.parametrize("broken", ["empty", "text", "cut", "grey", "ink", "zeros"])
def test_a_profile_that_is_broken_or_of_another_colour_model_is_ignored(colour, make, broken):
    good = make.linear_rgb_profile()
    profile = {
        "empty": b"\0",
        "text": b"this is not a profile" * 20,
        "cut": good[: len(good) // 2],
        "grey": make.profile(b"GRAY", {b"kTRC": make.linear}),
        "ink": make.cmyk_profile(lambda *_: (50, 0, 0)),
        "zeros": good[:128] + bytes(len(good) - 128),
    }[broken]

    assert colour(Image.new("RGB", (5, 3), (128, 64, 255)), icc_profile=profile) == (128, 64, 255)


def test_transparency_of_a_palette_becomes_alpha(thumb, saved):
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])

    got = thumb(saved(image, "a.png", transparency=b"\xff\x80\x00"), format="png")

    assert [got.getpixel((x, 0)) for x in range(3)] == [(255, 0, 0, 255), (0, 255, 0, 128), (0, 0, 255, 0)]


@pytest.mark.parametrize(
    ("depth", "colour_type", "transparent", "row", "expected"),
    [
        (2, 0, (3,), b"\0\xc0", [(255, 0), (0, 255)]),  # samples 3, 0 of two bits
        (4, 0, (1,), b"\0\x1f", [(17, 0), (255, 255)]),
        (8, 0, (9,), b"\0\x09\x0a", [(9, 0), (10, 255)]),
        (16, 0, (0x1234,), b"\0\x12\x34\x12\x35", [(18, 0), (18, 255)]),  # equal to the last bit, or opaque
        (8, 2, (1, 2, 3), b"\0\1\2\3\1\2\4", [(1, 2, 3, 0), (1, 2, 4, 255)]),
        (16, 2, (0x0102, 0, 0), b"\0\1\2\0\0\0\0\2\2\0\0\0\0", [(1, 0, 0, 0), (2, 0, 0, 255)]),
    ],
)
def test_the_transparent_colour_of_a_png_of_any_depth(
    thumb, saved, make, depth, colour_type, transparent, row, expected
):
    data = make.png(
        width=2,
        depth=depth,
        colour=colour_type,
        rows=row,
        before=[(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))],
    )

    image = thumb(saved(data, "a.png"), format="png")

    assert [image.getpixel((x, 0)) for x in range(2)] == expected


def test_colours_under_transparency_do_not_bleed_into_the_edge(thumb, saved):
    """Half of the picture is opaque red, the other half is green that nobody sees."""
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    image.paste((0, 255, 0, 0), (32, 0, 64, 64))

    small = thumb(saved(image, "a.png"), width=9, format="png")

    for x in range(9):
        red, green, _, alpha = small.getpixel((x, 4))
        assert alpha == 0 or (red, green) == (255, 0)


def test_black_and_white_becomes_grey_when_it_gets_smaller(thumb, saved):
    image = Image.new("1", (64, 64))
    image.paste(1, (0, 0, 33, 64))

    assert 0 < thumb(saved(image, "a.png"), width=3, format="png").getpixel((1, 1)) < 255
