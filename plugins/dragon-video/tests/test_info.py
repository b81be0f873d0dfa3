"""video.info on films of every usual kind, made with known facts."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops

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


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("-display_hflip",),
        ("-display_vflip",),
        ("-display_rotation", 90, "-display_hflip"),
        ("-display_rotation", 270, "-display_hflip"),
        ("-display_rotation", 180),
    ],
)
def test_mirror_and_rotation_together_show_the_picture_as_ffmpeg_does(run_task, films, ffmpeg, tmp_path, how):
    picture = "color=c=red:s=96x64:r=25:d=0.2,drawbox=w=48:h=32:c=blue:t=fill,drawbox=x=48:w=48:h=32:c=lime:t=fill"
    plain = films("corners.mp4", *H264, "-qp", 5, sound=None, picture=picture)
    ffmpeg(*how, "-i", plain, "-c", "copy", tmp_path / "a.mp4")
    ffmpeg("-i", tmp_path / "a.mp4", "-frames:v", 1, tmp_path / "shown.png")
    ffmpeg("-noautorotate", "-i", tmp_path / "a.mp4", "-frames:v", 1, tmp_path / "stored.png")

    values = run_task("video.info", url=str(tmp_path / "a.mp4")).values

    with Image.open(tmp_path / "stored.png") as stored, Image.open(tmp_path / "shown.png") as shown:
        image = stored.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if values["mirrored"] else stored
        image = image.rotate(values["rotation"], expand=True)
        assert image.size == shown.size == (values["display_width"], values["display_height"])
        assert max(high for _, high in ImageChops.difference(image, shown).getextrema()) < 8


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


@pytest.mark.parametrize("degrees", [0, 45, 90, 180, 270])
def test_the_turn_in_the_header_is_the_one_that_a_decoded_picture_tells(films, ffmpeg, tmp_path, degrees):
    import av

    from dragon_video._display_matrix import stored_turn

    ffmpeg(
        "-display_rotation", degrees, "-i", films("a.mp4", *KINDS["a.mp4"][0]), "-c", "copy", tmp_path / "turned.mp4"
    )

    with av.open(str(tmp_path / "turned.mp4")) as container, (tmp_path / "turned.mp4").open("rb") as file:
        stream = container.streams.video[0]
        told = stored_turn(file, stream.id)
        decoded = next(container.decode(stream)).rotation

    assert told == pytest.approx(decoded % 360)
    assert told == pytest.approx(degrees)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\0\0\0\x08moov" * 2000, b"\0\0\0\x01moov" + b"\xff" * 8])
def test_a_header_that_is_none_tells_no_turn(tmp_path, content):
    from dragon_video._display_matrix import stored_turn

    (tmp_path / "a.mp4").write_bytes(content)
    with (tmp_path / "a.mp4").open("rb") as file:
        assert stored_turn(file, 1) is None


def test_a_variable_rate_is_said_to_be_one(run_task, films):
    """Of each second of 25 pictures two are there."""
    options = ("-vf", "select='lt(mod(n,25),1)+eq(mod(n,25),9)'", "-fps_mode", "vfr", *H264)
    path = films("variable.mp4", *options, picture="testsrc2=s=96x64:r=25:d=6", sound=None)

    variable = run_task("video.info", url=path).values
    constant = run_task("video.info", url=films("a.mp4", *KINDS["a.mp4"][0])).values

    assert (variable["variable_frame_rate"], constant["variable_frame_rate"]) == (True, False)
    assert variable["frame_rate"] == pytest.approx(12 / 5.4, abs=0.1)  # the last of twelve comes at 5.36 s


def test_a_header_that_lies_about_the_duration_is_not_believed(run_task, films, tmp_path):
    data = bytearray(Path(films("mute.mp4", *H264, sound=None)).read_bytes())
    for kind, at in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):  # 32 bit durations of version 0
        place = data.index(kind) + 4 + at
        data[place : place + 4] = (int.from_bytes(data[place : place + 4], "big") * 1000).to_bytes(4, "big")
    (tmp_path / "lying.mp4").write_bytes(data)

    values = run_task("video.info", url=str(tmp_path / "lying.mp4")).values

    assert values["duration"] == pytest.approx(2.0, abs=0.1)


def test_high_dynamic_range_and_more_is_told(run_task, films):
    x265 = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    options = ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", x265, "-c:a", "aac", "-ac", 2)

    values = run_task("video.info", url=films("hdr.mp4", *options)).values

    assert (values["hdr"], values["interlaced"], values["audio_channels"], values["streams"]) == (True, False, 2, 2)
    assert values["bit_rate"] == pytest.approx(8 * Path(films("hdr.mp4", *options)).stat().st_size / 2, rel=0.1)


def test_a_gif_is_said_to_be_one(run_task, films):
    assert run_task("video.info", url=films("a.gif", sound=None)).values["content_type"] == "image/gif"


def test_a_whole_file_of_a_format_that_is_not_read_is_not_called_cut_off(run_task, films):
    path = films("a.y4m", "-f", "yuv4mpegpipe", sound=None)

    with pytest.raises(UnreadableSourceError, match="of no format that is read here"):
        run_task("video.info", url=path)


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
def test_a_bare_stream_has_no_times_and_what_helps_is_told(run_task, films, encoder):
    path = films(f"bare.{'h264' if encoder == 'libx264' else 'hevc'}", "-c:v", encoder, sound=None)

    with pytest.raises(UnreadableSourceError, match=r"a bare stream of pictures without times; .*ffmpeg -r 25"):
        run_task("video.info", url=path)
