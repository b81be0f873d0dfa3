"""Sizes, cropping and turning of thumbnails, told by four coloured quarters: red, green, yellow, blue clockwise."""

import pytest
from PIL import ExifTags, Image

from dragon_framework.errors import InvalidParametersError, TaskLimitError

SHOWN = "rgyb"


def oriented(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


# What is stored so that the orientation's turn shows the quarters in order (Exif 2.32, tag 0x0112).
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # shown by a clockwise turn
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (60, 40)),
        ({"width": 30}, (30, 20)),
        ({"height": 30}, (45, 30)),
        ({"width": 31}, (31, 21)),  # 20.67
        ({"width": 30, "height": 30}, (30, 20)),
        ({"width": 100, "height": 10}, (15, 10)),
        ({"width": 90}, (90, 60)),  # small pictures grow
        ({"width": 120, "height": 120}, (120, 80)),
        ({"width": 30, "height": 30, "crop": True}, (30, 30)),
        ({"width": 7, "height": 90, "crop": True}, (7, 90)),
        ({"width": 30, "crop": True}, (30, 20)),
        ({"width": 1, "height": 1}, (1, 1)),
        ({"width": 30, "rotation": 90}, (30, 45)),  # turned first: 40 × 60
        ({"width": 30, "height": 30, "rotation": 270}, (20, 30)),
        ({"height": 20, "rotation": 180}, (30, 20)),
        ({"rotation": 90}, (40, 60)),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_the_size_is_as_asked(thumb, saved, quadrants, suffix, asked, expected):
    image = thumb(saved(quadrants(60, 40), f"a.{suffix}"), **asked)

    assert image.size == expected
    assert (image.values["width"], image.values["height"]) == expected
    assert (image.values["original_width"], image.values["original_height"]) == (60, 40)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif", "heic"])
def test_every_orientation_is_shown_upright(thumb, saved, quadrants, corners, suffix, orientation):
    stored = quadrants(96, 64)
    if STORED[orientation] is not None:
        stored = stored.transpose(STORED[orientation])
    path = saved(stored, f"a.{suffix}", exif=oriented(orientation))

    image = thumb(path, width=48)

    assert image.size == (48, 32)
    assert corners(image) == SHOWN
    assert (image.values["original_width"], image.values["original_height"]) == (96, 64)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(("rotation", "expected"), [(0, "rgyb"), (90, "gybr"), (180, "ybrg"), (270, "brgy")])
def test_a_rotation_is_counter_clockwise_and_after_the_orientation(
    thumb, saved, quadrants, corners, orientation, rotation, expected
):
    stored = quadrants(60, 40)
    if STORED[orientation] is not None:
        stored = stored.transpose(STORED[orientation])
    path = saved(stored, "a.jpg", exif=oriented(orientation), quality=95)

    image = thumb(path, rotation=rotation, width=30, height=24, crop=True)

    assert image.size == (30, 24)
    assert corners(image) == expected


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_cropping_takes_the_middle(thumb, saved, suffix):
    """Of 300 × 100, a square of 100 in the middle: the thirds at its sides go."""
    image = Image.new("RGB", (300, 100), "red")
    image.paste("lime", (100, 0, 200, 100))

    square = thumb(saved(image, f"a.{suffix}", quality=95, subsampling=0), width=20, height=20, crop=True, format="png")

    for at in ((2, 10), (10, 10), (17, 10)):
        assert square.getpixel(at) == pytest.approx((0, 255, 0), abs=3)


@pytest.mark.parametrize("size", [(1600, 1200), (1601, 1199), (1007, 2003)])
def test_a_jpeg_decoded_small_shows_the_same_as_one_decoded_whole(thumb, saved, size):
    """Spots of a ninetieth of the picture; most of what differs is the loss of both JPEGs."""
    spots = Image.effect_noise((90, 90), 90).resize(size, Image.Resampling.BICUBIC)

    small = thumb(saved(spots, "a.jpg", quality=95), width=200, height=240, crop=True, quality=95).convert("L")

    whole = spots.resize((200, 240), Image.Resampling.LANCZOS, box=_middle(size, (200, 240)))
    difference = [abs(a - b) for a, b in zip(small.tobytes(), whole.tobytes(), strict=True)]
    assert sum(difference) / len(difference) < 2


def _middle(size, shape):
    scale = min(size[0] / shape[0], size[1] / shape[1])
    width, height = shape[0] * scale, shape[1] * scale
    return ((size[0] - width) / 2, (size[1] - height) / 2, (size[0] + width) / 2, (size[1] + height) / 2)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (1, 2), (3, 1)])
@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif"])
def test_the_smallest_and_the_thinnest_pictures(thumb, saved, size, suffix):
    path = saved(Image.new("RGB", size, (200, 30, 90)), f"a.{suffix}")

    for asked in ({"width": 16, "height": 16}, {"width": 9, "height": 7, "crop": True}, {"poster": True}):
        image = thumb(path, format="png", **asked)
        image.load()

        assert min(image.size) >= 1
    assert thumb(path, width=9, height=7, crop=True, format="png").getpixel((4, 3)) == pytest.approx(
        (200, 30, 90), abs=4
    )


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ({"width": 65_535}, "65500 px a side"),  # JPEG_MAX_DIMENSION of libjpeg
        ({"width": 60_000, "height": 60_000}, "120000000 pixels"),
        ({"width": 20_000, "format": "webp"}, "16383 px a side"),
    ],
)
def test_a_thumbnail_larger_than_the_limits_is_refused(thumb, saved, asked, allowed):
    path = saved(Image.new("L", (3, 2)), "a.png")

    with pytest.raises(TaskLimitError, match=allowed):
        thumb(path, **asked)


def test_an_enlargement_of_a_long_thin_picture_is_refused_by_its_other_side(thumb, saved):
    with pytest.raises(TaskLimitError, match="thumbnail of 100 × 200000"):
        thumb(saved(Image.new("L", (1, 2000)), "a.png"), width=100)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"width": 0}, "width"),
        ({"height": 65_536}, "height"),
        ({"rotation": 45}, "rotation"),
        ({"format": "bmp"}, "format"),
        ({"quality": 96}, "quality"),
        ({"quality": 0}, "quality"),
        ({"quality": 50, "format": "png"}, "quality"),
        ({"quality": 50, "format": "gif"}, "quality"),
    ],
)
def test_a_wrong_parameter_is_named(thumb, saved, wrong, field):
    path = saved(Image.new("L", (3, 2)), "a.png")

    with pytest.raises(InvalidParametersError) as raised:
        thumb(path, **wrong)

    assert list(raised.value.errors) == [field]
