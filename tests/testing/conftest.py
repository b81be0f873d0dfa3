"""Task plugins made in a test: a distribution with one module, as pip leaves it."""

import importlib
import itertools
import sys

import pytest

_numbers = itertools.count()

GOOD = '''
from typing import Annotated, Literal

from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError, TaskError, UnreadableSourceError
from dragon_framework.fields import Bytes, Pixels, Ratio, SourceUrl


class TooDarkError(TaskError):
    """The picture is too dark."""

    code = "too_dark"


class Place(Struct, frozen=True, kw_only=True):
    x: Annotated[int, Meta(ge=0, le=9, description="From the left.")] = 0


class Settings(Struct, frozen=True, kw_only=True):
    level: Annotated[int, Meta(ge=1, le=9, description="How hard.")] = 5


class MeasureParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the file.")]
    width: Annotated[Pixels | None, Meta(description="Width.")] = None
    share: Annotated[Ratio, Meta(description="How much.")] = 0.5
    kind: Annotated[Literal["fast", "good"], Meta(description="Which way.")] = "fast"
    places: Annotated[list[Place], Meta(max_length=3, description="Where.")] = []


class MeasureOutput(Output, frozen=True, kw_only=True):
    size: Annotated[Bytes, Meta(description="Size.")]


@task(
    "acme.measure",
    files=[OutputFile("copy", "URL of the copy.", media_types=("application/octet-stream",))],
    settings=Settings,
)
def measure(parameters: MeasureParameters, ctx: TaskContext) -> MeasureOutput:
    """Measure a file."""
    path = ctx.fetch(parameters.url)
    data = path.read_bytes()
    if not data.startswith(b"ACME"):
        raise UnreadableSourceError(parameters.url, "an acme file")
    ctx.output("copy", ".bin").write_bytes(data)
    return MeasureOutput(size=len(data))
'''


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install the task above with *changes* (old text: new text) and return it.

    `point` is the name of its entry point; None for none.
    """
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(changes=(), point="acme.measure"):
        module = f"acme_measure_{next(_numbers)}"
        source = GOOD
        for old, new in dict(changes).items():
            assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in the module"
            source = source.replace(old, new)
        directory = tmp_path / f"{module}-1.0.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        if point is not None:
            (directory / "entry_points.txt").write_text(f"[dragon.tasks]\n{point} = {module}:measure\n")
        (tmp_path / f"{module}.py").write_text(source)
        importlib.invalidate_caches()
        monkeypatch.setitem(sys.modules, module, None)
        del sys.modules[module]
        return importlib.import_module(module).measure

    return install
