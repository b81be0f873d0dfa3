"""audio.info: durations beside those of decoding, kinds of files, tags, and files that lie."""

import struct
from pathlib import Path

import pytest

from dragon_framework.errors import UnreadableSourceError

FILES = {
    # name: (options of ffmpeg, media type, codec)
    "a.wav": ((), "audio/wav", "pcm_s16le"),
    "a.aiff": ((), "audio/aiff", "pcm_s16be"),
    "a.flac": ((), "audio/flac", "flac"),
    "a.caf": ((), "audio/x-caf", "pcm_s16be"),
    "cbr.mp3": (("-c:a", "libmp3lame", "-b:a", "128k"), "audio/mpeg", "mp3"),
    "vbr.mp3": (("-c:a", "libmp3lame", "-q:a", "2"), "audio/mpeg", "mp3"),
    "a.mp2": (("-c:a", "mp2"), "audio/mpeg", "mp2"),
    "a.ogg": (("-c:a", "libvorbis"), "audio/ogg", "vorbis"),
    "a.opus": (("-c:a", "libopus"), "audio/ogg", "opus"),
    "a.aac": (("-c:a", "aac"), "audio/aac", "aac"),
    "a.m4a": (("-c:a", "aac"), "audio/mp4", "aac"),
    "a.mov": (("-c:a", "pcm_s16le"), "video/quicktime", "pcm_s16le"),
    "a.mka": (("-c:a", "libopus", "-f", "matroska"), "audio/x-matroska", "opus"),
    "a.webm": (("-c:a", "libopus"), "audio/webm", "opus"),
    "a.ac3": (("-c:a", "ac3"), "audio/ac3", "ac3"),
    "a.ts": (("-c:a", "aac"), "video/mp2t", "aac"),
}


@pytest.mark.parametrize("name", FILES)
def test_duration_type_and_codec_of_every_kind(run_task, sounds, decoded, name):
    options, content_type, codec = FILES[name]
    path = sounds(name, *options)

    values = run_task("audio.info", url=path).values

    played = decoded(path).shape[1] / values["sample_rate"]
    assert values["duration"] == pytest.approx(played, abs=0.0101)
    assert (values["content_type"], values["codec"], values["channels"]) == (content_type, codec, 1)
    assert values["sample_rate"] == (48_000 if codec == "opus" else 44_100)
    assert 0 < values["bit_rate"] <= 1.01 * 8 * Path(path).stat().st_size / played  # what is left is headers


def test_an_mp3_of_variable_bit_rate_without_a_table_is_counted(run_task, sounds):
    """A quiet half and a loud one: by its first frames, a player that guesses takes it for much longer."""
    source = "aevalsrc='if(lt(t,5),0.0001*sin(440*t),random(0)-0.5)':s=44100:d=10"
    path = sounds("liar.mp3", "-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0", source=source)

    assert run_task("audio.info", url=path).values["duration"] == pytest.approx(10.0, abs=0.06)  # two frames of padding


def test_an_mp3_whose_table_lies_is_counted(run_task, sounds, tmp_path):
    data = bytearray(Path(sounds("vbr.mp3", "-c:a", "libmp3lame", "-q:a", "2")).read_bytes())
    place = data.find(b"Xing") if b"Xing" in data else data.find(b"Info")
    data[place + 8 : place + 12] = struct.pack(">I", 9999)  # frames
    (tmp_path / "lie.mp3").write_bytes(data)

    assert run_task("audio.info", url=str(tmp_path / "lie.mp3")).values["duration"] == pytest.approx(3.22, abs=0.05)


def test_a_wav_whose_header_says_four_gigabytes_is_as_long_as_it_is(run_task, sounds, tmp_path):
    data = bytearray(Path(sounds("a.wav")).read_bytes())
    place = data.find(b"data")
    data[place + 4 : place + 8] = b"\xff\xff\xff\xf0"
    data[4:8] = b"\xff\xff\xff\xff"
    (tmp_path / "lie.wav").write_bytes(data)

    assert run_task("audio.info", url=str(tmp_path / "lie.wav")).values["duration"] == 3.22


def test_of_a_video_the_sound_is_described(run_task, sounds):
    path = sounds("v.mp4", "-f", "lavfi", "-i", "testsrc2=d=2:s=64x48:r=5", "-c:v", "libx264", "-c:a", "aac")

    values = run_task("audio.info", url=path).values

    assert (values["duration"], values["content_type"], values["codec"]) == (3.22, "video/mp4", "aac")


def test_a_cover_is_no_video_and_tags_are_told(run_task, sounds, ffmpeg, tmp_path):
    cover, path = tmp_path / "cover.png", tmp_path / "song.m4a"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", cover)
    song = sounds("a.m4a", "-c:a", "aac")
    maps = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic")
    ffmpeg("-i", song, "-i", cover, *maps, "-metadata", "title=Läut", "-metadata", "artist=Dragon", path)

    values = run_task("audio.info", url=str(path)).values

    assert (values["content_type"], values["title"], values["artist"]) == ("audio/mp4", "Läut", "Dragon")


@pytest.mark.parametrize("rate", [8000, 384_000])
def test_rates_from_telephones_to_studios(run_task, wav, rate):
    values = run_task("audio.info", url=wav([0.5] * rate, rate=rate)).values

    assert (values["duration"], values["sample_rate"]) == (1.0, rate)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a file with sound"),
        (b"Hello, this is text.\n" * 100, "no format that is read here"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "no format"),
        (b"ffconcat version 1.0\nfile 'a.wav'\n", "not a file with sound"),
        (
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0",
            "not a file with sound",
        ),
    ],
)
def test_what_has_no_sound_is_refused(run_task, tmp_path, content, words):
    (tmp_path / "a.mp3").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match=words):
        run_task("audio.info", url=str(tmp_path / "a.mp3"))


def test_a_video_without_sound_is_told_to_have_none(run_task, sounds):
    path = sounds("silent.mp4", "-c:v", "libx264", source="testsrc2=d=1:s=64x48:r=5")

    with pytest.raises(UnreadableSourceError, match="it has no sound"):
        run_task("audio.info", url=path)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "cbr.mp3", "a.aac"])
def test_of_a_file_that_is_cut_off_what_is_there_counts(run_task, sounds, tmp_path, name):
    data = Path(sounds(name, *FILES[name][0])).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])

    assert run_task("audio.info", url=str(tmp_path / name)).values["duration"] == pytest.approx(1.6, abs=0.5)
