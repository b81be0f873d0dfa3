"""video.strip: the right frames, each in its place."""

from pathlib import Path

import pytest
from PIL import Image

from dragon_framework.errors import InvalidParametersError, TaskLimitError, UnreadableSourceError
from dragon_framework.testing import check_task

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast")
KINDS = {
    "long-gop.mp4": (*H264, "-g", 250, "-c:a", "aac"),
    "short-gop.mp4": (*H264, "-g", 5, "-c:a", "aac"),
    "a.ts": (*H264, "-g", 50, "-c:a", "aac"),
    "a.avi": ("-c:v", "mpeg4", "-g", 50, "-bf", 2, "-q:v", 3, "-c:a", "libmp3lame"),
    "a.webm": ("-c:v", "libvpx-vp9", "-g", 40, "-deadline", "realtime", "-cpu-used", 8, "-c:a", "libopus"),
}


def strip(run_task, path, **parameters):
    ran = run_task("video.strip", url=path, format="png", **parameters)
    with Image.open(ran.files["output"]) as image:
        image.load()
    return ran.values, image


def sections(image, width, height, count):
    columns = image.width // width
    return [
        image.crop((n % columns * width, n // columns * height, (n % columns + 1) * width, (n // columns + 1) * height))
        for n in range(count)
    ]


@pytest.mark.parametrize("name", KINDS)
def test_by_default_ten_frames_from_the_first_to_the_last(run_task, numbered, read_number, name):
    values, image = strip(run_task, numbered(name, *KINDS[name]))

    assert (values["count"], image.size) == (10, (3200, 64))
    # The last of 150 frames comes at 149 / 25 s; the others lie at ninths of that, mid-way ones rounded down.
    assert [read_number(part) for part in sections(image, 320, 64, 10)] == [149 * n // 9 for n in range(10)]


def test_local_files_are_read_side_by_side_and_remote_ones_in_order(run_task, serve_file, numbered, monkeypatch):
    """Both give the same strip; the first is quicker."""
    from dragon_video import _strip

    monkeypatch.setattr("os.cpu_count", lambda: 4)
    path, used = numbered("long-gop.mp4", *KINDS["long-gop.mp4"]), []
    readers = _strip._readers
    monkeypatch.setattr(_strip, "_readers", lambda *args: used.append(readers(*args)) or used[-1])

    local, remote = strip(run_task, path, count=12), strip(run_task, serve_file(Path(path)), count=12)

    assert used == [4, 1]
    assert local == remote


def test_start_end_and_count_choose_the_times(run_task, numbered, read_number):
    path = numbered("long-gop.mp4", *KINDS["long-gop.mp4"])

    values, image = strip(run_task, path, start=1.01, end=5.01, count=5)

    assert values["count"] == 5
    assert [read_number(part) for part in sections(image, 320, 64, 5)] == [25, 50, 75, 100, 125]


def test_lines_are_wrapped_and_the_last_may_be_shorter(run_task, numbered, read_number):
    path = numbered("long-gop.mp4", *KINDS["long-gop.mp4"])

    values, image = strip(run_task, path, width=160, count=5, wrap=2, end=4.01)

    assert image.size == (values["width"], values["height"]) == (320, 96)
    assert [read_number(part) for part in sections(image, 160, 32, 5)] == [0, 25, 50, 75, 100]
    assert image.crop((160, 64, 320, 96)).convert("L").getextrema() == (0, 0)


def test_sections_are_filled_exactly_with_crop(run_task, films):
    path = films("plain.mp4", *H264)

    values, image = strip(run_task, path, width=50, height=50, crop=True, count=3)

    assert (values["width"], values["height"]) == image.size == (150, 50)
    assert (values["original_width"], values["original_height"], values["frame_rate"]) == (96, 64, 25.0)
    assert values["duration"] == pytest.approx(2.0, abs=0.05)


def test_a_film_with_fewer_frames_gives_each_once(run_task, numbered, read_number):
    path = numbered("short.mp4", *H264, frames=4, sound=False)

    values, image = strip(run_task, path, count=10)

    assert values["count"] == 4
    assert [read_number(part) for part in sections(image, 320, 64, 4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("parameters", [{"count": 1}, {"start": 99.0, "count": 3}, {"start": 2.0, "end": 2.0}])
def test_one_time_gives_one_frame(run_task, numbered, parameters):
    values, image = strip(run_task, numbered("long-gop.mp4", *KINDS["long-gop.mp4"]), **parameters)

    assert (values["count"], image.size) == (1, (320, 64))


def test_an_end_beyond_the_film_is_its_last_frame(run_task, numbered, read_number):
    _, image = strip(run_task, numbered("long-gop.mp4", *KINDS["long-gop.mp4"]), start=1.0, end=600.0, count=2)

    assert [read_number(part) for part in sections(image, 320, 64, 2)] == [25, 149]


def test_end_before_start_is_refused_by_name(run_task):
    with pytest.raises(InvalidParametersError, match=r"end: must not be before start \(3 s\), got 2"):
        run_task("video.strip", url="http://a.example/a.mp4", start=3.0, end=2.0)


def test_a_strip_that_would_be_too_wide_is_refused(run_task, films):
    with pytest.raises(TaskLimitError, match="strip of 100000 × "):
        run_task("video.strip", url=films("plain.mp4", *H264), width=1000, count=100)


def test_what_is_no_film_is_refused(run_task, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no film" * 100)

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        run_task("video.strip", url=str(tmp_path / "a.mp4"))


def test_it_keeps_the_contract():
    check_task("video.strip")


def test_high_dynamic_range_is_toned_down_as_in_thumbnails(run_task, films):
    x264 = ("-x264-params", "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", "-pix_fmt", "yuv420p10le")
    path = films("hdr.mp4", "-c:v", "libx264", *x264, sound=None)

    _, image = strip(run_task, path, count=3, end=1.0, width=48, height=32, crop=True)
    ran = run_task("video.thumb", url=path, format="png", time=0.5, width=48, height=32, crop=True)

    with Image.open(ran.files["output"]) as thumb:
        assert thumb.convert("RGB") == sections(image.convert("RGB"), 48, 32, 3)[1]
