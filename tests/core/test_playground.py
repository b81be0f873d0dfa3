"""The playground's files: they need nothing from elsewhere, and fit each other.

What its modules compute is tried in Node (`playground.test.mjs`), what it does in a browser against the service.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NODE = shutil.which("node")
STATIC = Path(__file__).parents[2] / "dragon_framework/api/static"
PAGE = (STATIC / "index.html").read_text()
MODULES = {path.relative_to(STATIC).as_posix(): path.read_text() for path in STATIC.rglob("playground*/**/*.js")}
MODULES["playground.js"] = (STATIC / "playground.js").read_text()
NEEDED_AT_ONCE = {name for name in MODULES if not name.startswith("playground/results/")}

IMPORT = re.compile(r"""^(?:import|export) .*?from "([^"]+)";$|import\("([^"]+)"\)""", re.MULTILINE)

every_file = pytest.mark.parametrize("name", ["index.html", "playground.css", "reference.css", *sorted(MODULES)])


def test_every_element_the_modules_ask_for_is_on_the_page():
    asked = {name for text in MODULES.values() for name in re.findall(r'\$\("([a-z-]+)"\)', text)}

    present = set(re.findall(r'id="([a-z-]+)"', PAGE))

    assert asked
    assert asked <= present


@every_file
def test_nothing_is_loaded_from_another_place(name):
    text = (STATIC / name).read_text().replace("http://www.w3.org/2000/svg", "")

    assert all((one or other).startswith(("./", "../")) for one, other in IMPORT.findall(text))
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|\burl\(|@import""", text)


def test_every_module_that_is_imported_is_there():
    for name, text in MODULES.items():
        for path in (one or other for one, other in IMPORT.findall(text)):
            assert ((STATIC / name).parent / path).is_file(), f"{name} imports {path}"


def test_texts_from_plugins_and_results_never_become_markup_or_code():
    for name, text in MODULES.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", text
        ), name


def test_the_page_asks_for_all_it_needs_to_start_at_once():
    preloaded = set(re.findall(r'rel="modulepreload" href="/static/([^"]+)"', PAGE))

    assert preloaded | {"playground.js"} == NEEDED_AT_ONCE


def test_every_file_the_page_loads_is_there():
    loaded = re.findall(r'(?:href|src)="/static/([^"]+)"', PAGE)

    assert loaded
    assert all((STATIC / name).is_file() for name in loaded)


def test_every_control_on_the_page_has_a_label():
    controls = re.findall(r'<(?:input|select|textarea) id="([a-z-]+)"', PAGE)

    assert controls
    assert all(f'for="{control}"' in PAGE for control in controls)


def test_the_page_and_all_it_needs_to_start_are_small():
    """With the schemas of the tasks (10 KB packed) the first load may be 150 KB (issue 10); files travel packed."""
    needed = [STATIC / "index.html", STATIC / "playground.css", *(STATIC / name for name in NEEDED_AT_ONCE)]

    assert sum(len(gzip.compress(path.read_bytes())) for path in needed) < 60_000


def test_what_the_modules_compute():
    facts = {"PLAYGROUND": str(STATIC / "playground"), "PYTHON": sys.executable}
    flags = ["--experimental-default-type=module"] if _node_version() < (20, 19) else []

    ran = subprocess.run(
        [NODE, *flags, "--test", "--test-reporter=tap", "playground.test.mjs"],
        cwd=Path(__file__).parent,
        env=os.environ | facts,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stdout
    assert re.search(r"^# pass 1[0-9]$", ran.stdout, re.MULTILINE)


def _node_version():
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
