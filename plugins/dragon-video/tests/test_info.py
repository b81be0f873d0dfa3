"""video.info on films of every usual kind, made with known facts."""

from pathlib import Path

import pytest

from dragon_framework.errors import UnreadableSourceError
from dragon_framework.testing import check_task

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
KINDS = {
    "a.mp4": ((*H264, "-c:a", "aac"), "video/mp4", "h264", "aac"),
    "fast.mp4": ((*H264, "-c:a", "aac", "-movflags", "+faststart"), "video/mp4", "h264", "aac"),
    "a.mov": ((*H264, "-c:a", "pcm_s16le"), "video/quicktime", "h264", "pcm_s16le"),
    "a.mkv": ((*H264, "-c:a", "libmp3lame"), "video/x-matroska", "h264", "mp3"),
    "a.webm": (("-c:v", "libvpx-vp9", "-c:a", "libopus"), "video/webm", "vp9", "opus"),
    "a.ts": ((*H264, "-c:a", "aac"), "video/mp2t", "h264", "aac"),
    "a.avi": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), "video/vnd.avi", "mpeg4", "mp3"),
    "a.flv": ((*H264, "-c:a", "aac"), "video/x-flv", "h264", "aac"),
    "a.wmv": (("-c:v", "wmv2", "-c:a", "wmav2"), "video/x-ms-wmv", "wmv2", "wmav2"),
    "a.mpg": (("-c:v", "mpeg2video", "-c:a", "mp2"), "video/mpeg", "mpeg2video", "mp2"),
    "hevc.mp4": (("-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac"), "video/mp4", "hevc", "aac"),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_film(run_task, films, name):
    options, content_type, video, audio = KINDS[name]

    values = run_task("video.info", url=films(name, *options)).values

    assert (values["content_type"], values["video_codec"], values["audio_codec"]) == (content_type, video, audio)
    assert (values["width"], values["height"], values["frame_rate"]) == (96, 64, 25.0)
    assert values["duration"] == pytest.approx(2.0, abs=0.1)  # sound and picture end within a frame of the coarser one
    assert (values["alpha"], values["rotation"]) == (False, 0.0)


@pytest.mark.parametrize(("degrees", "shown"), [(90, (64, 96)), (180, (96, 64)), (270, (64, 96))])
def test_rotation_is_counter_clockwise_and_turns_the_shown_size(run_task, films, ffmpeg, tmp_path, degrees, shown):
    """ffmpeg's `-display_rotation` is the counter clockwise angle a player turns the picture by."""
    plain = films("a.mp4", *KINDS["a.mp4"][0])
    ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", tmp_path / "turned.mp4")

    values = run_task("video.info", url=str(tmp_path / "turned.mp4")).values

    assert values["rotation"] == degrees
    assert (values["width"], values["height"]) == (96, 64)
    assert (values["display_width"], values["display_height"]) == shown


def test_pixels_that_are_not_square_change_the_shown_width(run_task, films):
    path = films("wide.mp4", "-vf", "setsar=2/1", *KINDS["a.mp4"][0])

    values = run_task("video.info", url=path).values

    assert (values["display_width"], values["display_height"]) == (192, 64)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (
            "alpha.webm",
            ("-vf", "colorchannelmixer=aa=0.5", "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"),
        ),
        ("alpha.mov", ("-vf", "format=yuva444p10le", "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")),
    ],
)
def test_alpha_is_seen(run_task, films, name, options):
    assert run_task("video.info", url=films(name, *options, sound=None)).values["alpha"] is True


def test_a_film_without_sound_has_no_audio_codec(run_task, films):
    assert run_task("video.info", url=films("mute.mp4", *H264, sound=None)).values["audio_codec"] is None


def test_a_song_with_a_cover_is_no_video(run_task, ffmpeg, tmp_path):
    cover, song = tmp_path / "cover.png", tmp_path / "song.m4a"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", cover)
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-i", cover, "-c:v", "copy", "-disposition:v", "attached_pic", song)

    with pytest.raises(UnreadableSourceError, match="it has no video"):
        run_task("video.info", url=str(song))


@pytest.mark.parametrize(
    "content",
    [b"", b"no film" * 100, b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile 'a'\n"],
)
def test_what_is_no_film_is_refused(run_task, tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        run_task("video.info", url=str(tmp_path / "a.mp4"))


def test_an_mp4_that_lost_its_index_is_refused(run_task, films, tmp_path):
    data = Path(films("a.mp4", *KINDS["a.mp4"][0])).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])  # the index is at the end

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        run_task("video.info", url=str(tmp_path / "cut.mp4"))


def test_it_keeps_the_contract():
    check_task("video.info")  # not the hostile pictures: a GIF that is cut off still tells what it is
