"""The example plugins: built as wheels, installed beside the core, and used in a whole service."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import wave
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from dragon_framework.hooks import specified_hooks
from dragon_framework.testing.live import LiveService, ServiceClient
from dragon_framework.testing.samples import sample_files

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))
DRAGON = Path(sys.executable).parent / "dragon"
KEY = b"a key of this test"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory in which the wheels of all examples are installed."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, *EXAMPLES], check=True)
    built = sorted(wheels.glob("*.whl"))
    assert len(built) == len(EXAMPLES)
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", site, *built], check=True)
    return site


@pytest.fixture(scope="module")
def service(site, tmp_path_factory):
    """A service with all of them in use."""
    database = tmp_path_factory.mktemp("database") / "files.db"
    settings = {
        "acme_tokens_key": KEY.decode(),
        "acme_hosts_allow": "127.0.0.1,*.example.com",
        "acme_max_pixels": 5000,
        "audio_speech": "morse",
        "storage": f"sqlite://{database}",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        with LiveService(settings) as service:
            yield service


@pytest.fixture
def client(service):
    return ServiceClient(service.url, service.secret)


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "a.png").write_bytes(sample_files()["sample.png"])  # 64 × 48 px
    return tmp_path / "a.png"


def dragon(site, *words):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    return subprocess.run([DRAGON, *words], env=environ | {"PYTHONPATH": str(site)}, capture_output=True, text=True)


def test_all_of_them_are_loaded(site):
    found = {plugin["distribution"]: plugin for plugin in json.loads(dragon(site, "plugins", "--json").stdout)}

    for name in ("acme-tokens", "acme-hosts", "acme-bill", "acme-sqlite", "acme-histogram"):
        assert (found[name]["state"], found[name]["problems"]) == ("loaded", []), name


def test_every_hook_is_in_an_example_and_on_the_page_of_hooks():
    """A hook that nobody can see in use is not documented."""
    sources = "".join(path.read_text() for path in (ROOT / "examples").glob("*/src/*/*.py"))
    page = (ROOT / "docs" / "reference" / "hooks.md").read_text()

    shown = {name for name in specified_hooks() if re.search(rf"@hookimpl\n\s+def {name}\(", sources)}
    documented = {name for name in specified_hooks() if re.search(rf"^#+ .*{name}", page, re.MULTILINE)}

    assert shown == documented == set(specified_hooks())


def test_every_example_is_in_the_readme():
    readme = (ROOT / "examples" / "README.md").read_text()

    assert [path.name for path in EXAMPLES if f"[{path.name}]" not in readme] == []


def test_the_task_keeps_the_contract(site):
    done = dragon(site, "check", "acme-histogram")

    assert done.stdout.endswith("acme-histogram 0.1.0 keeps the contract (1 task).\n"), done.stdout + done.stderr
    assert "not run" not in done.stdout


def test_the_task_counts_and_keeps_to_its_own_setting(client, serve_file, picture, tmp_path):
    from PIL import Image

    Image.new("L", (80, 70), 255).save(tmp_path / "large.png")
    Image.new("L", (10, 4), 255).save(tmp_path / "white.png")

    white = client.run("acme.histogram", url=serve_file(tmp_path / "white.png"), bins=4)
    large = client.run("acme.histogram", url=serve_file(tmp_path / "large.png"))

    assert white.result == {"counts": [0, 0, 0, 40], "darkest": 3}
    assert large.status == "error"
    assert large.result == "the picture has 5600 pixels, and at most 5000 are looked at"


def token(account, expires, key=KEY):
    """A token, by the words of RFC 2104 and the module's docstring, not by the module."""
    signed = f"acme.{account}.{expires}"
    return f"{signed}.{hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()}"


def test_a_valid_token_is_let_in_and_no_other(service, serve_file, picture):
    soon, past = int(time.time()) + 60, int(time.time()) - 1
    definition = {"task_name": "image.info", "url": serve_file(picture)}

    answers = {}
    for name, secret in {
        "valid": token("anna", soon),
        "expired": token("anna", past),
        "of another key": token("anna", soon, b"another"),
        "of another account": token("anna", soon).replace("anna", "otto"),
    }.items():
        body = json.dumps({"tasks": definition, "block": True}).encode()
        headers = {"Authorization": f"Secret {secret}", "Content-Type": "application/json"}
        try:
            answers[name] = urlopen(Request(f"{service.url}/v1/create", body, headers)).status
        except OSError as error:
            answers[name] = error.code

    assert answers == {"valid": 200, "expired": 401, "of another key": 401, "of another account": 401}


def test_a_host_that_is_not_listed_is_refused(client):
    done = client.run("image.info", url="http://localhost:8080/a.png")

    assert done.status == "error"
    assert "the host localhost is not on the list of this service" in done.result


def test_finished_tasks_are_on_the_bill_the_metrics_and_the_page(client, serve_file, picture):
    before = json.loads(client.get("/acme/bill"))
    client.run("image.info", url=serve_file(picture))
    client.run("image.info", url="http://elsewhere.invalid/")

    after = json.loads(client.get("/acme/bill"))
    metrics = client.get("/metrics").decode()

    assert after["tasks"] == before["tasks"] + 2
    assert after["seconds"] > before["seconds"]
    assert re.search(rf"^acme_bill_tasks {after['tasks']}(\.0)?$", metrics, re.MULTILINE)
    assert float(re.search(r"^acme_bill_queued (\S+)$", metrics, re.MULTILINE)[1]) >= 2


def test_files_are_stored_in_the_database_and_handed_out(client, serve_file, picture):
    done = client.run("image.thumb", url=serve_file(picture), width=16)

    assert done.status == "success", done.whole
    data = done.file("output")
    assert data[:3] in {b"\xff\xd8\xff", b"\x89PN"}
    ranged = urlopen(Request(done.result["output"], headers={"Range": "bytes=1-3"}))
    assert (ranged.status, ranged.read()) == (206, data[1:4])


def test_speech_is_morse_code(client):
    done = client.run("audio.tts", text="sos")

    assert done.status == "success", done.whole
    # ... --- ... : 5 + 3 + 11 + 3 + 5 = 27 dots of 60 ms (ITU-R M.1677-1, 2.), and what is left of the silence around.
    assert done.result["duration"] == pytest.approx(27 * 0.06, abs=0.15)
    assert done.result["engine"] == "morse"


def test_paris_is_fifty_dots(site, tmp_path, monkeypatch):
    """The word by which the speed of Morse code is told, with the pause behind it (ITU-R M.1677-1)."""
    monkeypatch.syspath_prepend(str(site))
    from acme_morse.speech import MorseDriver, signals

    class Context:
        def check(self):
            pass

    MorseDriver("", "").speak("Paris", "male", tmp_path / "a.wav", Context())

    assert sum(dots for _, dots in signals("PARIS")) == 50
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == 50 * int(8000 * 0.06)
