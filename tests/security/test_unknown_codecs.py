"""What mutated files have shown: streams of no known codec, and streams that change, are errors of the file."""

import struct
import subprocess
import wave

import imageio_ffmpeg
import pytest

from dragon_framework.errors import UnreadableSourceError
from dragon_framework.media.reading import reading


@pytest.fixture
def strange_sound(tmp_path):
    """A WAV file whose format tag (bytes 20 and 21, RFC 2361) is nobody's."""
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    data = bytearray(path.read_bytes())
    data[20:22] = struct.pack("<H", 0x7FF1)
    path.write_bytes(data)
    return path


@pytest.fixture
def strange_film(tmp_path):
    """An AVI file whose pictures have a code that is no codec's."""
    path = tmp_path / "a.avi"
    source = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=0.4", "-c:v", "mpeg4", path]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *source], check=True)
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"Q~Q~"))
    return path


@pytest.mark.parametrize("task", ["audio.info", "audio.beats", "audio.waveform", "audio.convert"])
def test_sound_of_no_known_codec_is_unreadable(run_task, strange_sound, task):
    with pytest.raises(UnreadableSourceError):
        run_task(task, url=str(strange_sound))


@pytest.mark.parametrize("task", ["video.info", "video.thumb", "video.strip", "video.reverse"])
def test_pictures_of_no_known_codec_are_unreadable(run_task, strange_film, task):
    with pytest.raises(UnreadableSourceError):
        run_task(task, url=str(strange_film))


def test_a_frame_that_does_not_fit_those_before_it_is_an_error_of_the_file():
    import av

    resampler = av.AudioResampler("flt", "mono", 8000)
    first, second = (av.AudioFrame("s16", layout, 100) for layout in ("mono", "stereo"))
    first.sample_rate = second.sample_rate = 8000
    resampler.resample(first)

    with pytest.raises(UnreadableSourceError), reading("http://a.test/"):
        resampler.resample(second)


def test_our_own_errors_are_not_taken_for_the_files():
    with pytest.raises(ValueError, match="ours"), reading("http://a.test/"):
        raise ValueError("ours")
