"""Pieces joined to films: pictures, times and sound as they come out of decoders."""

import hashlib
import itertools
import subprocess
from fractions import Fraction

import av
import msgspec
import numpy as np
import pytest

from dragon_framework.media.ffmpeg import ffmpeg_program
from dragon_video.film.encoding import PieceEncoder, preview_encoder
from dragon_video.film.joining import PiecesDifferError, join
from dragon_video.film.profiles import preview_of, profile
from dragon_video.film.sound import encode_sound


def numbered(profile, number):
    """Return a frame that differs from all others: a bar that moves, and a ground that changes."""
    frame = np.full((profile.height, profile.width, 4), (number * 7 % 200, number * 3 % 256, 90, 255), np.uint8)
    left = number * 4 % (profile.width - 16)
    frame[:, left : left + 16] = 255
    return frame


def piece(path, profile, first, end, draw=numbered, **how):
    with PieceEncoder(path, profile, first=first, **how) as encoder:
        for number in range(first, end):
            encoder.write(draw(profile, number))
    return path


def pieces_of(directory, profile, cuts, **how):
    return [piece(directory / f"{first}", profile, first, end, **how) for first, end in itertools.pairwise(cuts)]


def silent(path, profile, frames):
    encode_sound([], path, profile, frames)
    return path


def hashes(path, form=None):
    with av.open(str(path), format=form) as container:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).digest() for frame in container.decode(video=0)]


def packets(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream, [packet for packet in container.demux(stream) if packet.size]


@pytest.mark.parametrize(
    "name", ["360p-11-988-fps", "720p-29-97-fps", "mobile-small", "flash-small", "wmv1", "wmv2", "flash-h264"]
)
def test_joined_pieces_have_the_pictures_and_times_of_one_run(name, tmp_path):
    wanted = profile(name)
    wanted = msgspec.structs.replace(wanted, width=128, height=96)
    gop = wanted.gop
    cuts = [0, gop, 3 * gop, 3 * gop + 1]  # the last piece has one picture
    pieces = pieces_of(tmp_path, wanted, cuts)
    film = tmp_path / f"film.{wanted.container}"

    count = join(pieces, silent(tmp_path / "sound", wanted, cuts[-1]), film, wanted)

    assert count == cuts[-1]
    assert hashes(film) == [one for path in pieces for one in hashes(path, "nut")]
    _, joined = packets(film)
    dts = [packet.dts for packet in joined]
    assert all(before < after for before, after in itertools.pairwise(dts))
    assert all(packet.dts <= packet.pts for packet in joined)
    times = sorted(float(packet.pts * packet.time_base) for packet in joined)
    loose = 1e-9 if wanted.container == "mp4" else 6e-4  # FLV and ASF count milliseconds
    assert times == pytest.approx([float(wanted.seconds(n)) for n in range(count)], abs=loose)


def test_decoding_times_are_a_frame_apart_across_joints(tmp_path):
    wanted = msgspec.structs.replace(profile("720p"), width=128, height=96)
    film = tmp_path / "film.mp4"
    cuts = [0, 50, 100, 107]

    join(pieces_of(tmp_path, wanted, cuts), silent(tmp_path / "sound", wanted, 107), film, wanted)

    _, joined = packets(film)
    steps = {after.dts - before.dts for before, after in itertools.pairwise(joined)}
    assert len(steps) == 1
    assert [number for number, packet in enumerate(joined) if packet.is_keyframe and number in cuts] == cuts[:-1]


@pytest.mark.parametrize(
    "name", ["240p", "mobile", "flash", "flash-h264", "wmv1", "ntsc-wide-wmv", "dvd-ntsc-4-3", "dvd-mpeg1-small"]
)
def test_a_flash_and_a_click_come_together(name, tmp_path):
    """A white picture and a click at the sample that it begins with: decoded by PyAV, and by the ffmpeg program."""
    wanted = profile(name)
    wanted = msgspec.structs.replace(wanted, width=wanted.width // 32 * 16, height=wanted.height // 32 * 16)
    flash, frames = wanted.gop + 5, 2 * wanted.gop + 3
    at, total = wanted.samples(flash), wanted.samples(frames)
    sound = np.zeros((2, total), np.float32)
    sound[:, at] = 0.9
    sound[:, 0] = 0.5

    def draw(profile, number):
        return np.full((profile.height, profile.width, 4), 255 if number == flash else 20, np.uint8)

    cuts = [0, wanted.gop, frames] if wanted.cuttable else [0, frames]
    encode_sound(np.array_split(sound, 3, axis=1), tmp_path / "sound", wanted, frames)
    film = tmp_path / f"film.{wanted.container}"
    join(pieces_of(tmp_path, wanted, cuts, draw=draw), tmp_path / "sound", film, wanted)

    with av.open(str(film)) as container:
        shown = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    with av.open(str(film)) as container:
        heard = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in heard]).astype(float)
    begun = shown[0][0]
    bright = next(time for time, grey in shown if grey > 128) - begun
    click = np.abs(samples).argmax() / wanted.sample_rate + heard[0].time - begun
    # Containers other than MP4 count milliseconds, or 90 kHz: sound is placed no better than that.
    step = {"mp4": 0, "mpg": 1 / 90_000}.get(wanted.container, 1e-3)
    assert len(shown) == frames
    # Counted from the first that is decoded; of Windows Media FFmpeg's decoder leaves out two blocks.
    assert np.abs(samples).argmax() == at - (4096 if wanted.container == "wmv" else 0)
    assert wanted.container != "mp4" or np.abs(samples[0]) > 0.05 * np.abs(samples).max()  # nothing is lost
    assert bright == pytest.approx(float(wanted.seconds(flash)), abs=step + 1e-6)
    assert click == pytest.approx(at / wanted.sample_rate, abs=step / 2 + 1e-6)

    raw = ["-f", "f32le", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-"]
    told = subprocess.run(
        [ffmpeg_program(), "-v", "error", "-i", film, *raw], check=True, stdout=subprocess.PIPE
    ).stdout
    assert abs(np.abs(np.frombuffer(told, np.float32)).argmax() - at) <= step * wanted.sample_rate
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    told = subprocess.run(
        [ffmpeg_program(), "-v", "error", "-i", film, *raw], check=True, stdout=subprocess.PIPE
    ).stdout
    pictures = np.frombuffer(told, np.uint8).reshape(-1, wanted.width * wanted.height).mean(1)
    assert (len(pictures), pictures.argmax()) == (frames, flash)


def test_flash_and_click_are_together_after_ten_minutes(tmp_path):
    """At 4.995 frames a second and 11.025 kHz: neither times of frames nor of samples are round."""
    wanted = msgspec.structs.replace(
        profile("360p"), width=64, height=48, frame_rate=Fraction(5000, 1001), sample_rate=11_025
    )
    frames = wanted.frames(600)
    flashes = [wanted.gop * 2 + 1, frames - 30]
    dark, white = (np.full((48, 64, 4), grey, np.uint8) for grey in (20, 255))

    def draw(profile, number):
        return white if number in flashes else dark

    def windows():
        for first in range(0, wanted.samples(frames), 1 << 20):
            window = np.zeros((2, 1 << 20), np.float32)
            for flash in flashes:
                if 0 <= wanted.samples(flash) - first < 1 << 20:
                    window[:, wanted.samples(flash) - first] = 0.9
            yield window

    cuts = [*range(0, frames, wanted.gop * 100), frames]
    encode_sound(windows(), tmp_path / "sound", wanted, frames)
    film = tmp_path / "film.mp4"
    join(pieces_of(tmp_path, wanted, cuts, draw=draw, preset="ultrafast"), tmp_path / "sound", film, wanted)

    with av.open(str(film)) as container:
        bright = [frame.time for frame in container.decode(video=0) if frame.to_ndarray(format="gray").mean() > 128]
    with av.open(str(film)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert bright == pytest.approx([float(wanted.seconds(flash)) for flash in flashes], abs=1e-6)
    assert np.flatnonzero(samples > 0.4).tolist() == [wanted.samples(flash) for flash in flashes]


@pytest.mark.parametrize(
    ("name", "frames"), [("240p", 7), ("360p-23-976-fps", 101), ("youtube-5fps", 1), ("mobile-small", 31)]
)
def test_films_last_as_long_as_their_frames(name, frames, tmp_path):
    wanted = msgspec.structs.replace(profile(name), width=64, height=48)
    film = tmp_path / "film.mp4"

    join([piece(tmp_path / "p", wanted, 0, frames)], silent(tmp_path / "sound", wanted, frames), film, wanted)

    with av.open(str(film)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert picture.duration * picture.time_base == wanted.seconds(frames)
        assert sound.duration == wanted.samples(frames)
        assert picture.frames == frames
        assert container.duration == pytest.approx(float(wanted.seconds(frames) * 1_000_000), abs=12)
    raw = ["-map", "0:a", "-f", "f32le", "-ac", "1", "-"]
    told = subprocess.run(
        [ffmpeg_program(), "-v", "error", "-i", film, *raw], check=True, stdout=subprocess.PIPE
    ).stdout
    assert len(told) == 4 * wanted.samples(frames)


def test_the_index_comes_first(tmp_path):
    wanted = msgspec.structs.replace(profile("240p"), width=64, height=48)
    film = tmp_path / "film.mp4"

    join([piece(tmp_path / "p", wanted, 0, 5)], silent(tmp_path / "sound", wanted, 5), film, wanted)

    data = film.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_sound_that_is_longer_than_the_pictures_is_cut_off(tmp_path):
    wanted = msgspec.structs.replace(profile("240p"), width=64, height=48)
    film = tmp_path / "film.mp4"

    join([piece(tmp_path / "p", wanted, 0, 5)], silent(tmp_path / "sound", wanted, 50), film, wanted)

    with av.open(str(film)) as container:
        assert container.streams.audio[0].duration == wanted.samples(5)


@pytest.mark.parametrize("fault", ["settings", "sound", "nothing"])
def test_what_does_not_fit_leaves_no_film(fault, tmp_path):
    wanted = msgspec.structs.replace(profile("240p"), width=64, height=48)
    pieces = pieces_of(tmp_path, wanted, [0, 50, 60])
    sound = silent(tmp_path / "sound", wanted, 30 if fault == "sound" else 60)
    if fault == "settings":
        piece(pieces[1], wanted, 50, 60, preset="slow")
    error, said = {
        "settings": (PiecesDifferError, "50 cannot be joined to the pieces before it"),
        "sound": (ValueError, "the sound ends 1.1.. s before the pictures do"),
        "nothing": (ValueError, "at least one picture"),
    }[fault]

    with pytest.raises(error, match=said):
        join([] if fault == "nothing" else pieces, sound, tmp_path / "film.mp4", wanted)

    assert not (tmp_path / "film.mp4").exists()


def test_pieces_of_another_size_are_refused_where_the_codec_has_no_settings(tmp_path):
    """FLV1 has no extradata."""
    wanted = msgspec.structs.replace(profile("flash"), width=64, height=48)
    other = msgspec.structs.replace(wanted, width=96)
    pieces = [piece(tmp_path / "a", wanted, 0, 50), piece(tmp_path / "b", other, 50, 52)]

    with pytest.raises(PiecesDifferError, match="its pictures are flv of 96 × 48, not flv of 64 × 48"):
        join(pieces, silent(tmp_path / "sound", wanted, 52), tmp_path / "film.flv", wanted)


def test_a_preview_is_joined_of_pieces_that_are_scaled_from_those_of_the_export(tmp_path):
    full = profile("240p")
    small = preview_of(full)
    cuts = [0, 50, 100, 120]
    pieces = []
    for first, end in itertools.pairwise(cuts):
        pieces.append(tmp_path / f"preview-{first}")
        with (
            PieceEncoder(tmp_path / "export", full, first=first) as export,
            preview_encoder(pieces[-1], small, first=first) as preview,
        ):
            for number in range(first, end):
                preview.write_yuv(export.write(numbered(full, number)), full.matrix)
    path = tmp_path / "preview.mp4"

    join(pieces, silent(tmp_path / "sound", small, 120), path, small)

    assert hashes(path) == [one for part in pieces for one in hashes(part, "nut")]
    with av.open(str(path)) as container:
        assert [(stream.type, float(stream.start_time * stream.time_base)) for stream in container.streams] == [
            ("video", 0.0),
            ("audio", 0.0),
        ]


def test_the_pieces_of_a_film_hold_its_frames_in_fractions_of_a_second():
    """Pieces of 2 s: at 23.976 frames a second 48 frames, which are 2.002 s."""
    assert profile("360p-23-976-fps").gop == 48
    assert profile("360p-23-976-fps").seconds(48) == Fraction(2002, 1000)
