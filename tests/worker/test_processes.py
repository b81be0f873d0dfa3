"""The nursery as the worker sees it: it forks, dies, and is replaced."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from dragon_framework.settings import Settings
from dragon_framework.worker.processes import Nursery
from dragon_framework.worker.runner import resident_bytes, written_bytes

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")

OURS = ("dragon-image", "dragon-audio", "dragon-video", "dragon-upload", "dragon-html")


@pytest.fixture
def nursery(tmp_path):
    nursery = Nursery(Settings(data_dir=str(tmp_path), disable=OURS))
    nursery.start()
    yield nursery
    nursery.stop()


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(true) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_task_process_leads_a_group_of_its_own_and_dies_first_for_want_of_memory(nursery):
    process = nursery.fork()

    wait_until(lambda: os.getpgid(process.pid) == process.pid)
    wait_until(lambda: Path(f"/proc/{process.pid}/oom_score_adj").read_text() == "500\n")
    assert "Max core file size        0 " in Path(f"/proc/{process.pid}/limits").read_text()
    process.kill()


def test_it_ends_when_its_socket_is_closed(nursery):
    process = nursery.fork()

    process.connection.close()

    wait_until(lambda: not alive(process.pid))
    assert process.cause_of_death(5) == "exit status 0"


def test_the_cause_of_death_is_told(nursery):
    process = nursery.fork()

    process.kill()

    assert process.cause_of_death(5) == "SIGKILL, perhaps for want of memory"


def test_nothing_is_sent_to_a_process_that_is_known_to_have_ended(nursery, monkeypatch):
    """Its number may be another's by now."""
    process = nursery.fork()
    process.kill()
    process.cause_of_death(5)
    sent = []
    monkeypatch.setattr(os, "kill", lambda *arguments: sent.append(arguments))
    monkeypatch.setattr(os, "killpg", lambda *arguments: sent.append(arguments))

    process.signal(signal.SIGTERM)
    process.kill()

    assert sent == []


def test_a_nursery_that_dies_while_it_forks_is_an_error_at_once_and_then_replaced(nursery):
    nursery.fork().kill()
    dead = nursery.pid
    os.kill(dead, signal.SIGSTOP)
    errors = []

    def fork():
        try:
            nursery.fork()
        except OSError as error:
            errors.append(str(error))

    thread = threading.Thread(target=fork, daemon=True)
    thread.start()
    time.sleep(0.1)
    os.kill(dead, signal.SIGKILL)
    thread.join(10)

    assert not thread.is_alive()
    assert len(errors) == 1
    process = nursery.fork()
    assert nursery.pid != dead
    process.kill()


def test_its_processes_die_with_the_nursery(nursery):
    processes = [nursery.fork() for _ in range(3)]

    os.kill(nursery.pid, signal.SIGKILL)

    wait_until(lambda: not any(alive(process.pid) for process in processes))
    for process in processes:
        process.connection.close()


def test_a_program_that_shows_no_environment_is_not_taken_for_an_orphan(nursery):
    """Every program shows none for a moment while it starts: the server of the next test, a new nursery."""
    nursery.fork()
    program = subprocess.Popen(["/bin/sleep", "60"], env={}, start_new_session=True)
    try:
        wait_until(lambda: Path(f"/proc/{program.pid}/environ").read_bytes() == b"")
        nursery.stop()
        time.sleep(0.3)  # orphans are looked for each 0.01 s

        assert program.poll() is None
    finally:
        program.kill()
        program.wait()


def test_stopping_ends_everything_and_leaves_no_descriptor(tmp_path):
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names are what is compared
    nursery = Nursery(Settings(data_dir=str(tmp_path), disable=OURS))
    nursery.start()
    process = nursery.fork()

    nursery.stop()

    process.connection.close()
    wait_until(lambda: not alive(process.pid))
    wait_until(lambda: set(os.listdir("/proc/self/fd")) <= before)  # noqa: PTH208  # as above


def test_written_bytes_counts_the_files_of_a_directory(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 7)
    (tmp_path / "b").write_bytes(b"y" * 11)

    assert written_bytes(str(tmp_path)) == 18
    assert written_bytes(str(tmp_path / "missing")) == 0


def test_resident_bytes_grow_with_what_is_held():
    before = resident_bytes(os.getpid())
    held = b"x" * (64 * 2**20)

    assert resident_bytes(os.getpid()) - before > 48 * 2**20
    assert len(held) == 64 * 2**20
    assert resident_bytes(2**22 + 1) == 0
