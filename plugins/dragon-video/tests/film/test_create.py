"""`video.create` as clients meet it: real files in, films out, looked at by their pixels and their sound."""

import os
import signal
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path
from xml.etree import ElementTree as ET

import av
import numpy as np
import pytest
from PIL import Image

from dragon_framework import registry
from dragon_framework.errors import UnknownTaskError
from dragon_framework.testing import check_task
from dragon_video.film.crew import RendererDiedError
from dragon_video.film.errors import (
    CouldNotDownloadError,
    FilmError,
    InvalidContentError,
    InvalidFontError,
    InvalidImageError,
    InvalidXMLError,
)

RED, GREEN, BLUE = (220, 30, 30), (30, 180, 60), (40, 60, 210)
SMALL = {"profile": "240p", "preview": False}


@pytest.fixture(scope="module")
def media(tmp_path_factory, ffmpeg):
    """Plain pictures, a film of three colours with a tone in its last third, and a song of 4 s."""
    home = tmp_path_factory.mktemp("media")
    for name, colour in {"red": RED, "green": GREEN, "blue": BLUE}.items():
        Image.new("RGB", (640, 360), colour).save(home / f"{name}.png")
    with wave.open(str(home / "song.wav"), "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(2)
        song.setframerate(44100)
        tone = np.sin(np.arange(4 * 44100) * (2 * np.pi * 440 / 44100)) * 16000
        song.writeframes(tone.astype("<i2").tobytes())
    graph = "color=red:s=320x180:r=25:d=1[a];color=lime:s=320x180:r=25:d=1[b];color=blue:s=320x180:r=25:d=1[c];"
    graph += "[a][b][c]concat=n=3[v];sine=f=1000:d=1,adelay=2000|2000[s]"
    ffmpeg("-filter_complex", graph, "-map", "[v]", "-map", "[s]", "-c:v", "libx264", home / "three.mp4")
    return home


def decoded(path):
    """Return the frames, RGB, and the samples of a film."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    return frames, sound


def colour(frame):
    """Return the mean colour of the middle of a frame."""
    height, width = frame.shape[:2]
    return frame[height // 3 : -height // 3, width // 3 : -width // 3].mean((0, 1))


def show(path, seconds):
    return f'<effect type="none" duration="{seconds}"><image filename="{path}"/></effect>'


def test_a_film_of_two_pictures(run_task, sxml, media):
    body = show(media / "red.png", 2) + '<transition type="crossfade" duration="1"/>' + show(media / "blue.png", 2)
    made = run_task("video.create", definition=sxml.movie(body), profile="240p")
    assert (made.duration, made.width, made.height, made.warnings) == (3.0, 426, 240, [])
    frames, sound = decoded(made.files["export"])
    assert len(frames) == 75
    assert abs(sound.shape[1] - 3 * 44100) <= 1024
    assert colour(frames[0]) == pytest.approx(RED, abs=6)
    assert colour(frames[-1]) == pytest.approx(BLUE, abs=6)
    halfway = [(a + b) / 2 for a, b in zip(RED, BLUE, strict=True)]
    assert colour(frames[37]) == pytest.approx(halfway, abs=8)
    small, _ = decoded(made.files["preview"])
    assert len(small) == 75
    with Image.open(made.files["thumbnail"]) as thumbnail:
        assert thumbnail.size in {(426, 240), (427, 240)}
        assert np.asarray(thumbnail).mean((0, 1)) == pytest.approx(RED, abs=12)  # at 1 s the crossfade begins


def test_what_is_ready_is_shown_before_the_rest(run_task, sxml, media):
    made = run_task("video.create", definition=sxml.movie(show(media / "red.png", 2)), profile="240p")
    shown = [sorted(partial) for partial in made.partial]
    assert shown == [["duration", "height", "width"], ["thumbnail"], ["preview"]]
    percents = [value["percent"] for value in made.progress]
    assert percents == sorted(percents)
    assert made.progress[0]["phase"] == "fetch"
    assert {value["phase"] for value in made.progress} == {"fetch", "render", "join"}


def test_the_beginning_of_the_preview_is_shown_while_the_rest_is_drawn(run_task, sxml, media):
    body = show(media / "red.png", 8) + show(media / "blue.png", 8)
    made = run_task("video.create", definition=sxml.movie(body), profile="240p")

    shown = [partial["preview"] for partial in made.partial if "preview" in partial]

    assert len(shown) >= 2
    assert len(set(shown)) == len(shown)  # what is stored under one name never changes
    assert made.files["preview"] == Path(shown[-1])
    whole, _ = decoded(shown[-1])
    assert len(whole) == 400
    longest = 0
    for early in shown[:-1]:
        frames, _ = decoded(early)
        assert 2 * longest <= len(frames) < 400
        assert all(np.array_equal(one, other) for one, other in zip(frames, whole, strict=False))
        longest = len(frames)


@pytest.mark.parametrize(
    ("preview", "export", "files"),
    [
        (True, True, {"preview", "export", "thumbnail"}),
        (True, False, {"preview", "thumbnail"}),
        (False, True, {"export", "thumbnail"}),
        (False, False, {"thumbnail"}),
    ],
)
def test_what_is_asked_for_is_written(run_task, sxml, media, preview, export, files):
    definition = sxml.movie(show(media / "red.png", 1))
    made = run_task("video.create", definition=definition, preview=preview, export=export, profile="240p")
    assert made.files.keys() == files


def test_pieces_are_one_film(run_task, sxml, media, monkeypatch):
    """Drawn by one process or by two, frames are the same, but for what the encoder does at the joints."""
    keys = '<key time="0" pos="-1,0,0"/><key time="7" pos="1,0,0"/>'
    moving = f'<overlay height="0.5"><image filename="{media / "red.png"}"/>'
    moving += f'<animator type="custom">{keys}</animator></overlay>'
    definition = sxml.movie(f'<stack duration="7">{show(media / "blue.png", 7)}{moving}</stack>')
    films = []
    for processes in ("1", "2"):
        monkeypatch.setenv("DRAGON_VIDEO_FILM_PROCESSES", processes)
        films.append(decoded(run_task("video.create", definition=definition, **SMALL).files["export"]))
    (one, sound), (two, same) = films
    assert len(one) == len(two) == 175
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(one, two, strict=True)) < 1.5
    assert np.array_equal(sound, same)


def test_a_video_plays_from_where_it_was_skipped_to(run_task, sxml, media):
    body = f'<effect type="none"><video filename="{media / "three.mp4"}" skip="1"/></effect>'
    made = run_task("video.create", definition=sxml.movie(body), **SMALL)
    assert made.duration == 2.0
    frames, sound = decoded(made.files["export"])
    assert colour(frames[24]) == pytest.approx((0, 255, 0), abs=12)
    assert colour(frames[25]) == pytest.approx((0, 0, 255), abs=12)
    level = np.abs(sound).mean(0)
    assert level[:43000].max() < 0.01  # silent for the first second
    assert level[46000:86000].mean() > 0.03


def test_speed(run_task, sxml, media):
    body = f'<effect type="none"><video filename="{media / "three.mp4"}" speed="2.0" audio="false"/></effect>'
    made = run_task("video.create", definition=sxml.movie(body), **SMALL)
    assert made.duration == 1.52  # 37.5 frames are 38
    frames, sound = decoded(made.files["export"])
    assert [int(colour(frames[n]).argmax()) for n in (0, 11, 14, 23, 26, 36)] == [0, 0, 1, 1, 2, 2]
    assert np.abs(sound).max() < 1e-3


def test_sound_is_where_the_definition_says(run_task, sxml, media):
    song = f'<audio filename="{media / "song.wav"}" margin-start="1" duration="1.5"/>'
    made = run_task(
        "video.create", definition=sxml.movie(f"<stack>{show(media / 'red.png', 4)}{song}</stack>"), **SMALL
    )
    _, sound = decoded(made.files["export"])
    level = np.abs(sound).max(0)
    heard = np.flatnonzero(level > 0.05)
    assert heard[0] / 44100 == pytest.approx(1.0, abs=0.002)
    assert heard[-1] / 44100 == pytest.approx(2.5, abs=0.03)


def test_transitions_cross_the_sound(run_task, sxml, media):
    part = f'<stack>{show(media / "red.png", 2)}<audio filename="{media / "song.wav"}" duration=".."/></stack>'
    body = part + '<transition duration="1"/>' + show(media / "blue.png", 2)
    _, sound = decoded(run_task("video.create", definition=sxml.movie(body), **SMALL).files["export"])
    level = [np.abs(sound[:, int(at * 44100) : int((at + 0.05) * 44100)]).max() for at in (0.5, 1.45, 2.2)]
    assert level[1] == pytest.approx(level[0] * np.cos(np.pi / 4), rel=0.08)  # of equal power in the middle
    assert level[2] < 0.01


def test_voices_speak(run_task, sxml, media):
    body = f'<stack>{show(media / "red.png", 1)}<audio voice="neospeech:julie">Good morning</audio></stack>'
    made = run_task("video.create", definition=sxml.movie(body), **SMALL)
    assert 1 <= made.duration < 4
    _, sound = decoded(made.files["export"])
    assert np.abs(sound).max() > 0.1


def test_a_voice_without_the_audio_plugin(run_task, sxml, media, monkeypatch):
    known = registry.load_registry().tasks

    def get(_, name):
        if name == "audio.tts":
            raise UnknownTaskError(name)
        return known[name]

    monkeypatch.setattr(registry.Registry, "get", get)
    monkeypatch.setattr("dragon_framework.testing.plugin._tasks", {})  # what it has looked up before
    body = f'<stack>{show(media / "red.png", 1)}<audio voice="neospeech:julie">Good morning</audio></stack>'
    with pytest.raises(InvalidContentError, match=r"line 1, column \d+: .*pip install dragon-audio"):
        run_task("video.create", definition=sxml.movie(body), **SMALL)


def test_a_dry_run_tells_times_and_draws_nothing(run_task, sxml, media):
    body = (
        show(media / "red.png", 2)
        + "<transition/>"
        + f'<effect type="none"><video filename="{media / "three.mp4"}"/></effect>'
    )
    made = run_task(
        "video.create",
        definition=sxml.movie(body + '<effect type="none" odd="1"><image color="#ff0000"/></effect>'),
        dry_run=True,
    )
    assert made.files == {}
    assert made.duration == 2 - 1 + 3 + 5
    assert len(made.warnings) == 1
    assert "has no attribute 'odd'" in made.warnings[0]
    root = ET.fromstring(made.definition)  # our own
    effects = [(one.get("film-start"), one.get("film-duration")) for one in root.iter("effect")]
    assert effects == [("0", "2"), ("1", "3"), ("4", "5")]
    (video,) = root.iter("video")
    assert (video.get("media-size"), video.get("media-duration"), video.get("media-sound")) == ("320x180", "3", "true")


def test_all_that_cannot_be_fetched_is_told(run_task, sxml, serve_file, media):
    url = serve_file(media / "red.png")
    gone = url.rsplit("/", 2)[0]
    urls = (url, f"{gone}/gone-1/a.png", f"{gone}/gone-2/b.png")
    body = "".join(f'\n<effect type="none"><image filename="{one}"/></effect>' for one in urls)
    with pytest.raises(CouldNotDownloadError) as caught:
        run_task("video.create", definition=sxml.movie(body), **SMALL)
    first, second = str(caught.value).splitlines()
    assert first.startswith("CouldNotDownloadError: line 3, column 28: <image> needs a file that cannot be fetched")
    assert second.startswith("line 4, column 28: ")
    assert not caught.value.transient  # a 404 stays one


def test_a_picture_that_is_missing_may_have_another(run_task, sxml, serve_file, media):
    missing = serve_file(media / "red.png").rsplit("/", 2)[0] + "/gone/red.png"
    body = (
        f'<effect type="none" duration="1"><image filename="{missing}" alt_filename="{media / "blue.png"}"/></effect>'
    )
    frames, _ = decoded(run_task("video.create", definition=sxml.movie(body), **SMALL).files["export"])
    assert colour(frames[5]) == pytest.approx(BLUE, abs=6)


@pytest.mark.parametrize(
    ("body", "error", "expected"),
    [
        (
            '<effect type="none"><image filename="{song}"/></effect>',
            InvalidImageError,
            "is no picture that is read here",
        ),
        ('<effect type="none"><video filename="{red}"/></effect>', InvalidImageError, "is no video that is read here"),
        ('<audio filename="{red}"/>', InvalidContentError, "no sound"),
        ('<text fontname="arail">x</text>', InvalidFontError, "did you mean 'arial'"),
        ('<text fontname="{red}">x</text>', InvalidFontError, "is no font"),
        ('<effect type="none" duration="0"><image color="#ff0000"/></effect>', InvalidContentError, "no duration"),
        (
            '<effect type="none" duration="36000"><image color="#ff0000"/></effect>',
            InvalidContentError,
            "at most 7200 s",
        ),
        ('<effect type="none"><image type="map" center="1,2"/></effect>', InvalidContentError, "map"),
        ('<effect type="nothing"/>', InvalidXMLError, "expected one of none, kenburns"),
    ],
)
def test_bad_films(run_task, sxml, media, body, error, expected):
    names = {name: media / f"{name}.{ending}" for name, ending in {"red": "png", "song": "wav"}.items()}
    with pytest.raises(error) as caught:
        run_task("video.create", definition=sxml.movie("\n" + body.format(**names)), **SMALL)
    assert str(caught.value).startswith(f"{error.__name__}: line 2, column ") or "line 1, column" in str(caught.value)
    assert expected in str(caught.value)
    assert str(media) not in str(caught.value).replace(str(names["red"]), "").replace(str(names["song"]), "")


def test_a_damaged_picture(run_task, sxml, media, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes((media / "red.png").read_bytes()[:200])
    with pytest.raises(FilmError, match=r"damaged|no picture"):
        run_task("video.create", definition=sxml.movie(show(broken, 1)), **SMALL)


def test_many_elements(run_task, sxml):
    body = '<effect type="none" duration="0.01"><image color="#ff0000"/></effect>' * 5_000
    made = run_task("video.create", definition=sxml.movie(body), dry_run=True)
    assert made.duration == 50


def test_a_theme_is_shown_in_a_plain_way(run_task, sxml, media):
    widget = '<widget type="director.theme.tiles"><track type="video">'
    widget += f'<image filename="{media / "red.png"}"><track type="caption"><text>Red</text></track></image>'
    widget += f'<text>Title</text><image filename="{media / "blue.png"}" duration="3"/></track>'
    widget += f'<track type="audio"><audio filename="{media / "song.wav"}"/></track></widget>'
    made = run_task("video.create", definition=sxml.movie(widget), **SMALL)
    assert made.duration == 5 + 5 + 3 - 2
    assert "the theme 'director.theme.tiles' is gone" in made.warnings[0]
    frames, sound = decoded(made.files["export"])
    assert colour(frames[50]) == pytest.approx(RED, abs=10)
    assert colour(frames[-1]) == pytest.approx(BLUE, abs=10)
    assert np.abs(sound[:, :44100]).max() > 0.2


def test_a_slide_show_of_the_simple_service(run_task, media):
    images = "".join(f'<image filename="{media / name}.png"/>' for name in ("red", "green", "blue"))
    made = run_task(
        "video.create", definition=f'<movie service="slideshow-1.0"><body>{images}</body></movie>', dry_run=True
    )
    assert made.duration == 13


def test_a_dvd_has_its_own_shape(run_task, sxml, media):
    made = run_task(
        "video.create", definition=sxml.movie(show(media / "red.png", 1)), profile="dvd-pal-16-9", preview=False
    )
    with av.open(str(made.files["export"])) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.display_aspect_ratio) == (
            720,
            576,
            av.stream.Fraction(16, 9) if hasattr(av.stream, "Fraction") else pytest.approx(16 / 9),
        )
        assert stream.codec_context.name == "mpeg2video"
    with Image.open(made.files["thumbnail"]) as thumbnail:
        assert thumbnail.size == (1024, 576)


def children(pid):
    """Return the processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


LONG = '<effect type="kenburns" duration="300"><image filename="{}"/></effect>'


def test_a_renderer_that_is_killed_ends_the_task_with_a_clear_error(run_task, sxml, media, monkeypatch):
    monkeypatch.setenv("DRAGON_VIDEO_FILM_PROCESSES", "2")
    before = set(children(os.getpid()))
    killed = []

    def kill():
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not killed:
            for pid in set(children(os.getpid())) - before:
                time.sleep(0.5)
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                break
            time.sleep(0.05)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(RendererDiedError, match="exit status -9"):
        run_task("video.create", definition=sxml.movie(LONG.format(media / "red.png")), **SMALL)
    thread.join()
    assert set(children(os.getpid())) == before


def test_cancelling_leaves_nothing_running(media, sxml, tmp_path):
    command = [
        Path(sys.executable).parent / "dragon",
        "run",
        "video.create",
        f"definition={sxml.movie(LONG.format(media / 'red.png'))}",
    ]
    environ = os.environ | {"DRAGON_VIDEO_FILM_PROCESSES": "2", "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        deadline = time.monotonic() + 30
        while len(started := children(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 128 + signal.SIGINT
        assert time.monotonic() - begun < 5
        assert b'"cancelled"' in process.stderr.read()
    assert started
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert not list(tmp_path.iterdir())


def test_the_task_keeps_the_contract():
    check_task("video.create")


@pytest.mark.parametrize(
    "how", [("-pix_fmt", "yuva420p", "-c:v", "libvpx-vp9", "-auto-alt-ref", "0", "a.webm"), ("-c:v", "qtrle", "a.mov")]
)
def test_clear_videos_lie_over_what_is_behind(run_task, sxml, media, ffmpeg, tmp_path, how):
    video = tmp_path / how[-1]
    alpha = "geq=r='255':g='0':b='0':a='if(lt(X,160),255,64)'"
    ffmpeg("-f", "lavfi", "-i", f"color=red:s=320x180:r=25:d=1,format=rgba,{alpha}", *how[:-1], video)
    over = f'<overlay><video filename="{video}"/></overlay>'
    made = run_task(
        "video.create", definition=sxml.movie(f"<stack>{show(media / 'blue.png', 1)}{over}</stack>"), **SMALL
    )
    frames, _ = decoded(made.files["export"])
    assert frames[12][120, 60] == pytest.approx((254, 0, 0), abs=8)
    mixed = [64 / 255 * red + (1 - 64 / 255) * blue for red, blue in zip((255, 0, 0), BLUE, strict=True)]
    assert frames[12][120, 380] == pytest.approx(mixed, abs=8)


def test_after_a_hundred_missing_files_no_more_are_tried(run_task, sxml, serve_file, media):
    gone = serve_file(media / "red.png").rsplit("/", 2)[0]
    body = "".join(f'<effect type="none"><image filename="{gone}/gone/{n}.png"/></effect>' for n in range(130))
    with pytest.raises(CouldNotDownloadError) as caught:
        run_task("video.create", definition=sxml.movie(body), **SMALL)
    *told, last = str(caught.value).splitlines()
    assert (len(told), last) == (100, "and 30 more were not tried")
