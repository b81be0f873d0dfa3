"""image.saliency: what stands out is found, where nothing does nothing is."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageDraw

from dragon_framework.testing import check_task
from dragon_image._saliency import peaks, saliency_map, to_lab


@pytest.fixture
def saliency(run_task):
    return lambda path: run_task("image.saliency", url=path)


def spot(size, box, colour="red", ground=(110, 120, 100)):
    """A disc on a ground with a little noise."""
    noise = np.random.default_rng(3).normal(0, 5, (size[1], size[0], 3))
    image = Image.fromarray(np.clip(np.array(ground) + noise, 0, 255).astype(np.uint8))
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    return image


def inside(point, box):
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def test_it_keeps_the_contract():
    check_task("image.saliency", hostile=True)


@pytest.mark.parametrize("box", [(30, 20, 110, 100), (500, 330, 600, 430), (290, 200, 350, 260)])
@pytest.mark.parametrize("colour", ["red", "white", "black", (100, 120, 190)])
def test_the_first_point_lies_on_what_is_different(saliency, saved, box, colour):
    output = saliency(saved(spot((640, 480), box, colour), "a.png"))

    assert inside(output.points[0], box)
    assert output.strengths[0] == 1


def test_a_spot_of_the_same_lightness_is_found_by_its_colour(saliency, saved):
    """sRGB (119, 119, 119) and (170, 100, 100): both have a lightness L* of 50 (CIE 15, 8.2.1)."""
    grey, pink = np.array([[119, 119, 119], [170, 100, 100]], np.uint8)
    assert to_lab(grey)[0] == pytest.approx(to_lab(pink)[0], abs=1)

    output = saliency(saved(spot((400, 300), (60, 50, 120, 110), tuple(map(int, pink)), tuple(grey)), "a.png"))

    assert inside(output.points[0], (60, 50, 120, 110))


def test_lab_is_that_of_the_standard():
    """White, black, and sRGB's red: L* 53.24, a* 80.09, b* 67.20 (D65)."""
    lab = to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8))

    assert lab == pytest.approx(np.array([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]), abs=0.05)


@pytest.mark.parametrize("colour", ["white", "black", "teal"])
def test_a_picture_of_one_colour_has_no_points(saliency, saved, colour):
    output = saliency(saved(Image.new("RGB", (300, 200), colour), "a.png"))

    assert (output.points, output.strengths) == ([], [])


def test_strengths_fall(saliency, saved):
    image = spot((640, 480), (60, 60, 130, 130))
    ImageDraw.Draw(image).ellipse((480, 330, 540, 390), fill="blue")

    output = saliency(saved(image, "a.png"))

    assert len(output.points) == len(output.strengths) >= 2
    assert output.strengths == sorted(output.strengths, reverse=True)
    assert all(0.3 <= strength <= 1 for strength in output.strengths)
    assert any(inside(point, (480, 330, 540, 390)) for point in output.points)


def test_a_mirrored_picture_has_mirrored_points(saliency, saved):
    image = spot((640, 480), (400, 100, 480, 180))

    straight = saliency(saved(image, "a.png")).points[0]
    mirrored = saliency(saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "b.png")).points[0]

    assert straight[0] == pytest.approx(639 - mirrored[0], abs=2)
    assert straight[1] == pytest.approx(mirrored[1], abs=2)


def test_a_larger_picture_has_the_same_points_in_its_own_pixels(saliency, saved):
    image = spot((320, 240), (200, 50, 240, 90))

    small = saliency(saved(image, "a.png")).points[0]
    large = saliency(saved(image.resize((2560, 1920)), "b.jpg")).points[0]

    assert large[0] == pytest.approx(8 * small[0], abs=8 * 320 / 64)
    assert large[1] == pytest.approx(8 * small[1], abs=8 * 240 / 64)


def test_points_are_those_of_the_picture_as_shown(saliency, saved):
    """Orientation 6: what is stored at the bottom left is shown at the top left (Exif 2.32, 4.6.4 A)."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    stored = spot((600, 300), (20, 220, 80, 280))

    x, y = saliency(saved(stored, "a.jpg", quality=95, exif=exif)).points[0]

    # 90° clockwise: (x, y) of 600 × 300 becomes (299 - y, x) of 300 × 600
    assert inside((x, y), (19, 20, 79, 80))


def test_transparent_parts_count_as_white(saliency, saved):
    image = Image.new("RGBA", (300, 200), (255, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((200, 100, 240, 140), fill=(0, 0, 0, 255))

    assert inside(saliency(saved(image, "a.png")).points[0], (200, 100, 240, 140))


@pytest.mark.parametrize("size", [(1, 1), (20_000, 3), (2, 20_000), (65_535, 1)])
def test_pixels_and_strips_give_points_inside(saliency, saved, size):
    for x, y in saliency(saved(Image.effect_noise(size, 80), "a.png")).points:
        assert 0 <= x < size[0]
        assert 0 <= y < size[1]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_peaks_are_apart_inside_and_in_falling_order(seed):
    dice = random.Random(seed)
    lab = np.random.default_rng(seed).normal(50, dice.uniform(1, 30), (64, 64, 3))

    found = peaks(saliency_map(lab), 20)

    assert 1 <= len(found) <= 20
    assert [peak.strength for peak in found] == sorted((peak.strength for peak in found), reverse=True)
    for place, peak in enumerate(found):
        assert 0 <= peak.x <= 1
        assert 0 <= peak.y <= 1
        # 8 cells of 64, each refined by at most half a cell in both directions
        for other in found[:place]:
            assert (peak.x - other.x) ** 2 + (peak.y - other.y) ** 2 >= ((8 - 2**0.5) / 64) ** 2


def test_the_map_of_a_picture_without_contrast_is_zero():
    assert not saliency_map(np.full((64, 64, 3), 40.0)).any()
