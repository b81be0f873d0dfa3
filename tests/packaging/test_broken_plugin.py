"""A stranger's plugin that cannot be imported stands beside ours."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service import Service

DRAGON = Path(sys.executable).parent / "dragon"


@pytest.fixture
def environ(tmp_path):
    """An environment in which acme-broken 1.2.3 is installed, which needs a library that is not there."""
    site = tmp_path / "site"
    metadata = site / "acme_broken-1.2.3.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-broken\nVersion: 1.2.3\n")
    (metadata / "entry_points.txt").write_text("[dragon.tasks]\nacme.broken = acme_broken:task\n")
    (site / "acme_broken.py").write_text("import a_library_that_is_not_there\n")
    return {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")} | {
        "PYTHONPATH": str(site)
    }


def test_dragon_plugins_names_package_version_and_cause(environ):
    listed = subprocess.run([DRAGON, "plugins"], env=environ, capture_output=True, text=True)

    shown = listed.stdout + listed.stderr
    assert "acme-broken" in shown
    assert "1.2.3" in shown
    assert "a_library_that_is_not_there" in shown
    assert "image.thumb" in shown


def test_the_service_is_up_and_the_other_tasks_work(environ):
    source = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"  # 1 × 1 px
    definition = {"task_name": "image.info", "url": source}

    with Service(environ=environ) as dragon:

        async def create():
            connection = await dragon.connect()
            answer = await connection.exchange(dragon.create(definition, block=True))
            connection.close()
            return answer

        answer = asyncio.run(create())

    assert answer.status == 200
    (status,) = json.loads(answer.body)
    assert status["status"] == "success", status
    assert (status["result"]["width"], status["result"]["height"]) == (1, 1)
