"""What a task keeps over the death of its worker, and what it must not tell."""

import json

import pytest

from dragon_framework.status.scripts import KEEP_STATE

CANARY = "canary/token+8d20"


def runs(path):
    return path.read_text().split() if path.exists() else []


def release(path):
    path.with_name(path.name + ".go").touch()


def test_a_state_outlives_the_worker_sealed_and_is_gone_at_the_end(lab, tmp_path):
    path = tmp_path / "runs"
    first = lab.start_worker()
    key = lab.submit("acme.count_runs", path=str(path))
    lab.wait_until(lambda: runs(path) == ["1"])
    kept = lab.client.get(f"dragon:v:{key}")
    first.kill()
    first.wait()

    lab.start_worker()
    lab.wait_until(lambda: runs(path) == ["1", "2"])
    lives = lab.client.ttl(f"dragon:v:{key}")
    release(path)
    status = lab.wait(key)

    assert status["result"]["text"] == "run 2"
    assert b"handle" not in kept
    assert b"canary" not in kept
    assert lives > 0
    assert not lab.client.exists(f"dragon:v:{key}")


def test_a_state_outlives_a_worker_that_hands_its_task_back(lab, tmp_path):
    path = tmp_path / "runs"
    first = lab.start_worker(worker_shutdown_seconds=0.2)
    key = lab.submit("acme.count_runs", path=str(path))
    lab.wait_until(lambda: runs(path) == ["1"])
    first.terminate()
    first.wait(20)
    release(path)
    lab.start_worker()

    assert lab.wait(key)["result"]["text"] == "run 2"


def test_a_state_is_there_after_a_fault_that_passes(shared):
    assert shared.wait(shared.submit("acme.fail_first"))["result"]["text"] == "full again"


def test_a_cancelled_task_leaves_no_state(shared, tmp_path):
    path = tmp_path / "runs"
    key = shared.submit("acme.count_runs", path=str(path))
    shared.wait_until(lambda: runs(path) == ["1"])

    shared.cancel(key)

    shared.wait_until(shared.nothing_is_left, "the message is gone")
    assert not shared.client.exists(f"dragon:v:{key}")


def test_a_task_that_went_to_another_worker_saves_nothing_more(shared):
    """The death that a reaper counts takes the task from the worker, though that one lives."""
    key = "0" * 31 + "1"
    shared.client.hset(f"dragon:a:{key}", "deaths", 1)
    shared.client.expire(f"dragon:a:{key}", 600)
    keep = shared.client.register_script(KEEP_STATE)
    shared.client.set(f"dragon:t:{key}", '{"status":"executing"}', ex=600)
    keys = [f"dragon:t:{key}", f"dragon:v:{key}"]
    first, second = (keep(keys=keys, args=[key, "sealed", 600, deaths]) for deaths in (0, 1))
    shared.client.set(f"dragon:t:{key}", '{"status":"success"}', ex=600)
    over = keep(keys=keys, args=[key, "later", 600, 1])

    assert (first, second, over) == (0, 1, 0)
    assert shared.client.get(f"dragon:v:{key}") == b"sealed"
    shared.client.delete(f"dragon:a:{key}", f"dragon:t:{key}", f"dragon:v:{key}")


def test_a_state_that_is_too_large_is_refused(shared):
    text = shared.wait(shared.submit("acme.save_much"))["result"]["text"]

    assert "65547 bytes" in text  # 65,536 and the 11 of {"much":""}


@pytest.mark.parametrize("task", ["acme.tell", "acme.break_telling"])
def test_a_credential_is_told_in_no_error_progress_or_log(shared, task):
    key = "f" * 30 + f"{len(task):02d}"
    with shared.listening(key) as seen:
        shared.submit(task, key=key, token=CANARY)
        shared.wait(key)
    told = json.dumps(seen) + shared.log()

    assert "canary" not in told
    assert "derived-secret" not in told
    if task == "acme.tell":
        assert seen[-1]["result"] == "https://acme.test/?access=… and …"
        assert {"with": "…", "to": ["…"]} in [status.get("progress") for status in seen]
        assert "a library says …" in shared.log()
