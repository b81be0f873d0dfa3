"""The pages for authors: the recipes are what is in the repository, keep the contract, and do what they say."""

import hashlib
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dragon_framework.cli import main
from dragon_framework.errors import SourceUnavailableError
from dragon_framework.registry import load_registry
from dragon_framework.testing import check_task
from dragon_framework.testing.behaviour import BEHAVIOUR
from dragon_framework.testing.conformance import RULES
from dragon_framework.testing.fault_server import FaultServer
from dragon_framework.testing.samples import sample_files

DOCS = Path(__file__).parent.parent / "docs"
COOKBOOK = DOCS / "examples" / "cookbook"
RECIPES = ("cut", "label", "rate", "digests")


def blocks(page, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """The recipes as one installed distribution."""
    site = tmp_path / "site"
    info = site / "acme_cookbook-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-cookbook\nVersion: 1.0\n")
    points = "".join(f"acme.{name} = acme_cookbook_{name}:{name}\n" for name in RECIPES)
    (info / "entry_points.txt").write_text(f"[dragon.tasks]\n{points}")
    for name in RECIPES:
        (site / f"acme_cookbook_{name}.py").write_text((COOKBOOK / f"{name}.py").read_text())
        monkeypatch.delitem(sys.modules, f"acme_cookbook_{name}", raising=False)
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A model that tells day from night by how bright a picture is."""
    weights = np.stack([np.full(192, 1.0), np.full(192, -1.0)], axis=1)
    np.savez(tmp_path / "model.npz", weights=weights, bias=np.array([-96.0, 96.0]), labels=np.array(["day", "night"]))
    monkeypatch.setenv("DRAGON_ACME_LABEL_MODEL", str(tmp_path / "model.npz"))


@pytest.fixture
def sample(tmp_path):
    """A function that writes one of the core's small files."""

    def write(ending):
        path = tmp_path / f"sample{ending}"
        path.write_bytes(sample_files()[path.name])
        return path

    return write


def test_the_page_shows_the_recipes_as_they_are():
    assert blocks("how-to/cookbook.md") == [(COOKBOOK / f"{name}.py").read_text() for name in RECIPES]


def test_the_recipe_with_ffmpeg(recipes, sample, run_task):
    check_task("acme.cut", sample={"url": sample(".wav"), "duration": 0.5}, hostile=True)
    run = run_task("acme.cut", url=str(sample(".wav")), start=0.5, duration=1)

    import av

    with av.open(str(run.files["output"])) as sound:
        assert sound.format.name == "flac"
        assert sound.duration / av.time_base == pytest.approx(1.0, abs=0.01)


def test_the_recipe_with_a_model(recipes, model, sample, run_task, tmp_path):
    from PIL import Image

    Image.new("RGB", (30, 20), "white").save(tmp_path / "white.png")
    Image.new("RGB", (30, 20), "black").save(tmp_path / "black.png")

    check_task("acme.label", sample={"url": sample(".png")}, hostile=True)

    # Scores of white: 192 - 96 and -192 + 96; the softmax of ±96 is 1 to the last digit of a float.
    assert run_task("acme.label", url=str(tmp_path / "white.png")).values == {"label": "day", "confidence": 1.0}
    assert run_task("acme.label", url=str(tmp_path / "black.png")).label == "night"


def test_the_recipe_with_a_web_service(recipes, run_task, monkeypatch):
    with FaultServer() as server:
        monkeypatch.setenv("DRAGON_ACME_RATE_ENDPOINT", server.data("rate.json", b'{"rate": 1.25}'))
        check_task("acme.rate", sample={"base": "USD"})
        assert run_task("acme.rate", base="USD").rate == 1.25

        monkeypatch.setenv("DRAGON_ACME_RATE_ENDPOINT", server.data("rate.json", b'{"rate": "none"}'))
        with pytest.raises(Exception, match="there is no rate for USD/EUR"):
            run_task("acme.rate", base="USD")

        monkeypatch.setenv("DRAGON_ACME_RATE_ENDPOINT", server.status(503))
        with pytest.raises(SourceUnavailableError) as caught:
            run_task("acme.rate", base="USD")
        assert caught.value.transient


def test_the_long_recipe(recipes, run_task, tmp_path):
    data = bytes(2**20) + b"end"
    (tmp_path / "file").write_bytes(data)

    check_task("acme.digests", sample={"url": tmp_path / "file"}, hostile=True, reads_anything=True)
    run = run_task("acme.digests", url=str(tmp_path / "file"))

    expected = [hashlib.sha256(data[: 2**20]).hexdigest(), hashlib.sha256(b"end").hexdigest()]
    assert run.digests == expected
    assert run.partial == [{"digests": expected[:1]}, {"digests": expected}]
    assert run.progress == [99, 100]


def test_a_recipe_runs_from_its_directory(sample, capsys):
    assert main(["run", "acme.digests", f"url={sample('.txt')}", "--plugin-dir", str(COOKBOOK), "--json"]) == 0

    assert hashlib.sha256(sample_files()["sample.txt"]).hexdigest() in capsys.readouterr().out


def test_the_tests_on_the_page_about_tests_pass(tmp_path):
    """They are put into a new plugin, beside the tests that it has."""
    assert main(["new", "acme-words", "--into", str(tmp_path)]) == 0
    package = tmp_path / "acme-words"
    imports = "import pytest\nfrom dragon_framework.errors import SourceUnavailableError\n"
    (package / "tests" / "test_page.py").write_text(imports + "\n\n".join(blocks("how-to/test-a-task.md")))
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", site, package], check=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "DRAGON_"))}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", package],
        env=environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


def test_the_page_about_tests_names_every_rule():
    page = (DOCS / "how-to" / "test-a-task.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+`,? ?)+)\|", page, re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == {*RULES, *BEHAVIOUR, "hostile"}


def test_every_public_name_of_the_contract_is_on_its_page():
    from dragon_framework import __all__ as door
    from dragon_framework import fields
    from dragon_framework.tasks import TaskContext

    page = (DOCS / "reference" / "contract.md").read_text()
    types = [name for name, value in vars(fields).items() if hasattr(value, "__metadata__")]
    members = [name for name in [*vars(TaskContext), *TaskContext.__annotations__] if name[0] != "_"]

    assert len(types) >= 15
    assert [name for name in types if f"`{name}`" not in page] == []
    assert [name for name in members if f"### {name}\n" not in page] == []
    private = {"DragonError", "PluginError", "Task", "__version__", "task"}
    assert [name for name in set(door) - private if f" {name}\n" not in page and f"`{name}(" not in page] == []


def test_there_are_no_recipes_among_the_installed_tasks():
    assert not {f"acme.{name}" for name in RECIPES} & set(load_registry().tasks)
