"""The playground's files: they need nothing from elsewhere, and fit each other.

What it does in a browser is tried against the service.
"""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "dragon_framework/api/static"
PAGE = (STATIC / "index.html").read_text()
SCRIPT = (STATIC / "playground.js").read_text()


def test_every_element_the_script_asks_for_is_on_the_page_or_made_by_it():
    asked = set(re.findall(r'\$\("([a-z-]+)"\)', SCRIPT))

    present = set(re.findall(r'id="([a-z-]+)"', PAGE)) | set(re.findall(r'id: "([a-z-]+)"', SCRIPT))

    assert asked
    assert asked <= present


@pytest.mark.parametrize("name", ["index.html", "playground.css", "playground.js", "reference.css"])
def test_nothing_is_loaded_from_another_place(name):
    text = (STATIC / name).read_text()

    assert not re.search(r"https?://|url\(|@import|^import ", text, re.MULTILINE)


def test_texts_from_plugins_and_results_never_become_markup():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", SCRIPT)


def test_every_file_the_page_loads_is_there():
    loaded = re.findall(r'(?:href|src)="/static/([^"]+)"', PAGE)

    assert loaded
    assert all((STATIC / name).is_file() for name in loaded)


def test_every_control_on_the_page_has_a_label():
    controls = re.findall(r'<(?:input|select|textarea) id="([a-z]+)"', PAGE)

    assert controls
    assert all(f'for="{control}"' in PAGE for control in controls)
