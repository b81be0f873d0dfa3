"""Masks by another picture beside their formulas."""

import numpy as np
import pytest

from dragon_video.film.errors import InvalidContentError


def test_the_place_between_two_colours_is_the_opacity(apply, random_picture, plain):
    """alpha = clamp(dot(c - transparent, opaque - transparent) / |opaque - transparent|²)."""
    child, straight = random_picture(40, 30, seed=2)
    transparent, opaque = np.array([200, 30, 90.0]), np.array([20, 220, 100.0])
    line = opaque - transparent
    expected = np.clip(((straight[..., :3] - transparent) @ line) / (line @ line), 0, 1)

    result = apply(
        "mask",
        plain(255, 255, 255, width=40, height=30),
        [child],
        opaqueColor=(*opaque, 255),
        transparentColor=(*transparent, 255),
    )

    assert np.abs(result - 255 * expected[..., None]).max() <= 1


def test_the_nothing_of_a_mask_counts_as_its_transparent_colour(apply, plain):
    """Half a white on a ground of grey 100: 177.5, which is half way to white."""
    child = plain(255, 255, 255, 128)

    result = apply("mask", plain(200, 100, 50), [child], transparentColor=(100, 100, 100, 255))

    assert result[0, 0].tolist() == pytest.approx([100, 50, 25, 128], abs=1)


def test_by_default_white_shows_and_black_hides(apply, plain):
    child = np.concatenate((plain(0, 0, 0, width=4), plain(128, 128, 128, width=4), plain(255, 255, 255, width=4)), 1)

    result = apply("mask", plain(30, 60, 90, width=12), [child])

    assert result[0, [0, 5, 10]].tolist() == [[0, 0, 0, 0], [15, 30, 45, 128], [30, 60, 90, 255]]


def test_a_mask_between_equal_colours_is_an_error(apply, plain):
    with pytest.raises(InvalidContentError, match="opaqueColor and transparentColor"):
        apply("mask", plain(1, 2, 3), [plain(1, 2, 3)], transparentColor=(255, 255, 255, 0))


@pytest.mark.parametrize("kind", ["mask", "alphamask", "alphainvmask", "lumamask", "lumainvmask"])
def test_a_matte_without_a_picture_is_an_error(apply, plain, kind):
    with pytest.raises(InvalidContentError, match=f"filter {kind} needs a picture inside it"):
        apply(kind, plain(1, 2, 3))


@pytest.mark.parametrize(("kind", "inverse"), [("alphamask", False), ("alphainvmask", True)])
def test_the_alpha_of_the_other_picture(apply, random_picture, kind, inverse):
    picture, _ = random_picture(31, 17, opaque=False)
    child, straight = random_picture(31, 17, opaque=False, seed=2)
    share = straight[..., 3:] / 255

    result = apply(kind, picture, [child])

    assert np.abs(result - picture * (1 - share if inverse else share)).max() <= 0.5001


@pytest.mark.parametrize(("kind", "inverse"), [("lumamask", False), ("lumainvmask", True)])
def test_the_light_of_the_other_picture(apply, random_picture, kind, inverse):
    """ITU-R BT.709: 0.2126 R + 0.7152 G + 0.0722 B."""
    picture, _ = random_picture(31, 17, opaque=False)
    child, straight = random_picture(31, 17, opaque=False, seed=2)
    share = (straight[..., :3] @ [0.0722, 0.7152, 0.2126] * straight[..., 3] / 255 / 255)[..., None]

    result = apply(kind, picture, [child])

    assert np.abs(result - picture * (1 - share if inverse else share)).max() <= 2


def test_mattes_are_stretched_and_laid_over_each_other(apply, plain):
    """A small white picture, and on it one that is opaque on its right half alone."""
    right = np.concatenate((plain(0, 0, 0, 0, width=2, height=2), plain(0, 0, 0, width=2, height=2)), 1)

    result = apply("lumamask", plain(9, 9, 9, width=40, height=20), [plain(255, 255, 255, width=1, height=1), right])

    assert result[:, :15].min() == 9
    assert result[:, 25:].max() == 0
