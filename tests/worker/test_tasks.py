"""Whatever a task does, it ends with one status, alone, and leaves nothing behind."""

import sys

import pytest

from dragon_framework.keys import new_key

linux = pytest.mark.skipif(sys.platform != "linux", reason="subreapers and /proc are Linux's")


@pytest.fixture(autouse=True)
def _the_worker_is_well_afterwards(shared):
    yield
    assert shared.wait(shared.submit("acme.echo", text="still here"))["result"]["text"] == "still here"
    shared.wait_until(shared.nothing_is_left, "messages and files are gone")


def test_a_task_succeeds_with_its_values(shared):
    status = shared.wait(shared.submit("acme.echo", text="grüße"))

    assert status["status"] == "success"
    assert status["result"]["text"] == "grüße"
    assert status["progress"] is None
    assert list(status["events"]) == ["queued", "started", "completed"]
    assert status["events"]["queued"] <= status["events"]["started"] <= status["events"]["completed"]


def test_files_are_stored_and_named_by_url(shared):
    key = shared.submit("acme.write", text="x")

    result = shared.wait(key)["result"]

    assert result["early"] == f"http://dragon.test/storage/{key}/early.txt"
    assert result["late"] == f"http://dragon.test/storage/{key}/late.txt"
    stored = {path.name: path.read_text() for path in (shared.directory / "data/storage").rglob("*.txt")}
    assert (stored["early.txt"], stored["late.txt"]) == ("ex", "lx")


def test_progress_and_partial_results_are_published_in_order(shared):
    key = new_key()

    with shared.listening(key) as seen:
        shared.submit("acme.write", key=key, text="y")
        shared.wait(key)

    assert [status["status"] for status in seen] == ["executing", "executing", "executing", "success"]
    assert [status.get("progress") for status in seen] == [None, 7, 7, None]
    partial, whole = seen[2]["result"], seen[3]["result"]
    assert partial == {"text": "half", "early": f"http://dragon.test/storage/{key}/early.txt"}
    assert whole["text"] == "whole"


@pytest.mark.parametrize(
    ("task", "code", "words"),
    [
        ("acme.exit", "task_crashed", "exit status 41"),
        ("acme.segfault", "task_crashed", "SIGSEGV"),
        ("acme.sysexit", "internal_error", "SystemExit"),
        ("acme.raise_defect", "internal_error", "ZeroDivisionError"),
        ("acme.raise_full_disk", "no_room", "the worker's disk"),
        ("acme.raise_unspeakable", "internal_error", "ZeroDivisionError"),
        ("acme.raise_garbled", "internal_error", "UnicodeEncodeError"),
        ("acme.hang", "limit_exceeded", "0.5 s (time)"),
        ("acme.chatty_hang", "limit_exceeded", "0.5 s (time)"),
        ("acme.memory", "limit_exceeded", "157286400 bytes (memory)"),
        ("acme.flood", "limit_exceeded", "10000 bytes (output files)"),
        ("acme.raise_declared", "teapot", "short and stout"),
    ],
)
def test_a_failure_ends_the_task_with_its_reason(shared, task, code, words):
    status = shared.wait(shared.submit(task))

    assert status["status"] == "error"
    assert status["error"]["code"] == code
    assert words in status["result"]
    assert "/etc/secret" not in status["result"]
    assert status["error"]["transient"] == (task in {"acme.raise_declared", "acme.raise_full_disk"})


def test_a_result_of_another_type_is_a_defect_of_the_task(shared):
    status = shared.wait(shared.submit("acme.wrong_type"))

    assert status["status"] == "error"
    assert status["error"]["code"] == "invalid_result"


def test_an_unknown_task_and_an_unreadable_definition_end_as_errors(shared):
    unknown = shared.submit("acme.unknown_thing")
    broken = shared.submit("acme.echo", definition="{")

    assert shared.wait(unknown)["error"]["code"] == "unknown_task"
    assert shared.wait(broken)["error"]["code"] == "internal_error"


@linux
@pytest.mark.parametrize("task", ["acme.leave_program", "acme.leave_daemon"])
def test_programs_that_outlive_their_task_are_ended(shared, task):
    status = shared.wait(shared.submit(task))

    assert status["status"] == "success"
    assert not shared.alive(status["result"]["pid"])


@linux
def test_a_hanging_task_takes_its_detached_programs_along(shared, tmp_path):
    path = tmp_path / "pid"

    status = shared.wait(shared.submit("acme.hang_with_daemon", path=str(path)))

    assert status["error"]["code"] == "limit_exceeded"
    daemon = int(path.read_text())
    shared.wait_until(lambda: not shared.alive(daemon), "the detached program is gone")


def test_a_thread_that_outlives_its_task_is_not_heard_by_the_next_one(shared):
    pids = set()
    for _ in range(4):
        pids.add(shared.wait(shared.submit("acme.leave_thread"))["result"]["pid"])
        key = new_key()
        with shared.listening(key) as seen:
            shared.submit("acme.write", key=key, text="z")
            shared.wait(key)
        assert all(status.get("progress") in {None, 7} for status in seen)

    assert len(pids) == 4  # each time a fresh process


def test_the_next_task_starts_in_the_directory_of_the_worker(shared):
    for _ in range(3):
        shared.wait(shared.submit("acme.lose_home"))
    where = {shared.wait(shared.submit("acme.where"))["result"]["text"] for _ in range(4)}

    assert len(where) == 1
    assert "temporary" not in where.pop()


def test_processes_are_kept_from_task_to_task(shared):
    pids = {shared.wait(shared.submit("acme.echo"))["result"]["pid"] for _ in range(12)}

    assert len(pids) <= 2  # one for each of the two threads


def test_counters_count_each_end_once(shared):
    before = int(shared.client.hget("dragon:m", "acme.exit|error|count") or 0)

    for _ in range(3):
        shared.wait(shared.submit("acme.exit"))

    assert int(shared.client.hget("dragon:m", "acme.exit|error|count")) == before + 3
