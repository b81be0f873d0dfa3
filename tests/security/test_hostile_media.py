"""Media that name files and hosts reach neither: `hostile_media.py`, which has the media, in a whole service."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("hostile_media.py")
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "hostile-media.md"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="needs inotify"),
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("hostile-media"),
]


@pytest.fixture(scope="module")
def rows():
    ran = subprocess.run([sys.executable, SCRIPT, "--json"], capture_output=True, text=True, timeout=390)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


def test_no_file_makes_a_task_open_a_canary_or_connect_to_it(rows):
    assert [(row["what"], row["reached"]) for row in rows if row["reached"]] == []


def test_each_task_ends_with_a_code_that_is_no_defect(rows):
    odd = {"internal_error", "worker_lost", "queued", "executing"}

    assert [(row["what"], row["codes"]) for row in rows if odd & set(row["codes"])] == []


def test_the_canaries_sing(rows):
    """The same program reaches them when it is not guarded: by a playlist, by a script of concat."""
    reached = {row["what"]: row["unguarded"] for row in rows}

    assert "canary.ts" in reached["HLS, a local file"]
    assert reached["HLS, another host"] == reached["ffconcat, another host"] == ["the host"]
    assert reached["ffconcat, a local file"] == ["canary.mp4"]


def test_the_page_has_every_file_that_is_tried(rows):
    page = PAGE.read_text(encoding="utf-8")

    assert [row["what"] for row in rows if f"| {row['what']} |" not in page] == []
