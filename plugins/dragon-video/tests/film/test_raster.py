"""Planes drawn into frames: where they are, to a fraction of a pixel, and how their pixels mix."""

import numpy as np
import pytest

from dragon_video.film.frames import blank, plain
from dragon_video.film.matrices import rotate_x, rotate_y, rotate_z, scale, translate
from dragon_video.film.raster import Picture, Viewport, draw

RED = (0, 0, 255, 255)
SMALL = Viewport(160, 90, 16 / 9)


def shown(viewport, picture, matrix, **how):
    frame = blank(viewport.width, viewport.height)
    draw(frame, picture, matrix, viewport, **how)
    return frame


def covered(frame):
    """Return the area, and the middle in pixels from the left and top edge, of what is opaque."""
    alpha = frame[:, :, 3] / 255
    rows, columns = np.indices(alpha.shape) + 0.5
    total = alpha.sum()
    return total, (alpha * columns).sum() / total, (alpha * rows).sum() / total


def test_a_picture_of_the_frame_s_size_comes_back_as_it_is():
    pixels = np.random.default_rng(1).integers(0, 256, (90, 160, 4), np.uint8)
    pixels[:, :, 3] = 255

    frame = shown(SMALL, Picture(pixels), scale(16 / 9, 1))

    assert np.array_equal(frame, pixels)


def test_a_rectangle_ends_within_pixels():
    """From 40.25 to 100.5 in x, 10.75 to 60 in y: shares of pixels are exact."""
    x, y, wide, high = 70.375, 35.375, 60.25, 49.25
    matrix = translate((x - 80) / 45, (45 - y) / 45) @ scale(wide / 90, high / 90)

    frame = shown(SMALL, Picture(plain(1, 1, RED)), matrix)

    assert frame[30, 40].tolist() == [0, 0, 191, 191]
    assert frame[30, 100].tolist() == [0, 0, 128, 128]
    assert frame[10, 50].tolist() == [0, 0, 64, 64]
    assert frame[59, 50].tolist() == [0, 0, 255, 255]
    assert not frame[60].any()
    assert not frame[:, 39].any()


@pytest.mark.parametrize("degrees", [7, 30, 45, 80, 133])
def test_a_turned_square_covers_its_area_about_its_middle(degrees):
    """0.5 of the scene is 22.5 px: 45 × 45 px about (93.5, 40.5)."""
    matrix = translate(0.3, 0.1) @ rotate_z(degrees) @ scale(0.5, 0.5)

    frame = shown(SMALL, Picture(plain(3, 3, RED)), matrix)

    assert covered(frame) == (
        pytest.approx(2025, rel=2e-3),
        pytest.approx(93.5, abs=0.02),
        pytest.approx(40.5, abs=0.02),
    )


def test_what_is_behind_the_camera_is_not_seen():
    frame = shown(SMALL, Picture(plain(2, 2, RED)), translate(0, 0, 3))

    assert not frame.any()


def test_a_floor_that_passes_under_the_camera_ends_at_the_horizon():
    """y = −1, z from −5 to 5: far edge at y' = d / (d + 5) = 0.3256, 59.65 px; the frame's foot is all floor."""
    matrix = translate(0, -1, 0) @ rotate_x(-90) @ scale(20, 5)

    frame = shown(SMALL, Picture(plain(2, 2, RED)), matrix)

    assert not frame[:59].any()
    assert frame[60:, :, 3].min() == 255
    assert frame[59, 80, 3] == pytest.approx(255 * 0.35, abs=3)


def test_a_plane_seen_edge_on_is_nothing():
    assert not shown(SMALL, Picture(plain(2, 2, RED)), rotate_y(90)).any()
