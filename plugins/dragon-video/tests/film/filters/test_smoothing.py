"""Blurs that look at the picture, and streaks."""

import numpy as np
import pytest


def test_noise_goes_and_edges_stay(apply):
    """Noise of 6 levels on two grounds 120 levels apart: a fifth of it is left, and the step is as steep as before."""
    rng = np.random.default_rng(4)
    picture = np.full((120, 160, 4), 255, np.uint8)
    ground = np.where(np.arange(160) < 80, 60, 180)[None, :, None]
    picture[..., :3] = np.rint(ground + rng.normal(0, 6, (120, 160, 3)))

    result = apply("bilateralBlur", picture, diameter=14, threshold=0.12)[..., :3].astype(float)

    assert result[20:100, 20:60].std() < 6 / 4
    assert result[20:100, 100:140].std() < 6 / 4
    assert result[:, :60].mean() == pytest.approx(60, abs=1)
    assert result[20:100, 78:80].mean() == pytest.approx(60, abs=12)
    assert result[20:100, 80:82].mean() == pytest.approx(180, abs=12)


def test_a_tolerance_of_nothing_changes_nothing(apply, random_picture):
    picture, _ = random_picture(60, 50)

    assert np.abs(apply("bilateralBlur", picture, diameter=4, threshold=0).astype(int) - picture).max() <= 2


def test_small_windows_are_the_guided_filter(apply, random_picture):
    """He, Sun and Tang 2013, equations 5, 6 and 8, in a window of 5 pixels, with v² and (tolerance / 2)⁴ in 5."""
    picture, _ = random_picture(30, 24)

    def mean(plane):
        padded = np.pad(plane, ((2, 2), (2, 2), (0, 0)), mode="edge")
        return sum(padded[y : y + 24, x : x + 30] for y in range(5) for x in range(5)) / 25

    image = picture.astype(float)
    variance = mean(image**2) - mean(image) ** 2
    a = variance**2 / (variance**2 + (0.5 * 127.5) ** 4)
    b = mean(image) * (1 - a)
    expected = mean(a) * image + mean(b)

    result = apply("bilateralBlur", picture, diameter=5, threshold=0.5)

    assert np.abs(result[..., :3] - expected[..., :3]).max() <= 2


def test_the_blur_is_where_the_other_picture_is_light(apply, random_picture, plain):
    picture, _ = random_picture(80, 60)
    child = np.concatenate((plain(0, 0, 0, width=40, height=60), plain(255, 255, 255, width=40, height=60)), 1)

    result = apply("maskedBlur", picture, [child], diameter=6)

    assert np.array_equal(result[:, :40], picture[:, :40])
    assert np.abs(result[:, 40:].astype(int) - apply("gaussianBlur", picture, diameter=6)[:, 40:]).max() <= 1


@pytest.mark.parametrize("angle", [0, 30, 45, 77, 90, 120, 180, 225])
@pytest.mark.parametrize("diameter", [6, 21, 60])
def test_a_point_becomes_a_line_of_that_length_and_angle(apply, angle, diameter):
    """Second moments of a uniform line: length² / 12 along it, next to nothing across."""
    picture = np.zeros((151, 151, 4), np.uint8)
    picture[74:77, 74:77] = 255

    result = apply("directionalBlur", picture, diameter=diameter, angle=angle)[..., 3].astype(float)

    y, x = np.mgrid[:151, :151] - 75.0
    total = result.sum()
    assert total == pytest.approx(9 * 255, rel=0.1)
    assert ((result * x).sum() / total, (result * y).sum() / total) == pytest.approx((0, 0), abs=0.15)
    along = x * np.cos(np.radians(angle)) - y * np.sin(np.radians(angle))
    across = x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    own = (3**2 - 1) / 12
    assert np.sqrt((result * along**2).sum() / total - own) == pytest.approx(diameter / np.sqrt(12), rel=0.12)
    assert (result * across**2).sum() / total - own < 1.2


@pytest.mark.parametrize(
    ("direction", "angle"), [("left", 0), ("up", 90), ("down", 90), ((1, 1), 45), ((-2, 2), 135), ((0, -3), 90)]
)
def test_directions_are_angles(apply, random_picture, direction, angle):
    picture, _ = random_picture(50, 40)

    named = apply("directionalBlur", picture, diameter=12, direction=direction)

    assert np.abs(named.astype(int) - apply("directionalBlur", picture, diameter=12, angle=angle)).max() <= 1


def test_a_camera_that_stands_still_blurs_nothing(apply, random_picture):
    picture, _ = random_picture(5, 4)

    assert apply("directionalBlur", picture, direction="static") is picture
