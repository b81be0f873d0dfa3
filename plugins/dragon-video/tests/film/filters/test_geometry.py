"""Filters that move pixels."""

import numpy as np
import pytest


def centre(plane):
    plane = plane.astype(float)
    y, x = np.mgrid[: plane.shape[0], : plane.shape[1]] + 0.5
    return (plane * x).sum() / plane.sum(), (plane * y).sum() / plane.sum()


@pytest.mark.parametrize(("progress", "zoom"), [(0, 0.5), (0.25, 0.875), (0.5, 1.25), (1, 2.0)])
def test_grow_scales_about_its_centre_over_the_window(apply, progress, zoom):
    """A spot at (70, 40) with the centre at (60, 45) goes to 60 + zoom × 10, 45 - zoom × 5, and its area by zoom²."""
    picture = np.zeros((90, 120, 4), np.uint8)
    picture[36:44, 66:74] = 255

    result = apply("grow", picture, zoomStart=0.5, zoomEnd=2, progress=progress)[..., 3]

    assert centre(result) == pytest.approx((60 + zoom * 10, 45 - zoom * 5), abs=0.07)
    assert result.astype(float).sum() / 255 == pytest.approx(64 * zoom**2, rel=0.06)


def test_what_grow_leaves_is_transparent(apply, plain):
    result = apply("grow", plain(10, 20, 30, width=100, height=60), zoomStart=0.5, zoomEnd=0.5, center=(0, 0))

    assert (result[:29, :49] == [10, 20, 30, 255]).all()
    assert not result[31:].any()
    assert not result[:, 51:].any()


def test_a_zoom_of_1_is_the_picture_itself_and_0_is_nothing(apply, random_picture):
    picture, _ = random_picture(9, 7)

    assert apply("grow", picture, zoomEnd=1) is picture
    assert not apply("grow", picture, zoomStart=0, zoomEnd=0).any()


@pytest.mark.parametrize(("red", "green", "x", "y"), [(255, 127.5, 10, 0), (0, 127.5, -10, 0), (127.5, 255, 0, -10)])
def test_displacement_points_to_where_colours_come_from(apply, plain, red, green, x, y):
    """Full red points 0.1 of 100 pixels to the right, full green as far up."""
    picture = np.zeros((100, 140, 4), np.uint8)
    picture[45:55, 65:75] = 255
    child = plain(0, green, red, width=140, height=100)

    result = apply("displacement", picture, [child], width=0.1)

    assert centre(result[..., 3]) == pytest.approx((70 - x, 50 - y), abs=0.1)


def test_where_the_other_picture_is_transparent_nothing_moves(apply, random_picture, plain):
    picture, _ = random_picture(20, 10)

    assert np.array_equal(apply("displacement", picture, [plain(0, 0, 0, 0)]), picture)
