"""Every part of a worker can die at any step; each task still ends once."""

import hashlib
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from dragon_framework.keys import new_key
from dragon_framework.queue import scripts as queue_scripts
from dragon_framework.queue.message import encode_message
from dragon_framework.status import scripts as status_scripts
from dragon_framework.status.connection import connect_sync

linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")


def starts(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_task_whose_worker_is_killed_ends_once_on_another(lab, tmp_path):
    path = tmp_path / "starts"
    first = lab.start_worker()
    key = lab.submit("acme.until_file", path=str(path))
    lab.wait_until(lambda: starts(path) == 1)
    family = lab.descendants(first.pid)

    with lab.listening(key) as seen:
        first.kill()
        first.wait()
        lab.start_worker()
        lab.wait_until(lambda: starts(path) == 2)
        Path(f"{path}.go").touch()
        status = lab.wait(key)

    assert status["status"] == "success"
    assert starts(path) == 2
    assert [one["status"] for one in seen] == ["queued", "executing", "success"]
    lab.wait_until(lambda: not any(map(lab.alive, family)), "the processes of the dead worker are gone")
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")


def test_a_task_that_kills_its_workers_is_given_up_after_the_third(lab, tmp_path):
    path = tmp_path / "starts"
    key = lab.submit("acme.kill_worker", path=str(path))
    for _ in range(3):
        lab.start_worker(concurrency=1).wait(20)

    lab.start_worker()
    status = lab.wait(key)

    assert starts(path) == 3
    assert status["status"] == "error"
    assert status["error"]["code"] == "worker_lost"
    assert "3 times" in status["result"]


def test_messages_held_by_a_dead_worker_and_not_begun_count_no_death(lab, tmp_path):
    path = tmp_path / "starts"
    key = new_key()
    lab.client.sadd("dramatiq:__queues__", "acme")
    for number in range(5):  # five workers died with it in hand
        lab.client.zadd("dramatiq:__heartbeats__", {f"dead-{number}": 1})
    lab.submit("acme.note", key=key, path=str(path), seconds=0)
    lab.client.delete("dragon:q:acme", "dragon:w:acme:")
    lab.client.sadd("dramatiq:__acks__.dead-4.acme", key)

    lab.start_worker()

    assert lab.wait(key)["status"] == "success"
    assert not lab.client.exists(f"dragon:a:{key}")


def test_a_stopping_worker_hands_its_running_task_to_another(lab, tmp_path):
    path = tmp_path / "starts"
    first = lab.start_worker(worker_shutdown_seconds=0.2)
    key = lab.submit("acme.until_file", path=str(path))
    lab.wait_until(lambda: starts(path) == 1)
    family = lab.descendants(first.pid)

    first.terminate()
    assert first.wait(20) == 0
    handed_back = lab.status(key)
    lab.start_worker()
    lab.wait_until(lambda: starts(path) == 2)
    Path(f"{path}.go").touch()

    assert handed_back["status"] == "queued"
    assert lab.wait(key)["status"] == "success"
    assert not any(map(lab.alive, family))
    assert not lab.client.exists(f"dragon:a:{key}")


def test_a_stopping_worker_lets_a_short_task_end_and_gives_back_what_waits(lab, tmp_path):
    first = lab.start_worker(concurrency=1)
    path = tmp_path / "starts"
    running = lab.submit("acme.note", path=str(path), seconds=0.7)
    waiting = [lab.submit("acme.echo", text=str(number)) for number in range(5)]
    lab.wait_until(lambda: starts(path) == 1)

    first.terminate()
    assert first.wait(20) == 0

    assert lab.status(running)["status"] == "success"
    assert {lab.status(key)["status"] for key in waiting} == {"queued"}
    assert sorted(lab.waiting("acme")) == sorted(waiting)
    assert lab.client.zcard("dramatiq:__heartbeats__") == 0
    assert not lab.client.keys("dramatiq:__acks__*")
    assert not list((lab.directory / "data/runs").iterdir())


def test_no_process_outlives_a_worker(lab, tmp_path):
    path = tmp_path / "pid"
    worker = lab.start_worker()
    key = lab.submit("acme.hang_with_daemon", path=str(path))
    lab.wait(key, "executing")
    lab.wait_until(lambda: path.exists() and path.read_text())
    family = [*lab.descendants(worker.pid), int(path.read_text())]

    worker.kill()
    worker.wait()

    assert len(family) >= 4
    lab.wait_until(lambda: not any(map(lab.alive, family)), "all are gone")


@linux
def test_after_the_nursery_is_killed_the_next_task_runs(lab, tmp_path):
    path = tmp_path / "starts"
    worker = lab.start_worker(concurrency=1)
    running = lab.submit("acme.note", path=str(path))
    lab.wait_until(lambda: starts(path) == 1)
    nursery = int(Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()[0])

    os.kill(nursery, signal.SIGKILL)

    assert lab.wait(running)["error"]["code"] == "task_crashed"
    assert lab.wait(lab.submit("acme.echo", text="next"))["status"] == "success"
    assert worker.poll() is None


@linux
def test_nothing_outlives_a_nursery_that_is_killed(lab, tmp_path):
    path = tmp_path / "pid"
    worker = lab.start_worker(concurrency=1)
    key = lab.submit("acme.hang_with_daemon", path=str(path), seconds=60)
    lab.wait_until(lambda: path.exists() and path.read_text())
    family = [*lab.descendants(worker.pid), int(path.read_text())]
    nursery = int(Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()[0])

    os.kill(nursery, signal.SIGKILL)

    assert lab.wait(key)["error"]["code"] == "task_crashed"
    assert len(family) >= 4
    lab.wait_until(lambda: not any(map(lab.alive, family)), "all are gone")
    assert worker.poll() is None


@linux
def test_a_task_process_killed_while_idle_is_replaced_unnoticed(lab):
    lab.start_worker(concurrency=1)
    pid = lab.wait(lab.submit("acme.echo"))["result"]["pid"]

    os.kill(pid, signal.SIGKILL)
    lab.wait_until(lambda: not lab.alive(pid))
    status = lab.wait(lab.submit("acme.echo"))

    assert status["status"] == "success"
    assert status["result"]["pid"] != pid


def test_processes_are_replaced_after_so_many_tasks(lab):
    lab.start_worker(concurrency=1, worker_tasks_per_process=2)

    pids = [lab.wait(lab.submit("acme.echo"))["result"]["pid"] for _ in range(6)]

    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4] == pids[5]


def test_what_cannot_be_run_is_buried_and_the_queue_goes_on(lab):
    good = new_key()
    bad = {
        "broken": b"\xff{",
        "list": b"[]",
        "fields": b'{"queue_name":"acme"}',
        "options": encode_message("options", "acme").replace(b'"options":{', b'"options":{"x":1},"kwargs":{'),
        "foreign": encode_message("other", "acme"),
        "queue": encode_message("queue", "other"),
        "arguments": encode_message("arguments", "acme").replace(b'["arguments"]', b"[1,2]"),
        "actor": encode_message("actor", "acme").replace(b"run_task", b"no_such_actor"),
    }
    for name, message in bad.items():
        lab.send(name, message, "acme")
    lab.submit("acme.echo", key=good)

    lab.start_worker()

    assert lab.wait(good)["status"] == "success"
    lab.wait_until(lambda: lab.client.zcard("dramatiq:acme.XQ") == len(bad), "all are buried")
    assert {name.decode() for name in lab.client.hkeys("dramatiq:acme.XQ.msgs")} == set(bad)
    assert lab.client.hget("dramatiq:acme.XQ.msgs", "broken") == b"\xff{"
    lab.wait_until(lab.nothing_is_left, "nothing else remains")


def test_a_message_whose_task_is_over_is_dropped(lab, tmp_path):
    path = tmp_path / "starts"
    lab.start_worker()
    key = lab.submit("acme.note", path=str(path), seconds=0)
    first = lab.wait(key)

    lab.send(key, encode_message(key, "acme"), "acme")
    lab.wait_until(lab.nothing_is_left, "the message is gone")

    assert starts(path) == 1
    assert lab.status(key) == first


def test_a_worker_serves_the_queues_it_is_told_to(lab):
    lab.start_worker(queues="other")
    mine, not_mine = lab.submit("other.echo"), lab.submit("acme.echo")

    assert lab.wait(mine)["status"] == "success"
    time.sleep(0.3)
    assert lab.status(not_mine)["status"] == "queued"

    lab.start_worker(queues="acme,other")
    assert lab.wait(not_mine)["status"] == "success"


def test_a_queue_that_no_task_waits_in_is_refused_by_name(lab):
    worker = lab.start_worker(queues="acme,nonsense")

    assert worker.wait(20) != 0
    assert "nonsense" in lab.log()


def test_a_long_task_does_not_keep_those_behind_it_from_another_worker(lab, tmp_path):
    for number in range(2):
        lab.start_worker(concurrency=1)
        path = tmp_path / str(number)
        lab.submit("acme.until_file", path=str(path))
        lab.wait_until(lambda path=path: starts(path) == 1)
    waiting = [lab.submit("acme.echo") for _ in range(4)]

    Path(f"{tmp_path / '1'}.go").touch()

    for key in waiting:  # the first worker is still busy
        assert lab.wait(key)["status"] == "success"
    assert starts(tmp_path / "0") == 1
    Path(f"{tmp_path / '0'}.go").touch()


def test_what_was_held_ready_is_given_back_when_a_long_task_gets_in_its_way(lab, tmp_path):
    lab.start_worker(concurrency=1)
    for key in [lab.submit("acme.echo") for _ in range(40)]:  # tasks are short, it learns
        lab.wait(key)
    path = tmp_path / "starts"
    with lab.client.pipeline() as together:
        long, short = (new_key() for _ in range(2))
        lab.client, client = together, lab.client
        lab.submit("acme.until_file", key=long, path=str(path))
        lab.submit("acme.echo", key=short)
        together.execute()
        lab.client = client
    lab.wait_until(lambda: starts(path) == 1)

    lab.start_worker(concurrency=1)

    assert lab.wait(short)["status"] == "success"
    assert lab.status(long)["status"] == "executing"
    Path(f"{path}.go").touch()
    assert lab.wait(long)["status"] == "success"
    assert starts(path) == 1


def test_a_cancelled_task_is_told_and_its_status_stands(lab, tmp_path):
    path = tmp_path / "note"
    lab.start_worker()
    key = lab.submit("acme.polite", path=str(path))
    lab.wait_until(lambda: path.exists() and path.read_text() == "started")

    answers = [lab.cancel(key), lab.cancel(key), lab.cancel(new_key())]

    assert answers == [1, 0, -1]
    status = lab.status(key)
    assert status["error"] == {"code": "cancelled", "transient": False}
    assert list(status["events"]) == ["queued", "started", "completed"]
    lab.wait_until(lambda: path.read_text() == "cancelled")
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")
    assert lab.status(key) == status


def test_a_cancelled_task_that_does_not_listen_is_killed(lab, tmp_path):
    path = tmp_path / "starts"
    worker = lab.start_worker(concurrency=1)
    key = lab.submit("acme.note", path=str(path), seconds=600)
    lab.wait_until(lambda: starts(path) == 1)

    lab.cancel(key)

    lab.wait_until(lambda: not lab.alive(int(path.read_text())), "its process is gone")
    assert lab.wait(lab.submit("acme.echo"))["status"] == "success"
    assert lab.status(key)["error"]["code"] == "cancelled"
    assert worker.poll() is None


def test_a_task_cancelled_before_its_start_never_starts(lab, tmp_path):
    path = tmp_path / "starts"
    key = lab.submit("acme.note", path=str(path))
    lab.cancel(key)

    lab.start_worker()
    lab.wait_until(lab.nothing_is_left, "the message is gone")

    assert starts(path) == 0
    assert "started" not in lab.status(key)["events"]


def test_after_redis_was_restarted_the_worker_goes_on(lab, tmp_path):
    path = tmp_path / "starts"
    lab.start_worker(concurrency=1)
    running = lab.submit("acme.until_file", path=str(path))
    waiting = [lab.submit("acme.echo", text=str(number)) for number in range(3)]
    lab.wait_until(lambda: starts(path) == 1)

    directory = Path(lab.server.url.removeprefix("unix://")).parent
    lab.server.stop()
    Path(f"{path}.go").touch()
    time.sleep(0.5)
    lab.server.start()
    directory.symlink_to(Path(lab.server.url.removeprefix("unix://")).parent)  # the worker knows the old address
    try:
        lab.client = connect_sync(lab.server.url)

        assert lab.wait(running)["status"] == "success"
        assert [lab.wait(key)["result"]["text"] for key in waiting] == ["0", "1", "2"]
        assert starts(path) == 1
        lab.wait_until(lab.nothing_is_left, "messages and files are gone")
    finally:
        directory.unlink()


def refuse_writes(lab, refuse):
    """Have the server answer writes as it does when its disk is full or its replicas are away."""
    lab.client.config_set("min-replicas-to-write", int(refuse))


def test_a_task_that_ends_while_redis_refuses_writes_is_told_when_it_takes_them_again(lab, tmp_path):
    path = tmp_path / "starts"
    lab.start_worker(concurrency=1, worker_heartbeat_seconds=60)
    key = lab.submit("acme.until_file", path=str(path))
    lab.wait(key, "executing")

    refuse_writes(lab, True)
    Path(f"{path}.go").touch()
    time.sleep(0.5)
    refuse_writes(lab, False)

    assert lab.wait(key)["status"] == "success"
    assert starts(path) == 1
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")


def test_after_redis_was_away_for_longer_than_a_heartbeat_no_living_worker_is_taken_for_dead(lab, tmp_path):
    paths = [tmp_path / "0", tmp_path / "1"]
    for _ in paths:
        lab.start_worker(concurrency=1)
    keys = [lab.submit("acme.until_file", path=str(path)) for path in paths]
    lab.wait_until(lambda: all(starts(path) == 1 for path in paths))
    lab.start_worker(concurrency=2)  # would run them again

    refuse_writes(lab, True)
    time.sleep(2.5)  # a heartbeat is 1.5 s
    refuse_writes(lab, False)
    time.sleep(2.0)
    for path in paths:
        Path(f"{path}.go").touch()

    assert [lab.wait(key)["status"] for key in keys] == ["success"] * 2
    assert [starts(path) for path in paths] == [1, 1]
    assert not lab.client.keys("dragon:a:*")


def stored(lab):
    return [name for _, _, names in os.walk(lab.directory / "data/storage") for name in names]


def test_a_task_that_fails_leaves_no_outputs(lab, tmp_path):
    path = tmp_path / "note"
    lab.start_worker()
    key = lab.submit("acme.write_and_fail", path=str(path))
    lab.wait_until(lambda: stored(lab) == ["early.txt"], "it is handed over")

    Path(f"{path}.go").touch()

    assert lab.wait(key)["error"]["code"] == "teapot"
    lab.wait_until(lambda: not stored(lab), "its outputs are gone")
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")


def test_a_cancelled_task_leaves_no_outputs(lab, tmp_path):
    lab.start_worker()
    key = lab.submit("acme.write_and_fail", path=str(tmp_path / "note"))
    lab.wait_until(lambda: stored(lab) == ["early.txt"], "it is handed over")

    lab.cancel(key)

    lab.wait_until(lambda: not stored(lab), "its outputs are gone")
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")
    assert lab.status(key)["error"]["code"] == "cancelled"


def test_a_task_that_is_cancelled_while_it_waits_for_its_next_try_leaves_no_outputs(lab, tmp_path):
    path = tmp_path / "note"
    lab.start_worker(worker_retry_seconds=1)
    key = lab.submit("acme.write_and_fail", path=str(path))
    lab.wait_until(lambda: stored(lab) == ["early.txt"], "it is handed over")
    Path(f"{path}.go").touch()
    lab.wait_until(lambda: "retry" in lab.status(key), "it waits for its next try")

    lab.cancel(key)

    lab.wait_until(lambda: not stored(lab), "its outputs are gone")
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")
    assert not lab.client.exists(f"dragon:a:{key}")


def test_outputs_of_a_task_that_was_cancelled_when_its_worker_died_are_deleted_by_another(lab, tmp_path):
    first = lab.start_worker()
    key = lab.submit("acme.write_and_fail", path=str(tmp_path / "note"))
    lab.wait_until(lambda: stored(lab) == ["early.txt"], "it is handed over")
    first.kill()
    first.wait()
    lab.cancel(key)

    lab.start_worker()

    lab.wait_until(lambda: not stored(lab), "its outputs are gone")
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")


class Proxy:
    """Hands bytes to Redis and back; `lose_next(word)` drops the answer to the next command with *word*."""

    def __init__(self, directory: Path, server: str) -> None:
        self.address = str(directory / "proxy.sock")
        self._server = server
        self._word = b""
        self.lost = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.address)
        self._listener.listen()
        self._sockets = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_next(self, word: bytes) -> None:
        self._word = word

    def close(self) -> None:
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                theirs, _ = self._listener.accept()
            except OSError:
                return
            ours = socket.socket(socket.AF_UNIX)
            ours.connect(self._server)
            self._sockets += [theirs, ours]
            losing = threading.Event()
            threading.Thread(target=self._copy, args=(theirs, ours, losing, True), daemon=True).start()
            threading.Thread(target=self._copy, args=(ours, theirs, losing, False), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, losing: threading.Event, asks: bool) -> None:
        try:
            while data := source.recv(65536):
                if asks and self._word and self._word in data:
                    self._word = b""
                    losing.set()
                elif not asks and losing.is_set():
                    self.lost.set()
                    break
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.mark.parametrize("script", ["TAKE", "BEGIN", "FINISH"])
def test_an_answer_lost_on_its_way_loses_and_doubles_no_task(lab, tmp_path, script):
    source = getattr(queue_scripts, script, None) or getattr(status_scripts, script)
    proxy = Proxy(tmp_path, lab.server.url.removeprefix("unix://"))
    path = tmp_path / "starts"
    try:
        lab.start_worker(redis=f"unix://{proxy.address}", concurrency=1)
        lab.wait(lab.submit("acme.echo"))
        proxy.lose_next(hashlib.sha1(source.encode()).hexdigest().encode())

        key = lab.submit("acme.note", path=str(path), seconds=0)

        assert lab.wait(key)["status"] == "success"
        assert proxy.lost.wait(10)
        lab.wait_until(lab.nothing_is_left, "messages and files are gone")
        assert starts(path) == 1
        assert not lab.client.exists(f"dragon:a:{key}")
    finally:
        for worker in lab.workers:
            worker.kill()
            worker.wait()
        proxy.close()


def test_a_worker_that_was_frozen_does_not_end_a_task_twice(lab, tmp_path):
    path = tmp_path / "starts"
    frozen = lab.start_worker(concurrency=1)
    key = lab.submit("acme.until_file", path=str(path))
    lab.wait_until(lambda: starts(path) == 1)
    frozen.send_signal(signal.SIGSTOP)

    with lab.listening(key) as seen:
        lab.start_worker(concurrency=1)
        lab.wait_until(lambda: starts(path) == 2)
        frozen.send_signal(signal.SIGCONT)
        Path(f"{path}.go").touch()
        lab.wait(key)
        time.sleep(0.5)

    assert [one["status"] for one in seen] == ["queued", "executing", "success"]
    assert lab.wait(lab.submit("acme.echo"))["status"] == "success"
    lab.wait_until(lab.nothing_is_left, "messages and files are gone")
