"""`dragon tasks`: what is installed, and what a task takes and gives."""

import argparse
import sys
from typing import Any

from dragon_framework.cli.flags import PLUGINS, add_settings, settings_of
from dragon_framework.cli.printing import print_columns, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="Describe this task.")
    parser.add_argument("--json", action="store_true", help="Print names, summaries and JSON schemas.")
    add_settings(parser, *PLUGINS)


def tasks(arguments: argparse.Namespace) -> int:
    """List the installed tasks, or describe one.

    With `--json`: a list of objects as `GET /v1/tasks` answers, or one of them.
    """
    from dragon_framework.registry import registry_of
    from dragon_framework.schema import task_document

    registry = registry_of(settings_of(arguments))
    if arguments.name:
        task = registry.get(arguments.name)
        if arguments.json:
            print_json(task_document(task))
        else:
            _describe(task, registry.provider(task.name))
        return 0
    if arguments.json:
        print_json([task_document(task) for task in registry.tasks.values()])
        return 0
    rows = []
    for task in registry.tasks.values():
        record = registry.provider(task.name)
        rows.append((task.name, f"{record.distribution} {record.version}" if record else "", task.summary))
    print_columns(rows)
    if not rows:
        print("No task is installed: `pip install` a plugin.")
    for problem in registry.problems:
        print(f"dragon: {problem}", file=sys.stderr)
    return 0


def _describe(task: Any, record: Any) -> None:
    from dragon_framework.shapes import fields_of

    print(f"{task.name}: {task.summary}")
    if task.description:
        print(f"\n{task.description}")
    print("\nParameters:")
    print_columns([(field.name, _facts(field), field.description) for field in fields_of(task.parameters)], "  ")
    print("\nOutput:")
    outputs = [(field.name, _kind(field.shape), field.description) for field in fields_of(task.output)]
    files = [(file.name, "file" + (", optional" if file.optional else ""), file.description) for file in task.files]
    print_columns(outputs + files, "  ")
    limits = task.limits
    print(f"\nLimits: {limits.seconds:g} s, {limits.memory_bytes >> 20} MiB of memory. Queue: {task.queue}.", end=" ")
    print(f"Provided by {record.distribution} {record.version}." if record else "")


def _facts(field: Any) -> str:
    if field.required:
        return f"{_kind(field.shape)}, required"
    if field.default is None or isinstance(field.default, type(Ellipsis)):
        return _kind(field.shape)
    import msgspec

    if field.default is msgspec.UNSET:
        return _kind(field.shape)
    return f"{_kind(field.shape)}, default {msgspec.json.encode(field.default).decode()}"


def _kind(shape: Any) -> str:
    """Return what values a type has, in a word or two."""
    shape = shape.without_null()
    if shape.kind == "choice":
        return " | ".join(map(str, shape.choices))
    if shape.kind == "list":
        return "list of " + ", ".join(_kind(item) for item in shape.items)
    if shape.kind == "union":
        return " or ".join(_kind(member) for member in shape.members)
    if shape.facts.get("x-source"):
        return "source"
    if shape.kind == "struct":
        return "object"
    kind = shape.name or shape.kind
    return f"{kind} ({shape.unit})" if shape.unit else str(kind)
