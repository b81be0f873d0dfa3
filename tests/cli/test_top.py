"""`dragon top`: what a running service is doing."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.service import Service
from dragon_framework.cli.top import rates

DRAGON = str(Path(sys.executable).parent / "dragon")


def look(dragon, *flags):
    done = subprocess.run(
        [DRAGON, "top", "--once", "--data-dir", str(dragon.data), *flags],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_busy_service_is_shown_with_its_places_queues_and_running_tasks():
    with Service(workers=1, concurrency=2) as dragon:
        import httpx

        tasks = [{"task_name": "bench.noop", "seconds": 20.0}] * 5
        headers = {"Authorization": f"Secret {dragon.secret}"}
        url = f"http://127.0.0.1:{dragon.port}"
        keys = [
            status["key"] for status in httpx.post(f"{url}/v1/create", json={"tasks": tasks}, headers=headers).json()
        ]

        deadline = time.monotonic() + 30
        while len((seen := json.loads(look(dragon, "--json")))["running"]) < 2:
            assert time.monotonic() < deadline, seen
            time.sleep(0.3)
        text = look(dragon)
        httpx.post(f"{url}/v1/cancel", json={"tasks": keys}, headers=headers)

    (worker,) = seen["workers"]
    assert (worker["slots"], worker["busy"]) == (2, 2)
    assert seen["queues"]["bench"]["waiting"] == 3
    assert seen["queues"]["bench"]["oldest_seconds"] > 0
    assert {task["key"] for task in seen["running"]} <= set(keys)
    assert {task["task_name"] for task in seen["running"]} == {"bench.noop"}
    assert "1 workers, 2 of 2 places busy" in text
    assert re.search(r"^bench +3 ", text, re.MULTILINE)
    assert all(task["key"] in text for task in seen["running"])


def test_rates_are_differences_in_time():
    before = {"time": 100.0, "totals": {"success": 10}}
    seen = {"time": 104.0, "totals": {"success": 30, "error": 2}}

    assert rates(before, seen) == {"success": 5.0, "error": 0.5}
    assert rates(None, seen) == {}


@pytest.mark.parametrize("seconds", ["0", "many", "1e9"])
def test_a_pause_that_is_none_is_refused(seconds):
    done = subprocess.run([DRAGON, "top", "--seconds", seconds], capture_output=True, text=True)

    assert done.returncode == 2
    assert "0.1 to 3600" in done.stderr
