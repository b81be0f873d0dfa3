"""Bars of audio.beats: on evidence made up, and on sounds whose bars are known because they were put there."""

import numpy as np
import pytest

RATE = 22_050
CHORDS = ((220.0, 277.2, 329.6), (293.7, 370.0, 440.0), (329.6, 415.3, 493.9), (246.9, 311.1, 370.0))
"""A, D, E and B major."""


def strike(sound, second, part):
    at = int(second * RATE)
    part = part[: max(0, len(sound) - at)]
    sound[at : at + len(part)] += part


def tone(pitches, seconds, loud):
    time = np.arange(int(seconds * RATE)) / RATE
    fade = np.minimum(1, np.minimum(time, time[::-1]) * 100)
    return loud * fade * sum(np.sin(2 * np.pi * pitch * time) for pitch in pitches)


def noise(seconds, loud, seed=3):
    count = int(seconds * RATE)
    return loud * np.random.default_rng(seed).uniform(-1, 1, count) * np.exp(-np.arange(count) / RATE * 45)


def bars(metre, pickup, bpm=110.0, seconds=24.0):
    """A soft click on every beat; from the first bar on a chord for each, and a bass note where it begins."""
    sound, beats = np.zeros(int(seconds * RATE)), np.arange(0.5, seconds - 0.5, 60 / bpm)
    for beat in beats:
        strike(sound, beat, noise(0.08, 0.3))
    for number, beat in enumerate(beats[pickup::metre]):
        strike(sound, beat, tone(CHORDS[number % 4], metre * 60 / bpm, 0.06))
        strike(sound, beat, tone((55.0,), 0.3, 0.3))
    return np.clip(sound, -1, 1), beats[pickup::metre]


@pytest.mark.parametrize(("metre", "pickup"), [(3, 0), (3, 2), (4, 0), (4, 1), (4, 3)])
def test_downbeats_are_where_the_harmony_changes_and_the_bass_begins(run_task, wav, metre, pickup):
    sound, truth = bars(metre, pickup)

    values = run_task("audio.beats", url=wav(sound, RATE)).values

    found = np.array(values["downbeats"])
    inner = [second for second in truth if 2 < second < 22]
    assert values["beats_per_bar"] == metre
    assert [second for second in inner if np.abs(found - second).min() > 0.07] == []
    assert [beat for beat in found if 2 < beat < 22 and np.abs(truth - beat).min() > 0.07] == []
    assert set(values["downbeats"]) <= set(values["beats"])


def test_evidence_at_every_third_beat_gives_bars_of_three():
    from dragon_audio._bars import laid

    evidence = np.full(30, -2.0)
    evidence[1::3] = 2.0

    found = laid(evidence)

    assert found.beats_per_bar == 3
    np.testing.assert_array_equal(np.flatnonzero(found.first), np.arange(1, 30, 3))


def test_a_bar_with_a_beat_too_many_does_not_upset_the_others():
    from dragon_audio._bars import laid

    truth = [*range(2, 30, 4), *range(31, 60, 4)]  # the eighth bar has five beats
    evidence = np.full(60, -2.0)
    evidence[truth] = 2.0

    np.testing.assert_array_equal(np.flatnonzero(laid(evidence).first), truth)


def test_one_accent_in_the_wrong_place_is_passed_over():
    from dragon_audio._bars import laid

    evidence = np.full(40, -2.0)
    evidence[::4] = 2.0
    evidence[18] = 3.0

    np.testing.assert_array_equal(np.flatnonzero(laid(evidence).first), np.arange(0, 40, 4))


def test_a_change_of_metre_is_followed():
    from dragon_audio._bars import laid

    truth = [*range(0, 36, 3), *range(36, 100, 4)]
    evidence = np.full(100, -2.0)
    evidence[truth] = 2.0

    found = laid(evidence)

    np.testing.assert_array_equal(np.flatnonzero(found.first), truth)
    assert found.beats_per_bar == 4


def test_chords_off_the_beat_do_not_draw_the_beats_away_from_the_bass(run_task, wav):
    """As in reggae: the loudest is halfway between the beats, and the bass says where they are."""
    sound, beats = np.zeros(24 * RATE), np.arange(0.5, 23.0, 60 / 80)
    for number, beat in enumerate(beats):
        strike(sound, beat, tone((65.0 if number % 2 else 49.0,), 0.3, 0.25))
        strike(sound, beat + 30 / 80, tone(CHORDS[number // 4 % 4], 0.2, 0.1) + noise(0.2, 0.5))

    found = np.array(run_task("audio.beats", url=wav(np.clip(sound, -1, 1), RATE)).values["beats"])

    near = [np.abs(found - beat).min() for beat in beats if 2 < beat < 22]
    assert np.median(near) < 0.05


def test_confidence_is_high_in_music_and_low_in_what_has_no_beat(run_task, wav):
    """Clicks at random are the worst case: each is a perfect attack, and no two are alike in distance."""
    chance = np.random.default_rng(11)
    clicks, at = np.zeros(24 * RATE), 0.4
    while at < 23:
        strike(clicks, at, noise(0.08, chance.uniform(0.2, 0.8)))
        at += 0.05 + chance.exponential(0.35)

    music, random = (run_task("audio.beats", url=wav(one, RATE)).values for one in (bars(4, 0)[0], clicks))

    assert music["confidence"] > 0.85
    assert random["confidence"] < 0.15


def test_few_beats_make_no_bars(run_task, wav):
    sound, _ = bars(4, 0, seconds=3.5)

    values = run_task("audio.beats", url=wav(sound, RATE)).values

    assert 0 < len(values["beats"]) < 8
    assert (len(values["downbeats"]), values["beats_per_bar"]) == (0, None)
