"""Films, local providers, and a whole service that hands the ones to the others."""

import os
import subprocess
import sys
import time
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from benchmarks.service import Service
from dragon_framework.embedded import EmbeddedServer
from dragon_framework.status.connection import connect_sync

sys.path.insert(0, str(Path(__file__).parent))

from upload_fakes.facebook import FakeFacebook
from upload_fakes.server import FakeServer, reply
from upload_fakes.vimeo import FakeVimeo
from upload_fakes.youtube import FakeYouTube


class Source:
    """Serves one film, so that a fault can be planned for the fetch."""

    def __init__(self):
        self.data = b""

    def operation(self, request):
        return "source.get"

    def answer(self, request):
        return reply(200, self.data, Content_Type="video/mp4")


class Providers:
    """The providers behind one server; a fresh set for each test."""

    def __init__(self):
        self.vimeo = FakeVimeo()
        self.youtube = FakeYouTube()
        self.facebook = FakeFacebook()
        self.source = Source()
        self.server = FakeServer(
            {"/source": self.source, "/vimeo": self.vimeo, "/fb": self.facebook, "/": self.youtube}
        )

    @property
    def faults(self):
        return self.server.faults

    def settings(self, **more):
        """What points the tasks here, quick and impatient, as names of settings."""
        url = self.server.url
        return {
            "vimeo_url": f"{url}/vimeo",
            "youtube_url": url,
            "facebook_url": f"{url}/fb/v26.0",
            "longest_wait_seconds": 0.01,
            "longest_asked_wait_seconds": 0.05,
            "answer_timeout_seconds": 1.0,
            "confirm_seconds": 0.01,
            "vimeo_chunk_bytes": 1_000_000,
            "youtube_chunk_bytes": 4 * 262_144,
        } | more


@pytest.fixture
def providers(monkeypatch):
    with_server = Providers()
    with with_server.server:
        for name, value in with_server.settings().items():
            monkeypatch.setenv(f"DRAGON_UPLOAD_{name}".upper(), str(value))
        yield with_server


class Api(httpx.Client):
    """A client of a whole service that uploads to local providers.

    `providers` are those; `dragon` is the service, `redis` its Redis, `log` all that it has said.
    """

    def __init__(self, dragon, providers, redis_url):
        super().__init__(base_url=f"http://127.0.0.1:{dragon.port}", timeout=90)
        self.dragon, self.providers = dragon, providers
        self.redis = connect_sync(redis_url)
        self.worker_log = dragon.data / "worker.log"
        self.worker = None
        self.said = ""
        self.answers = ""

    def ask(self, path, **body):
        answer = self.post(path, json=body, headers={"Authorization": f"Secret {self.dragon.secret}"})
        assert answer.status_code == 200, answer.text
        self.answers += answer.text
        return answer.json()

    def create(self, name, *, block=True, **parameters):
        (status,) = self.ask("/v1/create", tasks=[{"task_name": name, **parameters}], block=block)
        return status

    def status(self, key, *, block=False, details=False):
        (status,) = self.ask("/v1/status", tasks=[key], block=block, details=details)
        return status

    def log(self):
        while not self.dragon._lines.empty():
            self.said += self.dragon._lines.get() or ""
        return self.said + self.worker_log.read_text()

    def start_worker(self):
        """Start a worker; it is ready when it likes."""
        command = [Path(sys.executable).parent / "dragon", "worker", "--data-dir", str(self.dragon.data)]
        with self.worker_log.open("ab") as log:
            self.worker = subprocess.Popen(
                command, env=self.dragon._environ, stdout=log, stderr=log, start_new_session=True
            )

    def kill_worker(self):
        """Kill the worker as `kill -9` does, and start another."""
        self.worker.kill()
        self.worker.wait()
        self.start_worker()

    @staticmethod
    def wait_until(true, seconds=30.0):
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A whole service with local providers, one worker, and everything in the log."""
    providers = Providers()
    with EmbeddedServer(tmp_path_factory.mktemp("redis")) as redis, providers.server:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
        environ |= {"DRAGON_ALLOW_SOURCE": "127.0.0.0/8"}
        environ |= {f"DRAGON_UPLOAD_{name}".upper(): str(value) for name, value in providers.settings().items()}
        settings = {"log_level": "debug", "log_format": "json", "worker_heartbeat_seconds": 1.0, "redis": redis.url}
        settings |= {"workers": 0, "concurrency": 2}  # the tests start and kill the worker themselves
        with Service(environ=environ, **settings) as dragon, Api(dragon, providers, redis.url) as client:
            client.start_worker()
            yield client
            client.worker.terminate()
            client.worker.wait(20)
            client.redis.close()


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Path:
    """A film of 2 s, some 3 MB: noise does not compress, and MPEG-4 part 2 at a fixed quality is quick."""
    path = tmp_path_factory.mktemp("films") / "noise.mp4"
    make_film(path, seconds=2, size=(320, 240))
    return path


@pytest.fixture(scope="session")
def small_film(tmp_path_factory) -> Path:
    """A film of 0.4 s, between 524,288 and 786,432 bytes: three pieces of 256 KiB, the last a part."""
    path = tmp_path_factory.mktemp("films") / "small.mp4"
    make_film(path, seconds=0.4, size=(320, 240))
    assert 524_288 < path.stat().st_size < 750_000
    return path


def make_film(path, *, seconds, size):
    random = np.random.default_rng(8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.qmin = stream.codec_context.qmax = 2
        for _ in range(round(seconds * 25)):
            picture = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
