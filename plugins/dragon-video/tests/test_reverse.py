"""video.reverse: every frame, once, backwards; and the sound with it."""

import itertools

import av
import pytest

from dragon_framework.errors import InvalidParametersError, UnreadableSourceError
from dragon_framework.testing import check_task
from dragon_video import _reversing
from dragon_video._windows import windows

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast")
AAC = ("-c:a", "aac")
KINDS = {
    "closed.mp4": (*H264, "-g", 50, *AAC),
    "open-gop.mp4": (*H264, "-g", 50, "-x264-params", "open-gop=1:bframes=3:b-adapt=0", *AAC),
    "long-gop.mp4": (*H264, "-g", 250, *AAC),
    "a.mov": ("-c:v", "prores_ks", "-c:a", "pcm_s16le"),
    "a.mkv": (*H264, "-g", 50, "-c:a", "libmp3lame"),
    "a.webm": ("-c:v", "libvpx-vp9", "-g", 40, "-deadline", "realtime", "-cpu-used", 8, "-c:a", "libopus"),
    "a.ts": (*H264, "-g", 50, *AAC),
    "a.mpg": ("-c:v", "mpeg2video", "-q:v", 2, "-c:a", "mp2"),
    "a.avi": ("-c:v", "mpeg4", "-g", 50, "-bf", 2, "-q:v", 3, "-c:a", "libmp3lame"),
    "a.flv": (*H264, "-g", 50, *AAC),
    "a.wmv": ("-c:v", "wmv2", "-g", 50, "-q:v", 3, "-c:a", "wmav2"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=50", *AAC),
}


def reverse(run_task, path, **parameters):
    ran = run_task("video.reverse", url=path, **({"video_bitrate": 2000} | parameters))
    return ran.values, ran.files["output"]


def numbers_of(path, read_number):
    with av.open(str(path)) as container:
        return [(read_number(frame.to_image()), round(frame.time, 3)) for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_comes_once_in_the_opposite_order(run_task, numbered, read_number, name):
    values, made = reverse(run_task, numbered(name, *KINDS[name]))

    found = numbers_of(made, read_number)
    assert [number for number, _ in found] == list(range(149, -1, -1))
    assert [time - found[0][1] for _, time in found] == pytest.approx([n / 25 for n in range(150)], abs=0.002)
    assert values["frames"] == 150
    assert values["duration"] == pytest.approx(6.0, abs=0.05)


@pytest.mark.parametrize("frames", [8, 23, 60])
def test_small_windows_change_nothing(run_task, numbered, read_number, monkeypatch, frames):
    monkeypatch.setattr(_reversing, "WINDOW_BYTES", frames * 320 * 64 * 3 // 2)

    _, made = reverse(run_task, numbered("open-gop.mp4", *KINDS["open-gop.mp4"]))

    assert [number for number, _ in numbers_of(made, read_number)] == list(range(149, -1, -1))


def test_a_frame_stays_as_long_as_it_did(run_task, numbered, read_number):
    """Of each second the first frame and the ninth are there; the last one, at 5.36 s, stays for a frame's length."""
    kept = [n for n in range(150) if n % 25 in {0, 9}]
    path = numbered(
        "variable.mp4", "-vf", "select='lt(mod(n,25),1)+eq(mod(n,25),9)'", "-fps_mode", "vfr", *H264, sound=False
    )

    _, made = reverse(run_task, path)

    found = numbers_of(made, read_number)
    steps = [round(later - time, 3) for (_, time), (_, later) in itertools.pairwise(found[1:])]
    assert [number for number, _ in found] == kept[::-1]
    assert steps == [round((later - n) / 25, 3) for n, later in itertools.pairwise(kept)][::-1][:-1]


def test_the_sound_runs_backwards_with_the_pictures(run_task, ffmpeg, tmp_path):
    """A click in the first tenth second of 3 s, beside a white picture, comes in the last tenth."""
    ffmpeg(
        *("-f", "lavfi", "-i", "color=black:s=64x64:r=25:d=3,drawbox=c=white:t=fill:enable='lt(t,0.1)'"),
        *("-f", "lavfi", "-i", "aevalsrc='if(lt(t,0.1),0.8*sin(2*PI*1000*t),0)':s=44100:d=3"),
        *(*H264, "-c:a", "aac", tmp_path / "click.mp4"),
    )

    _, made = reverse(run_task, str(tmp_path / "click.mp4"), audio_bitrate=128)

    with av.open(str(made)) as container:
        loud = [
            (frame.time + sample / frame.sample_rate)
            for frame in container.decode(audio=0)
            for sample, value in enumerate(memoryview(bytes(frame.planes[0])).cast("f")[: frame.samples])
            if abs(value) > 0.2
        ]
    with av.open(str(made)) as container:
        white = [frame.time for frame in container.decode(video=0) if frame.to_image().getpixel((32, 32))[0] > 128]
    assert (min(loud), max(loud)) == (pytest.approx(2.9, abs=0.005), pytest.approx(3.0, abs=0.005))
    assert min(white) == pytest.approx(2.88, abs=0.001)  # the frame at 0.08 s is the last white one


def test_sound_that_begins_a_little_later_than_the_pictures_keeps_its_place(run_task, ffmpeg, tmp_path):
    """A tone of 0.1 s that begins 0.03 s after the first picture of 1 s ends 0.03 s before the end."""
    ffmpeg(
        *("-f", "lavfi", "-i", "color=black:s=64x64:r=25:d=1", "-itsoffset", "0.03"),
        *("-f", "lavfi", "-i", "aevalsrc='if(lt(t,0.1),0.8*sin(2*PI*1000*t),0)':s=48000:d=0.9"),
        *(*H264, "-c:a", "pcm_s16le", tmp_path / "late.mkv"),
    )

    _, made = reverse(run_task, str(tmp_path / "late.mkv"), audio_bitrate=128)

    with av.open(str(made)) as container:
        loud = [
            (frame.time + sample / frame.sample_rate)
            for frame in container.decode(audio=0)
            for sample, value in enumerate(memoryview(bytes(frame.planes[0])).cast("f")[: frame.samples])
            if abs(value) > 0.2
        ]
    assert (min(loud), max(loud)) == (pytest.approx(0.87, abs=0.008), pytest.approx(0.97, abs=0.008))


@pytest.mark.parametrize("codec", ["mp2", "mp3", "aac", "wmav1", "wmav2"])
def test_every_sound_codec(run_task, films, codec):
    values, made = reverse(run_task, films("a.mp4", *H264, *AAC), audio_codec=codec, sample_rate=44100)

    with av.open(str(made)) as container:
        sound = container.streams.audio[0].codec_context
        duration = container.duration / 1e6
    assert (sound.sample_rate, sound.channels) == (44100, 1)
    assert values["content_type"] == ("video/x-ms-wmv" if codec.startswith("wma") else "video/mp4")
    assert duration == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("name", "rate"), [("quick.mp4", 240), ("quick.ts", 120)])
def test_no_rate_is_too_high(run_task, numbered, read_number, name, rate):
    path = numbered(name, *H264, *AAC, rate=rate)

    values, made = reverse(run_task, path)

    assert [number for number, _ in numbers_of(made, read_number)] == list(range(149, -1, -1))
    assert values["frames"] == 150


def test_a_film_without_sound(run_task, films):
    values, made = reverse(run_task, films("mute.mp4", *H264, sound=None))

    with av.open(str(made)) as container:
        assert not container.streams.audio
    assert values["duration"] == 2.0


def test_sound_that_goes_on_after_the_pictures_comes_before_them(run_task, films):
    path = films("long-sound.mp4", *H264, *AAC, picture="testsrc2=s=96x64:r=25:d=1", sound="sine=d=3")

    values, _ = reverse(run_task, path)

    assert values["duration"] == pytest.approx(3.0, abs=0.05)
    assert values["frames"] == 25


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_it_is_upright(run_task, films, ffmpeg, tmp_path, degrees):
    chart = "color=white:s=96x64:d=1,drawbox=w=24:h=16:color=red:t=fill"
    plain = films("corner.mp4", *H264, "-qp", 10, picture=chart, sound=None)
    ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", tmp_path / "turned.mp4")

    values, made = reverse(run_task, str(tmp_path / "turned.mp4"))

    with av.open(str(made)) as container:
        image = next(container.decode(video=0)).to_image()
    corner = {90: (4, image.height - 5), 180: (image.width - 5, image.height - 5), 270: (image.width - 5, 4)}[degrees]
    red, green, _ = image.getpixel(corner)
    assert image.size == (values["width"], values["height"]) == ((96, 64) if degrees == 180 else (64, 96))
    assert red > 180
    assert green < 70


def test_sizes_fit_and_are_even(run_task, films):
    values, _ = reverse(run_task, films("a.mp4", *H264, *AAC), width=51)

    assert (values["width"], values["height"]) == (50, 34)


def test_windows_hold_whole_groups_while_they_fit():
    times, keys = list(range(100)), {0, 10, 20, 60}

    assert windows(times, keys, 25) == [(0, 19), (20, 39), (40, 59), (60, 79), (80, 99)]
    assert windows(times, keys, 1000) == [(0, 99)]


def test_the_backward_sound_is_the_exact_mirror(tmp_path):
    from dragon_video._backward_sound import BackwardSound

    sound = BackwardSound(tmp_path / "pcm", 1000, 1)
    samples = [n % 30_000 for n in range(10_000)]
    (tmp_path / "pcm").write_bytes(b"".join(value.to_bytes(2, "little") for value in samples))
    sound.samples = len(samples)

    def heard(end):
        return [
            value
            for frame in sound.backwards(end)
            for value in memoryview(bytes(frame.planes[0])).cast("h")[: frame.samples]
        ]

    assert heard(10_000) == samples[::-1]
    assert heard(9_000) == samples[:9_000][::-1]
    assert heard(15_000) == [0] * 5_000 + samples[::-1]


def test_what_is_no_film_is_refused(run_task, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"ffconcat version 1.0\nfile '/etc/passwd'\n")

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        reverse(run_task, str(tmp_path / "a.mp4"))


def test_wrong_parameters_are_named(run_task):
    with pytest.raises(InvalidParametersError, match=r"audio_codec.*sample_rate|sample_rate.*audio_codec"):
        reverse(run_task, "http://a.example/a.mp4", audio_codec="opus", sample_rate=1)


def test_it_keeps_the_contract():
    check_task("video.reverse")
