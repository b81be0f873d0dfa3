"""audio.convert: what comes out is what was asked for, as long as what went in, at the same pitch."""

import av
import numpy as np
import pytest

from dragon_framework.errors import UnreadableSourceError

CODECS = {
    "mp3": ("audio/mpeg", ".mp3", "mp3float"),
    "vorbis": ("audio/ogg", ".ogg", "vorbis"),
    "aac": ("audio/mp4", ".m4a", "aac"),
    "opus": ("audio/ogg", ".opus", "opus"),
    "flac": ("audio/flac", ".flac", "flac"),
    "wav": ("audio/wav", ".wav", "pcm_s16le"),
}


def stream_of(path):
    with av.open(str(path)) as container:
        context = container.streams.audio[0].codec_context
        return context.name, context.sample_rate, context.channels


def pitch(samples, rate):
    """The strongest frequency, in Hz, of the middle second."""
    middle = samples[len(samples) // 2 - rate // 2 :][:rate]
    return int(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax())


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_keeps_length_and_pitch(run_task, sounds, decoded, codec):
    content_type, suffix, name = CODECS[codec]

    done = run_task("audio.convert", url=sounds("a.wav"), codec=codec)

    path = done.files["output"]
    kind, rate, channels = stream_of(path)
    assert done.values == {"duration": 3.22, "content_type": content_type}
    assert (kind, channels, path.suffix) == (name, 1, suffix)
    samples = decoded(path)[0]
    assert len(samples) / rate == pytest.approx(3.217, abs=0.002)  # gapless: no silence at the ends
    assert pitch(samples, rate) == 440


def test_the_default_is_mp3(run_task, sounds):
    assert run_task("audio.convert", url=sounds("a.ogg", "-c:a", "libvorbis")).values["content_type"] == "audio/mpeg"


@pytest.mark.parametrize(
    ("codec", "rate", "held"),
    [
        ("mp3", 96_000, 48_000),
        ("mp3", 37_800, 44_100),
        ("mp3", 8000, 8000),
        ("aac", 384_000, 96_000),
        ("opus", 44_100, 48_000),
        ("vorbis", 384_000, 192_000),
        ("vorbis", 8000, 8000),
        ("flac", 96_000, 96_000),
    ],
)
def test_rates_that_a_codec_cannot_hold_become_the_next_it_can(run_task, wav, codec, rate, held):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)

    done = run_task("audio.convert", url=wav(tone, rate=rate), codec=codec)

    assert stream_of(done.files["output"])[1] == held
    assert done.values["duration"] == 1.0


@pytest.mark.parametrize(
    ("codec", "channels"), [("mp3", 2), ("vorbis", 6), ("aac", 6), ("opus", 6), ("flac", 6), ("wav", 6)]
)
def test_six_channels_become_two_only_in_an_mp3(run_task, sounds, codec, channels):
    source = "sine=f=440:r=48000:d=1,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"

    done = run_task("audio.convert", url=sounds("six.flac", source=source), codec=codec)

    assert stream_of(done.files["output"])[2] == channels


def test_a_hundred_channels_are_refused_with_their_number(run_task, wav):
    with pytest.raises(UnreadableSourceError, match="not sound of at most 8 channels: it has 100"):
        run_task("audio.convert", url=wav(np.zeros((100, 800))))


@pytest.mark.parametrize("codec", ["mp3", "vorbis", "flac", "aac"])
def test_tags_are_kept_and_covers_are_not(run_task, sounds, ffmpeg, tmp_path, codec):
    cover, path = tmp_path / "cover.png", tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", cover)
    song = sounds("cbr.mp3", "-c:a", "libmp3lame", "-b:a", "128k")
    ffmpeg("-i", song, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-metadata", "title=Läut", path)

    done = run_task("audio.convert", url=str(path), codec=codec)

    with av.open(str(done.files["output"])) as container:
        tags = {**container.metadata, **container.streams.audio[0].metadata}
        assert len(container.streams.video) == 0
    assert {name.lower(): value for name, value in tags.items()}["title"] == "Läut"


def test_of_a_video_the_sound_is_taken_and_progress_rises(run_task, sounds):
    path = sounds("v.mp4", "-f", "lavfi", "-i", "testsrc2=d=2:s=64x48:r=5", "-c:v", "libx264", "-c:a", "aac")

    done = run_task("audio.convert", url=path)

    assert done.values["duration"] == 3.22
    assert done.progress == sorted(done.progress)


@pytest.mark.parametrize("content", [b"", b"no sound" * 100, b"ffconcat version 1.0\nfile 'a.wav'\n"])
def test_what_has_no_sound_is_refused(run_task, tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match="not a file with sound"):
        run_task("audio.convert", url=str(tmp_path / "a.mp3"))
