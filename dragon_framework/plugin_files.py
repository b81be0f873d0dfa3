"""Plugins that are one file each, in a directory: to try a task before there is a package.

In: a directory. Out: its tasks as entry points, like those of installed distributions:
the file's name stands for the distribution, the beginning of its SHA-256 for the version.
Files whose name begins with `_` are no plugins; the others may import them. Stands on
`discovery` and `tasks`.
"""

import contextlib
import hashlib
import importlib.util
import re
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

from dragon_framework.discovery import InstalledEntryPoint, reason_of
from dragon_framework.errors import PluginError, SettingsError
from dragon_framework.tasks import Task

GROUP = "dragon.tasks"


def plugins_in(directory: str | Path) -> tuple[list[InstalledEntryPoint], list[PluginError]]:
    """Return (the tasks in the files of *directory*, what could not be used), sorted by file.

    The directory joins the end of `sys.path`.

    Raises:
        SettingsError: If it is no directory.
    """
    place = Path(directory).expanduser().resolve()
    if not place.is_dir():
        raise SettingsError("plugin_dir", f"{directory} is not a directory")
    if str(place) not in sys.path:
        sys.path.append(str(place))
    points: list[InstalledEntryPoint] = []
    problems: list[PluginError] = []
    for path in sorted(place.glob("*.py")):
        if path.name.startswith("_"):
            continue
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        try:
            with contextlib.redirect_stdout(sys.stderr):  # stdout is for results
                module = _loaded(path)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # a file may raise anything, SystemExit too
            problems.append(PluginError(path.stem, path.name, version, reason_of(error)))
            continue
        tasks = {
            name: value
            for name, value in vars(module).items()
            if isinstance(value, Task) and value.function.__module__ == module.__name__
        }
        if not tasks:
            reason = "it has no task; decorate a function with @task"
            problems.append(PluginError(path.stem, path.name, version, reason))
        points += [
            InstalledEntryPoint(
                task.name, path.name, version, metadata.EntryPoint(task.name, f"{module.__name__}:{name}", GROUP)
            )
            for name, task in tasks.items()
        ]
    return points, problems


def _loaded(path: Path) -> ModuleType:
    name = "dragon_plugin_" + re.sub(r"\W", "_", path.stem)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
