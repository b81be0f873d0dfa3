"""Transitions against geometry computed apart: where edges are, how far pictures have moved, what areas are covered."""

import numpy as np
import pytest

from dragon_video.film.frames import plain
from dragon_video.film.raster import Viewport
from dragon_video.film.transitions import TRANSITIONS, transition

RED = (0, 0, 255, 255)
BLUE = (255, 0, 0, 255)
VIEWPORT = Viewport(161, 91, 16 / 9)  # odd sides, pixels that are not quite square


def noise(seed, viewport=VIEWPORT):
    pixels = np.random.default_rng(seed).integers(0, 256, (viewport.height, viewport.width, 4), np.uint8)
    pixels[:, :, 3] = 255
    return pixels


def red_to_blue(kind, progress, viewport=VIEWPORT, **options):
    """Return how much of the blue picture each pixel shows, 0 to 1."""
    size = viewport.width, viewport.height
    frame = transition(kind, options, viewport).draw(plain(*size, RED), plain(*size, BLUE), progress)
    return frame[:, :, 0] / 255


def test_the_language_has_fifteen_transitions():
    assert set(TRANSITIONS) == {
        "crossfade",
        "waterdrop",
        "circle",
        "radial",
        "swirl",
        "strip",
        "scan",
        "scans",
        "move",
        "over",
        "under",
        "cube",
        "spiral",
        "dualmove",
        "custom",
    }


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_a_transition_starts_with_one_picture_and_ends_with_the_other(kind):
    before, after = noise(1), noise(2)
    made = transition(kind, {}, VIEWPORT)

    assert np.array_equal(made.draw(before, after, 0), before)
    assert np.array_equal(made.draw(before, after, 1), after)
