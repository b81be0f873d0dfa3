"""audio.beats on sounds whose beats are known because they were put there."""

from pathlib import Path

import numpy as np
import pytest

from dragon_framework.errors import UnreadableSourceError

RATE = 22_050


def click(seconds=0.08, low=False):
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(3).uniform(-1, 1, len(time))
    return (np.sin(2 * np.pi * 70 * time) if low else noise) * np.exp(-time * 45)


def song(times, seconds, *, chords=False):
    """A kick on every beat, a hi-hat in between, and perhaps chords under them."""
    sound = np.zeros(int(seconds * RATE) + RATE)
    for number, time in enumerate(times):
        for place, part, loud in ((time, click(0.15, low=True), 0.8), (time, click(), 0.15)):
            at = int(place * RATE)
            sound[at : at + len(part)] += loud * part
        if number + 1 < len(times):
            at = int((time + times[number + 1]) / 2 * RATE)
            sound[at : at + len(click())] += 0.1 * click()
    if chords:
        time = np.arange(len(sound)) / RATE
        sound += sum(0.05 * np.sin(2 * np.pi * pitch * time) for pitch in (220, 277, 330))
    return np.clip(sound[: int(seconds * RATE)], -1, 1)


def f_measure(truth, found, window=0.07):
    """As mir_eval.beat.f_measure without trimming: each found beat may meet one true beat within 70 ms."""
    left, hits = list(found), 0
    for time in truth:
        near = [beat for beat in left if abs(beat - time) <= window]
        if near:
            left.remove(min(near, key=lambda beat: abs(beat - time)))
            hits += 1
    return 2 * hits / (len(truth) + len(found)) if len(found) else 0.0


@pytest.mark.parametrize("bpm", [90, 100, 120, 128, 140, 160])
def test_beats_of_a_steady_tempo_are_found(run_task, wav, bpm):
    truth = np.arange(0.5, 29.5, 60 / bpm)

    values = run_task("audio.beats", url=wav(song(truth, 30), RATE)).values

    assert f_measure(truth, values["beats"]) > 0.95
    assert values["tempo"] == pytest.approx(bpm, rel=0.02)
    assert values["duration"] == 30


@pytest.mark.parametrize("bpm", [50, 56, 60, 66, 72])
@pytest.mark.parametrize("divided", [2, 3])
def test_what_divides_slow_beats_is_not_counted(run_task, wav, bpm, divided):
    """A soft hi-hat two or three times a beat is as regular, and nearer to the tempo most people tap along to."""
    truth = np.arange(0.5, 29.5, 60 / bpm)
    sound = np.zeros(30 * RATE)
    for time in np.arange(0.5, 29.0, 60 / bpm / divided):
        at = int(time * RATE)
        sound[at : at + len(click())] += 0.1 * click()
    for time in truth:
        at = int(time * RATE)
        sound[at : at + len(click(0.15))] += 0.8 * click(0.15, low=True) + 0.5 * click(0.15)

    values = run_task("audio.beats", url=wav(np.clip(sound, -1, 1), RATE)).values

    assert f_measure(truth, values["beats"]) > 0.9
    assert values["tempo"] == pytest.approx(bpm, rel=0.02)


def test_beats_of_equal_strength_are_all_kept():
    from dragon_audio._beats import _without_weak_between

    beats, strength = np.arange(10, 1000, 50), np.zeros(1010)
    strength[beats] = 1.0
    strength[beats[::2]] = 1.9

    np.testing.assert_array_equal(_without_weak_between(beats, strength), beats)
    strength[beats[::2]] = 2.1
    np.testing.assert_array_equal(_without_weak_between(beats, strength), beats[::2])


def test_beats_are_where_they_sound(run_task, wav):
    truth = np.arange(0.5, 29.5, 0.5)

    beats = np.array(run_task("audio.beats", url=wav(song(truth, 30), RATE)).values["beats"])

    errors = [np.abs(beats - time).min() for time in truth]
    assert np.median(errors) < 0.02


def test_a_tempo_that_grows_is_followed(run_task, wav):
    times, tempo = [0.5], 90.0
    while times[-1] < 58:
        times.append(times[-1] + 60 / tempo)
        tempo = 90 + 40 * times[-1] / 60
    truth = np.array(times)

    assert f_measure(truth, run_task("audio.beats", url=wav(song(truth, 60, chords=True), RATE)).values["beats"]) > 0.9


def test_onsets_do_not_depend_on_how_the_file_is_cut_into_blocks(run_task, wav, monkeypatch):
    from dragon_audio import _onsets

    class Context:
        def check(self):
            pass

        def progress(self, percent):
            pass

    seen = []
    path = Path(wav(song(np.arange(0.5, 29.5, 0.37), 30, chords=True), RATE))
    for frames in (2048, 100, 37):
        monkeypatch.setattr(_onsets, "BLOCK_FRAMES", frames)
        seen.append(_onsets.heard(path, "a.wav", Context()))

    assert len(seen[0].rises) == pytest.approx(30 * RATE / 220, abs=12)
    assert len(seen[0].levels) == pytest.approx(len(seen[0].rises) / 4, abs=1)
    for sound in seen[1:]:
        np.testing.assert_allclose(sound.rises, seen[0].rises, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(sound.levels, seen[0].levels, atol=2e-3)


def test_no_multiplication_is_large_enough_to_wake_the_threads_of_the_library():
    """OpenBLAS multiplies in one thread up to 2**18 products (interface/gemm.c: 65536 x GEMM_MULTITHREAD_THRESHOLD)."""
    from dragon_audio._onsets import CACHED_FRAMES, _filters

    assert all(CACHED_FRAMES * group.weights.size <= 2**18 for group in _filters())


def test_silence_before_and_after_the_music_has_no_beats(run_task, wav):
    truth = np.arange(8.0, 22.0, 0.5)

    beats = run_task("audio.beats", url=wav(song(truth, 30), RATE)).values["beats"]

    assert 7.4 < beats[0] < 9.1
    assert 20.9 < beats[-1] < 22.6


@pytest.mark.parametrize("samples", [np.zeros(5 * RATE), np.full(RATE, 0.5), np.zeros(100)])
def test_silence_and_short_sounds_have_none(run_task, wav, samples):
    values = run_task("audio.beats", url=wav(samples, RATE)).values

    assert (len(values["beats"]), values["tempo"], values["confidence"]) == (0, None, 0.0)
    assert (len(values["downbeats"]), values["beats_per_bar"]) == (0, None)


def test_a_steady_tone_has_none_even_when_it_was_coded(run_task, sounds):
    assert len(run_task("audio.beats", url=sounds("a.m4a", "-c:a", "aac")).values["beats"]) == 0


def test_quiet_music_has_beats(run_task, wav):
    truth = np.arange(0.5, 29.5, 0.5)

    assert f_measure(truth, run_task("audio.beats", url=wav(0.02 * song(truth, 30), RATE)).values["beats"]) > 0.95


def test_beats_rise_and_are_told_to_the_millisecond(run_task, wav):
    beats = run_task("audio.beats", url=wav(song(np.arange(0.5, 9.5, 0.5), 10), RATE)).values["beats"]

    assert list(beats) == sorted(set(beats))
    assert all(round(beat, 3) == beat for beat in beats)


def test_what_has_no_sound_is_refused(run_task, tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"no sound" * 100)

    with pytest.raises(UnreadableSourceError, match="not a file with sound"):
        run_task("audio.beats", url=str(tmp_path / "a.mp3"))
