"""Fading."""

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("start", "end", "progress", "alpha"), [(0, 1, 0.25, 0.25), (1, 0.5, 0.5, 0.75), (0.2, 0.2, 1, 0.2), (0, 1, 0, 0)]
)
def test_the_opacity_goes_in_a_straight_line(apply, random_picture, start, end, progress, alpha):
    picture, _ = random_picture(20, 10, opaque=False)

    result = apply("alpha", picture, alphaStart=start, alphaEnd=end, progress=progress)

    assert np.abs(result - picture * alpha).max() <= 0.5001


def test_full_opacity_is_the_picture_itself(apply, random_picture):
    picture, _ = random_picture(5, 5)

    assert apply("alpha", picture) is picture
