"""Pictures for filters, and how they are applied."""

import numpy as np
import pytest

from dragon_video.film.filters import FILTERS, Moment


def premultiply(straight):
    """Return float BGRA, 0 to 255, premultiplied and rounded."""
    alpha = straight[..., 3:] / 255
    return np.rint(np.concatenate((straight[..., :3] * alpha, straight[..., 3:]), 2)).astype(np.uint8)


@pytest.fixture(scope="session")
def moment():
    def make(children=(), *, progress=0.5, seconds=2.0, frame=50, seed=7, aspect=16 / 9, lines=360, rendered=False):
        return Moment(progress, seconds, frame, seed, aspect, lines, tuple(children), rendered)

    return make


@pytest.fixture(scope="session")
def apply(moment):
    """`apply(kind, picture, children, progress=..., name=value)`: the filtered picture; the input must not change."""

    def run(kind, picture, children=(), values=None, **others):
        names = {"progress", "seconds", "frame", "seed", "aspect", "lines", "rendered"}
        times = {name: value for name, value in others.items() if name in names}
        given = {name: value for name, value in others.items() if name not in names} | (values or {})
        before = [image.copy() for image in (picture, *children)]
        result = FILTERS[kind].apply(picture, given, moment(children, **times))
        assert all(np.array_equal(image, copy) for image, copy in zip((picture, *children), before, strict=True))
        assert result.dtype == np.uint8
        assert result.ndim == 3
        assert result.shape[2] == 4
        return result

    return run


@pytest.fixture(scope="session")
def random_picture():
    """`random_picture(width, height, opaque=True)`: every pixel by chance; returns (frame, straight float BGRA)."""

    def make(width, height, *, opaque=True, seed=1):
        straight = np.random.default_rng(seed).integers(0, 256, (height, width, 4)).astype(float)
        if opaque:
            straight[..., 3] = 255
        frame = premultiply(straight)
        return frame, straight

    return make


@pytest.fixture
def plain():
    """`plain(b, g, r, a=255, width=8, height=6)`: a picture of one straight colour."""

    def make(blue, green, red, alpha=255, width=8, height=6):
        return premultiply(np.full((height, width, 4), (blue, green, red, alpha), float))

    return make
