"""After a fault that may pass a task is run again, a few times; after others it is not."""

import itertools
import os
import signal
import time
from pathlib import Path

import pytest

from dragon_framework.keys import new_key


def tries(path):
    return [float(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_fault_that_passes_is_waited_for_and_told_meanwhile(lab, tmp_path):
    path = tmp_path / "tries"
    lab.start_worker(worker_retry_seconds=0.3)
    key = lab.submit("acme.passing_fault", path=str(path))
    lab.wait_until(lambda: "retry" in lab.status(key))
    waiting = lab.status(key)
    Path(f"{path}.go").touch()

    status = lab.wait(key)

    assert list(waiting) == ["status", "key", "events", "retry"]
    assert waiting["status"] == "queued"
    assert waiting["retry"]["error"] == {"code": "teapot", "transient": True}
    assert waiting["retry"]["result"] == "short and stout"
    assert 0.75 * 0.3 <= waiting["retry"]["seconds"] <= 1.25 * 0.3
    assert status["status"] == "success"
    assert "retry" not in status
    assert status["events"]["queued"] == waiting["events"]["queued"]
    assert len(tries(path)) == waiting["retry"]["number"] + 1
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")
    assert not lab.client.exists(f"dragon:a:{key}")


@pytest.mark.parametrize(("task", "code"), [("acme.passing_fault", "teapot"), ("acme.retried", "internal_error")])
def test_a_fault_that_stays_ends_the_task_after_the_last_retry_with_growing_waits(lab, tmp_path, task, code):
    path = tmp_path / "tries"
    lab.start_worker(worker_retry_seconds=0.1, worker_retries=3)
    key = new_key()

    with lab.listening(key) as seen:
        lab.submit(task, key=key, path=str(path))
        status = lab.wait(key)

    assert status["status"] == "error"
    assert status["error"] == {"code": code, "transient": True}
    told = [one["retry"] for one in seen if "retry" in one]
    assert [retry["number"] for retry in told] == [1, 2, 3]
    for retry, seconds in zip(told, (0.1, 0.3, 0.9), strict=True):
        assert 0.75 * seconds <= retry["seconds"] <= 1.25 * seconds
    waits = [later - earlier for earlier, later in itertools.pairwise(tries(path))]
    assert [wait >= retry["seconds"] for wait, retry in zip(waits, told, strict=True)] == [True] * 3
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")


@pytest.mark.parametrize("task", ["acme.raise_defect", "acme.exit", "acme.hang"])
def test_a_fault_that_would_come_again_is_not_retried(lab, task):
    lab.start_worker(worker_retry_seconds=60)  # the test would take a minute
    key = lab.submit(task)

    assert lab.wait(key)["status"] == "error"
    assert not lab.client.exists("dragon:r:acme")


def test_no_retries_can_be_asked_for(lab, tmp_path):
    path = tmp_path / "tries"
    lab.start_worker(worker_retries=0)

    assert lab.wait(lab.submit("acme.passing_fault", path=str(path)))["status"] == "error"
    assert len(tries(path)) == 1


def test_a_task_is_cancelled_while_it_waits_for_its_next_try(lab, tmp_path):
    path = tmp_path / "tries"
    lab.start_worker(worker_retry_seconds=0.5)
    key = lab.submit("acme.passing_fault", path=str(path))
    lab.wait_until(lambda: "retry" in lab.status(key))

    lab.cancel(key)

    assert lab.status(key)["error"]["code"] == "cancelled"
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")
    assert len(tries(path)) == 1
    assert lab.status(key)["error"]["code"] == "cancelled"


def test_the_next_try_is_made_elsewhere_when_the_worker_dies_meanwhile(lab, tmp_path):
    path = tmp_path / "tries"
    first = lab.start_worker(worker_retry_seconds=0.5)
    key = lab.submit("acme.passing_fault", path=str(path))
    lab.wait_until(lambda: "retry" in lab.status(key))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    Path(f"{path}.go").touch()

    lab.start_worker()

    assert lab.wait(key)["status"] == "success"
    assert len(tries(path)) == 2


def test_other_tasks_run_while_one_waits_for_its_next_try(lab, tmp_path):
    lab.start_worker(worker_retry_seconds=600, concurrency=1)
    key = lab.submit("acme.passing_fault", path=str(tmp_path / "tries"))
    lab.wait_until(lambda: "retry" in lab.status(key))

    assert lab.wait(lab.submit("acme.echo"))["status"] == "success"
    time.sleep(0.1)
    assert lab.status(key)["status"] == "queued"
