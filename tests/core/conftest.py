"""Distributions made in a test: metadata and modules on `sys.path`, as pip leaves them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution: `install("acme", "1.2", {"dragon.tasks": {"a.b": "acme:f"}}, acme="source")`.

    Modules are given by name with their source. They are gone after the test.
    """
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, version: str, groups: Mapping[str, Mapping[str, str]] | str, **modules: str) -> None:
        directory = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        if not isinstance(groups, str):
            groups = "".join(
                f"[{group}]\n" + "".join(f"{point} = {value}\n" for point, value in points.items())
                for group, points in groups.items()
            )
        (directory / "entry_points.txt").write_text(groups)
        for module, source in modules.items():
            (tmp_path / f"{module}.py").write_text(source)
            monkeypatch.delitem(__import__("sys").modules, module, raising=False)

    return put
