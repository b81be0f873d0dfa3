"""video.convert: what comes out is what was asked for, plain and whole."""

import subprocess

import av
import pytest

from dragon_framework.errors import InvalidParametersError, TaskLimitError, UnreadableSourceError
from dragon_framework.media.ffmpeg import ffmpeg_program
from dragon_framework.testing import check_task

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast")
AAC = ("-c:a", "aac")
SOURCES = {
    "a.mp4": (*H264, *AAC),
    "a.mov": ("-c:v", "prores_ks", "-c:a", "pcm_s16le"),
    "a.mkv": ("-c:v", "ffv1", "-c:a", "flac"),
    "a.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", 8, "-c:a", "libopus"),
    "a.ts": (*H264, *AAC),
    "a.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "a.flv": (*H264, *AAC),
    "a.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "a.mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", *AAC),
}


def convert(run_task, path, **parameters):
    ran = run_task("video.convert", url=path, **parameters)
    return ran.values, ran.files["output"]


def pictures(path):
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("name", SOURCES)
def test_films_of_every_kind_become_h264_and_aac(run_task, films, name):
    values, path = convert(run_task, films(name, *SOURCES[name]))

    assert (values["content_type"], values["video_codec"], values["audio_codec"]) == ("video/mp4", "h264", "aac")
    assert (values["width"], values["height"], values["rotation"], values["alpha"]) == (96, 64, 0.0, False)
    assert values["duration"] == pytest.approx(2.0, abs=0.1)
    assert len(pictures(path)) == 50


@pytest.mark.parametrize(
    ("codec", "container", "content_type"),
    [
        ("mp2", "auto", "video/mp4"),
        ("mp3", "auto", "video/mp4"),
        ("wmav1", "auto", "video/x-ms-wmv"),
        ("wmav2", "auto", "video/x-ms-wmv"),
        ("wmav2", "mkv", "video/x-matroska"),
        ("wmav1", "mov", "video/quicktime"),
        ("aac", "mkv", "video/x-matroska"),
    ],
)
@pytest.mark.parametrize("sample_rate", [22050, 44100, 48000])
def test_every_sound_codec_has_a_container_that_holds_it(run_task, films, codec, container, content_type, sample_rate):
    values, path = convert(
        run_task, films("a.mp4", *SOURCES["a.mp4"]), audio_codec=codec, container=container, sample_rate=sample_rate
    )

    said = subprocess.run([ffmpeg_program(), "-hide_banner", "-i", path], capture_output=True, text=True, check=False)
    assert (values["content_type"], values["audio_codec"]) == (content_type, codec)
    assert f"{sample_rate} Hz" in said.stderr


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (96, 64)),
        ({"width": 51}, (50, 34)),  # 51 × 34: sides are even
        ({"height": 33}, (50, 32)),  # 49.5 wide, to the nearest 50
        ({"width": 40, "height": 40}, (40, 26)),  # 40 × 26.7, to the nearest 27, to an even 26
        ({"width": 40, "height": 40, "crop": True}, (40, 40)),
        ({"width": 1}, (2, 2)),
    ],
)
def test_sides_are_even_and_fit_or_fill(run_task, films, asked, size):
    values, path = convert(run_task, films("a.mp4", *SOURCES["a.mp4"]), **asked)

    first = pictures(path)[0]
    assert (values["width"], values["height"]) == (first.width, first.height) == size
    assert (values["original_width"], values["original_height"]) == (96, 64)
    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio in {None, 1}


@pytest.mark.parametrize(("degrees", "corner"), [(90, "left bottom"), (180, "right bottom"), (270, "right top")])
def test_the_output_is_upright(run_task, films, ffmpeg, tmp_path, degrees, corner):
    chart = "color=white:s=96x64:d=1,drawbox=w=24:h=16:color=red:t=fill"
    plain = films("corner.mp4", *H264, "-qp", 10, picture=chart, sound=None)
    ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", tmp_path / "turned.mp4")

    values, path = convert(run_task, str(tmp_path / "turned.mp4"), video_bitrate=2000)

    image = pictures(path)[0].to_image()
    x = 4 if "left" in corner else image.width - 5
    y = 4 if "top" in corner else image.height - 5
    red, green, _ = image.getpixel((x, y))
    assert image.size == ((64, 96) if degrees in {90, 270} else (96, 64))
    assert values["rotation"] == 0
    assert red > 180
    assert green < 70


def test_pixels_become_square(run_task, films):
    values, path = convert(run_task, films("wide.mp4", "-vf", "setsar=2/1", *H264, *AAC))

    assert (values["width"], values["height"]) == (192, 64)
    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio in {None, 1}


@pytest.mark.parametrize("name", ["clear.webm", "clear.mov"])
def test_transparent_parts_are_black(run_task, films, name):
    codec = {"clear.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"), "clear.mov": ("-c:v", "prores_ks")}[name]
    chart = "color=white:s=96x64:d=1:r=10"
    path = films(name, "-vf", "format=yuva444p10le,colorchannelmixer=aa=0", *codec, picture=chart, sound=None)

    _, made = convert(run_task, path)

    assert max(pictures(made)[0].to_image().getpixel((48, 32))) < 10


def test_high_dynamic_range_becomes_standard_range(run_task, ffmpeg, tmp_path):
    """A grey that is below where the tone curve bends comes back as it was."""
    chart = (
        "color=0x808080:s=96x64:d=1:r=10,format=gbrp,"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc,"
        "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020:t=smpte2084:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
    )
    x265 = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    ffmpeg("-f", "lavfi", "-i", chart, "-c:v", "libx265", "-x265-params", x265, tmp_path / "hdr.mp4")

    values, path = convert(run_task, str(tmp_path / "hdr.mp4"))

    first = pictures(path)[0]
    assert values["frame_rate"] == 10
    assert first.color_trc not in {16, 18}
    assert first.format.name == "yuv420p"
    assert first.to_image().getpixel((48, 32)) == pytest.approx((128, 128, 128), abs=8)


def test_the_matrix_a_player_would_guess_is_written_down(run_task, films):
    """A large untagged film is BT.709; made small, it would be taken for BT.601."""
    untagged = "scale=out_color_matrix=bt709,format=yuv420p,setparams=colorspace=unknown"
    path = films("hd.mp4", "-vf", untagged, *H264, picture="color=0xc0b020:s=1280x720:r=25:d=0.2", sound=None)

    _, made = convert(run_task, path, width=320, video_bitrate=2000)

    assert pictures(made)[0].colorspace == 1


def test_interlaced_films_are_deinterlaced(run_task, films):
    """A bar moves 8 px between the two fields of a frame: left as they are, neighbouring lines differ beside it."""
    moving = (
        "color=black:s=96x64:r=50:d=2[b];color=white:s=16x64:r=50:d=2[w];[b][w]overlay=x='mod(8*n,96)',tinterlace=4"
    )
    codec = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "2", "-an")
    path = films("lines.mpg", *codec, picture=f"{moving},setfield=tff", sound=None)

    def comb(film):
        frame = pictures(film)[20].to_image().convert("L")
        return sum(
            abs(frame.getpixel((x, y)) - frame.getpixel((x, y + 1))) > 100 for y in range(8, 56) for x in range(96)
        )

    values, made = convert(run_task, path, video_bitrate=2000)

    assert run_task("video.info", url=path).values["interlaced"] is True
    assert comb(path) > 300  # two strips of 8 px in 48 lines
    assert comb(made) < 50
    assert values["frame_rate"] == 25


def test_what_fills_is_cut_and_not_stretched(run_task, films):
    """Of 96 × 64 px the middle 64 fill a square; the sixth on each side, red here, is outside."""
    sides = "color=white:s=96x64:d=1,drawbox=w=14:h=64:color=red:t=fill,drawbox=x=82:w=14:h=64:color=red:t=fill"

    _, made = convert(
        run_task, films("sides.mp4", *H264, "-qp", 10, picture=sides, sound=None), width=40, height=40, crop=True
    )

    first = pictures(made)[0]
    assert min(first.to_image().getpixel((x, 20))[1] for x in range(40)) > 200
    with av.open(str(made)) as container:
        assert container.streams.video[0].sample_aspect_ratio in {None, 1}


def test_a_thousand_frames_a_second_become_sixty(run_task, films):
    values, made = convert(run_task, films("quick.mkv", *H264, picture="testsrc2=s=32x32:r=1000:d=1", sound=None))

    assert values["frame_rate"] == pytest.approx(60, abs=0.5)
    assert len(pictures(made)) == pytest.approx(60, abs=1)


def test_a_variable_rate_stays_as_it_is(run_task, numbered, read_number):
    options = ("-vf", "select='lt(mod(n,25),1)+eq(mod(n,25),9)'", "-fps_mode", "vfr", *H264)
    _, made = convert(run_task, numbered("variable.mp4", *options, sound=False), video_bitrate=2000)

    found = [(read_number(frame.to_image()), round(frame.time, 3)) for frame in pictures(made)]

    assert found == [(n, n / 25) for n in range(150) if n % 25 in {0, 9}]


@pytest.mark.parametrize("passes", [1, 2])
def test_the_bitrate_is_met(run_task, films, passes):
    path = films("busy.mkv", "-c:v", "ffv1", picture="mandelbrot=s=320x240:r=25,trim=duration=12", sound=None)

    _, made = convert(run_task, path, video_bitrate=200, passes=passes)

    with av.open(str(made)) as container:
        bits = 8 * sum(packet.size for packet in container.demux(video=0))
    assert bits / 12 == pytest.approx(200_000, rel=0.15 if passes == 2 else 0.3)


def test_crf_is_a_quality_and_gop_the_distance_of_key_frames(run_task, films):
    path = films("a.mp4", *SOURCES["a.mp4"])

    good = convert(run_task, path, crf=10)[1].stat().st_size
    bad = convert(run_task, path, crf=45)[1].stat().st_size
    _, short = convert(run_task, path, gop=5)

    with av.open(str(short)) as container:
        keys = sum(packet.is_keyframe for packet in container.demux(video=0) if packet.size)
    assert good > 2 * bad
    assert keys == 10


@pytest.mark.parametrize(("faststart", "first"), [(True, b"moov"), (False, b"mdat")])
def test_the_index_comes_first_if_asked(run_task, films, faststart, first):
    _, made = convert(run_task, films("a.mp4", *SOURCES["a.mp4"]), faststart=faststart)

    data = made.read_bytes()
    assert min((b"moov", b"mdat"), key=data.index) == first


def test_a_film_without_sound_stays_silent(run_task, films):
    values, _ = convert(run_task, films("mute.mp4", *H264, sound=None))

    assert values["audio_codec"] is None


def test_six_channels_become_two(run_task, films):
    path = films("six.mp4", *H264, *AAC, "-ac", 6)

    _, made = convert(run_task, path)

    with av.open(str(made)) as container:
        assert container.streams.audio[0].codec_context.channels == 2


def test_progress_rises(run_task, films):
    path = films("long.mp4", *H264, *AAC, picture="testsrc2=s=320x240:r=25:d=60", sound="sine=d=60")

    ran = run_task("video.convert", url=path)

    assert ran.progress == sorted(ran.progress)
    assert all(0 <= value <= 99 for value in ran.progress)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"container": "mp4", "audio_codec": "wmav2"}, "container: an mp4 cannot hold wmav2"),
        ({"crf": 20, "passes": 2}, "passes: two passes are for a bitrate"),
        ({"sample_rate": 8000}, "sample_rate"),
        ({"video_codec": "vp9"}, "video_codec"),
        ({"width": 0, "gop": 0}, "gop"),
    ],
)
def test_what_cannot_be_is_refused_by_name(run_task, parameters, named):
    with pytest.raises(InvalidParametersError, match=named):
        run_task("video.convert", url="http://a.example/a.mp4", **parameters)


def test_a_film_that_would_be_too_large_is_refused(run_task, films):
    with pytest.raises(TaskLimitError, match="16384 px a side"):
        convert(run_task, films("a.mp4", *SOURCES["a.mp4"]), width=20_000)


@pytest.mark.parametrize(
    "content",
    [b"", b"no film" * 100, b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile '/etc/passwd'\n"],
)
def test_what_is_no_film_is_refused(run_task, tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        convert(run_task, str(tmp_path / "a.mp4"))


def test_sound_alone_is_refused(run_task, ffmpeg, tmp_path):
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", tmp_path / "a.m4a")

    with pytest.raises(UnreadableSourceError, match="it has no video"):
        convert(run_task, str(tmp_path / "a.m4a"))


def test_it_keeps_the_contract():
    check_task("video.convert")


@pytest.mark.parametrize("codec", ["mp2", "mp3", "aac", "wmav1", "wmav2"])
@pytest.mark.parametrize("task", ["video.convert", "video.reverse"])
def test_the_lowest_and_the_highest_bitrate_of_sound_are_met_as_well_as_the_codec_can(run_task, films, task, codec):
    path = films("sounding.mp4", *H264, "-c:a", "aac")

    for kilobits in (8, 512):
        made = run_task(task, url=path, audio_codec=codec, audio_bitrate=kilobits).files["output"]

        assert run_task("video.info", url=str(made)).values["audio_channels"] == 1
