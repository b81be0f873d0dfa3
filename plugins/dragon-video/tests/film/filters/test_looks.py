"""Looks: what moves, what stays, what is by chance."""

import numpy as np
import pytest

from dragon_video.film.filters.chance import chance, wander


def test_chance_is_even_and_the_same_everywhere():
    """The first numbers of SplitMix64 for the seed 0, as published with it: E220A8397B1DCDAF."""
    assert chance(0) == (0xE220A8397B1DCDAF >> 11) / 2**53
    numbers = np.array([chance(3, n) for n in range(4000)])
    assert numbers.mean() == pytest.approx(0.5, abs=0.02)
    assert np.histogram(numbers, 10, (0, 1))[0].min() > 320
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.05


def test_what_wanders_goes_without_jumps():
    places = np.array([wander(t, 5) for t in np.arange(0, 20, 0.01)])

    assert np.abs(places).max() <= 1
    assert np.abs(np.diff(places)).max() < 2 * 1.5 * 0.01 + 1e-9
    assert np.ptp(places) > 0.8


def test_grain_is_in_the_middle_tones_and_keeps_the_light(apply, plain):
    levels = {level: apply("noise", plain(level, level, level, width=256, height=256)) for level in (0, 60, 128, 255)}

    assert (levels[0][..., :3] == 0).all()
    assert (levels[255] == 255).all()
    assert levels[128][..., 0].std() == pytest.approx(11, rel=0.15)
    assert levels[60][..., 0].std() == pytest.approx(11 * 4 * 60 * 195 / 255**2, rel=0.15)
    assert levels[128][..., 0].mean() == pytest.approx(128, abs=0.7)
    assert np.array_equal(levels[128][..., 0], levels[128][..., 2])


def test_grain_changes_at_its_rate_and_with_the_node(apply, plain):
    grey = plain(128, 128, 128, width=64, height=64)

    def at(seconds, seed=1, **values):
        return apply("noise", grey, seconds=seconds, seed=seed, **values).tobytes()

    assert len({at(n / 25, rate=25) for n in range(25)}) == 25
    assert len({at(n / 25, rate=5) for n in range(25)}) == 5
    assert at(0.2, rate=5) == at(0.36, rate=5) == at(0.1, rate=5, offset=0.2)
    assert len({at(n / 25, rate=0) for n in range(25)}) == 1
    assert at(0, seed=1) != at(0, seed=2)


def test_grain_is_as_coarse_in_small_films_as_in_large_ones(apply, plain):
    """At 1440 lines a grain is four times as wide as at 360: neighbours are more alike."""

    def likeness(lines, step):
        plane = apply("noise", plain(128, 128, 128, width=400, height=400), lines=lines)[..., 0].astype(float)
        return np.corrcoef(plane[:, :-step].ravel(), plane[:, step:].ravel())[0, 1]

    assert likeness(1440, 4) == pytest.approx(likeness(720, 2), abs=0.1)
    assert likeness(1440, 1) > 0.8


def test_flicker_is_a_gain_of_at_most_15_percent(apply, plain):
    picture = plain(100, 100, 100)

    levels = [int(apply("flick", picture, seconds=n / 25)[0, 0, 0]) for n in range(250)]

    assert 85 <= min(levels) < 92
    assert 108 < max(levels) <= 115
    assert np.abs(np.diff(levels)).max() <= 15 * 2 * 1.5 * 10 / 25 + 1


@pytest.mark.parametrize("kind", ["noise", "flick", "tv", "flashback", "bleach", "glow"])
def test_the_original_can_be_mixed_in(apply, random_picture, kind):
    picture, _ = random_picture(40, 30, opaque=False)

    assert np.array_equal(apply(kind, picture, originalBlend=1), picture)


def test_flashbacks_are_brown_and_dark_at_the_corners(apply, plain):
    result = apply("flashback", plain(128, 128, 128, width=200, height=120), seconds=0).astype(float)

    middle, corner = result[50:70, 90:110].mean((0, 1)), result[:10, :10].mean((0, 1))
    assert middle[2] > middle[1] > middle[0]
    assert corner[1] < 0.5 * middle[1]


def test_a_television_has_lines(apply, plain):
    """Every third line of 360 is darkest: the mean rows have that period."""
    rows = apply("tv", plain(128, 128, 128, width=400, height=360))[..., 1].astype(float)[:, 150:250].mean(1)

    power = np.abs(np.fft.rfft(rows - rows.mean()))
    assert power[20:].argmax() + 20 == 120


def test_a_glow_lights_what_is_around_bright_parts_alone(apply, plain):
    picture = np.full((120, 160, 4), 255, np.uint8)
    picture[..., :3] = 40
    picture[50:70, 70:90, :3] = 255

    result = apply("glow", picture, diameter=20)

    assert (result[60, 80] == 255).all()
    assert result[60, 95, 0] > 50
    assert result[5, 5].tolist() == [40, 40, 40, 255]
    assert np.array_equal(apply("glow", plain(100, 100, 100)), plain(100, 100, 100))


def test_a_glow_shines_out_of_a_letter_in_its_colour(apply):
    picture = np.zeros((60, 80, 4), np.uint8)
    picture[20:40, 30:50] = (0, 0, 200, 255)

    result = apply("glow", picture, threshold=0.2)

    outside = result[30, 54]
    assert 20 < outside[3] == outside[2]
    assert outside[0] == outside[1] == 0
