"""Every fenced block of every page runs as it stands, or says why it cannot, beside one service for all of them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from blocks import DATA, ELSEWHERE, ROOT, RUN, blocks_of, left_of, pages
from PIL import Image

from benchmarks.service import Service
from dragon_framework.testing.file_server import FileServer
from dragon_framework.testing.samples import sample_files

pytestmark = pytest.mark.xdist_group("blocks")

BIN = Path(sys.executable).parent
NODE = shutil.which("node")
PAGES = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in pages()]
RUNNABLE = [page for page in PAGES if any(block.language in RUN for block in left_of(page.values[0]))]


@pytest.fixture(scope="module")
def service():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    environ["DRAGON_ALLOW_SOURCE"] = "127.0.0.0/8"
    with Service(environ=environ, concurrency=2) as running:
        yield running


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """The files of a reader, under the names that the pages have for them."""
    directory = tmp_path_factory.mktemp("samples")
    files = sample_files()
    Image.effect_noise((480, 360), 60).convert("RGB").save(directory / "cat.jpg")
    for name, sample in {"song.mp3": ".wav", "film.mp4": ".mp4", "page.html": ".html"}.items():
        (directory / name).write_bytes(files[f"sample{sample}"])
    return directory


@pytest.fixture
def site(samples):
    """The URL of a server with the reader's picture: for pages that say `https://example.com/`."""
    with FileServer() as server:
        yield server.serve(samples / "cat.jpg").removesuffix("cat.jpg")


def test_each_block_is_run_or_says_why_it_is_not():
    wrong = [str(block) for path in pages() for block in left_of(path) if block.language not in RUN | DATA]

    assert wrong == [], "put <!-- not run: why --> before the fence, or name the language of what can be run"


def test_a_reason_is_a_reason():
    reasons = [(str(block), block.reason) for path in pages() for block in blocks_of(path) if block.reason]

    assert reasons
    assert [told for told in reasons if len(told[1].split()) < 3] == []


@pytest.mark.parametrize("page", sorted(ELSEWHERE))
def test_the_tests_of_other_pages_are_there_and_take_all_their_blocks(page):
    other = ELSEWHERE[page]
    test = (ROOT / other.test).read_text()
    found = [block for block in blocks_of(ROOT / page) if block.language in other.languages and not block.reason]

    assert Path(page).name in test
    assert found
    assert other.number is None or len(found) == other.number, f"look at {other.test}: does it run the new block?"


def read(language, text):
    """Read a block of data; raises what its reader does."""
    match language:
        case "json":
            json.loads(text)
        case "toml":
            tomllib.loads(text)
        case "yaml":
            yaml.safe_load(text)
        case "xml":
            ET.fromstring(text)
        case "html":
            HTMLParser().feed(text)


@pytest.mark.parametrize("path", [page for page in PAGES if any(b.language in DATA for b in left_of(page.values[0]))])
def test_blocks_of_data_can_be_read(path):
    for block in left_of(path):
        if block.language in DATA:
            read(block.language, block.text)


def script_of(path):
    """Return the blocks of a page as one script, in order: programs are handed to their interpreters."""
    lines = []
    for number, block in enumerate(left_of(path)):
        end = f"END_{number}"
        if block.language == "sh":
            lines.append(f"echo '-- line {block.line}'\n{block.text}")
        elif block.language == "python":
            lines.append(f"echo '-- line {block.line}'\npython - <<'{end}'\n{block.text}{end}\n")
        elif block.language == "js" and NODE:
            lines.append(
                f"echo '-- line {block.line}'\ncat >{number}.mjs <<'{end}'\n{block.text}{end}\nnode {number}.mjs\n"
            )
    return "\n".join(lines)


def statuses_in(said):
    """Yield each status that a script has printed: alone, in a list, or as a line of a stream."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"^(?:data: )?(?=[\[{])|(?<=[\]}])(?=[\[{])", said, re.MULTILINE):
        try:
            value, _ = decoder.raw_decode(said, found.end())
        except ValueError:
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "key" in one and "status" in one:
                yield one


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", RUNNABLE)
def test_the_commands_and_programs_of_a_page_run(path, service, samples, site, tmp_path):
    for file in samples.iterdir():
        (tmp_path / file.name).symlink_to(file)
    shutil.copy(ROOT / "clients" / "javascript" / "dragon.js", tmp_path)
    url = f"http://127.0.0.1:{service.port}"
    script = script_of(path)
    for said, meant in {
        "http://127.0.0.1:8000": url,
        "SECRET=...": f"SECRET={service.secret}",
        "the secret that `dragon serve` prints": service.secret,
        "./.dragon": str(service.data),
        "https://example.com/photo.jpg": f"{site}cat.jpg",
        "https://example.com/a.jpg": f"{site}cat.jpg",
        " NAME": " development",
    }.items():
        script = script.replace(said, meant)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "PYTEST", "COV"))}
    key = re.search(r"api key: (\S+)", service.said)[1]
    environ = kept | {
        "PATH": f"{BIN}{os.pathsep}{kept['PATH']}",
        "DRAGON": url,
        "SECRET": service.secret,
        "KEY": key,
        "DRAGON_SERVER": url,
        "DRAGON_SECRET": service.secret,
        "DRAGON_DATA_DIR": str(service.data),
    }

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=280,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"status":"error","errors":' not in done.stdout, done.stdout
    wrong = [status for status in statuses_in(done.stdout) if status["status"] == "error"]
    assert wrong == []
    assert not re.search(r"/v1/create(_stream)? -", script) or list(statuses_in(done.stdout)), done.stdout


def test_a_block_that_nobody_runs_is_seen(tmp_path, monkeypatch):
    page = ROOT / "docs" / "how-to" / "accounts.md"
    text = page.read_text()
    new = tmp_path / "docs" / "how-to" / "accounts.md"
    new.parent.mkdir(parents=True)
    new.write_text(
        f"{text}\n<!-- not run: it is only shown here -->\n```sh\nrm x\n```\n\n   ```ruby\n   puts\n   ```\n"
    )
    monkeypatch.setattr("blocks.ROOT", tmp_path)

    found = blocks_of(new)[-2:]

    assert [(block.language, block.reason) for block in found] == [("sh", "it is only shown here"), ("ruby", "")]
    assert [block.language for block in left_of(new)][-1] == "ruby"
