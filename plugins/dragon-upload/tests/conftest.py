"""Films, local providers, and a whole service that hands the ones to the others."""

import contextlib
import os
import sys
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
from upload_fakes.server import FakeServer
from upload_fakes.vimeo import FakeVimeo
from upload_fakes.youtube import FakeYouTube


class Providers:
    """The providers behind one server; a fresh set for each test."""

    def __init__(self):
        self.vimeo = FakeVimeo()
        self.youtube = FakeYouTube()
        self.facebook = FakeFacebook()
        self.server = FakeServer({"/vimeo": self.vimeo, "/fb": self.facebook, "/": self.youtube})

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
        return self.said

    def worker_pid(self):
        """The worker process that the service has started; None between two."""
        children = Path(f"/proc/{self.dragon._process.pid}/task/{self.dragon._process.pid}/children").read_text()
        for pid in map(int, children.split()):
            with contextlib.suppress(OSError):
                if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return None


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A whole service with local providers, one worker, and everything in the log."""
    providers = Providers()
    with EmbeddedServer(tmp_path_factory.mktemp("redis")) as redis, providers.server:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
        environ |= {"DRAGON_ALLOW_SOURCE": "127.0.0.0/8"}
        environ |= {f"DRAGON_UPLOAD_{name}".upper(): str(value) for name, value in providers.settings().items()}
        settings = {"log_level": "debug", "log_format": "json", "worker_heartbeat_seconds": 1.5, "redis": redis.url}
        with Service(environ=environ, concurrency=2, **settings) as dragon, Api(dragon, providers, redis.url) as client:
            yield client
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
