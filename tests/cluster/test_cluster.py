"""Several machines in small: a server, one `dragon api` and two `dragon worker`, all separate processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image

from dragon_framework.embedded import find_server
from dragon_framework.status.connection import connect_sync
from dragon_framework.testing.file_server import FileServer

DRAGON = str(Path(sys.executable).parent / "dragon")
HEARTBEAT_SECONDS = 2

SLEEPER = '''
import os, time
from typing import Annotated
from msgspec import Meta
from dragon_framework import Output, OutputFile, Parameters, TaskContext, task

class SleepParameters(Parameters, frozen=True, kw_only=True):
    seconds: Annotated[float, Meta(ge=0, le=60, description="How long.")] = 0.0
    log: Annotated[str, Meta(max_length=4096, description="Where to note each start and end.")]

class SleepOutput(Output, frozen=True, kw_only=True):
    pid: Annotated[int, Meta(ge=1, le=2**31, description="Process that ended it.")]

@task("nap.sleep", files=[OutputFile("output", "A note.")])
def sleep(parameters: SleepParameters, ctx: TaskContext) -> SleepOutput:
    """Sleep, and note it."""
    with open(parameters.log, "a") as log:
        log.write(f"start {os.getpid()}\\n")
    time.sleep(parameters.seconds)
    ctx.output("output", ".txt").write_text("rested")
    with open(parameters.log, "a") as log:
        log.write(f"end {os.getpid()}\\n")
    return SleepOutput(pid=os.getpid())
'''


class Cluster:
    """The processes of a cluster, and a client of its API."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        site = directory / "site"
        metadata = site / "nap-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: nap\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text("[dragon.tasks]\nnap.sleep = nap:sleep\n")
        (site / "nap.py").write_text(SLEEPER)
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")} | {
            "PYTHONPATH": str(site),
            "DRAGON_STORAGE": str(directory / "storage"),
            "DRAGON_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            "DRAGON_ALLOW_SOURCE": "127.0.0.0/8",
        }
        self.processes: list[subprocess.Popen[str]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.redis_url = f"redis://127.0.0.1:{port}/0"
        self.environ["DRAGON_REDIS"] = self.redis_url
        (directory / "redis").mkdir()
        self.start(
            [str(find_server()), "--port", str(port), "--dir", str(directory / "redis"), "--appendonly", "yes"],
            "Ready to accept connections",
        )
        _, found = self.start([DRAGON, "api", "--port", "0"], r"Dragon is listening on (http://\S+)")
        self.workers = [self.worker(name)[0] for name in ("one", "two")]
        added = subprocess.run(
            [DRAGON, "accounts", "add", "acme"], env=self.environ, capture_output=True, text=True, check=True
        )
        secret = re.search(r"secret: (\S+)", added.stdout)
        assert secret, added.stdout
        self.client = httpx.Client(base_url=found[1], headers={"Authorization": f"Secret {secret[1]}"}, timeout=60)

    def worker(self, name: str):
        """Start a worker with two slots."""
        data = str(self.directory / name)
        return self.start([DRAGON, "worker", "--data-dir", data, "--concurrency", "2"], "worker_started")

    def start(self, command, says):
        """Start a process and return it, and what it said, once it says that."""
        process = subprocess.Popen(
            command,
            env=self.environ,
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(says, said):
                threading.Thread(target=process.stdout.read, daemon=True).start()
                return process, found
        raise AssertionError(f"{command} ended; it said:\n{said}")

    def create(self, task, *, block=False):
        """Create a task and return its status."""
        answer = self.client.post("/v1/create", json={"tasks": task, "block": block})
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    def status(self, key, *, block=False):
        """Return the status of a task."""
        return self.client.post("/v1/status", json={"tasks": key, "block": block}).json()[0]

    def outcomes(self, key):
        """Return how each delivery of a task to a worker ended, oldest first."""
        asked = {"tasks": key, "details": True}
        (status,) = self.client.post("/v1/status", json=asked).json()
        deliveries = status["details"]["deliveries"]
        assert len({delivery["worker"] for delivery in deliveries}) == len(deliveries)
        return [delivery["outcome"] for delivery in deliveries]

    def close(self):
        """End all processes, in the order an operator would."""
        self.client.close()
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


def until(true, seconds=30):
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_worker_killed_in_the_middle_of_a_task_costs_nothing_but_time(cluster, tmp_path):
    log = tmp_path / "log"
    key = cluster.create({"task_name": "nap.sleep", "seconds": 4, "log": str(log)})["key"]
    until(lambda: lines(log))
    first = int(lines(log)[0].split()[1])
    victim = next(worker for worker in cluster.workers if is_below(first, worker.pid))

    os.killpg(victim.pid, signal.SIGKILL)
    status = cluster.status(key, block=True)

    assert status["status"] == "success"
    assert [line.split()[0] for line in lines(log)] == ["start", "start", "end"]
    assert status["result"]["pid"] != first
    assert cluster.client.get(status["result"]["output"]).text == "rested"
    assert not Path(f"/proc/{first}").exists()
    assert cluster.outcomes(key) == ["worker_lost", "success"]
    redis = connect_sync(cluster.redis_url)
    until(lambda: not redis.hlen("dramatiq:nap.msgs"))
    assert not redis.exists("dragon:q:nap")


def test_many_tasks_survive_the_death_of_one_of_two_workers(cluster, tmp_path):
    logs = [tmp_path / f"log-{number}" for number in range(40)]
    tasks = [{"task_name": "nap.sleep", "seconds": 0.2, "log": str(log)} for log in logs]
    keys = [status["key"] for status in cluster.client.post("/v1/create", json={"tasks": tasks}).json()]
    until(lambda: sum(map(bool, map(lines, logs))) > 5)

    os.killpg(cluster.workers[0].pid, signal.SIGKILL)
    statuses = cluster.client.post("/v1/status", json={"tasks": keys, "block": True}).json()

    assert [status["status"] for status in statuses] == ["success"] * 40
    assert all(lines(log)[-1].startswith("end") for log in logs)
    ends = sum(line.startswith("end") for log in logs for line in lines(log))
    assert 40 <= ends <= 42  # the two that ran may have ended just before: what was not told runs again


def test_a_stopped_worker_hands_its_task_to_the_other(cluster, tmp_path):
    cluster.environ["DRAGON_WORKER_SHUTDOWN_SECONDS"] = "0.5"
    late, _ = cluster.worker("three")
    for worker in cluster.workers:
        worker.terminate()
        worker.wait(20)
    log = tmp_path / "log"
    key = cluster.create({"task_name": "nap.sleep", "seconds": 3, "log": str(log)})["key"]
    until(lambda: lines(log))

    late.terminate()
    cluster.worker("four")
    status = cluster.status(key, block=True)

    assert late.wait(20) == 0
    assert status["status"] == "success"
    assert cluster.outcomes(key) == ["handed_back", "success"]
    assert [line.split()[0] for line in lines(log)] == ["start", "start", "end"]


def test_images_go_through_a_cluster(cluster, tmp_path):
    Image.effect_noise((640, 480), 40).convert("RGB").save(tmp_path / "a.jpg")
    with FileServer() as files:
        url = files.serve(tmp_path / "a.jpg")

        status = cluster.create({"task_name": "image.thumb", "url": url, "width": 64}, block=True)

    picture = cluster.client.get(status["result"]["output"])
    assert status["result"]["height"] == 48
    assert picture.headers["content-type"] == "image/jpeg"


def is_below(pid, ancestor):
    """Whether a process is a descendant of another."""
    while pid > 1:
        if pid == ancestor:
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return False
