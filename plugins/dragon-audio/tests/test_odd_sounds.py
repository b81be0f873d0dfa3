"""What clients send by mistake or on purpose, to every task that reads a sound: an answer, or what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from dragon_framework.errors import InvalidParametersError, UnreadableSourceError

READERS = ("audio.info", "audio.convert", "audio.beats", "audio.waveform")


def tone(rate, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize("task", READERS)
def test_a_video_without_sound_is_told_to_have_none(run_task, sounds, task):
    path = sounds("silent.mp4", "-c:v", "libx264", source="testsrc2=d=1:s=64x48:r=5")

    with pytest.raises(UnreadableSourceError, match="it has no sound"):
        run_task(task, url=path)


@pytest.mark.parametrize("task", ["audio.info", "audio.convert", "audio.waveform"])
def test_a_sound_of_no_length_is_told_to_be_empty(run_task, wav, task):
    with pytest.raises(UnreadableSourceError, match="not a file with sound"):
        run_task(task, url=wav(np.zeros((1, 0))))


@pytest.mark.parametrize("task", READERS)
@pytest.mark.parametrize("name", ["cut.mp3", "cut.wav", "cut.ogg"])
def test_of_a_file_that_is_cut_off_what_is_there_is_taken(run_task, sounds, tmp_path, task, name):
    data = Path(sounds(name, source="anoisesrc=d=3.217:a=0.3:r=44100")).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])

    duration = run_task(task, url=str(tmp_path / name)).values["duration"]

    assert duration == pytest.approx(1.6, abs=0.7)  # of 3.217 s; beats tell whole seconds


@pytest.mark.parametrize("task", READERS)
def test_an_mp4_whose_end_with_the_index_is_cut_off_is_refused(run_task, sounds, tmp_path, task):
    data = Path(sounds("whole.m4a", "-c:a", "aac")).read_bytes()
    (tmp_path / "a.m4a").write_bytes(data[: data.rfind(b"moov")])

    with pytest.raises(UnreadableSourceError, match="not a file with sound"):
        run_task(task, url=str(tmp_path / "a.m4a"))


@pytest.mark.parametrize("task", ["audio.info", "audio.waveform"])
def test_a_hundred_channels_are_described_and_drawn(run_task, wav, task):
    values = run_task(task, url=wav(np.tile(tone(8000), (100, 1)))).values

    assert values["duration"] == 1
    assert values.get("channels", 100) == 100


@pytest.mark.parametrize("task", ["audio.beats", "audio.convert"])
def test_a_hundred_channels_that_would_have_to_be_mixed_are_refused_with_their_number(run_task, wav, task):
    with pytest.raises(UnreadableSourceError, match="not sound of at most 8 channels: it has 100"):
        run_task(task, url=wav(np.tile(tone(8000), (100, 1))))


@pytest.mark.parametrize("rate", [8000, 384_000])
@pytest.mark.parametrize("task", ["audio.beats", "audio.waveform"])
def test_rates_from_telephones_to_studios_are_read(run_task, wav, task, rate):
    assert run_task(task, url=wav(tone(rate), rate=rate)).values["duration"] == 1


@pytest.mark.parametrize(("start", "end"), [(-1.0, None), (5.0, 4.0), (1e9, None), (0.0, float("nan"))])
def test_times_that_cannot_be_are_refused_by_name(run_task, wav, start, end):
    given = {"start": start} if end is None else {"start": start, "end": end}

    with pytest.raises(InvalidParametersError) as raised:
        run_task("audio.waveform", url=wav(tone(8000)), **given)

    assert set(raised.value.errors) <= {"start", "end"}


@pytest.mark.parametrize("colour", ["", "#12", "rgb(", "reddish", "#GGGGGG", "\0", "#" + "f" * 1000])
def test_colours_that_are_none_are_refused_by_name(run_task, wav, colour):
    with pytest.raises(InvalidParametersError) as raised:
        run_task("audio.waveform", url=wav(tone(8000)), background=colour)

    assert list(raised.value.errors) == ["background"]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "\u202e\u200b\u0007",
        "\u041f\u0440\u0438\u0432\u0435\u0442",
        "\u0645\u0631\u062d\u0628\u0627",
        "\u4f60\u597d",
        "\U0001f600",
    ],
)
def test_texts_that_no_english_voice_reads_are_refused(run_task, text):
    with pytest.raises(InvalidParametersError) as raised:
        run_task("audio.tts", text=text)

    assert list(raised.value.errors) == ["text"]
