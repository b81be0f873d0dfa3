"""Premultiplied pixels: there and back, and one frame over another, by the formula of Porter and Duff."""

import numpy as np
import pytest

from dragon_video.film.frames import blank, over, plain, premultiplied, straight


def random_frame(seed, shape=(13, 17)):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 4), np.uint8)


def test_colours_are_multiplied_by_alpha_to_the_nearest_level():
    array = random_frame(1)

    frame = premultiplied(array)

    expected = array[:, :, :3].astype(float) * array[:, :, 3:] / 255
    assert np.abs(frame[:, :, :3] - expected).max() <= 0.5001
    assert np.array_equal(frame[:, :, 3], array[:, :, 3])


def test_straight_colours_come_back_as_far_as_alpha_keeps_them():
    """At alpha a, levels are 255 / a apart."""
    array = random_frame(2)
    array[0, 0, 3] = 0

    back = straight(premultiplied(array)).astype(float)

    alpha = array[:, :, 3:].astype(float)
    error = np.abs(back - array)[:, :, :3]
    assert (error[alpha[:, :, 0] > 0] <= (127.5 / np.maximum(alpha, 1) + 0.51)[alpha[:, :, 0] > 0]).all()
    assert back[0, 0].tolist() == [0, 0, 0, 0]
    assert np.array_equal(back[:, :, 3], array[:, :, 3])


def test_opaque_pixels_are_left_alone():
    array = random_frame(3)
    array[:, :, 3] = 255

    assert np.array_equal(premultiplied(array), array)
    assert np.array_equal(straight(array), array)
    assert np.array_equal(premultiplied(array[:, :, :3]), array)
    assert np.array_equal(premultiplied(array[:, ::2, 0])[:, :, 2], array[:, ::2, 0])


@pytest.mark.parametrize("alpha", [1, 0.4, 0])
def test_over_is_the_formula_of_porter_and_duff(alpha):
    below, above = (premultiplied(random_frame(seed)) for seed in (4, 5))
    expected = above * alpha + below * (1 - above[:, :, 3:] * alpha / 255)

    over(below, above, alpha)

    assert np.abs(below - expected).max() <= 1.51  # rounded three times


def test_a_part_of_a_frame_can_be_below():
    frame = blank(10, 8)

    over(frame[2:4, 3:6], plain(3, 2, (10, 20, 30, 255)))

    assert frame[2:4, 3:6].reshape(-1, 4).tolist() == [[10, 20, 30, 255]] * 6
    assert frame.sum() == 6 * 315


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2), np.uint8)])
def test_other_arrays_are_refused(array):
    with pytest.raises(ValueError, match="expected"):
        premultiplied(array)
