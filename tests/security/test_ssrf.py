"""No spelling of an address inside gets a connection there: `ssrf.py`, which has the forms, in a network of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "ssrf.md"
# One process for all of them: they share one measurement, and its canary has one place.
pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("ssrf")]

UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount"]


def namespaces():
    """Whether this system lets us have a network of our own, and has the program `ip`."""
    try:
        return not subprocess.run([*UNSHARE, "ip", "link", "set", "lo", "up"], capture_output=True).returncode
    except OSError:
        return False


@pytest.fixture(scope="module")
def found():
    if not namespaces():
        pytest.skip("needs user namespaces (unshare) and ip")
    ran = subprocess.run(
        [sys.executable, Path(__file__).with_name("ssrf.py"), "--json"], capture_output=True, text=True, timeout=220
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.xdist_group("ssrf")
def test_no_form_reaches_an_address_inside_by_any_door(found):
    reached = [(row["form"], row["reached"]) for row in found["rows"] if any(row["reached"].values())]

    assert reached == []


@pytest.mark.xdist_group("ssrf")
def test_nothing_of_the_inside_comes_back_and_every_refusal_is_an_error_of_ours(found):
    odd = [
        (row["form"], door, told)
        for row in found["rows"]
        for door, told in row["told"].items()
        if told == "canary" or told.startswith("raised")
    ]

    assert odd == []


@pytest.mark.xdist_group("ssrf")
def test_the_canaries_sing_and_the_doors_are_open_to_the_outside(found):
    """Without the guard most forms do reach the inside; and with it the public server is still reached."""
    rows = [row for row in found["rows"] if row["group"] != "control"]
    control = next(row for row in found["rows"] if row["group"] == "control")

    assert set(control["told"].values()) == {"ok"}
    assert len(rows) >= 130
    assert sum(bool(row["unguarded"]) for row in rows) >= 90
    for form in ("rebinding: the second answer is inside", "chain of four, then inside", "NAT64", "file", "gopher"):
        assert next(row for row in rows if row["form"] == form)["unguarded"], form


@pytest.mark.xdist_group("ssrf")
def test_the_page_has_every_form_that_is_tried(found):
    page = PAGE.read_text(encoding="utf-8")

    assert [row["form"] for row in found["rows"][1:] if f"| {row['group']} | {row['form']} |" not in page] == []
