"""Gradients beside their formulas."""

import numpy as np
import pytest


def test_a_gradient_begins_and_ends_with_its_colours(apply, plain):
    result = apply(
        "gradient",
        plain(9, 9, 9, width=100, height=80),
        color0=(255, 0, 0, 255),
        color1=(0, 0, 255, 255),
        point0=(0.2, 0.5),
        point1=(0.8, 0.5),
    )

    assert (result[:, :20] == [255, 0, 0, 255]).all()
    assert (result[:, 80:] == [0, 0, 255, 255]).all()
    for place in (30, 50, 65):
        part = (place + 0.5 - 20) / 60
        assert np.abs(result[:, place] - [255 * (1 - part), 0, 255 * part, 255]).max() <= 1


def test_a_gradient_is_at_right_angles_to_its_line_as_shown(apply, plain):
    """In a picture of 200 × 100 the way to (1, 1) is two to the right and one down: so is each band turned."""
    result = apply(
        "gradient",
        plain(0, 0, 0, width=200, height=100),
        color0=(0, 0, 0, 255),
        color1=(255,) * 4,
        point0=(0, 0),
        point1=(1, 1),
    )

    assert result[50, 100, 0] == pytest.approx(127.5, abs=1.5)
    assert abs(int(result[30, 110, 0]) - int(result[70, 90, 0])) <= 1  # 20 to the left, 40 down


def test_a_half_transparent_ramp_lets_the_picture_through(apply, plain):
    """0.5 of white over 100: 177.5."""
    result = apply("gradient", plain(100, 100, 100), color0=(255, 255, 255, 128), color1=(255, 255, 255, 128))

    assert result[0, 0].tolist() == pytest.approx([178, 178, 178, 255], abs=1)


def test_ramps_mix_premultiplied_colours(apply, plain):
    """Halfway from nothing to opaque white is half of white, whatever colour nothing has."""
    result = apply(
        "gradient", plain(0, 0, 0, width=101), color0=(0, 0, 0, 0), color1=(255,) * 4, point0=(0, 0), point1=(1, 0)
    )

    assert result[0, 50].tolist() == pytest.approx([127.5, 127.5, 127.5, 255], abs=1)


def test_a_radial_gradient_is_round_as_shown(apply, plain):
    """From the centre of 200 × 100 pixels to a quarter of the width: a circle with a radius of 50 pixels."""
    y, x = np.mgrid[:100, :200] + 0.5
    expected = 255 * np.minimum(np.hypot(x - 100, y - 50) / 50, 1)

    result = apply(
        "radialGradient",
        plain(0, 0, 0, width=200, height=100),
        color0=(0, 0, 0, 255),
        color1=(255,) * 4,
        point1=(0.75, 0.5),
    )

    assert np.abs(result[..., 0] - expected).max() <= 1


def test_a_ramp_without_a_length_has_its_second_colour(apply, plain):
    for kind in ("gradient", "radialGradient"):
        result = apply(kind, plain(0, 0, 0), color1=(10, 20, 30, 255), point0=(0.5, 0.5), point1=(0.5, 0.5))
        assert (result == [10, 20, 30, 255]).all()


def test_a_ramp_lies_on_what_is_there(apply, random_picture):
    picture, _ = random_picture(30, 20, opaque=False)

    result = apply("gradient", picture, color0=(0, 0, 255, 255), color1=(0, 255, 0, 255))

    assert np.array_equal(result[..., 3], picture[..., 3])


def test_slow_ramps_make_no_bands(apply, plain):
    """Over 600 rows from 20 to 24: along a row both of the levels next to the true one stand."""
    result = apply(
        "gradient", plain(0, 0, 0, width=200, height=600), color0=(20, 20, 20, 255), color1=(24, 24, 24, 255)
    )

    assert result[75].mean(0)[0] == pytest.approx(20.5, abs=0.15)
    assert set(result[75, :, 0].tolist()) == {20, 21}
