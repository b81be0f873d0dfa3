"""Sounds made for the tests: by numpy into WAV files, and by ffmpeg into everything else."""

import subprocess
import wave

import numpy as np
import pytest

from dragon_framework.media.ffmpeg import ffmpeg_program


@pytest.fixture(scope="session")
def ffmpeg():
    """Run ffmpeg: `ffmpeg("-i", path, ...)`."""

    def run(*arguments):
        subprocess.run(
            [ffmpeg_program(), "-v", "error", "-y", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL
        )

    return run


@pytest.fixture(scope="session")
def sounds(tmp_path_factory, ffmpeg):
    """A directory in which `sounds(name, *options)` makes 3.217 s of a tone of 440 Hz, once for each name."""
    directory = tmp_path_factory.mktemp("sounds")

    def make(name, *options, source="sine=f=440:r=44100:d=3.217"):
        path = directory / name
        if not path.exists():
            ffmpeg("-f", "lavfi", "-i", source, *options, path)
        return str(path)

    return make


@pytest.fixture
def wav(tmp_path):
    """Write samples of -1 to 1, (channels, samples), as 16 bits: `wav(samples, rate=8000) -> path`."""

    def write(samples, rate=8000, name="a.wav"):
        path = tmp_path / name
        samples = np.atleast_2d(np.asarray(samples, float))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(samples.shape[0])
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(np.rint(samples.T * 32767).astype("<i2").tobytes())
        return str(path)

    return write


@pytest.fixture
def decoded(ffmpeg, tmp_path):
    """Decode a file with ffmpeg into floats, (channels, samples): `decoded(path, channels)`."""

    def read(path, channels=1):
        raw = tmp_path / "decoded.f32"
        ffmpeg("-i", path, "-f", "f32le", raw)
        return np.fromfile(raw, "<f4").reshape(-1, channels).T

    return read
