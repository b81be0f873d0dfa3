"""Media that name other files reach none of them, whether PyAV or ffmpeg opens them."""

import wave
from pathlib import Path

import pytest

from dragon_framework.errors import NoRoomError, TaskCancelledError, UnreadableSourceError
from dragon_framework.media.ffmpeg import FfmpegError, input_of, run_ffmpeg
from dragon_framework.media.reading import open_media

SECONDS = 2


class Context:
    """What `run_ffmpeg` needs of a task's context."""

    task_name = "acme.convert"

    def __init__(self, *, checks_until_cancelled=1_000_000):
        self.left = checks_until_cancelled

    def check(self):
        self.left -= 1
        if self.left <= 0:
            raise TaskCancelledError


@pytest.fixture
def sound(tmp_path):
    """A wav of two seconds, `secret.wav`."""
    path = tmp_path / "secret.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * SECONDS))
    return path


@pytest.fixture(params=["concat", "hls"])
def list_of_it(request, tmp_path, sound):
    """A file with the ending of a sound that is a list with the name of the wav beside it."""
    path = tmp_path / "innocent.mp3"
    lists = {
        "concat": f"ffconcat version 1.0\nfile {sound.name}\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:{SECONDS}\n#EXTINF:{SECONDS},\n{sound.name}\n#EXT-X-ENDLIST\n",
    }
    path.write_text(lists[request.param])
    return path


def test_a_sound_is_opened(sound):
    with open_media(sound, "a") as container:
        assert container.duration == SECONDS * 1_000_000


def test_a_list_is_not_opened_by_pyav(list_of_it):
    with (
        pytest.raises(UnreadableSourceError, match="not a sound or video file"),
        open_media(list_of_it, "http://host/innocent.mp3") as container,
    ):
        pytest.fail(f"opened as {container.format.name}, {container.duration} µs")


def arguments(source, target):
    name, options = input_of(source)
    return [
        *(word for option, value in options.items() for word in (f"-{option}", value)),
        "-i",
        name,
        f"file:{target}",
    ]


def test_a_list_is_not_opened_by_ffmpeg(list_of_it, tmp_path):
    with pytest.raises(FfmpegError):
        run_ffmpeg(arguments(list_of_it, tmp_path / "out.wav"), Context())

    assert not (tmp_path / "out.wav").exists()


def test_ffmpeg_converts_and_tells_how_far_it_is(sound, tmp_path):
    told = []

    run_ffmpeg(arguments(sound, tmp_path / "out.flac"), Context(), on_seconds=told.append)

    assert told[-1] == pytest.approx(SECONDS, abs=0.01)
    assert (tmp_path / "out.flac").read_bytes()[:4] == b"fLaC"


def test_what_ffmpeg_says_is_kept_from_the_client(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no sound")

    with pytest.raises(FfmpegError) as raised:
        run_ffmpeg(arguments(tmp_path / "a.wav", tmp_path / "out.wav"), Context())

    assert str(tmp_path) in raised.value.said
    assert str(tmp_path) not in str(raised.value)


def test_a_full_disk_is_an_error_of_its_own(sound):
    with pytest.raises(NoRoomError) as raised:
        run_ffmpeg([*arguments(sound, "")[:-1], "-f", "wav", "file:/dev/full"], Context())

    assert raised.value.transient


def test_a_disk_that_is_full_while_a_medium_is_read_is_not_the_fault_of_the_medium(sound):
    with pytest.raises(NoRoomError), open_media(sound, "http://a/secret.wav"), Path("/dev/full").open("wb") as file:
        file.write(b"what was read")


def test_a_cancelled_task_leaves_no_ffmpeg(tmp_path):
    endless = ["-re", "-f", "lavfi", "-i", "sine", f"file:{tmp_path / 'out.wav'}"]
    with pytest.raises(TaskCancelledError):
        run_ffmpeg(endless, Context(checks_until_cancelled=20))

    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(str(tmp_path).encode() in command for command in running)
