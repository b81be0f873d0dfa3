"""The dashboard's files: they need nothing from elsewhere, fit each other, and make no markup of what they show."""

import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "dragon_framework/api/static"
PAGE = (STATIC / "admin.html").read_text()
SCRIPTS = {path.name: path.read_text() for path in [STATIC / "admin.js", *sorted((STATIC / "admin").glob("*.js"))]}
STYLES = [(STATIC / name).read_text() for name in ("common.css", "admin.css")]


def test_every_element_the_scripts_ask_for_is_on_the_page_or_made_by_them():
    source = "".join(SCRIPTS.values())
    asked = set(re.findall(r'\$\("([a-z-]+)"\)', source)) | set(re.findall(r'into\("([a-z-]+)"', source))

    present = set(re.findall(r'id="([a-z-]+)"', PAGE)) | set(re.findall(r'id: "([a-z-]+)"', source))

    assert len(asked) > 20
    assert asked <= present


def test_nothing_becomes_markup_and_nothing_breaks_the_policy_of_the_page():
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setAttribute\(\"(?:on|style)"
    )
    for name, source in SCRIPTS.items():
        assert not re.search(forbidden, source), name
    assert not re.search(r"\son\w+=|\sstyle=|<script(?![^>]* src=)|<style", PAGE)


def test_nothing_is_loaded_from_another_place_and_all_that_is_loaded_is_there():
    for text in [PAGE, *STYLES, *SCRIPTS.values()]:
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg\")|url\(|@import", text)
    for name in re.findall(r'(?:href|src)="/static/([^"]+)"', PAGE):
        assert (STATIC / name).is_file()
    for name, source in SCRIPTS.items():
        place = STATIC if name == "admin.js" else STATIC / "admin"
        for imported in re.findall(r'from "\./([^"]+)"', source):
            assert (place / imported).is_file()


def test_every_control_on_the_page_has_a_label():
    controls = re.findall(r'<(?:input|select) id="([a-z-]+)"', PAGE)

    assert controls
    assert all(f'for="{control}"' in PAGE for control in controls)
