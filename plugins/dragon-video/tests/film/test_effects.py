"""Effects: which pictures are where at the start, on the way and at the end, and that pieces make a whole."""

import numpy as np
import pytest

from dragon_video.film.effects import EFFECTS, planes
from dragon_video.film.frames import blank
from dragon_video.film.raster import Picture, Viewport, draw

ASPECT = 16 / 9
VIEWPORT = Viewport(161, 91, ASPECT)
SEVERAL = [name for name, effect in EFFECTS.items() if effect.most > 1]
SINGLE = [name for name, effect in EFFECTS.items() if effect.most == 1]


def drawn(effect, pictures, progress, seconds=None, **options):
    """Return the frame of an effect that lasts 5 s."""
    frame = blank(VIEWPORT.width, VIEWPORT.height)
    ratios = [picture.ratio for picture in pictures]
    at = 5 * progress if seconds is None else seconds
    for plane in planes(effect, ratios, ASPECT, progress, at, options):
        draw(frame, pictures[plane.picture], plane.matrix, VIEWPORT, alpha=plane.alpha, part=plane.part)
    return frame


def smooth_picture(width, height, phase=0.0):
    """Return a picture of slow waves, which looks the same when it is sampled a little aside."""
    rows, columns = np.indices((height, width)) + 0.5
    waves = [
        np.cos(2 * np.pi * (columns / width * across + rows / height * down + phase))
        for across, down in ((1, 0), (0, 1), (1, 1))
    ]
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[:, :, :3] = np.round(128 + 100 * np.stack(waves, axis=-1))
    return Picture(pixels)


def test_the_language_has_eleven_effects():
    named = "none kenburns panel flower explode slice rectangles diving rotator sliding square"
    assert list(EFFECTS) == named.split()


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("ratio", [(300, 200), (200, 300), (320, 180), (240, 60)])
def test_an_effect_ends_with_a_picture_all_over_the_frame(effect, ratio):
    frame = drawn(effect, [smooth_picture(*ratio)], 1)

    assert frame[:, :, 3].min() == 255
