"""What users of image servers ask for beyond version 1: focus, background, strip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from dragon_framework.errors import InvalidParametersError
from dragon_image._focus import most_entropy
from dragon_image.thumb import image_thumb


def with_noise_at(box, size=(200, 80), ground="navy"):
    image = Image.new("RGB", size, ground)
    image.paste(Image.effect_noise((box[2] - box[0], box[3] - box[1]), 120).convert("RGB"), box)
    return image


def share_of_noise(image):
    """Noise is grey; the ground has 128 more of blue."""
    pixels = image.convert("RGB").get_flattened_data()
    return sum(abs(red - blue) < 64 for red, _, blue in pixels) / len(pixels)


@pytest.mark.parametrize("left", [0, 60, 140])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_crop_with_focus_entropy_keeps_the_part_where_something_is(thumb, saved, left, orientation):
    """Sixty columns of noise in two hundred: a crop of sixty can be noise all over, within a step of the search."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = saved(with_noise_at((left, 0, left + 60, 80)), "a.png", exif=exif)
    size = (60, 80) if orientation < 5 else (80, 60)

    image = thumb(path, width=size[0], height=size[1], crop=True, focus="entropy", format="png")

    assert image.size == size
    assert share_of_noise(image) > 0.9


def test_it_works_on_a_jpeg_that_is_decoded_at_a_fraction_of_its_size(thumb, saved):
    path = saved(with_noise_at((1400, 0, 2000, 800), (2000, 800)), "a.jpg", quality=95)

    image = thumb(path, width=60, height=80, crop=True, focus="entropy", format="png")

    assert share_of_noise(image) > 0.9


def test_without_it_the_middle_is_kept(thumb, saved):
    path = saved(with_noise_at((140, 0, 200, 80)), "a.png")

    assert share_of_noise(thumb(path, width=60, height=80, crop=True, format="png")) == 0
    assert share_of_noise(thumb(path, width=60, height=80, crop=True, focus="center", format="png")) == 0


def test_a_picture_that_is_the_same_everywhere_is_cut_in_the_middle():
    assert most_entropy(Image.new("RGB", (201, 80)), (70.5, 0, 130.5, 80)) == (70.5, 0, 130.5, 80)
    assert most_entropy(Image.new("RGBA", (80, 400)), (0, 100, 80, 300)) == (0, 100, 80, 300)


def test_what_is_transparent_holds_nothing():
    image = with_noise_at((0, 0, 100, 80)).convert("RGBA")
    image.putalpha(0)
    image.paste(with_noise_at((0, 0, 60, 80), (60, 80)), (140, 0))

    left, _, right, _ = most_entropy(image, (70, 0, 130, 80))

    assert left > 130
    assert right <= 200


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.01, 1), st.booleans())
def test_the_part_that_is_kept_is_inside_the_picture_and_of_the_same_size(width, height, share, across):
    box = (0.0, 0.0, width * share, float(height)) if across else (0.0, 0.0, float(width), height * share)

    left, top, right, bottom = most_entropy(Image.new("L", (width, height), 9), box)

    assert left >= 0
    assert top >= 0
    assert right <= width + 1e-6
    assert bottom <= height + 1e-6
    assert (right - left, bottom - top) == pytest.approx((box[2], box[3]))


@pytest.mark.parametrize("missing", ["crop", "width", "height"])
def test_a_focus_that_would_mean_nothing_is_refused(run_task, missing):
    asked = {"crop": True, "width": 5, "height": 5, "focus": "entropy"}
    del asked[missing]

    with pytest.raises(InvalidParametersError) as raised:
        run_task("image.thumb", url="a.png", **asked)

    assert list(raised.value.errors) == ["focus"]


def half_transparent():
    """Red with alpha 0, 51 (a fifth) and 255, in squares of 16 px."""
    image = Image.new("RGBA", (48, 16), (255, 0, 0, 255))
    image.paste((255, 0, 0, 0), (0, 0, 16, 16))
    image.paste((255, 0, 0, 51), (16, 0, 32, 16))
    return image


@pytest.mark.parametrize("file_format", ["jpeg", "png", "webp", "avif", "gif"])
def test_transparent_parts_lie_on_the_background(thumb, saved, file_format):
    """Over blue: blue, 255 / 5 of red with 4 / 5 of blue, red."""
    options = {} if file_format in {"png", "gif"} else {"quality": 95}

    image = thumb(saved(half_transparent(), "a.png"), format=file_format, background="#0000ff", **options)

    assert not image.has_transparency_data
    got = [image.convert("RGB").getpixel((x, 8)) for x in (8, 24, 40)]
    for pixel, expected in zip(got, [(0, 0, 255), (51, 0, 204), (255, 0, 0)], strict=True):
        assert pixel == pytest.approx(expected, abs=6)


def test_a_background_may_let_something_through(thumb, saved):
    image = thumb(saved(half_transparent(), "a.png"), format="png", background="#0000ff80")

    assert image.getpixel((8, 8)) == (0, 0, 255, 128)
    assert image.getpixel((40, 8)) == (255, 0, 0, 255)


def test_the_background_of_an_opaque_picture_is_not_seen(thumb, saved):
    path = saved(Image.new("L", (4, 3), 9), "a.png")

    assert thumb(path, format="png", background="#f00").getpixel((1, 1)) == 9


def shot():
    """EXIF as phones write it, with a place, a private note and a thumbnail's worth of rubbish."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Dragon"
    exif[ExifTags.Base.Copyright] = "St George"
    exif[ExifTags.Base.XResolution] = 300
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExposureTime] = 1 / 125
    details[ExifTags.Base.DateTimeOriginal] = "2026:05:17 18:04:31"
    details[ExifTags.Base.ExifImageWidth] = 4000
    details[ExifTags.Base.MakerNote] = b"PRIVATE NOTE"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSDateStamp] = "2026:05:17"
    return exif


@pytest.mark.parametrize("file_format", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_without_strip_exif_is_kept_and_made_right(thumb, info, saved, file_format, name):
    path = saved(Image.new("RGB", (40, 30), "teal"), name, exif=shot().tobytes())

    image = thumb(path, format=file_format, width=15, strip=False)

    exif = image.getexif()
    assert image.size == (15, 20)
    assert exif.get(ExifTags.Base.Orientation, 1) == 1
    assert (exif[ExifTags.Base.Make], exif[ExifTags.Base.Copyright]) == ("Dragon", "St George")
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSDateStamp] == "2026:05:17"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    assert (details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight]) == (15, 20)
    assert b"PRIVATE" not in image.path.read_bytes()
    told = info(str(image.path))
    assert (told.width, told.height, told.date_time) == (15, 20, "2026:05:17 18:04:31")
    assert told.exposure_time == pytest.approx(1 / 125)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.bmp"])
def test_where_there_is_no_exif_none_is_written(thumb, saved, name):
    image = thumb(saved(Image.new("RGB", (4, 3)), name), strip=False)

    assert not image.getexif()


@pytest.mark.parametrize("data", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + b"\xff" * 90, b"x"])
def test_broken_exif_is_no_exif(thumb, saved, data):
    image = thumb(saved(Image.new("RGB", (4, 3)), "a.jpg", exif=data), strip=False)

    assert image.size == (4, 3)


def test_exif_that_does_not_fit_a_jpeg_is_left_out(thumb, saved):
    exif = shot()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + b"x" * 70_000
    path = saved(Image.new("RGB", (4, 3)), "a.png", exif=exif.tobytes())

    assert not thumb(path, strip=False).getexif()


def test_a_gif_has_no_place_for_metadata(run_task):
    with pytest.raises(InvalidParametersError) as raised:
        run_task("image.thumb", url="a.png", format="gif", strip=False)

    assert list(raised.value.errors) == ["strip"]


def test_what_is_new_is_left_alone_by_default():
    defaults = {field: getattr(image_thumb.parameters(url="a"), field) for field in ("focus", "background", "strip")}

    assert defaults == {"focus": "center", "background": None, "strip": True}


def test_a_gif_keeps_256_near_colours_exactly(thumb, saved):
    """Greys that differ by one."""
    ramp = Image.linear_gradient("L")

    assert thumb(saved(ramp, "a.png"), format="gif").convert("L").tobytes() == ramp.tobytes()
