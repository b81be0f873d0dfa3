"""`dragon check`: a readable report of an installed plugin, each task in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing.conftest import GOOD

DRAGON = Path(sys.executable).parent / "dragon"
METADATA = """Metadata-Version: 2.1
Name: acme-measure
Version: 1.0
Summary: Measures files
Requires-Python: >=3.11
Requires-Dist: dragon-framework<0.2,>=0.1
"""


@pytest.fixture
def site(tmp_path):
    """A function that installs acme-measure with some text replaced, and returns the environment to see it in."""

    def install(changes=(), metadata=METADATA, typed=True):
        source = GOOD
        for old, new in dict(changes).items():
            assert old in source
            source = source.replace(old, new)
        package = tmp_path / "site" / "acme_measure"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(source)
        if typed:
            (package / "py.typed").touch()
        info = tmp_path / "site" / "acme_measure-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text("[dragon.tasks]\nacme.measure = acme_measure:measure\n")
        return os.environ | {"PYTHONPATH": str(tmp_path / "site")}

    return install


@pytest.fixture
def right(tmp_path):
    (tmp_path / "right.acme").write_bytes(b"ACME" + bytes(50))
    return f"url={tmp_path / 'right.acme'}"


def check(environ, *words):
    return subprocess.run([DRAGON, "check", "acme-measure", *words], env=environ, capture_output=True, text=True)


def test_a_plugin_that_keeps_the_contract_is_said_to(site, right):
    done = check(site(), "acme.measure", right)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "acme-measure 1.0: 4 of 4 rules kept",
        "acme.measure: 23 of 23 rules kept",
        "",
        "acme-measure 1.0 keeps the contract (1 task).",
    ]


def test_a_task_that_needs_a_sample_says_so_and_is_no_breach(site):
    done = check(site())

    assert done.returncode == 0
    assert "acme.measure: 15 of 15 rules kept" in done.stdout
    assert "not run   runs, tidy, outputs, progress, partial, cacheable, cancel, tried: none of the core's" in (
        done.stdout
    )


def test_each_breach_is_a_line_and_the_exit_status_is_1(site, right):
    environ = site({'"""Measure a file."""': '"""Measure a file"""', ', description="How hard."': ""})

    done = check(environ, "acme.measure", right)

    assert done.returncode == 1
    assert "  BROKEN    summary: the first line of the docstring must be a sentence with a full stop" in done.stdout
    assert "  BROKEN    descriptions: setting 'level' has no description" in done.stdout
    assert "  not run   runs, tidy, outputs, progress, partial, cacheable, cancel, tried, hostile: the rules" in (
        done.stdout
    )
    assert done.stdout.endswith("\n2 breaches of the contract.\n")


PACKAGES = {
    "no requirement": (METADATA.replace("Requires-Dist: dragon-framework<0.2,>=0.1\n", ""), True, "requires"),
    "no upper bound": (METADATA.replace("<0.2,", ""), True, "requires"),
    "no description": (METADATA.replace("Summary: Measures files\n", ""), True, "about"),
    "no python": (METADATA.replace("Requires-Python: >=3.11\n", ""), True, "about"),
    "no types": (METADATA, False, "typed"),
}


@pytest.mark.parametrize(("metadata", "typed", "rule"), PACKAGES.values(), ids=PACKAGES)
def test_what_is_wrong_with_the_package_is_told(site, metadata, typed, rule):
    done = check(site(metadata=metadata, typed=typed), "--json")

    package = json.loads(done.stdout)[0]
    assert [breach["rule"] for breach in package["breaches"]] == [rule]
    assert done.returncode == 1


def test_a_plugin_that_cannot_be_imported_is_told(site):
    done = check(site({"from msgspec import Meta, Struct": "import nothing_of_this_name"}))

    assert done.returncode == 1
    assert "BROKEN    loads: acme.measure: ModuleNotFoundError: No module named 'nothing_of_this_name'" in done.stdout


ENDS = {
    "crashes": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the process that ran it died (SIGSEGV)"),
    "hangs": ("import time; time.sleep(60)", "was not done within 6 s: a run hangs, or takes too long"),
}


@pytest.mark.parametrize(("code", "sentence"), ENDS.values(), ids=ENDS)
def test_a_task_that_crashes_or_hangs_is_a_breach_and_ends_nothing_else(site, right, code, sentence):
    environ = site({"data = path.read_bytes()": f"{code}; data = path.read_bytes()"})

    done = check(environ, "acme.measure", right, "--seconds", "6")

    assert done.returncode == 1
    assert f"BROKEN    survives: {sentence}" in done.stdout


def test_a_name_that_no_package_has_is_an_error():
    done = subprocess.run([DRAGON, "check", "acme-nothing"], capture_output=True, text=True)

    assert done.returncode == 1
    assert "acme-nothing" in done.stderr
    assert "pip install" in done.stderr
