"""Tones beside their formulas in double precision."""

import numpy as np
import pytest

LUMA = np.array([0.0722, 0.7152, 0.2126])  # ITU-R BT.709


def straight_of(frame):
    alpha = frame[..., 3:] / 255
    return np.divide(frame[..., :3] / 255, alpha, out=np.zeros(frame[..., :3].shape), where=alpha > 0), alpha


@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize("blend", [0, 0.3, 1])
def test_tint_goes_from_black_to_white_by_luma(apply, random_picture, opaque, blend):
    picture, _ = random_picture(40, 30, opaque=opaque)
    black, white = np.array([90, 20, 30.0]), np.array([120, 220, 255.0])
    colours, alpha = straight_of(picture)
    light = (colours @ LUMA)[..., None]
    expected = (1 - blend) * (black + (white - black) * light) * alpha + blend * picture[..., :3]

    result = apply("tint", picture, whiteColor=(*white, 255), blackColor=(*black, 255), originalBlend=blend)

    assert np.abs(result[..., :3] - expected).max() <= 1
    assert np.array_equal(result[..., 3], picture[..., 3])


def test_tint_to_a_transparent_colour_takes_opacity(apply, plain):
    result = apply("tint", plain(128, 128, 128), blackColor=(0, 0, 0, 0), whiteColor=(0, 0, 255, 255))

    assert result[0, 0].tolist() == pytest.approx([0, 0, 128, 128], abs=1)


@pytest.mark.parametrize("opaque", [True, False])
def test_threetint_goes_over_its_middle(apply, random_picture, opaque):
    """The luma is rounded to a level first, which is at most one level of the result (its slope is 2)."""
    picture, _ = random_picture(40, 30, opaque=opaque)
    black, medium, white = np.array([80, 20, 10.0]), np.array([60, 80, 200.0]), np.array([150, 230, 255.0])
    colours, alpha = straight_of(picture)
    light = (colours @ LUMA)[..., None]
    expected = np.where(light < 0.5, black + (medium - black) * 2 * light, medium + (white - medium) * (2 * light - 1))

    result = apply("threetint", picture, whiteColor=(*white, 255), mediumColor=(*medium, 255), blackColor=(*black, 255))

    assert np.abs(result[..., :3] - expected * alpha).max() <= 2
    assert np.array_equal(result[..., 3], picture[..., 3])


def test_the_ends_and_the_middle_of_threetint_are_its_colours(apply, plain):
    colours = {"blackColor": (80, 20, 10, 255), "mediumColor": (60, 80, 200, 255), "whiteColor": (150, 230, 255, 255)}

    for level, name in ((0, "blackColor"), (128, "mediumColor"), (255, "whiteColor")):
        result = apply("threetint", plain(level, level, level), values=colours)
        assert result[0, 0].tolist() == pytest.approx(colours[name], abs=1)


@pytest.mark.parametrize(("level", "white"), [(0, False), (98, False), (106, True), (255, True)])
def test_threshold_has_two_levels(apply, plain, level, white):
    """0.4 of 255 is 102; a picture that is half transparent has half of the steps."""
    for alpha in (255, 128):
        result = apply("threshold", plain(level, level, level, alpha), threshold=0.4)
        assert result[0, 0].tolist() == [alpha * white] * 3 + [alpha]


@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize(("offset", "gamma"), [(1, 1), (-2, 1), (0, 2.2), (0.5, 0.7), (0, 1)])
def test_exposure_doubles_and_bends(apply, random_picture, opaque, offset, gamma):
    picture, _ = random_picture(40, 30, opaque=opaque)
    colours, alpha = straight_of(picture)
    expected = np.minimum(colours * 2.0**offset, 1) ** (1 / gamma) * alpha * 255

    result = apply("exposure", picture, offset=offset, gamma=gamma)

    strong = picture[..., 3] > (0 if opaque else 100)  # faint pixels have few steps to be told from
    assert np.abs(result[..., :3] - expected)[strong].max() <= (1 if opaque else 3)
    assert np.array_equal(result[..., 3], picture[..., 3])


def test_bleach_is_luma_over_half_of_the_colour(apply, random_picture):
    picture, straight = random_picture(40, 30)
    colours = straight[..., :3] / 255
    light = (colours @ LUMA)[..., None]
    half = (colours + light) / 2
    expected = np.where(half < 0.5, 2 * half * light, 1 - 2 * (1 - half) * (1 - light)) * 255

    result = apply("bleach", picture)

    assert np.abs(result[..., :3] - expected).max() <= 2
    assert np.abs(apply("bleach", picture, originalBlend=0.5) - (result / 2 + picture / 2)).max() <= 1


def test_bleach_has_less_colour_and_more_contrast(apply, random_picture):
    picture, _ = random_picture(60, 40)

    result = apply("bleach", picture)

    assert np.ptp(result[..., :3], axis=2).mean() < np.ptp(picture[..., :3], axis=2).mean()
    assert (result[..., :3] @ LUMA).std() > (picture[..., :3] @ LUMA).std()
