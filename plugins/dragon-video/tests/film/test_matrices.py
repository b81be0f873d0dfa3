"""Where the camera of a film sees points of the scene, against geometry computed by hand."""

import math

import numpy as np
import pytest

from dragon_video.film.matrices import (
    CAMERA,
    Viewport,
    about,
    euler,
    identity,
    projected,
    rotate_x,
    rotate_y,
    rotate_z,
    scale,
    translate,
)

HD = Viewport(1280, 720, 16 / 9)


def seen(matrix, x, y, viewport=HD):
    across, down, distance = projected(matrix, viewport) @ (x, y, 1)
    return across / distance, down / distance


def test_a_plane_of_the_frame_s_ratio_fills_the_frame_at_z_0():
    matrix = scale(16 / 9, 1)

    assert seen(matrix, -1, 1) == pytest.approx((0, 0))
    assert seen(matrix, 1, -1) == pytest.approx((1280, 720))
    assert seen(matrix, 0, 0) == pytest.approx((640, 360))


def test_growing_to_0_1_enlarges_by_4_3_percent():
    """2.4142 / (2.4142 − 0.1) = 1.0432, as the language says of `grow`."""
    x, _ = seen(translate(0, 0, 0.1) @ scale(16 / 9, 1), 1, 0)

    assert (x - 640) / 640 == pytest.approx(1.0432, abs=1e-4)


def test_four_screens_far_away_just_fit():
    """The scene of the language's tutorial: planes at x ±1.8, y ±1.1, z −3 reach 0.90 and 0.94 of the frame."""
    x, y = seen(translate(1.8, 1.1, -3) @ scale(16 / 9, 1), 1, 1)

    assert (x - 640) / 640 == pytest.approx((1.8 + 16 / 9) / (16 / 9) * 2.41421 / 5.41421, abs=1e-5)
    assert (x - 640) / 640 == pytest.approx(0.90, abs=0.005)
    assert (360 - y) / 360 == pytest.approx(0.94, abs=0.005)


def test_a_plane_turned_about_y_is_seen_in_perspective():
    """At 60°, the right edge is at x = 1/2, z = −sin 60°: x' = d/2 / (d + 0.8660)."""
    matrix = rotate_y(60)

    x, y = seen(matrix, 1, 1)

    assert x == pytest.approx(640 + 360 * 0.5 * CAMERA / (CAMERA + 0.8660254))
    assert y == pytest.approx(360 - 360 * CAMERA / (CAMERA + 0.8660254))


def test_pixels_need_not_be_square():
    """720 × 576 shown as 16:9: a square of the scene is 288 px high, and 202.5 px wide."""
    viewport = Viewport(720, 576, 16 / 9)

    assert seen(scale(0.5, 0.5), 1, 1, viewport) == pytest.approx((360 + 101.25, 288 - 144))


@pytest.mark.parametrize(
    ("turn", "point", "expected"),
    [
        (rotate_x(90), (0, 1, 0), (0, 0, 1)),
        (rotate_y(90), (0, 0, 1), (1, 0, 0)),
        (rotate_z(90), (1, 0, 0), (0, 1, 0)),
        (euler(90, 0, 90), (0, 1, 0), (0, 0, 1)),  # about x to z, where a turn about z leaves it
        (euler(0, 90, 90), (0, 0, 1), (0, 1, 0)),  # about y to x, about z to y
        (about(1, 0, 0, rotate_z(180)), (2, 0, 0), (0, 0, 0)),
    ],
)
def test_turns_are_those_of_right_handed_axes(turn, point, expected):
    assert (turn @ (*point, 1))[:3] == pytest.approx(expected, abs=1e-12)


def test_the_camera_sees_45_degrees():
    assert math.degrees(2 * math.atan(1 / CAMERA)) == pytest.approx(45)
    assert np.array_equal(identity(), np.eye(4))
