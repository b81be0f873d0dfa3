"""The same clients against servers of others: `@tus/server`, and `@uploadx/core` for Google's protocol.

npm fetches both when the tests first run, into `build/`. Between client and server stands a proxy that breaks
connections off. Needs Node.js 20.19 or newer, which the development environment has.
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import threading
from pathlib import Path

import httpx
import pytest
from upload_fakes.server import FakeServer
from upload_fakes.vimeo import FakeVimeo

from benchmarks.npm import npm_packages
from benchmarks.processes import free_port, stop, wait_for_port
from dragon_upload.vimeo import video_upload_vimeo
from dragon_upload.youtube import video_upload_youtube

HERE = Path(__file__).parent
PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1", "@uploadx/core@7.0.3")

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js"),
    pytest.mark.xdist_group("upload_real_servers"),
    pytest.mark.timeout(300),
]


class Proxy:
    """Passes connections on; `plans` are used up one a connection.

    A plan is `("cut", n)`: reset after n bytes from the client, which reach the server; `("swallow", 0)`: all
    reaches the server, and its answer is thrown away; or None.
    """

    def __init__(self, port):
        self.plans = []
        self.used = []
        self._upstream = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            plan = self.plans.pop(0) if self.plans else None
            self.used.append(plan)
            server = socket.create_connection(("127.0.0.1", self._upstream))
            for target in (self._up, self._down):
                threading.Thread(target=target, args=(client, server, plan), daemon=True).start()

    def _up(self, client, server, plan):
        left = plan[1] if plan and plan[0] == "cut" else None
        try:
            while data := client.recv(65536 if left is None else min(65536, left)):
                server.sendall(data)
                if left is not None:
                    left -= len(data)
                    if left == 0:
                        break
            if left == 0:
                reset(client)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _down(self, client, server, plan):
        try:
            while data := server.recv(65536):
                if plan and plan[0] == "swallow":
                    reset(client)
                    break
                if not plan or plan[0] != "cut":
                    client.sendall(data)
        except OSError:
            pass
        finally:
            server.close()
            if not plan or plan[0] != "cut":
                client.close()


def reset(connection):
    """Break a connection off, although another thread reads from it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    descriptor = connection.detach()
    os.close(descriptor)


@pytest.fixture(scope="session")
def servers():
    """A directory with the packages; npm's lock file stays in it."""
    version = re.match(r"v(\d+)\.(\d+)", subprocess.run(["node", "--version"], capture_output=True, text=True).stdout)
    if (int(version[1]), int(version[2])) < (20, 19):
        pytest.skip("@tus/server needs Node.js 20.19")
    installed = npm_packages("upload-servers", *PACKAGES)
    for script in (HERE / "real_servers").glob("*.mjs"):
        shutil.copy(script, installed)
    return installed


@pytest.fixture
def real(servers, tmp_path, monkeypatch):
    """Start one: `real("tus") -> (proxy, directory of its files)`; the settings point to it."""
    running = []

    def start(name):
        port = free_port()
        proxy = Proxy(port)
        files = tmp_path / "files"
        files.mkdir()
        environ = os.environ | {"PORT": str(port), "FILES": str(files), "BASE": proxy.url}
        process = subprocess.Popen(["node", f"{name}.mjs"], cwd=servers, env=environ, start_new_session=True)
        running.append((proxy, process))
        wait_for_port(port, process)
        return proxy, files

    yield start
    for proxy, process in running:
        proxy.close()
        stop(process)


class VimeoWithTus(FakeVimeo):
    """Vimeo's API, whose uploads go to a real tus server."""

    def __init__(self, proxy, files):
        super().__init__()
        self.proxy, self.files = proxy, files

    def create(self, body):
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(body["upload"]["size"])}
        with httpx.Client(trust_env=False) as client:  # a connection of its own, before the plans begin
            self.upload_link = client.post(f"{self.proxy.url}/files", headers=headers).headers["Location"]
        self.proxy.plans[:] = self.plans
        return super().create(body)

    def shown(self, video, *, count=False):
        video["data"] = b"".join(path.read_bytes() for path in self.files.iterdir() if path.suffix != ".json")
        return super().shown(video, count=count)


PLANS = {
    "nothing": [],
    "cut in the first piece": [("cut", 200_000)],
    "cut twice": [("cut", 200_000), ("cut", 150_000)],
    "answers lost": [("swallow", 0), ("swallow", 0)],
    "every second connection": [("cut", 100_000), ("swallow", 0)] * 3,
}


@pytest.fixture
def impatient(providers, monkeypatch):
    """Settings for small pieces and short waits, but not for a server that a busy machine lets wait."""
    values = {"YOUTUBE_CHUNK_BYTES": 262_144, "VIMEO_CHUNK_BYTES": 300_000, "TRIES": 20, "ANSWER_TIMEOUT_SECONDS": 10}
    for name, value in values.items():
        monkeypatch.setenv(f"DRAGON_UPLOAD_{name}", str(value))
    return lambda name, url: monkeypatch.setenv(f"DRAGON_UPLOAD_{name.upper()}_URL", url)


@pytest.mark.parametrize("plan", PLANS)
def test_a_real_tus_server_gets_every_byte_once(real, impatient, run_task, serve_file, small_film, plan):
    proxy, files = real("tus")
    vimeo = VimeoWithTus(proxy, files)
    vimeo.plans = PLANS[plan]
    with FakeServer({"/": vimeo}) as server:
        impatient("vimeo", server.url)

        output = run_task(
            video_upload_vimeo,
            url=serve_file(small_film),
            title="A",
            access_token_key=vimeo.token,
            **dict.fromkeys(("consumer_key", "consumer_secret", "access_token_secret"), ""),
        )

    (uploaded,) = [path for path in files.iterdir() if path.suffix != ".json"]
    assert uploaded.read_bytes() == small_film.read_bytes()
    assert output.uploaded_file_size == small_film.stat().st_size
    assert proxy.plans == []
    assert not vimeo.misuse


@pytest.mark.parametrize("plan", PLANS)
def test_a_real_server_of_googles_protocol_gets_every_byte_once(
    real, impatient, run_task, serve_file, small_film, plan
):
    proxy, files = real("uploadx")
    impatient("youtube", proxy.url)
    proxy.plans = list(PLANS[plan])

    output = run_task(video_upload_youtube, url=serve_file(small_film), title="A", access_token="t" * 20)

    whole = [path for path in files.rglob("*") if path.is_file() and path.read_bytes() == small_film.read_bytes()]
    assert len(whole) == 1
    assert proxy.plans == []
    assert output.output.removeprefix("https://www.youtube.com/watch?v=") == whole[0].name[:11]
