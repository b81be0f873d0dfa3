"""Matrices beside their definition in double precision."""

import numpy as np
import pytest

from dragon_video.film.errors import InvalidContentError

IDENTITY = ((0, 0, 255, 0), (0, 255, 0, 0), (255, 0, 0, 0), (0, 0, 0, 255), (0, 0, 0, 0))
"""#FF000000,#00FF0000,#0000FF00,#000000FF,#00000000 as (b, g, r, a)."""


def definition(frame, rows):
    """What a matrix of five colours makes of a premultiplied frame: straight, multiplied, held, premultiplied."""
    alpha = frame[..., 3:] / 255
    straight = np.divide(frame[..., :3] / 255, alpha, out=np.zeros(frame[..., :3].shape), where=alpha > 0)
    pixel = np.concatenate((straight, alpha), 2)
    red, green, blue, opacity, bias = np.asarray(rows, float) / 255
    made = pixel[..., 2:3] * red + pixel[..., 1:2] * green + pixel[..., :1] * blue + pixel[..., 3:] * opacity + bias
    made = np.clip(made, 0, 1)
    return 255 * np.concatenate((made[..., :3] * made[..., 3:], made[..., 3:]), 2)


@pytest.mark.parametrize("opaque", [True, False])
def test_the_identity_changes_nothing(apply, random_picture, opaque):
    picture, _ = random_picture(33, 21, opaque=opaque)

    assert np.array_equal(apply("colormap", picture, values={"rgba-bias-matrix": IDENTITY}), picture)


@pytest.mark.parametrize("opaque", [True, False])
def test_a_matrix_does_what_its_definition_says(apply, random_picture, opaque):
    picture, _ = random_picture(64, 48, opaque=opaque)
    rows = ((20, 30, 200, 0), (130, 90, 10, 0), (70, 60, 255, 0), (0, 0, 0, 255), (40, 0, 90, 0))

    result = apply("colormap", picture, values={"rgba-bias-matrix": rows})

    assert np.abs(result - definition(picture, rows)).max() <= 1


def test_a_matrix_may_make_alpha_of_colours(apply, random_picture):
    """Alpha from red, and colours from alpha: the way through straight colours."""
    picture, _ = random_picture(64, 48)
    rows = ((0, 0, 200, 255), (0, 255, 0, 0), (128, 0, 0, 0), (30, 0, 0, 0), (0, 10, 0, 0))

    result = apply("colormap", picture, values={"rgba-bias-matrix": rows})

    assert np.abs(result - definition(picture, rows)).max() <= 1.5
    assert (result[..., :3] <= result[..., 3:]).all()


def test_a_bias_of_aa000000_tints_red(apply, plain):
    rows = (*IDENTITY[:4], (0, 0, 0xAA, 0))

    result = apply("colormap", plain(10, 20, 30), values={"rgba-bias-matrix": rows})

    assert result[0, 0].tolist() == [10, 20, 30 + 0xAA, 255]


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("negative", [255 - 40, 255 - 120, 255 - 200, 255]),
        ("lowContrast", [84, 124, 164, 255]),  # 40 / 2 + 63.75, ...
        ("blackAndWhite", [131, 131, 131, 255]),  # 0.0722 · 40 + 0.7152 · 120 + 0.2126 · 200 = 131.2 (ITU-R BT.709)
    ],
)
def test_presets(apply, plain, preset, expected):
    assert apply("colormap", plain(40, 120, 200), preset=preset)[0, 0].tolist() == pytest.approx(expected, abs=1)


def test_without_anything_a_picture_becomes_black_and_white(apply, random_picture):
    picture, _ = random_picture(9, 7)

    result = apply("colormap", picture)

    assert np.array_equal(result, apply("colormap", picture, preset="blackAndWhite"))
    assert np.ptp(result[..., :3], axis=2).max() == 0


def test_the_negative_of_what_is_half_transparent_is_as_transparent(apply, plain):
    """Straight 200 at alpha 128 becomes straight 55: premultiplied 27.6."""
    assert apply("colormap", plain(200, 200, 200, 128), preset="negative")[0, 0].tolist() == pytest.approx(
        [28, 28, 28, 128], abs=1
    )


def test_an_unknown_preset_is_named_with_those_there_are(apply, plain):
    with pytest.raises(InvalidContentError, match=r"preset of filter colormap: .*negative.*'loud'"):
        apply("colormap", plain(0, 0, 0), preset="loud")
