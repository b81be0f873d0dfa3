"""Every shell block of the README runs, in order, against a service started as it says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.processes import free_port
from benchmarks.service import Service

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
MARK = "-- end of block --"

pytestmark = pytest.mark.xdist_group("readme")


def environ():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "MAKE", "MFLAGS"))}
    return kept | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Where the reader stands: a directory with a photo of theirs."""
    directory = tmp_path_factory.mktemp("reader")
    exif = Image.Exif()
    exif[274] = 6  # shot in portrait: rotate 90° clockwise to show (Exif 2.2, 4.6.4 A)
    exif[306] = "2024:06:01 12:30:00"
    exif.get_ifd(0x8769).update({0x829A: 0.004, 0x8827: 200, 0x9209: 0, 0x920A: 35.0})  # Exif 2.2, 4.6.5
    Image.effect_noise((1200, 900), 40).convert("RGB").save(directory / "photo.jpg", exif=exif)
    return directory


@pytest.fixture(scope="module")
def output(directory):
    """What each shell block printed, by its number among the shell blocks."""
    shell = [text for language, text in BLOCKS if language == "sh"]
    install, serve = next(block for block in shell if "make install" in block), "make run\n"
    assert serve in shell
    subprocess.run(["bash", "-eu", "-c", install], cwd=ROOT, env=environ(), check=True, capture_output=True)
    port = free_port()
    command = ["make", "--silent", "run", f"PORT={port}", f"DATA_DIR={directory / 'data'}"]
    with Service(command, port, environ=environ(), log_level="info") as dragon:
        key = re.search(r"api key: (\S+)", dragon.said)
        assert key, dragon.said
        script = f"\necho '{MARK}'\n".join("" if block in {install, serve} else block for block in shell)
        script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
        script = script.replace("SECRET=...", f"SECRET={dragon.secret}").replace("KEY=...", f"KEY={key[1]}")
        done = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=directory, env=environ(), capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(zip(shell, done.stdout.split(f"{MARK}\n"), strict=True))


def of(output, words):
    """Return the output of the one block that has *words* in it."""
    (found,) = [text for block, text in output.items() if words in block]
    return found


def test_the_output_of_image_info_is_as_shown(output):
    (shown,) = [json.loads(text) for language, text in BLOCKS if language == "json"]

    printed = json.loads(of(output, "dragon run image.info"))

    assert list(printed) == list(shown)
    assert {name: type(value) for name, value in printed.items() if value is not None} == {
        name: type(value) for name, value in shown.items() if printed[name] is not None
    }
    assert (printed["width"], printed["height"]) == (900, 1200)


def test_the_thumbnail_is_where_the_readme_says(output, directory):
    (thumbnail,) = (directory / "thumbnails").iterdir()

    assert Image.open(thumbnail).size == (200, 267)  # 200 × 1200 / 900 = 266.7


def test_a_blocked_create_answers_with_the_result(output):
    (status,) = json.loads(of(output, "v1/create "))

    assert status["status"] == "success"
    assert (status["result"]["width"], status["result"]["height"]) == (900, 1200)


def test_a_stream_begins_with_all_statuses_and_ends_with_all_final(output):
    first, *rest = [json.loads(line) for line in of(output, "create_stream").splitlines() if line.strip()]

    assert [status["status"] for status in first] == ["queued", "queued"]
    assert {status["key"] for status in rest if status["status"] == "success"} == {status["key"] for status in first}


def test_the_file_of_the_img_tag_is_a_picture(output, directory):
    assert Image.open(directory / "thumb.jpg").size == (200, 267)


def test_the_table_lists_every_installed_task_and_all_tasks_of_the_reference():
    table = [line.split("|")[2:4] for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| [")]
    here = {name for row in table for name in re.findall(r"`([\w.]+)`", row[0])}
    planned = {name for row in table for name in re.findall(r"`([\w.]+)`", row[1])}
    from importlib.metadata import entry_points

    installed = {entry.name for entry in entry_points(group="dragon.tasks")}

    reference = {task["name"] for task in json.loads((ROOT / "tests" / "contract" / "tasks.json").read_text())}
    assert here == installed
    assert here | planned >= reference
    assert not here & planned
