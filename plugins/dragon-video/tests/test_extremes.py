"""Films of extreme sizes, and disks that are full before a film is written."""

import errno
import os
import shutil
import sys

import pytest
from PIL import Image

from dragon_framework.context import RunContext, SilentReporter, run_in_context
from dragon_framework.errors import NoRoomError
from dragon_framework.registry import load_registry
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources
from dragon_framework.validation import convert_parameters
from faults.disks import Disk

LOSSLESS = ("-c:v", "ffv1")


@pytest.mark.parametrize(("sides", "small"), [((16384, 16), (640, 2)), ((16, 16384), (2, 640))])
@pytest.mark.parametrize("task_name", ["video.convert", "video.reverse"])
def test_a_film_of_16384_px_becomes_a_small_one(run_task, films, task_name, sides, small):
    path = films("wide.mkv", *LOSSLESS, picture=f"color=red:s={sides[0]}x{sides[1]}:r=5:d=1", sound=None)
    asked = {"width": 640} if sides[0] > sides[1] else {"height": 640}

    ran = run_task(task_name, url=path, **asked)

    info = run_task("video.info", url=str(ran.files["output"])).values
    assert (info["width"], info["height"], info["duration"]) == (*small, 1.0)
    assert run_task("video.info", url=path).values["width"] == sides[0]


@pytest.mark.parametrize("sides", [(16384, 16), (16, 16384)])
def test_a_film_of_16384_px_has_pictures(run_task, films, sides):
    path = films("wide.mkv", *LOSSLESS, picture=f"color=red:s={sides[0]}x{sides[1]}:r=5:d=1", sound=None)

    thumb = run_task("video.thumb", url=path, width=320, height=320, crop=True, format="png").files["output"]
    strip = run_task("video.strip", url=path, width=32, height=32, crop=True, count=3).files["output"]

    with Image.open(thumb) as image:
        assert image.size == (320, 320)
        reds, greens, blues = image.convert("RGB").getextrema()
    assert reds[0] > 240
    assert max(greens[1], blues[1]) < 30  # ffmpeg writes BT.601, and the tall one is taken for BT.709
    with Image.open(strip) as image:
        assert image.size == (96, 32)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a disk that is small enough to be filled"
)
@pytest.mark.parametrize("how", ["as it is", "by a plain copy"])
@pytest.mark.parametrize("task_name", ["video.convert", "video.reverse"])
def test_a_full_disk_is_no_fault_of_the_film(films, ffmpeg, tmp_path, task_name, how):
    """Such a task is tried again: its error is not that the source cannot be read."""
    path = films("noise.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", picture="testsrc2=s=320x240:r=25:d=2")
    if how == "by a plain copy":  # what is turned is made upright first
        ffmpeg("-display_rotation", 90, "-i", path, "-c", "copy", tmp_path / "turned.mp4")
        path = str(tmp_path / "turned.mp4")
    task = load_registry().get(task_name)
    disk = Disk(tmp_path / "disk", 2**20)
    if not disk.small:
        pytest.skip("this machine lets nobody mount a tmpfs")
    path = shutil.copy(path, disk.path)  # on the same disk it is fetched by a link
    sources = Sources(SourcesSettings(), cache_directory=None, local_files=True)
    try:
        ctx = RunContext(task, disk.path / "run", sources, reporter=SilentReporter(), settings=None)
        disk.fill()
        with pytest.raises((NoRoomError, OSError)) as caught:
            run_in_context(task, convert_parameters(task, {"url": path}), ctx)
    finally:
        sources.close()
        disk.close()
    assert isinstance(caught.value, NoRoomError) or caught.value.errno == errno.ENOSPC
