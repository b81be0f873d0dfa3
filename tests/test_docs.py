"""What the documentation shows is what there is."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
EXAMPLE = ROOT / "docs" / "examples" / "acme-gzip"
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")]
    if "reference" not in path.parts
)


def blocks(page, language):
    """Return the fenced code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())

    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


def test_the_tutorial_shows_the_example_as_it_is():
    tutorial = ROOT / "docs" / "tutorial" / "first-plugin.md"

    shown = blocks(tutorial, "toml") + blocks(tutorial, "python")

    files = ["pyproject.toml", "src/acme_gzip/gzip.py", "tests/test_gzip.py"]
    assert shown == [(EXAMPLE / file).read_text() for file in files]


@pytest.fixture(scope="module")
def example_site(tmp_path_factory):
    """A directory for PYTHONPATH with the tutorial's package installed."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", site]
    subprocess.run([*command, EXAMPLE], check=True)
    return os.environ | {"PYTHONPATH": str(site), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def test_the_commands_of_the_tutorial_work(example_site, tmp_path):
    (script,) = blocks(ROOT / "docs" / "tutorial" / "first-plugin.md", "sh")
    install, *commands = script.strip().splitlines()
    assert install.startswith("pip install")
    (tmp_path / "acme-gzip").symlink_to(EXAMPLE)

    done = subprocess.run(
        ["bash", "-eu", "-c", "\n".join(commands)], env=example_site, cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "acme-gzip" in done.stdout
    assert (tmp_path / "out" / "output.gz").stat().st_size > 100


def test_the_tests_of_the_tutorial_pass(example_site):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", EXAMPLE, EXAMPLE / "tests"]

    done = subprocess.run(command, env=example_site, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@cache
def help_of(command):
    """Return the help of a `dragon` command, such as `accounts add`."""
    return subprocess.run([BIN / "dragon", *command, "--help"], capture_output=True, text=True, check=True).stdout


def shown_commands():
    """Return (page, words) of each `dragon` command line in a shell block."""
    for page in PAGES:
        for block in blocks(page, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("dragon "):
                    yield pytest.param(line.split("#")[0].split()[1:], id=f"{page.stem}: {line[:60]}")


@pytest.mark.parametrize("words", list(shown_commands()))
def test_every_flag_in_the_pages_is_one_the_command_has(words):
    command = (words[0], words[1]) if words[0] == "accounts" else (words[0],)

    flags = [word.partition("=")[0] for word in words if word.startswith("-")]

    assert [flag for flag in flags if flag not in help_of(command)] == []
