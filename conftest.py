"""How all tests of this repository are run: in which order, on which processes, and how long at the most.

With pytest-xdist, tests whose module has fixtures of its own run on one process, so that a
service or an environment is made once; other tests go to whichever process is free. What takes
long begins first, so that no process is left alone with it at the end (`make test` keeps this order).
"""

import os
from pathlib import Path

import hypothesis
import pytest

from benchmarks.npm import node_directory

# Examples may be slow on a machine that does other things; a test that hangs has a timeout of its own.
hypothesis.settings.register_profile("dragon", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("dragon")

# The same Node.js everywhere, so that no test is left out for want of one.
if (node := node_directory()) is not None:
    os.environ["PATH"] = f"{node}{os.pathsep}{os.environ['PATH']}"

ROOT = Path(__file__).parent
LONGEST_FIRST = (
    "tests/test_openapi_fuzz.py",
    "tests/browser/",
    "tests/cli/test_serve.py",
    "plugins/dragon-upload/tests/test_service.py",
    "plugins/dragon-upload/tests/test_official_clients.py",
    "plugins/dragon-upload/tests/test_real_servers.py",
    "tests/packaging/",
    "tests/faults/",
    "tests/security/",
    "tests/cluster/",
    "tests/examples/",
    "tests/docs/",
    "tests/test_tutorial.py",
    "tests/test_readme.py",
    "tests/test_film_guide.py",
    "tests/test_gallery.py",
    "tests/api/",
    "tests/worker/",
    "tests/testing/",
    "plugins/",
)
"""Files and directories whose tests take long, the longest units first; all others come behind them."""


def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are processors: many tests wait for a service, and leave theirs free."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first, and keep together what shares a fixture of its module."""
    shared = {item.path for item in items if _has_a_fixture_of_its_module(item)}
    for item in items:
        if item.path in shared and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(ROOT).as_posix()))
    items.sort(key=lambda item: _place(item.path))


def _has_a_fixture_of_its_module(item: pytest.Item) -> bool:
    """Whether it uses a fixture that is made once for its module or class."""
    definitions = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009  # pytest has no public name for it
    return any(found[-1].scope in {"module", "class"} for found in definitions.values())


def _place(path: Path) -> int:
    name = path.relative_to(ROOT).as_posix()
    places = (place for place, beginning in enumerate(LONGEST_FIRST) if name.startswith(beginning))
    return next(places, len(LONGEST_FIRST))
