"""`dragon check`: the contract between the core and a plugin, held against one that is installed."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from dragon_framework.cli.parameters import HELP, read_words
from dragon_framework.cli.printing import print_json

if TYPE_CHECKING:  # nothing reads these annotations when it runs
    from dragon_framework.testing import TaskReport


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("distribution", metavar="DISTRIBUTION", help="Name of an installed package, such as acme-gzip.")
    parser.add_argument("task", metavar="TASK", nargs="?", default="", help="Only this task of it.")
    parser.add_argument("parameters", metavar="key=value", nargs="*", help=f"Parameters it succeeds with. {HELP}")
    parser.add_argument(
        "--reads-anything", action="store_true", help="Its tasks may succeed on any file, as a compressor does."
    )
    parser.add_argument(
        "--seconds", metavar="S", type=float, default=300.0, help="Longest time for one task. Default: 300."
    )
    parser.add_argument("--json", action="store_true", help="Print a list of objects.")


def check(arguments: argparse.Namespace) -> int:
    """Hold an installed plugin to the contract.

    The package must load, require a range of the core and have types. Each of its tasks
    must describe its schema, accept what fits it and refuse what does not. Then it is run,
    in a process of its own, on small files, on hostile ones, with many parameters, and
    cancelled: it must end in success or in an error that it declares, and leave nothing.

    A task that reads none of the core's small files (a picture, a sound, a film, a page, a
    text) is run with the parameters that follow its name. The exit status is 1 if any
    rule is broken.
    """
    from dragon_framework.errors import SettingsError, UnknownTaskError
    from dragon_framework.testing.distribution import examine_distribution

    try:
        import hypothesis  # noqa: F401  # the rules need it

        from dragon_framework.testing.apart import examine_apart
    except ModuleNotFoundError as error:
        raise SettingsError("dragon check", f"needs {error.name}: pip install 'dragon-framework[testing]'") from error

    package, provided = examine_distribution(arguments.distribution)
    names = provided.tasks
    if arguments.task:
        if arguments.task not in names:
            raise UnknownTaskError(arguments.task, names)
        names = (arguments.task,)
    sample = _sample(arguments.task, arguments.parameters) if arguments.parameters else True
    reports = [package]
    if not arguments.json:
        _print(package)
    for name in names:
        reports.append(
            examine_apart(name, sample=sample, reads_anything=arguments.reads_anything, seconds=arguments.seconds)
        )
        if not arguments.json:
            _print(reports[-1])
    broken = sum(len(report.breaches) for report in reports)
    if arguments.json:
        print_json(reports)
    elif broken:
        print(f"\n{broken} {'breach' if broken == 1 else 'breaches'} of the contract.")
    else:
        tasks = "1 task" if len(names) == 1 else f"{len(names)} tasks"
        print(f"\n{package.task} keeps the contract ({tasks}).")
    return 1 if broken else 0


def _sample(task_name: str, words: list[str]) -> dict[str, Any]:
    """Return parameters as a command line gives them, as JSON holds them."""
    import msgspec

    from dragon_framework.cli.run import with_local_paths
    from dragon_framework.registry import load_registry
    from dragon_framework.validation import convert_parameters

    task = load_registry().get(task_name)
    parameters = convert_parameters(task, with_local_paths(task, read_words(words)), strict=False)
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(parameters))
    return found


def _print(report: "TaskReport") -> None:
    """Print what is broken of one task, or package, and how much is not."""
    total = len(report.kept) + len({breach.rule for breach in report.breaches})
    print(f"{report.task}: {len(report.kept)} of {total} rules kept")
    for breach in report.breaches:
        print(f"  BROKEN    {breach.rule}: {breach.text}")
    reasons: dict[str, list[str]] = {}
    for rule, why in report.not_looked_at.items():
        reasons.setdefault(why, []).append(rule)
    for why, rules in reasons.items():
        print(f"  not run   {', '.join(rules)}: {why}")
    sys.stdout.flush()
