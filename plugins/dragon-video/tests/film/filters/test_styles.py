"""Styles by distance on pictures that are no texts."""

import numpy as np
import pytest


@pytest.fixture
def square():
    """A blue square of 40 pixels in the middle of nothing."""
    picture = np.zeros((100, 140, 4), np.uint8)
    picture[30:70, 50:90] = (200, 0, 0, 255)
    return picture


def test_a_stroke_is_as_wide_as_its_part_of_the_reach(apply, square):
    """0.2 of 40 pixels outside: 8 pixels of red around the square, and nothing beyond."""
    result = apply("distancecolor", square, strokeWidth=0.2, strokePosition="outside", strokeColor=(0, 0, 255, 255))

    assert (result[50, 43:49] == [0, 0, 255, 255]).all()
    assert (result[50, 52:88] == [200, 0, 0, 255]).all()
    assert not result[50, :41].any()
    assert not result[:21].any()


def test_lengths_grow_with_the_frame(apply, square):
    assert np.array_equal(
        apply("distancecolor", square, strokeWidth=0.1, lines=720), apply("distancecolor", square, strokeWidth=0.2)
    )


def test_a_shadow_is_moved_by_heights_of_what_is_there(apply, square):
    """A quarter of 40 pixels to the right and down: 10."""
    result = apply("distancecolor", square, dropShadowPosition=(0.25, -0.25), dropShadowColor=(0, 255, 0, 255))

    assert (result[72:79, 92:98] == [0, 255, 0, 255]).all()
    assert not result[82:].any()
    assert (result[31:69, 51:89] == [200, 0, 0, 255]).all()


def test_what_reaches_beyond_the_border_is_cut(apply, plain):
    picture = plain(0, 0, 200, width=30, height=20)

    result = apply("distancecolor", picture, outerGlowBlurWidth=1, strokeWidth=0.05, strokePosition="inside")

    assert result.shape == picture.shape
    assert result[0, 15].tolist() == [0, 0, 0, 255]
    assert result[10, 15].tolist() == [0, 0, 200, 255]


def test_a_map_alone_changes_nothing(apply, square):
    assert apply("distancemap", square, distanceWidth=20) is square
