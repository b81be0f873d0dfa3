"""audio.tts: every engine that is here speaks; texts as a person would read them; what is refused."""

from pathlib import Path

import av
import numpy as np
import pytest

from dragon_audio.spelling import pieces, plain_text
from dragon_framework.errors import InvalidParametersError, TaskError

SENTENCE = "The quick brown fox jumps over the lazy dog."


@pytest.fixture
def engine(monkeypatch):
    """Choose the engine: the wheel brings espeak wherever the tests run, flite is not everywhere."""

    def choose(name):
        monkeypatch.setenv("DRAGON_AUDIO_SPEECH", name)

    choose("espeak")
    return choose


@pytest.mark.parametrize(
    ("codec", "content_type", "kind"), [("mp3", "audio/mpeg", "mp3float"), ("ogg", "audio/ogg", "vorbis")]
)
def test_a_sentence_is_spoken_in_either_codec(run_task, engine, decoded, codec, content_type, kind):
    done = run_task("audio.tts", text=SENTENCE, codec=codec)

    path = done.files["output"]
    with av.open(str(path)) as container:
        context = container.streams.audio[0].codec_context
        assert (context.name, context.sample_rate, context.channels) == (kind, 44_100, 1)
    samples = decoded(path)[0]
    assert done.values["content_type"] == content_type
    assert done.values["engine"] == "espeak"
    assert done.values["duration"] == pytest.approx(len(samples) / 44_100, abs=0.0101)
    assert 1.5 < done.values["duration"] < 5  # nine words, 100 to 350 a minute
    assert 0.6 < np.abs(samples).max() < 0.8  # 3 dB below full scale, and what the codec makes of it


def test_silence_at_both_ends_is_cut_off_and_the_loudest_lies_3_db_below_full_scale(wav, tmp_path, decoded):
    from dragon_audio._speech import tidy

    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    raw = wav(np.concatenate([np.zeros(16_000), tone, np.zeros(8000)]))

    tidy(Path(raw), tmp_path / "clean.wav", "acme")

    samples = decoded(tmp_path / "clean.wav")[0]
    assert len(samples) == pytest.approx(8000 + 2 * 400, abs=20)  # 50 ms are left at each end
    assert np.abs(samples).max() == pytest.approx(10 ** (-3 / 20), abs=0.002)


def fundamental(samples, rate=44_100):
    """The median pitch of the voiced parts, by autocorrelation."""
    pitches = []
    for start in range(0, len(samples) - 2048, 2048):
        part = samples[start : start + 2048]
        if np.abs(part).max() < 0.1:
            continue
        alike = np.correlate(part, part, "full")[2047:]
        lags = slice(rate // 400, rate // 60)
        best = int(alike[lags].argmax()) + lags.start
        if alike[best] > 0.4 * alike[0]:
            pitches.append(rate / best)
    return float(np.median(pitches))


def test_the_two_voices_are_a_woman_and_a_man(run_task, engine, decoded):
    pitches = [
        fundamental(decoded(run_task("audio.tts", text=SENTENCE, voice=voice, codec="ogg").files["output"])[0])
        for voice in ("neospeech:julie", "neospeech:paul")
    ]

    assert pitches[0] > 1.2 * pitches[1]


def test_longer_texts_take_longer(run_task, engine):
    one, three = (run_task("audio.tts", text=" ".join([SENTENCE] * count)).values["duration"] for count in (1, 3))

    assert 2 * one < three < 4 * one


def test_the_better_engine_is_taken_by_itself_and_espeak_else(run_task, engine, monkeypatch, tmp_path):
    engine("auto")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert run_task("audio.tts", text="Hello").values["engine"] == "espeak"


def test_a_program_called_flite_is_asked_with_its_voices(run_task, engine, monkeypatch, tmp_path, ffmpeg):
    """The interface of flite's command line, so that it is looked at where flite is not installed, too."""
    sound = tmp_path / "said.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=200:r=16000:d=1", sound)
    program = tmp_path / "flite"
    program.write_text(
        '#!/bin/sh\nif [ "$1" = -lv ]; then echo "Voices available: kal rms slt"; exit; fi\n'
        f'echo "$*" >> {tmp_path}/asked; cat "$4" >> {tmp_path}/asked; cp {sound} "$6"\n'
    )
    program.chmod(0o755)
    engine("auto")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    done = run_task("audio.tts", text="“Hello”, Dr. Smith", voice="neospeech:paul")

    asked = (tmp_path / "asked").read_text()
    assert done.values["engine"] == "flite"
    assert asked.startswith("-voice rms -f ")
    assert asked.endswith('"Hello", Doctor Smith')


@pytest.mark.parametrize(("name", "words"), [("piper", "speech_female"), ("nobody", "no engine of that name")])
def test_an_engine_that_is_not_there_says_what_is_missing(run_task, engine, monkeypatch, tmp_path, name, words):
    program = tmp_path / "piper"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    engine(name)

    with pytest.raises(TaskError, match=words) as raised:
        run_task("audio.tts", text="Hello")

    assert raised.value.code == "speech_failed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must not be empty"),
        ("x" * 20_001, "20000|at most|long"),
        ("<speak>Hello</speak>", "SSML"),
        ('<?xml version="1.0"?><speak>Hello</speak>', "SSML"),
        ("   \n\t ", "letters or digits"),
        ("!?...", "letters or digits"),
        ("こんにちは", "letters or digits"),
        ("\0\x01\x02", "letters or digits"),
    ],
)
def test_what_cannot_be_read_is_refused(run_task, engine, text, words):
    with pytest.raises(InvalidParametersError, match=words) as raised:
        run_task("audio.tts", text=text)

    assert list(raised.value.errors) == ["text"]


def test_control_characters_and_options_are_read_as_text(run_task, engine):
    assert run_task("audio.tts", text="-o /tmp/x\x00\x1b[31m `id` $(id)").values["duration"] > 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("“Quoted” — it’s…", '"Quoted" , it\'s...'),
        ("Señor Müller, naïve café", "Senor Muller, naive cafe"),
        ("20°", "20 degrees"),
        ("a\tb\x07c", "a b c"),
    ],
)
def test_text_becomes_ascii(text, said):
    assert plain_text(text) == said


@pytest.mark.parametrize("text", ["7" * 20_000, "1/3 " * 5000, "$5 " * 6000])
def test_a_text_that_is_long_when_its_numbers_are_in_words_is_refused(run_task, engine, text):
    with pytest.raises(InvalidParametersError, match="in words, at most 40000 are read"):
        run_task("audio.tts", text=text)


def test_numbers_reach_the_engine_in_words(run_task, engine, monkeypatch):
    from dragon_audio import _espeak

    heard = []
    speak = _espeak.EspeakDriver.speak
    monkeypatch.setattr(_espeak.EspeakDriver, "speak", lambda *given: heard.append(given[1]) or speak(*given))

    run_task("audio.tts", text="Due 7/4/1976: $5.50")

    assert heard == ["Due July fourth, nineteen seventy-six: five dollars and fifty cents"]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("One. Two.", ["One. Two."]),
        ("One is short. Two is longer. Three.", ["One is short.", "Two is longer.", "Three."]),
        ("no sentence ends in these words", ["no sentence ends in", "these words"]),
        ("0" * 45, ["0" * 20, "0" * 20, "0" * 5]),
    ],
)
def test_long_texts_are_cut_where_one_breathes(text, cut):
    assert pieces(text, 20) == cut
