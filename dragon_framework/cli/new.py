"""`dragon new`: a task plugin to begin with, that is tested, typed and green."""

import argparse
import keyword
import re
from pathlib import Path

TEMPLATES = Path(__file__).parent / "new_plugin"
_TAKEN = frozenset({"task", "test", "tests", "lines", "source"})
"""Names that the module of the template uses itself."""

_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("name", metavar="NAME", help="Name of the package, such as acme-words.")
    parser.add_argument("--task", metavar="FAMILY.NAME", default="", help="Name of its task. Default: acme.words.")
    parser.add_argument("--into", metavar="DIR", default=".", help="Where its directory is made. Default: here.")


def new(arguments: argparse.Namespace) -> int:
    """Write a complete task plugin: one task, its tests, a README, a CI file.

    The directory NAME is made; it must not exist. What it says next is all it takes to try
    the task: install the package, run the task, run its tests, hold it to the contract.
    """
    from dragon_framework.errors import SettingsError

    words = words_of(arguments.name, arguments.task)
    target = Path(arguments.into) / arguments.name
    try:
        target.mkdir(parents=True)
    except FileExistsError as error:
        raise SettingsError("NAME", f"{target} exists already") from error
    except OSError as error:
        raise SettingsError("--into", f"{target}: {error.strerror}") from error
    for path, text in plugin_files(words).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")
    print(f"{target} has the task {words['task']}. Next:\n")
    print(f"    pip install --no-build-isolation --no-deps -e {target}")
    print(f"    dragon run {words['task']} url={target / 'README.md'}")
    print(f"    pytest {target}")
    print(f"    dragon check {words['distribution']}")
    return 0


def words_of(name: str, task: str = "") -> dict[str, str]:
    """Return what stands for each `{{word}}` of the templates.

    Args:
        name: Name of the distribution.
        task: Name of its task; made of the parts of *name* if empty.

    Raises:
        SettingsError: If one is no name.
    """
    from dragon_framework import __version__
    from dragon_framework.contract import CONTRACT_VERSION
    from dragon_framework.errors import SettingsError
    from dragon_framework.tasks import TASK_NAME

    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name):
        raise SettingsError(
            "NAME", f"a package's name is lower case words with hyphens, such as acme-words, got {name!r}"
        )
    package = name.replace("-", "_")
    family, _, rest = package.partition("_")
    task = task or f"{family}.{rest or 'count'}"
    if not TASK_NAME.fullmatch(task):
        raise SettingsError("--task", f"a task's name is family.name in lower case, such as acme.words, got {task!r}")
    module = task.rpartition(".")[2]
    if module in _TAKEN or module == package or keyword.iskeyword(module):
        module += "_task"
    major, minor = __version__.split(".")[:2]
    return {
        "distribution": name,
        "package": package,
        "task": task,
        "module": module,
        "class": "".join(part.capitalize() for part in module.split("_")),
        "framework": f"{major}.{minor}",
        "next_framework": f"{major}.{int(minor) + 1}" if major == "0" else str(int(major) + 1),
        "contract": CONTRACT_VERSION,
    }


def plugin_files(words: dict[str, str]) -> dict[str, str]:
    """Return the files of a new plugin, by their path in it."""
    names = {"package": words["package"], "module": words["module"], "gitignore": ".gitignore"}
    files: dict[str, str] = {}
    for template in sorted(TEMPLATES.rglob("*.tmpl")):
        parts = list(template.relative_to(TEMPLATES).with_suffix("").parts)
        parts = [names.get(part, part) for part in parts]
        parts[-1] = parts[-1].replace("module.py", f"{words['module']}.py")
        text = template.read_text(encoding="utf-8")
        files["/".join(parts)] = _PLACE.sub(lambda found: words[found[1]], text)
    return files
