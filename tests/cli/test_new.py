"""`dragon new`: the package it writes is tested, typed, formatted and keeps the contract, as it is."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from dragon_framework.cli import main
from dragon_framework.cli.new import plugin_files, words_of
from tests.beside import environment_beside

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(The directory of a new plugin, the variables of an environment that its workflow has made)."""
    directory = tmp_path_factory.mktemp("new")
    assert main(["new", "acme-words", "--into", str(directory)]) == 0
    package = directory / "acme-words"
    environ = environment_beside(tmp_path_factory.mktemp("beside") / "venv")
    upgrade, install, *_ = steps(package)
    assert upgrade == "python -m pip install --upgrade pip"  # is left out: our pip will do
    install = install.replace("-m pip install", "-m pip install --no-build-isolation")  # the backend is here, too
    done = subprocess.run(["bash", "-ec", install], cwd=package, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return package, environ


def steps(package):
    """Return the commands of the workflow that `dragon new` writes."""
    return re.findall(r"^ +- run: (.*)$", (package / ".github" / "workflows" / "test.yml").read_text(), re.MULTILINE)


def run(made, *command):
    program = shutil.which(command[0], path=f"{made[1]['PATH']}{os.pathsep}{BIN}")
    return subprocess.run([program, *command[1:]], cwd=made[0], env=made[1], capture_output=True, text=True)


def test_it_has_what_a_package_needs(made):
    files = {str(path.relative_to(made[0])) for path in made[0].rglob("*") if path.is_file()}

    assert files >= {
        "pyproject.toml", "README.md", "CHANGELOG.md", ".gitignore", ".github/workflows/test.yml",
        "src/acme_words/__init__.py", "src/acme_words/py.typed", "src/acme_words/words.py", "tests/test_words.py",
    }  # fmt: skip


def test_its_wheel_has_the_package_and_not_the_tests(made, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(build, cwd=made[0], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()

    assert "acme_words/py.typed" in names
    assert not [name for name in names if "test" in name]


SAID = {
    "mypy": r"Success: no issues found in 2 source files",
    "pytest": r"4 passed",
    "dragon": r"acme-words 0\.1\.0 keeps the contract \(1 task\)\.",
}


@pytest.mark.parametrize(("program", "said"), SAID.items(), ids=SAID)
def test_each_step_of_its_workflow_passes(made, program, said):
    (step,) = [step for step in steps(made[0])[2:] if step.split()[0] == program]

    done = subprocess.run(["bash", "-ec", step], cwd=made[0], env=made[1], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(said, done.stdout)
    assert "not run" not in done.stdout


def test_no_step_of_its_workflow_is_left_out(made):
    assert [step.split()[0] for step in steps(made[0])] == ["python", "python", *SAID]


def test_it_is_formatted_and_without_lint(made):
    checked = run(
        made, "ruff", "check", "--isolated", "--select", "E,F,W,I,B,UP,RUF,SIM,PT", "--line-length", "120", "."
    )
    formatted = run(made, "ruff", "format", "--isolated", "--check", "--line-length", "120", ".")

    assert checked.returncode == 0, checked.stdout
    assert formatted.returncode == 0, formatted.stdout


def test_its_task_runs(made, tmp_path):
    (tmp_path / "text").write_text("Here be dragons\n")

    done = run(made, "dragon", "run", "acme.words", f"url={tmp_path / 'text'}", "first=3", "-o", str(tmp_path))

    assert json.loads(done.stdout) == {"lines": 1, "words": 3, "output": str(tmp_path / "output.txt")}
    assert (tmp_path / "output.txt").read_text() == "3\tHere be dragons\n"


def test_what_it_says_next_is_what_works(tmp_path, capsys):
    main(["new", "acme-words", "--into", str(tmp_path)])

    said = capsys.readouterr().out
    assert "dragon run acme.words url=" in said
    assert "dragon check acme-words" in said


NAMES = {
    "acme-words": ("acme.words", "acme_words", "words"),
    "words": ("words.count", "words", "count"),
    "acme-media-info": ("acme.media_info", "acme_media_info", "media_info"),
    "acme-class": ("acme.class", "acme_class", "class_task"),
    "acme-task": ("acme.task", "acme_task", "task_task"),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_names_follow_from_the_packages(name, expected):
    words = words_of(name)

    assert (words["task"], words["package"], words["module"]) == expected
    for path, text in plugin_files(words).items():
        assert not re.search(r"\{\{[a-z_]+\}\}", text), path
        if path.endswith(".py"):
            compile(text, path, "exec")
        if path.endswith(".toml"):
            tomllib.loads(text)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Acme"], "NAME: a package's name is lower case words with hyphens, such as acme-words, got 'Acme'"),
        (["../acme"], "NAME: a package's name is"),
        (["acme", "--task", "Words"], "--task: a task's name is family.name in lower case"),
        (["taken"], "exists already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(tmp_path, capsys, words, sentence):
    (tmp_path / "taken").mkdir()

    assert main(["new", *words, "--into", str(tmp_path)]) == 2

    assert sentence in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
