"""video.thumb: the exact frame, as a person would see it."""

import random
from pathlib import Path

import pytest
from PIL import Image

from dragon_framework.errors import TaskLimitError, UnreadableSourceError
from dragon_framework.testing import check_task

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast")
AAC = ("-c:a", "aac")
KINDS = {
    "closed.mp4": (*H264, "-g", 50, *AAC),
    "open-gop.mp4": (*H264, "-g", 50, "-x264-params", "open-gop=1:bframes=3:b-adapt=0", *AAC),
    "fast.mp4": (*H264, "-g", 250, "-movflags", "+faststart", *AAC),
    "fragments.mp4": (*H264, "-g", 40, "-movflags", "frag_keyframe+empty_moov", *AAC),
    "a.mov": ("-c:v", "prores_ks", "-c:a", "pcm_s16le"),
    "a.mkv": (*H264, "-g", 50, "-c:a", "libmp3lame"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-g", 40, "-deadline", "realtime", "-cpu-used", 8, "-c:a", "libopus"),
    "a.ts": (*H264, "-g", 50, *AAC),
    "a.avi": ("-c:v", "mpeg4", "-g", 50, "-bf", 2, "-q:v", 3, "-c:a", "libmp3lame"),
    "a.flv": (*H264, "-g", 50, *AAC),
    "a.wmv": ("-c:v", "wmv2", "-g", 50, "-q:v", 3, "-c:a", "wmav2"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=50", *AAC),
}


def thumb(run_task, path, **parameters):
    ran = run_task("video.thumb", url=path, format="png", **parameters)
    with Image.open(ran.files["output"]) as image:
        image.load()
    return ran.values, image


@pytest.mark.parametrize("name", KINDS)
def test_the_frame_on_screen_is_found_exactly(run_task, numbered, read_number, name):
    path = numbered(name, *KINDS[name])
    numbers = [0, 1, 49, 50, 51, 149, *random.Random(name).sample(range(150), 6)]

    found = []
    for number in numbers:
        _, image = thumb(run_task, path, time=(number + 0.6) / 25)
        found.append(read_number(image))

    assert found == numbers


def test_a_frame_is_on_screen_from_its_own_time_on(run_task, numbered, read_number):
    path = numbered("closed.mp4", *KINDS["closed.mp4"])

    at, before = thumb(run_task, path, time=60 / 25), thumb(run_task, path, time=60 / 25 - 0.001)

    assert (read_number(at[1]), at[0]["time"]) == (60, 2.4)
    assert (read_number(before[1]), before[0]["time"]) == (59, 2.36)


def test_past_the_end_is_the_last_frame(run_task, numbered, read_number):
    values, image = thumb(run_task, numbered("closed.mp4", *KINDS["closed.mp4"]), time=1000)

    assert read_number(image) == 149
    assert values["time"] == 149 / 25


@pytest.mark.parametrize("time", [1.02, 1.358, 2.358, 2.5, 5.9])
def test_a_frame_that_stays_long_is_still_the_one_on_screen(run_task, numbered, read_number, time):
    """Of each second the first frame and the ninth are there, most as pictures that no other needs."""
    options = ("-vf", "select='lt(mod(n,25),1)+eq(mod(n,25),9)'", "-fps_mode", "vfr", *H264, "-bf", 3)
    path = numbered("variable.mp4", *options, "-x264-params", "b-adapt=0:b-pyramid=none", *AAC)

    _, image = thumb(run_task, path, time=time)

    assert read_number(image) == max(n for n in range(150) if n % 25 in {0, 9} and n / 25 <= time)


def test_a_cut_film_counts_from_its_own_first_frame(run_task, numbered, ffmpeg, tmp_path, read_number):
    """An edit list hides what a cut without encoding had to keep before its first picture."""
    ffmpeg("-ss", 1.2, "-i", numbered("closed.mp4", *KINDS["closed.mp4"]), "-c", "copy", tmp_path / "cut.mp4")

    first = thumb(run_task, str(tmp_path / "cut.mp4"), time=0)
    later = thumb(run_task, str(tmp_path / "cut.mp4"), time=first[0]["time"] + 1.01)

    assert read_number(later[1]) == read_number(first[1]) + 25


@pytest.mark.parametrize(
    ("degrees", "corner"), [(0, "left top"), (90, "left bottom"), (180, "right bottom"), (270, "right top")]
)
def test_it_is_upright(run_task, films, ffmpeg, tmp_path, degrees, corner):
    """The left top corner of the stored picture is red; ffmpeg's -display_rotation turns counter clockwise."""
    chart = "color=white:s=96x64:d=1,drawbox=w=24:h=16:color=red:t=fill"
    plain = films("corner.mp4", *H264, "-qp", 10, picture=chart, sound=None)
    ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", tmp_path / "turned.mp4")

    values, image = thumb(run_task, str(tmp_path / "turned.mp4"))

    width, height = image.size
    x = 4 if "left" in corner else width - 5
    y = 4 if "top" in corner else height - 5
    red, green, _ = image.convert("RGB").getpixel((x, y))
    assert (width, height) == ((64, 96) if degrees in {90, 270} else (96, 64))
    assert (values["original_width"], values["original_height"]) == image.size
    assert red > 200
    assert green < 60


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (192, 64)),
        ({"width": 96}, (96, 32)),
        ({"height": 32}, (96, 32)),
        ({"width": 60, "height": 60}, (60, 20)),
        ({"width": 60, "height": 60, "crop": True}, (60, 60)),
    ],
)
def test_sizes_are_those_of_square_pixels(run_task, films, asked, size):
    path = films("wide.mp4", "-vf", "setsar=2/1", *H264)

    values, image = thumb(run_task, path, **asked)

    assert image.size == (values["width"], values["height"]) == size
    assert (values["original_width"], values["original_height"]) == (192, 64)


@pytest.mark.parametrize("how", [("-display_hflip",), ("-display_vflip",), ("-display_rotation", 90, "-display_hflip")])
@pytest.mark.parametrize("task", ["video.thumb", "video.reverse"])
def test_mirrored_pictures_are_shown_as_ffmpeg_shows_them(run_task, films, ffmpeg, tmp_path, task, how):
    path, shown = tmp_path / "mirrored.mp4", tmp_path / "shown.png"
    plain = films(
        "plain.mp4",
        *H264,
        "-qp",
        5,
        sound=None,
        picture="color=c=red:s=96x64:r=25:d=0.2,drawbox=w=48:h=32:c=blue:t=fill",
    )
    ffmpeg(*how, "-i", plain, "-c", "copy", path)
    ffmpeg("-i", path, "-frames:v", 1, shown)

    options = {"format": "png"} if task == "video.thumb" else {}
    made = tmp_path / "made.png"
    ffmpeg("-i", run_task(task, url=str(path), **options).files["output"], "-frames:v", 1, made)

    with Image.open(shown) as expected, Image.open(made) as image:
        assert image.size == expected.size
        places = [(x * image.width // 4, y * image.height // 4) for x in (1, 3) for y in (1, 3)]
        got = [image.convert("RGB").getpixel(place) for place in places]
        wanted = [expected.convert("RGB").getpixel(place) for place in places]
    assert [blue > red for red, _, blue in got] == [blue > red for red, _, blue in wanted]
    assert sum(blue > red for red, _, blue in got) == 1


@pytest.mark.parametrize("colour", [(0x80, 0x80, 0x80), (0xE0, 0xE0, 0xE0), (0xC0, 0x40, 0x20)])
def test_high_dynamic_range_is_toned_down(run_task, ffmpeg, tmp_path, colour):
    """Colours in PQ and BT.2020, with white at 203 nits (ITU-R BT.2408), come back as what they were made of."""
    path = tmp_path / "hdr.mp4"
    chart = (
        "color=0x{:02x}{:02x}{:02x}:s=96x64:d=1:r=10,format=gbrp,"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc,"
        "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020:t=smpte2084:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
    )
    x265 = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    ffmpeg("-f", "lavfi", "-i", chart.format(*colour), "-c:v", "libx265", "-x265-params", x265, path)

    _, image = thumb(run_task, str(path))

    # Untouched, the brighter grey is (138, 138, 138) in every tool that takes it for standard range.
    assert image.convert("RGB").getpixel((48, 32)) == pytest.approx(colour, abs=3)


@pytest.mark.parametrize(("size", "yellow"), [("640x360", "bt601"), ("1280x720", "bt709")])
def test_untagged_colours_are_read_as_players_do(run_task, films, size, yellow):
    """Yellow in either matrix, without a tag: small films are BT.601, large ones BT.709."""
    untagged = f"scale=out_color_matrix={yellow},format=yuv420p,setparams=colorspace=unknown"
    chart = f"color=0xc0b020:s={size}:r=25:d=1"
    path = films(f"{yellow}.mp4", "-vf", untagged, *H264, "-qp", 5, "-frames:v", 2, picture=chart, sound=None)

    _, image = thumb(run_task, path)

    assert image.convert("RGB").getpixel((20, 20)) == pytest.approx((0xC0, 0xB0, 0x20), abs=5)


@pytest.mark.parametrize("time", [0, 1.0])
def test_a_palette_is_there_at_any_time(run_task, films, time):
    """AVI has it in the header, and FFmpeg with the first packet."""
    path = films(
        "palette.avi", "-pix_fmt", "pal8", "-c:v", "rawvideo", picture="color=0xc04020:s=96x64:r=25:d=2", sound=None
    )

    _, image = thumb(run_task, path, time=time)
    info = run_task("video.info", url=path).values

    assert image.convert("RGBA").getpixel((48, 32)) == pytest.approx((0xC0, 0x40, 0x20, 255), abs=32)
    assert not info["alpha"]


def test_transparency_is_kept_in_a_png_and_white_in_a_jpeg(run_task, films):
    path = films("clear.mov", "-vf", "format=yuva444p10le,colorchannelmixer=aa=0", "-c:v", "prores_ks", sound=None)

    _, png = thumb(run_task, path)
    jpeg = Image.open(run_task("video.thumb", url=path).files["output"])

    assert png.mode == "RGBA"
    assert png.getpixel((48, 32))[3] == 0
    assert min(jpeg.getpixel((48, 32))) > 250


def test_a_poster_has_a_play_icon(run_task, numbered):
    path = numbered("closed.mp4", *KINDS["closed.mp4"])

    _, plain = thumb(run_task, path, time=0)
    _, poster = thumb(run_task, path, time=0, poster=True)

    assert max(plain.convert("L").crop((150, 25, 170, 39)).getextrema()) < 40
    assert max(poster.convert("L").crop((150, 25, 170, 39)).getextrema()) > 240


def test_of_a_remote_film_the_needed_part_alone_is_transferred(run_task, numbered, tmp_path, file_server):
    path = Path(numbered("long.mp4", *KINDS["fast.mp4"], "-qp", 0, frames=1000))
    (tmp_path / "long.mp4").write_bytes(path.read_bytes())
    url = file_server.serve(tmp_path / "long.mp4")

    before = file_server.bytes_sent  # other tests use this server, too
    thumb(run_task, url, time=20)
    sent = file_server.bytes_sent - before

    assert sent < 0.5 * path.stat().st_size


@pytest.mark.parametrize(
    "content", [b"", b"no film" * 100, b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile 'a'\n"]
)
def test_what_is_no_film_is_refused(run_task, tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        run_task("video.thumb", url=str(tmp_path / "a.mp4"))


def test_a_film_whose_pictures_are_gone_says_so(run_task, films, tmp_path):
    data = bytearray(Path(films("junk.mp4", *H264, "-movflags", "+faststart", sound=None)).read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    (tmp_path / "junk.mp4").write_bytes(data)

    with pytest.raises(UnreadableSourceError):
        run_task("video.thumb", url=str(tmp_path / "junk.mp4"))


def test_a_film_of_one_pixel(run_task, films):
    path = films("dot.mkv", "-c:v", "ffv1", picture="color=red:s=1x1:r=25:d=1", sound=None)

    values, image = thumb(run_task, path, width=8)

    assert image.size == (8, 8)
    assert (values["original_width"], values["original_height"]) == (1, 1)


def test_a_picture_that_would_be_too_large_is_refused(run_task, films):
    with pytest.raises(TaskLimitError, match="pixels"):
        thumb(run_task, films("dot.mkv", "-c:v", "ffv1", picture="color=red:s=1x1:r=25:d=1", sound=None), width=60000)


def test_it_keeps_the_contract():
    check_task("video.thumb")


@pytest.mark.parametrize(("encoder", "seconds"), [("libvpx", 0.5), ("libvpx-vp9", 0.5), ("libvpx-vp9", 9)])
def test_the_transparency_of_webm_is_kept(run_task, ffmpeg, tmp_path, encoder, seconds):
    """It is a second stream of pictures inside the first, which FFmpeg's own decoders do not look at."""
    alpha = "geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='if(lt(X,160),255,if(lt(T,0.9),64,128))'"
    clear = f"color=red:s=320x180:r=25:d=1,format=yuva420p,{alpha}"
    film = tmp_path / "clear.webm"
    ffmpeg("-f", "lavfi", "-i", clear, "-c:v", encoder, "-g", "10", "-auto-alt-ref", "0", film)

    made = run_task("video.thumb", url=str(film), format="png", time=seconds)

    image = Image.open(made.files["output"])
    assert image.mode == "RGBA"
    assert image.getpixel((40, 90)) == pytest.approx((254, 0, 0, 255), abs=4)
    assert image.getpixel((300, 90))[3] == pytest.approx(128 if seconds > 1 else 64, abs=4)
