"""What the analysis tasks have in common: what they read, what they refuse, and at which size they look."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dragon_framework.errors import UnreadableSourceError
from dragon_image._analysis import working_size

TASKS = ("image.face", "image.saliency", "image.smartcrop")

FORMATS = [
    *["jpg", "mpo", "png", "webp", "gif", "avif", "heic", "tif", "bmp", "jp2", "ico", "icns", "qoi", "dds"],
    *["pbm", "pgm", "ppm", "pfm", "pcx", "sgi", "tga"],
]
MODES = {"pbm": "1", "pgm": "L", "pfm": "F"}


def half(size, mode="RGB"):
    """Dark on the left; on the right, stripes."""
    image = Image.new("L", size, 40)
    stripes = Image.linear_gradient("L").resize((size[0] // 2, size[1]))
    image.paste(stripes, (size[0] - stripes.width, 0))
    if mode == "F":
        return image.convert("F").point(lambda value: value * (1 / 255) + 0)
    return image.convert(mode)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read_and_its_striped_half_is_the_interesting_one(run_task, saved, name):
    path = saved(half((256, 256), MODES.get(name, "RGB")), f"a.{name}")

    side = run_task("image.info", url=path).width  # an ICNS file has a larger copy
    best = run_task("image.smartcrop", url=path).points[0]

    assert best["x"] + best["width"] > side // 2
    assert run_task("image.face", url=path).faces == []
    for x, y in run_task("image.saliency", url=path).points:
        assert 0 <= x < side
        assert 0 <= y < side


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", [(12_000, 10_001), (65_535, 65_535)])
def test_a_bomb_is_refused_before_it_is_decoded(run_task, saved, make, task, size):
    with pytest.raises(UnreadableSourceError, match="at most 120000000 pixels"):
        run_task(task, url=saved(make.png(width=size[0], height=size[1]), "bomb.png"))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ["jpg", "png", "webp", "tif"])
def test_what_is_cut_off_is_refused(run_task, saved, task, name):
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(buffer, Image.registered_extensions()[f".{name}"])
    whole = buffer.getvalue()

    with pytest.raises(UnreadableSourceError):
        run_task(task, url=saved(whole[: len(whole) * 2 // 3], f"a.{name}"))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("content", [b"", b"no picture", b"P6 0 0 255\n"])
def test_what_is_no_picture_is_refused(run_task, saved, task, content):
    with pytest.raises(UnreadableSourceError):
        run_task(task, url=saved(content, "a.jpg"))


@pytest.mark.parametrize("task", TASKS)
def test_the_limit_of_pixels_is_a_setting(monkeypatch, run_task, saved, task):
    path = saved(Image.new("L", (40, 30)), "a.png")
    monkeypatch.setenv("DRAGON_IMAGE_MAX_PIXELS", "1199")

    with pytest.raises(UnreadableSourceError, match="at most 1199 pixels"):
        run_task(task, url=path)


@given(
    st.tuples(st.integers(1, 65_535), st.integers(1, 65_535)),
    st.sampled_from([256, 533, 640, 1280]),
    st.sampled_from([1.0, 2.0]),
)
def test_a_picture_is_scaled_to_its_longer_side_and_a_strip_keeps_pixels_across(size, side, enlarge):
    width, height = working_size(size, side, enlarge)

    assert 1 <= max(width, height) <= max(side, 32)
    assert min(width, height) >= min(*size, 32)
    if max(size) * enlarge <= side:
        assert (width, height) == (size[0] * enlarge, size[1] * enlarge)
    elif min(size) * side >= 32 * max(size):
        assert width / height == pytest.approx(size[0] / size[1], rel=0.5 / min(width, height) + 0.01)
