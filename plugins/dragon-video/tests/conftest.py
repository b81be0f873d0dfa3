"""Films made for the tests by ffmpeg."""

import subprocess

import pytest

from dragon_framework.media.ffmpeg import ffmpeg_program


@pytest.fixture(scope="session")
def ffmpeg():
    """Run ffmpeg: `ffmpeg("-i", path, ...)`."""

    def run(*arguments):
        command = [ffmpeg_program(), "-v", "error", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    return run


@pytest.fixture(scope="session")
def films(tmp_path_factory, ffmpeg):
    """`films(name, *options)` makes 2 s of a test picture, 96 × 64 px, 25 a second, with a tone; once for each name."""
    directory = tmp_path_factory.mktemp("films")

    def make(name, *options, picture="testsrc2=s=96x64:r=25:d=2", sound="sine=f=440:r=44100:d=2"):
        path = directory / name
        if not path.exists():
            inputs = ["-f", "lavfi", "-i", picture]
            if sound:
                inputs += ["-f", "lavfi", "-i", sound]
            ffmpeg(*inputs, *options, path)
        return str(path)

    return make
