"""Pictures to pieces: what ffmpeg says of them, and the colours that come out."""

import re
import subprocess
from fractions import Fraction

import av
import msgspec
import numpy as np
import pytest
from PIL import Image

from dragon_framework.media.ffmpeg import ffmpeg_program
from dragon_video.film.encoding import Converter, PieceEncoder, preview_encoder, write_thumbnail
from dragon_video.film.joining import join
from dragon_video.film.profiles import preview_of, profile, profiles
from dragon_video.film.sound import encode_sound

CONTAINERS = {"mp4": "mov", "flv": "flv", "wmv": "asf", "mpg": "mpeg"}
CODECS = {"mpeg1": "mpeg1video", "mpeg2": "mpeg2video"}


def flat(profile, colour):
    """Return a frame of one colour: blue, green, red."""
    return np.full((profile.height, profile.width, 4), [*colour, 255], np.uint8)


def film(directory, profile, frames):
    """Write a silent film of these frames in one piece."""
    piece, sound, path = directory / "piece", directory / "sound", directory / f"film.{profile.container}"
    count = 0
    with PieceEncoder(piece, profile) as encoder:
        for frame in frames:
            encoder.write(frame)
            count += 1
    encode_sound([], sound, profile, count)
    join([piece], sound, path, profile)
    return path


def decoded_by_ffmpeg(path, size, *options):
    """Return the pictures of a film as (n, height, width, 3), RGB."""
    command = [ffmpeg_program(), "-v", "error", "-i", path, *options, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(said, np.uint8).reshape(-1, size[1], size[0], 3)


@pytest.mark.parametrize("name", profiles())
def test_a_film_is_what_its_profile_says(name, tmp_path):
    """As PyAV reads it, and as the ffmpeg program, which is built apart, tells of it."""
    wanted = profile(name)
    frames = 12 if wanted.container == "wmv" else 3  # ASF says no rate; it is told by the times of pictures

    path = film(tmp_path, wanted, (flat(wanted, (n * 80, 128, 40)) for n in range(frames)))

    with av.open(str(path)) as container:
        (picture,), (sound,) = container.streams.video, container.streams.audio
        assert CONTAINERS[wanted.container] in container.format.name.split(",")
        assert picture.codec_context.codec.canonical_name == CODECS.get(wanted.video_codec, wanted.video_codec)
        assert sound.codec_context.codec.canonical_name == wanted.audio_codec
        assert (picture.codec_context.width, picture.codec_context.height) == (wanted.width, wanted.height)
        assert (sound.codec_context.sample_rate, sound.codec_context.channels) == (wanted.sample_rate, 2)
        assert len(list(container.decode(picture))) == frames
    said = subprocess.run([ffmpeg_program(), "-hide_banner", "-i", path], capture_output=True, text=True).stderr
    video = next(line for line in said.splitlines() if "Video:" in line)
    assert f"Video: {CODECS.get(wanted.video_codec, wanted.video_codec)}" in video
    assert f"{wanted.width}x{wanted.height}" in video
    assert float(re.search(r"([\d.]+) fps", video)[1]) == pytest.approx(float(wanted.frame_rate), abs=0.006)
    shown = re.search(r"DAR (\d+):(\d+)", video)
    ratio = Fraction(int(shown[1]), int(shown[2])) if shown else Fraction(wanted.width, wanted.height)
    # MPEG-1 has 14 shapes of pixels alone (ISO/IEC 11172-2, table 2-D.1); Windows Media here has square ones.
    loose = {"mpeg1": 0.03, "wmv1": 0.001, "wmv2": 0.001}.get(wanted.video_codec, 1e-5)
    assert float(ratio) == pytest.approx(float(wanted.display_aspect), rel=loose)
    assert f"Audio: {wanted.audio_codec}" in said
    assert f"{wanted.sample_rate} Hz, stereo" in said


def drifting(profile, detail):
    """Return a picture that frames are cut from, so large that they can drift; *detail* is its grain in px."""
    sides = profile.height // detail, profile.width // detail, 4
    grid = np.random.default_rng(1).integers(0, 256, sides, np.uint8)
    return np.asarray(
        Image.fromarray(grid).resize((profile.width + 400, profile.height + 400), Image.Resampling.BICUBIC)
    )


def kilobits(path, seconds):
    with av.open(str(path), format="nut") as container:
        return sum(packet.size * 8 for packet in container.demux(container.streams.video[0])) / seconds / 1000


@pytest.mark.parametrize("name", ["240p", "mobile-small", "flash-small", "dvd-mpeg1-small", "dvd-ntsc-4-3-h", "wmv1"])
def test_pictures_that_need_the_bits_get_those_of_the_profile(name, tmp_path):
    wanted, seconds = profile(name), 3
    detail = {"h264": 3, "mpeg2": 2, "mpeg1": 3, "mpeg4": 4}.get(wanted.video_codec, 7)  # who has bits needs it
    cloud = drifting(wanted, detail)

    with PieceEncoder(tmp_path / "piece", wanted) as encoder:
        for n in range(wanted.frames(seconds)):
            encoder.write(cloud[n : n + wanted.height, 2 * n : 2 * n + wanted.width])

    assert kilobits(tmp_path / "piece", seconds) == pytest.approx(wanted.video_kilobits, rel=0.35)


@pytest.mark.parametrize("name", ["240p", "mobile", "flash-small", "wmv1", "flash-h264"])
def test_short_pieces_do_not_pass_the_bit_rate_by_much(name, tmp_path):
    """Each of 2 s, the shortest there are, of a picture that drifts: alone they could begin with what they like."""
    wanted = profile(name)
    cloud, rates = drifting(wanted, 5), []

    for first in (0, wanted.gop, 2 * wanted.gop):
        with PieceEncoder(tmp_path / "piece", wanted, first=first) as encoder:
            for n in range(first, first + wanted.gop):
                encoder.write(cloud[n : n + wanted.height, 2 * n : 2 * n + wanted.width])
        rates.append(kilobits(tmp_path / "piece", 2))

    assert sum(rates) / 3 < 1.4 * wanted.video_kilobits


# Red, green, blue and white as ITU-R BT.709 and BT.601 code them in 8 bits: Y, Cb, Cr.
CODED = {
    "240p": [(63, 102, 240), (173, 42, 26), (32, 240, 118), (235, 128, 128), (16, 128, 128)],
    "dvd-ntsc-4-3-h": [(81, 90, 240), (145, 54, 34), (41, 240, 110), (235, 128, 128), (16, 128, 128)],
}
COLOURS = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0)]


@pytest.mark.parametrize("name", CODED)
def test_colours_become_the_numbers_of_the_standard(name):
    converter = Converter(profile(name))

    coded = [
        [int(np.frombuffer(plane, np.uint8)[0]) for plane in converter.yuv(flat(profile(name), colour)).planes]
        for colour in COLOURS
    ]

    assert np.abs(np.array(coded) - np.array(CODED[name])).max() <= 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        # H.264 and MPEG-2 say their matrix. For the others it is told; that of ffmpeg by default is BT.601, too.
        ("240p", ()),
        ("dvd-ntsc-4-3-h", ()),
        ("dvd-mpeg1-small", ("-vf", "scale=in_color_matrix=bt601")),
        ("mobile", ("-vf", "scale=in_color_matrix=bt601")),
        ("flash-small", ("-vf", "scale=in_color_matrix=bt601")),
        ("wmv1", ("-vf", "scale=in_color_matrix=bt601")),
        ("wmv2", ("-vf", "scale=in_color_matrix=bt601")),
    ],
)
def test_a_colour_chart_comes_back_within_two_levels(name, told, tmp_path):
    """24 patches of at least 32 px, in steps through the cube of colours; the middle of each is looked at."""
    wanted = profile(name)
    patches = np.random.default_rng(4).integers(20, 236, (4, 6, 3), np.uint8)
    chart = np.zeros((wanted.height, wanted.width, 4), np.uint8)
    high, wide = wanted.height // 4 // 16 * 16, wanted.width // 6 // 16 * 16
    chart[: high * 4, : wide * 6, :3] = patches.repeat(high, 0).repeat(wide, 1)

    path = film(tmp_path, wanted, [chart] * 8)

    scale = ["-sws_flags", "accurate_rnd+full_chroma_int+full_chroma_inp+bicubic"]
    last = decoded_by_ffmpeg(path, (wanted.width, wanted.height), *told, *scale)[-1].astype(int)
    rows, columns = (slice(0, high * 4), slice(0, wide * 6))
    cells = last[rows, columns].reshape(4, high, 6, wide, 3)
    middles = cells[:, high // 2 - 3 : high // 2 + 3, :, wide // 2 - 3 : wide // 2 + 3].mean((1, 3))
    assert np.abs(middles - patches[:, :, ::-1]).max() <= 2


def test_h264_says_its_matrix_and_range(tmp_path):
    wanted = profile("240p")
    path = film(tmp_path, wanted, [flat(wanted, (1, 2, 3))] * 3)

    said = subprocess.run([ffmpeg_program(), "-hide_banner", "-i", path], capture_output=True, text=True).stderr

    assert "yuv420p(tv, bt709, progressive)" in said


def test_alpha_is_not_looked_at(tmp_path):
    """Premultiplied (10, 20, 30) of any alpha is that colour over black."""
    converter = Converter(profile("240p"))
    opaque, clear = flat(profile("240p"), (10, 20, 30)), flat(profile("240p"), (10, 20, 30))
    clear[:, :, 3] = 40

    first, second = (converter.yuv(frame).to_ndarray() for frame in (opaque, clear))

    assert np.array_equal(first, second)


@pytest.mark.parametrize("red", [np.s_[:, ::2], np.s_[::2, :]], ids=["columns", "rows"])
def test_chroma_is_the_mean_of_four_pixels(red):
    """Red beside black: Cr is between 240 and 128, where a conversion that drops pixels has one or the other."""
    wanted = profile("240p")
    frame = flat(wanted, (0, 0, 0))
    frame[(*red, 2)] = 255

    chroma = np.frombuffer(Converter(wanted).yuv(frame).planes[2], np.uint8)

    assert abs(int(chroma[5]) - 184) <= 1


@pytest.mark.parametrize("shape", [(240, 424, 4), (240, 426, 3), (426, 240, 4)])
def test_a_frame_of_another_size_is_refused(shape, tmp_path):
    with pytest.raises(ValueError, match=r"frames of 240p are arrays \(240, 426, 4\)"), PieceEncoder(
        tmp_path / "piece", profile("240p")
    ) as encoder:  # fmt: skip
        encoder.write(np.zeros(shape, np.uint8))

    assert not (tmp_path / "piece").exists()


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("240p", {"first": 25}, "begin at multiples of 50 frames, got 25"),
        ("dvd-pal-4-3", {"first": 15}, "encoded in one piece"),
        ("flash", {"crf": 20}, "no constant quality: its codec is flv1"),
    ],
)
def test_what_a_profile_cannot_do_is_refused(name, how, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        PieceEncoder(tmp_path / "piece", profile(name), **how)


def test_a_lower_crf_is_larger(tmp_path):
    wanted = profile("240p")
    picture = np.random.default_rng(1).integers(0, 256, (wanted.height, wanted.width, 4), np.uint8)
    sizes = []
    for crf in (18, 40):
        with PieceEncoder(tmp_path / "piece", wanted, crf=crf, preset="ultrafast") as encoder:
            encoder.write(picture)
        sizes.append((tmp_path / "piece").stat().st_size)

    assert sizes[0] > 2 * sizes[1]


@pytest.mark.parametrize("name", ["480p", "dvd-pal-16-9"])
def test_a_preview_is_made_of_the_same_pictures(name, tmp_path):
    """One from square pixels and BT.709, one from others and BT.601: the preview has the colour in BT.709."""
    full = profile(name)
    small = preview_of(full)
    frame = flat(full, (40, 200, 90))
    frame[:, : full.width // 2] = (180, 30, 30, 255)

    with PieceEncoder(tmp_path / "full", full) as encoder, preview_encoder(tmp_path / "small", small) as preview:
        for _ in range(4):
            preview.write_yuv(encoder.write(frame), full.matrix)

    pictures = decoded_by_ffmpeg(tmp_path / "small", (small.width, small.height))
    assert len(pictures) == 4
    assert np.abs(pictures[-1][100, 40].astype(int) - (30, 30, 180)).max() <= 5
    assert np.abs(pictures[-1][100, -40].astype(int) - (90, 200, 40)).max() <= 5


@pytest.mark.parametrize(
    ("name", "size"), [("dvd-pal-16-9", (1024, 576)), ("dvd-ntsc-4-3", (640, 480)), ("480p", (854, 480))]
)
def test_a_thumbnail_is_a_jpeg_with_square_pixels(name, size, tmp_path):
    written = write_thumbnail(flat(profile(name), (200, 100, 50)), tmp_path / "a.jpg", profile(name))

    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.format == "JPEG"
        assert picture.size == written == size
        assert picture.getpixel((99, 99)) == pytest.approx((50, 100, 200), abs=2)


def test_equal_frames_make_equal_pieces(tmp_path):
    """So that a piece can be made again on another machine, or kept."""
    wanted = profile("240p")
    for name in ("a", "b"):
        with PieceEncoder(tmp_path / name, wanted) as encoder:
            for n in range(30):
                encoder.write(flat(wanted, (n, 2 * n, 255 - n)))

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(("encoder", "seconds"), [(PieceEncoder, 10), (preview_encoder, 2)])
def test_key_pictures_are_seconds_apart(encoder, seconds, tmp_path):
    """At rest nothing asks for one before its time: every 10 s in an export, as x264 has it, every 2 s in a preview."""
    wanted = msgspec.structs.replace(profile("240p"), width=64, height=48)

    with encoder(tmp_path / "piece", wanted) as piece:
        for _ in range(550):
            piece.write(np.full((48, 64, 4), 90, np.uint8))

    with av.open(str(tmp_path / "piece"), format="nut") as container:
        keys = [n for n, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    assert keys == list(range(0, 550, 25 * seconds))
