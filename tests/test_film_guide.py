"""Every definition, command and program of the guide to films runs as it stands; only where the files lie is put in."""

import json
import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.service import Service
from dragon_video.film.errors import FilmError
from gallery import pictures

GUIDE = (Path(__file__).parent.parent / "docs" / "how-to" / "films.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
PAIRS = list(zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True))
FILMS = [text for (language, text), (after, _) in PAIRS if language == "xml" and after != "text"]
WRONG = [(text, told) for (language, text), (after, told) in PAIRS if language == "xml" and after == "text"]
SHORT = {"profile": "mobile-small", "preview": False}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The files of the guide, and one tile of a map."""
    directory = tmp_path_factory.mktemp("guide")
    pictures.draw(directory)
    Image.new("RGB", (256, 256), "#d8e8c8").save(directory / "tile.png")
    return directory


@pytest.fixture(scope="module")
def site(home):
    """URL of a server of these files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(home)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def title_of(definition):
    """Return the last heading before a definition."""
    before = GUIDE[: GUIDE.index(definition)]
    return re.findall(r"^## (.*)$", before, re.MULTILINE)[-1]


@pytest.mark.parametrize("definition", FILMS, ids=title_of)
def test_the_films_of_the_guide_are_made(definition, site, run_task, monkeypatch):
    monkeypatch.setenv("DRAGON_VIDEO_MAP_TILES", f"{site}tile.png?z={{z}}&x={{x}}&y={{y}}")

    made = run_task("video.create", definition=definition.replace("https://example.com/", site), **SHORT)

    themes = [warning for warning in made.warnings if "director.theme" in warning]
    assert made.warnings == (themes if "director.theme" in definition else [])
    assert made.files["export"].stat().st_size > 4_000


def test_the_durations_that_the_guide_names_are_those_of_its_films(site, run_task):
    def seconds(number):
        definition = FILMS[number].replace("https://example.com/", site)
        return run_task("video.create", definition=definition, dry_run=True, profile="360p").duration

    assert seconds(0) == 7
    assert seconds(1) == 3 + 3 + 3 - 2
    assert seconds(2) == 12  # of the song


@pytest.mark.parametrize(("definition", "told"), WRONG, ids=lambda text: text.strip().split("\n")[0][:30])
def test_wrong_definitions_are_answered_as_the_guide_says(definition, told, site, run_task):
    with pytest.raises(FilmError) as failure:
        run_task("video.create", definition=definition.replace("https://example.com/", site), **SHORT)

    assert str(failure.value) == told.rstrip("\n")


def test_the_codes_of_the_guide_are_those_of_the_errors():
    rows = dict(re.findall(r"^\| `(\w+Error)` \| `(\w+)` \|", GUIDE, re.MULTILINE))

    assert rows == {kind.name: kind.code for kind in FilmError.__subclasses__()}


def test_the_command_and_the_program_work_with_a_service(home, site):
    (command,) = [text for language, text in BLOCKS if language == "sh"]
    (program,) = [text for language, text in BLOCKS if language == "python"]
    (home / "film.xml").write_text(FILMS[0].replace("https://example.com/", site))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}

    with Service(allow_source="127.0.0.0/8") as dragon:
        environ = kept | {"DRAGON": f"http://127.0.0.1:{dragon.port}", "SECRET": dragon.secret}
        shell = subprocess.run(
            ["bash", "-eu", "-c", command], cwd=home, env=environ, capture_output=True, text=True, timeout=100
        )
        client = subprocess.run(
            [sys.executable, "-c", program], cwd=home, env=environ, capture_output=True, text=True, timeout=100
        )

    assert shell.returncode == 0, shell.stdout + shell.stderr
    (status,) = json.loads(shell.stdout)
    assert (status["status"], status["result"]["duration"], status["result"]["width"]) == ("success", 7, 640)
    assert {"export", "preview", "thumbnail"} <= status["result"].keys()
    assert client.returncode == 0, client.stdout + client.stderr
    assert client.stdout.splitlines()[-1].startswith("success")
    assert (home / "film.mp4").read_bytes()[4:8] == b"ftyp"  # ISO/IEC 14496-12, 4.3
