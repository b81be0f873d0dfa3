"""The video tasks in a whole service: what is left running when a task ends before it is done."""

import json
import os
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from benchmarks.service import Service

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast")


@pytest.fixture(scope="module")
def service():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    with Service(environ=environ | {"DRAGON_ALLOW_SOURCE": "127.0.0.0/8"}, concurrency=2) as running:
        yield running


@pytest.fixture(scope="module")
def long_film(films):
    """Four seconds of a fractal; sixty times in a row they take long to encode."""
    return films("long.mp4", *H264, "-b:v", "4M", picture="mandelbrot=s=640x360:r=25,trim=duration=4", sound="sine=d=4")


def post(service, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}{path}",
        json.dumps(body | {"secret": service.secret}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def encoders(service):
    """Return the ffmpeg processes that work in the directories of a service."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"ffmpeg" in words.split(b"\0")[0] and str(service.data).encode() in words:
            found.append(int(process.name))
    return found


def wait_until(true, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="module")
def longer_film(tmp_path_factory, long_film, ffmpeg, file_server):
    """The URL of four minutes, turned: to be read backwards they are encoded once to stand upright."""
    path = tmp_path_factory.mktemp("longer") / "longer.mp4"
    ffmpeg("-stream_loop", 60, "-display_rotation", 90, "-i", long_film, "-c", "copy", path)
    return file_server.serve(path)


@pytest.mark.parametrize("frozen", [False, True], ids=["at work", "frozen"])
@pytest.mark.parametrize("task_name", ["video.convert", "video.reverse"])
def test_a_cancelled_task_leaves_no_ffmpeg_and_no_file(service, longer_film, task_name, frozen):
    task = {"task_name": task_name, "url": longer_film, "width": 1920}
    ((status),) = post(service, "/v1/create", {"tasks": task})
    (encoder,) = wait_until(lambda: encoders(service))
    if frozen:  # as one that hangs
        os.kill(encoder, signal.SIGSTOP)

    (cancelled,) = post(service, "/v1/cancel", {"tasks": status["key"]})

    assert cancelled["error"]["code"] == "cancelled"
    wait_until(lambda: not encoders(service), 5.0)
    wait_until(lambda: not list((service.data / "runs").glob(f"*/{status['key']}")), 5.0)


@pytest.mark.parametrize("task_name", ["video.convert", "video.reverse"])
def test_a_killed_task_process_takes_ffmpeg_with_it(service, longer_film, task_name):
    post(service, "/v1/create", {"tasks": {"task_name": task_name, "url": longer_film, "width": 1280}})
    (encoder,) = wait_until(lambda: encoders(service))
    parent = int(Path(f"/proc/{encoder}/stat").read_text().rpartition(")")[2].split()[1])

    os.kill(parent, 9)

    wait_until(lambda: encoder not in encoders(service), 5.0)


@pytest.mark.parametrize("task_name", ["video.info", "video.thumb", "video.strip", "video.convert", "video.reverse"])
@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:1/secret.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    ],
    ids=["hls", "ffconcat", "dash", "sdp", "mp4 without an index"],
)
def test_what_only_names_other_media_is_refused_by_every_task(run_task, tmp_path, task_name, content):
    from dragon_framework.errors import UnreadableSourceError

    (tmp_path / "a.mp4").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match="not a video file"):
        run_task(task_name, url=str(tmp_path / "a.mp4"))


@pytest.mark.parametrize("task_name", ["video.info", "video.thumb", "video.strip", "video.convert", "video.reverse"])
def test_a_film_that_breaks_off_gives_what_is_there(run_task, films, tmp_path, task_name):
    """The index comes first, so a half of the pictures can be seen."""
    source = Path(films("whole.mp4", *H264, "-movflags", "+faststart", "-g", 10))
    (tmp_path / "half.mp4").write_bytes(source.read_bytes()[: source.stat().st_size * 2 // 3])

    ran = run_task(task_name, url=str(tmp_path / "half.mp4"))

    assert ran.values["duration"] > 0
