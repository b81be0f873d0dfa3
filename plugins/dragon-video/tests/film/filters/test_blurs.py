"""Blurs beside a convolution written out."""

import itertools

import numpy as np
import pytest


def box_kernel(width):
    """Weights of a box of that width in pixels, centred on a pixel, as what each pixel has of it."""
    radius = int(np.ceil(width / 2 + 1))
    edges = np.arange(-radius, radius + 2) - 0.5
    inside = np.clip(edges, -width / 2, width / 2)
    return np.diff(inside) / width


def gauss_kernel(sigma):
    radius = int(np.ceil(4 * sigma)) + 1
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


def convolved(picture, kernel, axis):
    radius = len(kernel) // 2
    pad = [(0, 0)] * 3
    pad[axis] = (radius, radius)
    padded = np.pad(picture.astype(float), pad, mode="edge")
    length = picture.shape[axis]
    return sum(weight * np.take(padded, np.arange(place, place + length), axis) for place, weight in enumerate(kernel))


@pytest.mark.parametrize("diameter", [0, 0.4, 1, 1.3, 2, 3, 4.75, 8.9, 9, 14.2, 31])
@pytest.mark.parametrize("kind", ["blur", "hblur", "vblur"])
def test_a_box_blur_is_the_mean_over_a_box_of_any_width(apply, random_picture, kind, diameter):
    picture, _ = random_picture(41, 29, opaque=False)
    expected = picture.astype(float)
    for axis in {"blur": (1, 0), "hblur": (1,), "vblur": (0,)}[kind]:
        expected = convolved(expected, box_kernel(max(diameter, 1)), axis)

    result = apply(kind, picture, diameter=diameter)

    assert np.abs(result - expected).max() <= 1.6


def test_lengths_grow_with_the_frame(apply, random_picture):
    picture, _ = random_picture(60, 40)

    assert np.array_equal(apply("blur", picture, diameter=5, lines=720), apply("blur", picture, diameter=10, lines=360))


def test_a_frame_with_wide_pixels_is_blurred_as_far_across_as_down_as_shown(apply):
    """720 × 576 shown as 16:9: a pixel is 1024 / 720 times as wide as it is high."""
    picture = np.full((576, 720, 4), 255, np.uint8)
    picture[:, :360, :3] = 0
    picture[:288, :, :3] = 0

    result = apply("gaussianBlur", picture, diameter=40, lines=576, rendered=True).astype(float)

    def spread(edge):
        weights, places = np.abs(np.diff(edge)), np.arange(len(edge) - 1)
        middle = (weights * places).sum() / weights.sum()
        return np.sqrt((weights * (places - middle) ** 2).sum() / weights.sum())

    assert spread(result[:, 700, 0]) / spread(result[560, :, 0]) == pytest.approx(1024 / 720, rel=0.03)
    assert spread(result[:, 700, 0]) == pytest.approx(20 * 576 / 360, rel=0.04)  # the tails end at 3 sigma


@pytest.mark.parametrize("diameter", [0.5, 2, 5, 7.9, 8.1, 13, 24, 60])
def test_a_gaussian_blur_is_a_gaussian_at_full_and_at_reduced_size(apply, diameter):
    """An edge becomes the integral of the Gaussian: compared within 2 % of the step and 1 level."""
    picture = np.full((64, 301, 4), 255, np.uint8)
    picture[:, :150, :3] = 0
    expected = convolved(picture[:1], gauss_kernel(diameter / 2), 1)[0, :, 0]

    result = apply("hgaussianBlur", picture, diameter=diameter)

    assert np.abs(result[32, :, 0] - expected).max() <= 6
    assert np.array_equal(result[:, :, 3], np.full((64, 301), 255))
    turned = apply("vgaussianBlur", np.ascontiguousarray(picture.transpose(1, 0, 2)), diameter=diameter)
    assert np.abs(turned.transpose(1, 0, 2).astype(int) - result).max() <= 1


@pytest.mark.parametrize("sigma", [1.5, 2.9, 3.1, 4.5, 6.1, 9, 12.2, 30])
def test_a_gaussian_blur_is_as_wide_as_asked_for(apply, sigma):
    """A Gaussian cut off at 3 sigma has a deviation of 0.987 sigma; 2 % are for what is beyond a level."""
    picture = np.full((8, 401, 4), 255, np.uint8)
    picture[:, :200, :3] = 0

    edge = apply("hgaussianBlur", picture, diameter=2 * sigma)[4, :, 0].astype(float)

    weights, places = np.diff(edge), np.arange(400)
    middle = (weights * places).sum() / weights.sum()
    assert np.sqrt((weights * (places - middle) ** 2).sum() / weights.sum()) == pytest.approx(0.987 * sigma, rel=0.02)


@pytest.mark.parametrize("diameter", [3, 9, 18])
def test_a_gaussian_blur_keeps_the_light_where_it_was(apply, diameter):
    """The sum of a spot stays, within the rounding of its tails, and so does its centre."""
    picture = np.zeros((203, 307, 4), np.uint8)
    picture[70:110, 120:170] = 255

    result = apply("gaussianBlur", picture, diameter=diameter)[:, :, 3].astype(float)

    assert result.sum() == pytest.approx(picture[:, :, 3].astype(float).sum(), rel=0.01)
    y, x = np.mgrid[:203, :307]
    assert (result * x).sum() / result.sum() == pytest.approx(144.5, abs=0.1)
    assert (result * y).sum() / result.sum() == pytest.approx(89.5, abs=0.1)


def test_a_blur_that_changes_slowly_makes_no_steps(apply, random_picture):
    """Over a thirtieth of a pixel of width no pixel jumps, neither at the next odd box nor at the next reduction."""
    picture = np.kron(random_picture(24, 16)[0], np.ones((12, 12, 1), np.uint8))
    for kind, widths in (
        ("blur", np.arange(2.8, 3.2, 0.03)),
        ("gaussianBlur", np.arange(15.7, 16.3, 0.03)),
        ("gaussianBlur", np.arange(7.7, 8.3, 0.03)),
    ):
        pictures = [apply(kind, picture, diameter=float(width)).astype(int) for width in widths]

        assert max(np.abs(a - b).max() for a, b in itertools.pairwise(pictures)) <= 6


@pytest.mark.parametrize("kind", ["blur", "gaussianBlur"])
def test_blurred_white_on_nothing_stays_white(apply, kind):
    """Dark fringes are what blurring straight colours gives; here colour stays equal to alpha."""
    picture = np.zeros((50, 80, 4), np.uint8)
    picture[15:35, 20:60] = 255

    result = apply(kind, picture, diameter=12)

    assert np.array_equal(result[:, :, 0], result[:, :, 3])
    assert 0 < result[10, 40, 3] < 255


def test_each_axis_may_have_its_own_width(apply, random_picture):
    picture, _ = random_picture(40, 30)

    assert np.array_equal(
        apply("gaussianBlur", picture, diameter=50, diameterX=3, diameterY=0),
        apply("hgaussianBlur", picture, diameter=3),
    )
