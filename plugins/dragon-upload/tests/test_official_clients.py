"""The providers' own clients upload to our local providers: what these accept was not written to please our client.

pip fetches PyVimeo and google-api-python-client when the tests first run, into `build/` and not into the
environment of development: together they have 160 MB.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from upload_fakes.server import Fault, reply

HERE = Path(__file__).parent
PACKAGES = ("PyVimeo==1.1.2", "google-api-python-client==2.202.0")
INSTALLED = HERE.parents[2] / "build" / "upload-clients"

pytestmark = [pytest.mark.xdist_group("upload_official_clients"), pytest.mark.timeout(400)]


@pytest.fixture(scope="session")
def client():
    """Run one: `client("vimeo", url, token, film) -> what it printed`."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = INSTALLED / "done"
        if not done.exists() or done.read_text() != " ".join(PACKAGES):
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", INSTALLED, "--upgrade", *PACKAGES]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            done.write_text(" ".join(PACKAGES))

    def run(name, *arguments):
        command = [
            sys.executable,
            "-W",
            "ignore",
            HERE / "official_clients" / f"{name}_client.py",
            *map(str, arguments),
        ]
        environ = os.environ | {"PYTHONPATH": str(INSTALLED), "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_pyvimeo_uploads_to_the_local_vimeo(client, providers, small_film):
    printed = client("vimeo", f"{providers.server.url}/vimeo", providers.vimeo.token, small_film)

    (video,) = providers.vimeo.published
    assert printed == "/videos/700000000"
    assert bytes(video["data"]) == small_film.read_bytes()
    assert video["body"]["name"] == "A"
    assert not providers.vimeo.misuse


@pytest.mark.parametrize(
    "faults", [{}, {"youtube.start": [Fault("instead", reply(503))]}], ids=["nothing", "start 503"]
)
def test_googles_client_uploads_to_the_local_youtube(client, providers, small_film, faults):
    providers.faults.update(faults)

    printed = client("youtube", providers.server.url, providers.youtube.token, small_film)

    (session,) = providers.youtube.published
    assert printed == session["video"]["id"]
    assert bytes(session["data"]) == small_film.read_bytes()
    assert session["body"]["snippet"]["tags"] == ["a", "b c"]
