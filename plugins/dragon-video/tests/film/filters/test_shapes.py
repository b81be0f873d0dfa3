"""Borders and corners beside their formulas."""

import numpy as np
import pytest


@pytest.mark.parametrize("turned", [False, True])
def test_a_still_grows_by_its_frame_and_keeps_its_shape(apply, plain, turned):
    """A border of 1/9 of the whole: 160 px and two of 10 px are 180, so 90 high in the same shape, and 70 inside."""
    picture = plain(10, 20, 30, width=160, height=80)
    picture[:5] = picture[75:] = 0

    result = apply("frame", picture.transpose(1, 0, 2) if turned else picture, width=1 / 9, color=(0, 0, 255, 255))

    if turned:
        result = result.transpose(1, 0, 2)
    assert result.shape == (90, 180, 4)
    assert result[9, 90].tolist() == result[50, 9].tolist() == result[80, 90].tolist() == [0, 0, 255, 255]
    assert result[10, 10].tolist() == result[79, 169].tolist() == [10, 20, 30, 255]


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 7), (3, 2)])
def test_the_smallest_pictures_can_be_framed(apply, plain, size):
    assert apply("frame", plain(10, 20, 30, width=size[0], height=size[1]), width=0.49).size > 0


def test_a_frame_may_be_transparent_in_part(apply, plain):
    result = apply("frame", plain(10, 20, 30, width=80, height=80), width=0.1, color=(100, 200, 0, 128))

    assert result[0, 0].tolist() == [50, 100, 0, 128]


def test_a_rendered_picture_keeps_its_size_and_shrinks_inside_its_frame(apply):
    """With borders of 12 px in 160 a ramp in x is drawn at a scale of 136 / 160 about the middle."""
    picture = np.full((120, 160, 4), 255, np.uint8)
    picture[:, :, 0] = np.linspace(0, 200, 160)

    result = apply("frame", picture, width=0.1, color=(0, 255, 0, 255), rendered=True, aspect=4 / 3)

    assert result.shape == picture.shape
    assert result[60, :12].tolist() == [[0, 255, 0, 255]] * 12
    assert result[60, 148:].tolist() == [[0, 255, 0, 255]] * 12
    assert result[11, 80].tolist() == result[108, 80].tolist() == [0, 255, 0, 255]
    middle = 79.5
    for place in (12, 40, 79, 100, 147):
        source = middle + (place - middle) * 160 / 136
        assert result[60, place, 0] == pytest.approx(source * 200 / 159, abs=1.5)
    assert result[60, 12:148, 2].min() == 255


@pytest.mark.parametrize("ratio", [1.0, 1.4])
def test_a_soft_border_is_a_ramp_of_its_width(apply, ratio):
    """t² (3 - 2t) over 0.1 of the height, after 0.05 of nothing."""
    picture = np.full((100, 200, 4), 255, np.uint8)

    result = apply("borderBlur", picture, width=0.05, transWidth=0.1, rendered=ratio != 1, aspect=2.0 * ratio)

    for place in range(100):
        t = np.clip((min(place + 0.5, 99.5 - place) - 5) / 10, 0, 1)
        assert result[place, 100] == pytest.approx(np.full(4, 255 * t * t * (3 - 2 * t)), abs=0.51)
    for place in range(200):
        t = np.clip((min(place + 0.5, 199.5 - place) * ratio - 5) / 10, 0, 1)
        assert result[50, place] == pytest.approx(np.full(4, 255 * t * t * (3 - 2 * t)), abs=0.51)


def test_a_border_of_no_width_changes_nothing(apply, random_picture):
    picture, _ = random_picture(7, 5, opaque=False)

    assert apply("borderBlur", picture, width=0, transWidth=0) is picture
    assert apply("cornerCut", picture, width=0, margin=0) is picture
    assert apply("frame", picture, width=0) is picture


def test_cut_corners_are_quarters_of_a_circle(apply):
    """What is missing of a 200 × 100 rectangle with corners of radius 30: (4 - pi) 30² pixels."""
    picture = np.full((100, 200, 4), 255, np.uint8)

    result = apply("cornerCut", picture, width=0.3)

    missing = (255 - result[:, :, 3].astype(float)).sum() / 255
    assert missing == pytest.approx((4 - np.pi) * 900, rel=0.01)
    assert result[0, 0, 3] == 0
    assert result[0, 31:169].min() == 255
    y, x = np.mgrid[:30, :30] + 0.5
    distance = np.hypot(30 - x, 30 - y)
    assert (result[:30, :30, 3][distance < 29.2] == 255).all()
    assert (result[:30, :30, 3][distance > 30.8] == 0).all()


def test_what_is_cut_off_along_the_border(apply):
    result = apply("cornerCut", np.full((100, 200, 4), 255, np.uint8), width=0, margin=0.1)

    assert result[10:90, 10:190].min() == 255
    result[10:90, 10:190] = 0
    assert result.max() == 0
