"""A film that is drawn by two workers: the same frames as by one, whoever of them dies."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import fontpkg_russo_one
import httpx
import pytest
from PIL import Image

from dragon_framework.cli.redis_address import running_url
from dragon_framework.status.connection import connect_sync
from dragon_framework.testing.file_server import FileServer
from dragon_framework.testing.live import LiveService

DRAGON = [sys.executable, "-P", "-c", "import sys; from dragon_framework.cli import main; sys.exit(main())"]

FILM = """<movie service="craftsman-1.0"><body>
  <stack><sequence><effect type="kenburns" duration="4.5"><image filename="{picture}"/></effect>
  <transition type="crossfade" duration="1"/>
  <effect type="kenburns" duration="4.5"><image filename="{picture}"/></effect></sequence>
  <text fontname="{font}">héllo</text></stack>
</body></movie>"""


class Service:
    """An API, its Valkey, and workers that are started and killed one by one."""

    def __init__(self, service, directory, files):
        self.directory = directory
        self.url, self.secret = service.url, service.secret
        data = Path(service._directory.name)
        self.redis_url = running_url(data)
        self.redis = connect_sync(self.redis_url)
        self.storage = data / "storage"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")} | {
            "DRAGON_REDIS": self.redis_url,
            "DRAGON_STORAGE": str(self.storage),
            "DRAGON_ALLOW_SOURCE": "127.0.0.0/8",
            "DRAGON_QUEUES": "video",
            "DRAGON_PLUGINS": "dragon-video",
            "DRAGON_CONCURRENCY": "2",
            "DRAGON_WORKER_HELP": "all",
            "DRAGON_WORKER_HEARTBEAT_SECONDS": "4",
            "DRAGON_VIDEO_FILM_PROCESSES": "1",
            "DRAGON_VIDEO_FILM_SPREAD_SECONDS": "5",
        }
        self.client = httpx.Client(
            base_url=service.url, headers={"Authorization": f"Secret {service.secret}"}, timeout=60
        )
        self.workers = []
        picture, font = directory / "a.png", directory / "b.ttf"
        Image.effect_noise((400, 300), 60).convert("RGB").save(picture)
        font.write_bytes(next(Path(fontpkg_russo_one.__file__).parent.rglob("*.ttf")).read_bytes())
        self.definition = FILM.format(picture=files.serve(picture), font=files.serve(font))
        self.reference, self.pieces = None, 0

    def start(self):
        """Start a worker; return its process."""
        data = self.directory / f"worker-{len(self.workers)}"
        log = data.with_suffix(".log")
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*DRAGON, "worker", "--data-dir", str(data)],
                env=self.environ,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.workers.append(process)
        self.until(lambda: "worker_started" in log.read_text(), "the worker has started")
        return process

    def until(self, true, what):
        """Return what *true* returns, once that is true."""
        deadline = time.monotonic() + 90
        while not (value := true()):
            said = [path.read_text()[-3000:] for path in sorted(self.directory.glob("*.log"))]
            assert time.monotonic() < deadline, "\n".join([f"waited in vain: {what}", *said])
            time.sleep(0.05)
        return value

    def submit(self):
        definition = {"task_name": "video.create", "definition": self.definition, "profile": "iphone-16-9-slow"}
        (status,) = self.client.post("/v1/create", json={"tasks": definition}).json()
        return status["key"]

    def result(self, key):
        """Return what decoded frames and samples of both films hash to, and what workers did."""
        (status,) = self.until(
            lambda: [one for one in self.statuses(key) if one["status"] in ("success", "error")], "the film is over"
        )
        assert status["status"] == "success", status
        hashes = [frames_of(self.client.get(status["result"][name]).content) for name in ("export", "preview")]
        return hashes, status["details"]["deliveries"]

    def statuses(self, key):
        return self.client.post("/v1/status", json={"tasks": key, "details": True}).json()

    def done(self):
        return int(self.redis.hget("dragon:m", "video.create|done|parts") or 0)

    def taken(self):
        return sum(self.redis.hlen(name) for name in self.redis.keys("dragon:p:*:taken"))

    def nothing_is_left(self):
        self.until(
            lambda: not self.redis.keys("dragon:p:*") and not self.redis.hkeys("dragon:temporary"), "nothing is left"
        )
        known = {path.parent.name for path in self.storage.rglob("*") if path.is_file()}
        assert known <= {name.decode().removeprefix("dragon:t:") for name in self.redis.keys("dragon:t:*")}

    def end(self):
        for worker in self.workers:
            worker.kill()  # its nursery ends all else
            worker.wait()
        self.client.close()
        self.redis.close()


def frames_of(blob):
    """Return a digest of all decoded pictures and samples of a film."""
    digest = hashlib.sha256()
    with av.open(io.BytesIO(blob)) as film:
        for frame in film.decode(video=0, audio=0):
            digest.update(frame.to_ndarray().tobytes() + str(frame.pts).encode())
    return digest.hexdigest()


def task_processes(worker):
    """Return the process ids of the task processes of a worker: the children of its nursery."""
    found = []
    for child in children(worker.pid):
        found += children(child)
    return found


def children(pid):
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (thread / "children").read_text().split()]
    return found


pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("films")]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with LiveService({"workers": 0}) as live, FileServer() as files:
        service = Service(live, tmp_path_factory.mktemp("films"), files)
        owner = service.start()
        service.reference, ((delivery),) = service.result(service.submit())
        assert delivery["parts"]["others"] == 0
        service.pieces = delivery["parts"]["own"]
        service.owner = owner
        try:
            yield service
        finally:
            service.end()


@pytest.fixture
def workers(service):
    """The service with its owner alone; the helpers that a test starts end with it."""
    if service.owner.poll() is not None:
        service.owner = service.start()
    yield service
    for worker in service.workers:
        if worker is not service.owner:
            worker.kill()
            worker.wait()


def halted(service):
    """Submit a film; return its key and task processes, which are stopped when its pieces are on offer."""
    key = service.submit()
    service.until(lambda: service.redis.smembers("dragon:offers"), "there is an offer")
    halted = task_processes(service.owner)
    for pid in halted:
        os.kill(pid, signal.SIGSTOP)
    return key, halted


def test_a_film_drawn_by_two_workers_is_the_one_drawn_by_one(workers):
    key, stopped = halted(workers)
    workers.start()
    workers.until(lambda: workers.done() >= 2, "the helper has made two pieces")

    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    hashes, (delivery,) = workers.result(key)

    assert delivery["parts"]["others"] >= 2
    assert delivery["parts"]["own"] + delivery["parts"]["others"] == workers.pieces
    assert hashes == workers.reference
    workers.nothing_is_left()


def test_a_killed_helper_costs_nothing_but_time(workers):
    helper = workers.start()
    os.kill(helper.pid, signal.SIGSTOP)
    key, stopped = halted(workers)
    os.kill(helper.pid, signal.SIGCONT)
    workers.until(workers.taken, "the helper has taken a piece")

    os.killpg(helper.pid, signal.SIGKILL)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    hashes, _ = workers.result(key)

    assert hashes == workers.reference
    workers.nothing_is_left()


def test_a_killed_owner_costs_nothing_but_time(workers):
    key, _ = halted(workers)
    workers.start()
    workers.until(workers.taken, "the helper has taken a piece")

    os.killpg(workers.owner.pid, signal.SIGKILL)
    hashes, deliveries = workers.result(key)

    assert [delivery["outcome"] for delivery in deliveries] == ["worker_lost", "success"]
    assert hashes == workers.reference
    workers.nothing_is_left()
