"""Mixing real files, against ffmpeg's `amix`, and against where samples were put."""

import subprocess
import tracemalloc
import wave
from fractions import Fraction

import numpy as np
import pytest

from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.ffmpeg import ffmpeg_program
from dragon_video.film.sound import Track, mix
from dragon_video.film.sound.reading import SoundReader

RATE = 44_100


def wav(path, samples, rate=RATE):
    """Write (channels, n) of ±1 as 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1).T * 32767).round().astype("<i2").tobytes())
    return path


def clicks(*seconds, length=6, rate=RATE):
    samples = np.zeros((2, length * rate))
    samples[:, [round(second * rate) for second in seconds]] = 0.8
    return samples


def mixed(*tracks, seconds, rate=RATE, **how):
    return np.concatenate(list(mix(tracks, Fraction(seconds), rate, **how)), axis=1)


def read_all(path, rate=RATE, **how):
    reader, target = SoundReader(path, rate, **how), np.zeros((2, 60 * rate), np.float32)
    count = reader.add_to(target)
    reader.close()
    return target[:, :count]


def test_the_mix_is_that_of_ffmpegs_amix(tmp_path, ffmpeg):
    noise = "anoisesrc=d=7:c=pink:r={}:a=0.4:seed={}"
    sources = [tmp_path / "a.mp3", tmp_path / "b.m4a", tmp_path / "c.wav", tmp_path / "d.flac", tmp_path / "e.ogg"]
    for number, path in enumerate(sources):
        channels = ["-ac", 1 if path.suffix == ".flac" else 2]
        ffmpeg("-f", "lavfi", "-i", noise.format(48_000 if number % 2 else RATE, number), *channels, path)
    tracks = [
        Track(
            path=path,
            start=Fraction(number, 2),
            duration=Fraction(9, 2) - Fraction(number, 3),
            skip=Fraction(number, 7),
            volume=0.3 + number / 5,
            fade_in=Fraction(number, 4),
            fade_out=Fraction(number, 3),
        )
        for number, path in enumerate(sources)
    ]

    ours = mixed(*tracks, seconds=6, limit=False, window_seconds=Fraction(7, 5))

    inputs, graph = [], []
    for number, track in enumerate(tracks):
        inputs += ["-i", str(track.path)]
        start, skip, count, rise, fall = (
            int(seconds * RATE + Fraction(1, 2))
            for seconds in (track.start, track.skip, track.duration, track.fade_in, track.fade_out)
        )
        graph.append(
            f"[{number}:a]aresample={RATE},"
            + ("pan=stereo|c0=c0|c1=c0," if track.path.suffix == ".flac" else "")
            + f"aformat=fltp:channel_layouts=stereo,"
            f"atrim=start_sample={skip}:end_sample={skip + count},asetpts=N,volume={track.volume}:precision=float,"
            + (f"afade=t=in:ns={rise},afade=t=out:ss={count - fall}:ns={fall}," if number else "")
            + f"adelay={start}S|{start}S[{number}]"
        )
    ends = "".join(f"[{number}]" for number in range(len(tracks)))
    graph.append(f"{ends}amix=inputs={len(tracks)}:normalize=0,apad,atrim=end_sample={6 * RATE}[all]")
    command = [ffmpeg_program(), "-v", "error", *inputs, "-filter_complex", ";".join(graph)]
    said = subprocess.run([*command, "-map", "[all]", "-f", "f32le", "-"], check=True, stdout=subprocess.PIPE).stdout
    theirs = np.frombuffer(said, np.float32).reshape(-1, 2).T
    assert ours.shape == theirs.shape
    assert np.abs(theirs).max() > 0.3
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a", "a.flac", "a.ogg", "a.opus", "a.mka"])
def test_a_click_is_heard_at_its_sample(name, tmp_path, ffmpeg):
    """What a codec puts before the sound is left out, whatever the container says of times."""
    source = wav(tmp_path / "source.wav", clicks(1, 5, rate=48_000), 48_000)
    ffmpeg("-i", source, "-b:a", "192k", tmp_path / name)

    track = Track(path=tmp_path / name, start=Fraction(2), duration=Fraction(4), skip=Fraction(1, 2))
    heard = mixed(track, seconds=8, rate=48_000)

    assert np.abs(heard[0, : 4 * 48_000]).argmax() == 2.5 * 48_000
    assert not heard[:, : 2 * 48_000].any()  # before its start
    assert not heard[:, 6 * 48_000 :].any()  # after its end


def test_another_rate_moves_no_click(tmp_path):
    source = wav(tmp_path / "a.wav", clicks(3, rate=48_000), 48_000)

    heard = mixed(Track(path=source, duration=Fraction(6)), seconds=6)

    assert heard.shape == (2, 6 * RATE)
    assert np.abs(heard[0]).argmax() == 3 * RATE


def test_one_channel_is_heard_on_both_sides_as_loud_as_it_is(tmp_path):
    """Web Audio API, 4.3.2 "channel up-mixing": output.L = output.R = input."""
    source = wav(tmp_path / "a.wav", np.full((1, RATE), 0.5))

    assert read_all(source)[:, RATE // 2] == pytest.approx([0.5, 0.5], abs=1e-4)
    assert read_all(source, rate=48_000)[:, RATE // 2] == pytest.approx([0.5, 0.5], abs=1e-4)


def test_windows_of_any_length_give_the_same_sound(tmp_path):
    rng = np.random.default_rng(1)
    source = wav(tmp_path / "a.wav", rng.uniform(-1, 1, (2, 3 * RATE)))
    tracks = [
        Track(path=source, duration=Fraction(3), fade_in=Fraction(1), crossfade_out=Fraction(1)),
        Track(path=source, start=Fraction(1, 3), duration=Fraction(2), duck_others=0.3, duck_fade=Fraction(1, 4)),
    ]

    whole = mixed(*tracks, seconds=4)

    assert mixed(*tracks, seconds=4, window_seconds=Fraction(1, 7)) == pytest.approx(whole, abs=1e-6)


def test_a_master_lowers_the_others_and_no_master(tmp_path):
    """Music of 0.4 under a voice of 0.5 that sounds from 2 s to 3 s, with a margin of 0.5 s and fades of 1 s."""
    music = wav(tmp_path / "music.wav", np.full((2, 6 * RATE), 0.4))
    voice = np.zeros((2, 6 * RATE))
    voice[0, 2 * RATE : 3 * RATE] = 0.5
    voice = wav(tmp_path / "voice.wav", voice)
    long = Fraction(6)
    tracks = [
        Track(path=music, duration=long),
        Track(path=voice, duration=long, duck_others=0.25),
        Track(path=music, duration=long, volume=0.0, duck_others=0.0),  # a master that is not heard
    ]

    right = mixed(*tracks, seconds=6, limit=False)[1]

    seconds = np.array([0.25, 0.5, 1.0, 1.5, 2.5, 3.5, 4.0, 4.25, 4.5])
    wanted = 0.4 * np.array([1, 1, 0.625, 0.25, 0.25, 0.25, 0.625, 0.8125, 1])
    assert right[(seconds * RATE).astype(int)] == pytest.approx(wanted, abs=1e-3)
    other = Track(path=music, duration=long, duck_others=0.0)
    both = mixed(tracks[1], other, seconds=6, limit=False)
    assert both[1, RATE * 5 // 2] == pytest.approx(0.4, abs=1e-3)  # masters do not duck masters


def test_a_loop_repeats_what_is_not_skipped(tmp_path):
    source = wav(tmp_path / "a.wav", clicks(0.5, 1.5, length=2))

    heard = mixed(Track(path=source, duration=Fraction(7), skip=Fraction(1), loop=True), seconds=7)

    # From 1 s on there is one click, half a second later; so it comes once a second.
    assert np.flatnonzero(heard[0] > 0.5).tolist() == [round((n + 0.5) * RATE) for n in range(7)]


def test_a_source_that_ends_early_leaves_silence(tmp_path):
    source = wav(tmp_path / "a.wav", np.full((2, RATE), 0.5))

    heard = mixed(Track(path=source, duration=Fraction(3)), seconds=4)

    assert heard.shape == (2, 4 * RATE)
    assert heard[0, RATE - 1] > 0.4
    assert not heard[:, RATE:].any()


@pytest.mark.parametrize("speed", [Fraction(1, 3), Fraction(1, 2), Fraction(3, 2), Fraction(5)])
def test_speed_changes_the_duration_and_not_the_pitch(speed, tmp_path, ffmpeg):
    ffmpeg("-f", "lavfi", "-i", f"sine=f=440:r={RATE}:d=6", "-ac", 2, tmp_path / "a.wav")

    heard = read_all(tmp_path / "a.wav", speed=speed)

    assert heard.shape[1] / RATE == pytest.approx(6 / float(speed), abs=0.06)
    middle = heard[0, heard.shape[1] // 4 : heard.shape[1] * 3 // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    assert spectrum.argmax() * RATE / middle.size == pytest.approx(440, abs=RATE / middle.size * 1.5)


@pytest.mark.parametrize("name", ["a.m4a", "a.flac", "a.wav", "a.mp3"])
def test_a_long_skip_finds_the_same_samples_as_a_short_one(name, tmp_path, ffmpeg, monkeypatch):
    ffmpeg("-f", "lavfi", "-i", f"anoisesrc=d=40:r={RATE}:seed=3:a=0.5", "-ac", 2, "-b:a", "192k", tmp_path / name)

    sought = read_all(tmp_path / name, skip=Fraction(307, 10))
    monkeypatch.setattr("dragon_video.film.sound.reading.SOUGHT_SECONDS", 1000)
    read = read_all(tmp_path / name, skip=Fraction(307, 10))

    assert read.shape == sought.shape
    assert np.abs(read - sought).max() < 1e-4


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mov", "pcm_s16le"), ("a.mkv", "flac")])
def test_sound_that_begins_after_the_pictures_of_its_film_stays_there(name, codec, tmp_path, ffmpeg):
    source = wav(tmp_path / "a.wav", clicks(0.005, 1, length=2))
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=25:d=4"]
    ffmpeg(*picture, "-itsoffset", "1.5", "-i", source, "-c:a", codec, "-c:v", "mpeg4", tmp_path / name)

    heard = read_all(tmp_path / name)

    first, second = (np.abs(heard[0, : 2 * RATE]).argmax(), np.abs(heard[0, 2 * RATE :]).argmax() + 2 * RATE)
    assert first == pytest.approx(1.505 * RATE, abs=45)  # edit lists of ffmpeg count milliseconds
    assert second == pytest.approx(2.5 * RATE, abs=45)


def test_a_film_without_sound_is_silent_and_ends_its_loop(tmp_path, ffmpeg):
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=25:d=1", "-c:v", "mpeg4", tmp_path / "a.mp4")

    heard = mixed(Track(path=tmp_path / "a.mp4", duration=Fraction(2), loop=True), seconds=2)

    assert heard.shape == (2, 2 * RATE)
    assert not heard.any()


def test_a_film_without_tracks_is_silent():
    assert not mixed(seconds=Fraction(1, 3)).any()


def test_samples_that_are_no_numbers_are_silent(tmp_path, ffmpeg):
    wav(tmp_path / "a.wav", np.full((2, RATE), 0.5))
    ffmpeg("-i", tmp_path / "a.wav", "-c:a", "pcm_f32le", tmp_path / "b.wav")
    data = bytearray((tmp_path / "b.wav").read_bytes())
    data[-80_000:-40_000] = np.full(10_000, np.nan, "<f4").tobytes()
    data[-40_000:] = np.full(10_000, np.inf, "<f4").tobytes()
    (tmp_path / "b.wav").write_bytes(data)

    heard = mixed(Track(path=tmp_path / "b.wav", duration=Fraction(1), volume=10.0), seconds=1)

    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 0.8913  # -1 dBFS


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 1000, b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n", b"ffconcat version 1.0\n"],
)
def test_what_is_no_sound_is_refused_by_its_name(content, tmp_path):
    path = tmp_path / "song.mp3"
    path.write_bytes(content)

    with pytest.raises(UnreadableSourceError, match=r"https://example\.com/song\.mp3"):
        mixed(Track(path=path, duration=Fraction(1), name="https://example.com/song.mp3"), seconds=1)


def test_an_hour_is_mixed_in_the_memory_of_a_window(tmp_path, ffmpeg):
    """An hour at 4 kHz is 115 MB as a whole; a window of 30 s is 1 MB."""
    wav(tmp_path / "a.wav", np.random.default_rng(1).uniform(-1, 1, (2, 4000 * 300)), 4000)
    song = tmp_path / "a.flac"
    ffmpeg("-i", tmp_path / "a.wav", "-frame_size", 16_384, song)
    hour = Fraction(3600)
    tracks = [
        Track(path=song, duration=hour, loop=True, volume=0.7),
        Track(path=song, start=Fraction(10), duration=hour, loop=True, duck_others=0.3),
    ]
    samples, loudest = 0, 0.0

    tracemalloc.start()
    for window in mix(tracks, hour, 4000):
        samples += window.shape[1]
        loudest = max(loudest, float(np.abs(window).max()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert samples == 3600 * 4000
    assert loudest <= 0.8913
    assert peak < 12e6


def test_files_are_closed_when_nobody_listens_on(tmp_path):
    source = wav(tmp_path / "a.wav", clicks(1))
    windows = mix([Track(path=source, duration=Fraction(6))], Fraction(6), RATE, window_seconds=1)
    next(windows)
    assert open_files(source)

    windows.close()

    assert not open_files(source)


def open_files(path):
    from pathlib import Path

    return [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink() and str(link.readlink()) == str(path)]


def test_a_cancelled_task_stops_within_a_window(tmp_path):
    source = wav(tmp_path / "a.wav", clicks(1))
    asked = []

    def check():
        asked.append(1)
        if len(asked) > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mixed(Track(path=source, duration=Fraction(6)), seconds=6, check=check)
