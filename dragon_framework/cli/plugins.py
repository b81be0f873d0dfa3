"""`dragon plugins`: which distributions add something, and what of it cannot be used."""

import argparse
from typing import Any

from dragon_framework.cli.flags import PLUGINS, add_settings, settings_of
from dragon_framework.cli.printing import print_json
from dragon_framework.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--json", action="store_true", help="Print a list of objects.")
    add_settings(parser, *PLUGINS)


def plugins(arguments: argparse.Namespace) -> int:
    """List the installed plugins, what they add, and their problems.

    A plugin adds tasks, hooks or storage drivers, and is `loaded`, `refused` where none of
    it can be used, `loaded in part`, or `disabled` by the settings (`--disable`, or
    `--plugins` that name others). What of it cannot be used is shown with the reason.
    """
    found = installed_plugins(settings_of(arguments))
    if arguments.json:
        print_json(found)
        return 0
    for plugin in found:
        print(f"{plugin['distribution']} {plugin['version']}: {plugin['state']}")
        for what in ("tasks", "disabled", "hooks", "storage"):
            if plugin[what]:
                print(f"  {what + ':':<10}{', '.join(plugin[what])}")
        for problem in plugin["problems"]:
            print(f"  {'problem:':<10}{problem['name']} is not available: {problem['reason']}")
    if not any(plugin["tasks"] for plugin in found):
        print("No task is installed: `pip install` a plugin.")
    return 0


def installed_plugins(settings: Settings) -> list[dict[str, Any]]:
    """Return a record of each distribution that adds tasks, hooks or storage drivers, by name."""
    from dragon_framework.discovery import Choice, installed, load_each, normalized
    from dragon_framework.errors import PluginError
    from dragon_framework.hooks import GROUP, hooks_of
    from dragon_framework.registry import registry_of

    records: dict[str, dict[str, Any]] = {}

    def record_of(distribution: str, version: str) -> dict[str, Any]:
        return records.setdefault(
            normalized(distribution),
            {
                "distribution": distribution,
                "version": version,
                "state": "",
                "tasks": [],
                "disabled": [],
                "hooks": [],
                "storage": [],
                "problems": [],
            },
        )

    problems: list[PluginError] = []
    registry = registry_of(settings)
    for plugin in registry.plugins:
        record = record_of(plugin.distribution, plugin.version)
        record["tasks"] += plugin.tasks
        record["disabled"] += plugin.disabled
    hooks = hooks_of(settings)
    choice = Choice.of(settings.disable, settings.plugins)
    for point in installed(GROUP)[0]:
        if not choice.takes(point):
            record_of(point.distribution, point.version)["disabled"].append(f"hooks of {point.name}")
    for one in hooks.records:
        record_of(one.distribution, one.version)["hooks"] += one.hooks
    points, unreadable = installed("dragon.storage")
    for point, loaded in load_each("dragon.storage", points):
        if isinstance(loaded, PluginError):
            problems.append(loaded)
        else:
            record_of(point.distribution, point.version)["storage"].append(point.name)
    problems += [*registry.problems, *hooks.problems, *unreadable]
    for problem in problems:
        told = {"name": problem.entry_point, "reason": problem.reason}
        record = record_of(problem.distribution, problem.version)
        if told not in record["problems"]:
            record["problems"].append(told)
    for record in records.values():
        record["state"] = _state(record)
    return [records[name] for name in sorted(records)]


def _state(record: dict[str, Any]) -> str:
    used = bool(record["tasks"] or record["hooks"] or record["storage"])
    if record["problems"]:
        return "loaded in part" if used else "refused"
    if used or not record["disabled"]:
        return "loaded"
    return "disabled"
