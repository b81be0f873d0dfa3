"""What `show` draws: the picture itself, small enough, with marks where the result says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

TASKS = ("image.face", "image.saliency", "image.smartcrop")


def square(size, box, ground="black"):
    image = Image.new("RGB", size, ground)
    noise = np.random.default_rng(1).integers(0, 256, (box[3] - box[1], box[2] - box[0], 1), dtype=np.uint8)
    image.paste(Image.fromarray(np.repeat(noise, 3, axis=2)), box[:2])
    return image


def yellow(path):
    """Where a picture is much more red and green than blue, as nothing grey is."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return (pixels[:, :, 0] > 150) & (pixels[:, :, 1] > 120) & (pixels[:, :, 2] < 110)


@pytest.mark.parametrize("task", TASKS)
def test_nothing_is_drawn_unless_asked_for(run_task, saved, task):
    assert run_task(task, url=saved(square((200, 120), (20, 20, 60, 60)), "a.png")).files == {}


@pytest.mark.parametrize("task", TASKS)
def test_the_picture_is_a_jpeg_of_at_most_1280_px_a_side(run_task, saved, task):
    path = saved(square((2560, 1000), (200, 200, 600, 600)), "a.png")

    shown = Image.open(run_task(task, url=path, show=True).files["shown"])

    assert (shown.format, shown.size) == ("JPEG", (1280, 500))


@pytest.mark.parametrize("task", TASKS)
def test_the_result_is_the_same_with_and_without(run_task, saved, task):
    path = saved(square((300, 200), (20, 20, 90, 90)), "a.png")

    assert run_task(task, url=path, show=True).values == run_task(task, url=path).values


def test_rectangles_are_drawn_where_they_are(run_task, saved):
    path = saved(square((640, 400), (400, 100, 500, 200)), "a.png")

    done = run_task("image.smartcrop", url=path, boxes_number=1, show=True)

    (box,) = done.points
    rows, columns = np.nonzero(yellow(done.files["shown"]))
    assert (columns.min(), rows.min()) == pytest.approx((box["x"] + 1, box["y"] + 1), abs=3)
    assert (columns.max(), rows.max()) == pytest.approx(
        (box["x"] + box["width"] - 2, box["y"] + box["height"] - 2), abs=3
    )


def test_points_are_ringed_where_they_are(run_task, saved):
    image = Image.new("RGB", (640, 480), (110, 110, 110))
    ImageDraw.Draw(image).ellipse((400, 100, 450, 150), fill="white")

    done = run_task("image.saliency", url=saved(image, "a.png"), show=True)

    x, y = done.points[0]
    marks = yellow(done.files["shown"])
    radius = 640 // 60
    assert marks[y - radius - 4 : y + radius + 5, x - radius - 4 : x + radius + 5].sum() >= 2 * np.pi * radius * 0.5
    assert not marks[:50].any()


def test_it_shows_the_picture_upright(run_task, saved):
    """Orientation 6 is "rotate 90° clockwise to show" (Exif 2.32, 4.6.4 A)."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    done = run_task("image.smartcrop", url=saved(square((600, 300), (0, 0, 99, 99)), "a.jpg", exif=exif), show=True)

    assert Image.open(done.files["shown"]).size == (300, 600)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", [(1, 1), (20_000, 2)])
def test_the_smallest_and_longest_pictures_are_shown_too(run_task, saved, task, size):
    done = run_task(task, url=saved(Image.effect_noise(size, 80), "a.png"), show=True)

    assert Image.open(done.files["shown"]).size[0] == min(size[0], 1280)


def test_the_command_line_asks_for_it_by_a_flag(saved, tmp_path):
    path = saved(square((200, 120), (20, 20, 60, 60)), "a.png")
    program = Path(sys.executable).with_name("dragon")

    done = subprocess.run(
        [program, "run", "image.smartcrop", f"url={path}", "--show", "-o", "out"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout)["shown"] == "out/shown.jpg"
    assert Image.open(tmp_path / "out" / "shown.jpg").size == (200, 120)


def test_a_task_that_has_nothing_to_show_says_so(saved):
    path = saved(Image.new("L", (9, 9)), "a.png")
    program = Path(sys.executable).with_name("dragon")

    done = subprocess.run([program, "run", "image.info", f"url={path}", "--show"], capture_output=True)

    assert done.returncode == 1
    assert list(json.loads(done.stderr)["result"]["parameters"]) == ["show"]
