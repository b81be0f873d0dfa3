"""Fades, transitions, ducking and the limiter: arithmetic, against what was worked out by hand."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragon_video.film.sound.gains import ducking, lowest, track_gain
from dragon_video.film.sound.limiting import CEILING, Limiter
from dragon_video.film.sound.tracks import Track

RATE = 1000


def track(**how):
    return Track(path=Path("a.wav"), **({"duration": Fraction(4)} | how))


def test_fades_are_lines_from_silence_and_to_it():
    gain = track_gain(track(fade_in=Fraction(1), fade_out=Fraction(2), volume=0.5), 0, 4000, RATE)

    # Amplitudes at 0, 0.25, 1, 2, 3 and the last millisecond, by hand.
    assert gain[[0, 250, 1000, 2000, 3000, 3999]] == pytest.approx([0, 0.125, 0.5, 0.5, 0.25, 0.00025])


def test_a_window_sees_its_part_of_a_fade():
    whole = track_gain(track(fade_in=Fraction(1), crossfade_out=Fraction(3, 2)), 0, 4000, RATE)

    parts = [np.broadcast_to(track_gain(track(fade_in=Fraction(1), crossfade_out=Fraction(3, 2)), at, 400, RATE), 400)
             for at in range(0, 4000, 400)]  # fmt: skip

    assert np.array_equal(np.concatenate(parts), whole)


def test_both_sides_of_a_transition_have_one_power_together():
    leaving = track_gain(track(crossfade_out=Fraction(1)), 3000, 1000, RATE)
    coming = track_gain(track(crossfade_in=Fraction(1)), 0, 1000, RATE)

    assert leaving**2 + coming**2 == pytest.approx(np.ones(1000), abs=1e-12)
    assert leaving[500] == pytest.approx(2**-0.5)  # -3 dB in the middle
    assert np.all(np.diff(coming) > 0)


def test_ducking_is_low_a_margin_around_a_sound_and_ramps_outside_of_that():
    """A voice from 10 s on that sounds from 2 s to 3 s: low from 11.5 to 13.5 s, ramps of 1 s to both sides."""
    peaks = np.zeros(200)
    peaks[100:150] = 0.5
    master = track(start=Fraction(10), duck_others=0.2)

    curve = ducking(master, peaks)

    seconds = np.array([10.4, 10.5, 11.0, 11.5, 12.5, 13.5, 14.0, 14.25, 14.5, 14.6])
    wanted = [1, 1, 0.6, 0.2, 0.2, 0.2, 0.6, 0.8, 1, 1]
    factors = np.array([curve.at(round(second * RATE), 1, RATE)[0] for second in seconds])
    assert factors == pytest.approx(wanted, abs=1e-9)


def test_what_is_below_the_threshold_is_no_sound():
    """The threshold is a part of the master's own maximum: 0.05 of 0.8 is 0.04."""
    peaks = np.full(500, 0.039)
    peaks[:50] = 0.8

    curve = ducking(track(duck_others=0.0), peaks)

    assert curve.times.tolist() == pytest.approx([-1.5, -0.5, 1.5, 2.5])


def test_the_others_stay_low_in_a_gap_that_is_too_short_to_come_up_in():
    """Between the margins of 0.5 s around two sounds there are 2 s: two fades, so there is no time at full volume."""
    peaks = np.zeros(300)
    peaks[:50] = peaks[200:250] = 1.0

    assert ducking(track(duck_others=0.5), peaks).times.tolist() == pytest.approx([-1.5, -0.5, 5.5, 6.5])
    peaks[200] = 0.0  # 20 ms more
    assert len(ducking(track(duck_others=0.5), peaks).times) == 8


def test_of_several_masters_the_lowest_counts():
    ones = np.ones(50)
    low = ducking(track(duck_others=0.1, duck_margin=Fraction(0), duck_fade=Fraction(0)), ones)
    high = ducking(track(start=Fraction(1, 2), duck_others=0.6, duck_margin=Fraction(0), duck_fade=Fraction(0)), ones)

    factors = lowest([low, high], 0, 2000, RATE)

    assert factors[[500, 900, 1200, 1600]] == pytest.approx([0.1, 0.1, 0.6, 1.0])
    assert lowest([low, high], 2000, 1000, RATE) is None


def test_a_silent_master_ducks_nothing():
    assert ducking(track(duck_others=0.1), np.zeros(50)) is None
    assert ducking(track(), np.ones(50)) is None


def limited(samples, rate, cuts=()):
    limiter = Limiter(rate)
    parts = [limiter.process(part) for part in np.split(samples, cuts, axis=1)]
    return np.concatenate([*parts, limiter.rest()], axis=1)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.sampled_from([8000, 44100, 48000]))
def test_no_sample_is_over_the_ceiling(seed, level, rate):
    rng = np.random.default_rng(seed)
    samples = (level * rng.standard_normal((2, 9999)) * (rng.random(9999) > 0.9)).astype(np.float32)

    out = limited(samples, rate)

    assert out.shape == samples.shape
    assert np.abs(out).max() <= 10 ** (-1 / 20) + 1e-6  # -1 dBFS


def test_what_is_not_too_loud_is_left_alone_bit_for_bit():
    rng = np.random.default_rng(1)
    samples = rng.uniform(-0.89, 0.89, (2, 48_000)).astype(np.float32)
    loud = samples.copy()
    loud[:, 24_000] = 2.0

    assert np.array_equal(limited(samples, 48_000), samples)
    # 5 ms of looking ahead and 5 ms of mean before the peak, and what it needs to come back.
    assert np.array_equal(limited(loud, 48_000)[:, : 24_000 - 48 * 11], loud[:, : 24_000 - 48 * 11])
    assert not np.array_equal(limited(loud, 48_000)[:, 24_100], loud[:, 24_100])


@pytest.mark.parametrize("at", [0, 100, 9999])
def test_a_peak_at_either_end_is_turned_down_and_not_cut_off(at):
    """The peak keeps its shape: all of its samples have nearly one gain."""
    samples = np.zeros((2, 10_000), np.float32)
    samples[:, max(0, at - 10) : at + 11] = np.linspace(1, 3, 21)[: samples[0, max(0, at - 10) : at + 11].size]

    gain = (limited(samples, 48_000)[0] / np.where(samples[0], samples[0], np.nan))[max(0, at - 10) : at + 11]

    assert np.nanmax(gain) / np.nanmin(gain) < 1.2


def test_the_gain_comes_back_with_a_time_constant_of_150_ms():
    samples = np.full((2, 48_000), 0.5, np.float32)
    samples[:, 4800] = 2.0

    gain = limited(samples, 48_000)[0] / samples[0]

    depth = 1 - gain[[4800 + 48 * 60, 4800 + 48 * 210]]  # 150 ms apart
    assert depth[1] / depth[0] == pytest.approx(np.exp(-1), rel=1e-3)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 9999), max_size=5).map(sorted))
def test_the_limiter_knows_no_windows(cuts):
    samples = np.random.default_rng(3).standard_normal((2, 9999)).astype(np.float32)

    assert limited(samples, 44_100, cuts) == pytest.approx(limited(samples, 44_100), abs=1e-6)


def test_the_ceiling_is_minus_one_decibel():
    assert 20 * np.log10(CEILING) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"volume": 11.0}, "volume must be 0 to 10, got 11.0"),
        ({"volume": float("nan")}, "volume"),
        ({"duration": Fraction(0)}, "duration must be above 0 s"),
        ({"skip": Fraction(-1)}, "skip must be at least 0 s"),
        ({"speed": Fraction(0)}, "speed must be 0.01 to 100"),
        ({"duck_others": 1.5}, "duck_others must be 0 to 1"),
        ({"duck_threshold": -0.1}, "duck_threshold must be 0 to 1"),
    ],
)
def test_values_out_of_range_are_named(how, said):
    with pytest.raises(ValueError, match=said):
        track(**how)
