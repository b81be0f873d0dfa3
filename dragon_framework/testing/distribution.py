"""What holds for a plugin as a package: it loads whole, says what it needs, and has types.

In: the name of an installed distribution. Out: a `TaskReport` under that name, like those
of its tasks. Stands on `discovery` and the registry.
"""

import re
from collections.abc import Callable, Iterator
from importlib import metadata, util
from pathlib import Path

from dragon_framework.discovery import installed, load_each, normalized
from dragon_framework.errors import PluginError
from dragon_framework.hooks import load_hooks
from dragon_framework.registry import PluginRecord, load_registry
from dragon_framework.testing.conformance import Breach, TaskReport

GROUPS = ("dragon.tasks", "dragon.hooks", "dragon.storage")


def examine_distribution(name: str) -> tuple[TaskReport, PluginRecord]:
    """Return (how the package stands to the contract, what it provides).

    Raises:
        PluginError: If no distribution of that name is installed.
    """
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise PluginError(name, name, "", "no distribution of that name is installed here; `pip install` it") from error
    told = {rule: list(look(distribution)) for rule, look in _RULES.items()}
    shown = str(distribution.metadata["Name"])
    report = TaskReport(
        task=f"{shown} {distribution.version}",
        kept=tuple(rule for rule, texts in told.items() if not texts),
        breaches=tuple(Breach(rule, text) for rule, texts in told.items() for text in texts),
    )
    records = [one for one in load_registry().plugins if normalized(one.distribution) == normalized(shown)]
    return report, records[0] if records else PluginRecord(distribution=shown, version=distribution.version)


def _loads(distribution: metadata.Distribution) -> Iterator[str]:
    """Everything that it declares can be used."""
    ours = normalized(str(distribution.metadata["Name"]))
    points, problems = installed("dragon.storage")
    mine = [point for point in points if normalized(point.distribution) == ours]
    problems += [loaded for _, loaded in load_each("dragon.storage", mine) if isinstance(loaded, PluginError)]
    problems += [*load_registry().problems, *load_hooks().problems]
    found = [problem for problem in problems if normalized(problem.distribution) == ours]
    yield from dict.fromkeys(f"{problem.entry_point}: {problem.reason}" for problem in found)
    if not any(point.group in GROUPS for point in distribution.entry_points) and not found:
        yield f"it declares nothing in the entry-point groups {', '.join(GROUPS)}"


def _requires(distribution: metadata.Distribution) -> Iterator[str]:
    """It requires the core, in a range that ends."""
    ours = [one for one in distribution.requires or [] if re.match(r"dragon[-_.]framework\b", one, re.IGNORECASE)]
    if not ours:
        yield "it does not require dragon-framework; add it to `dependencies`"
    elif not any("<" in one or "~=" in one or "==" in one for one in ours):
        yield f"it requires {ours[0]!r} without an upper bound, such as 'dragon-framework>=0.1,<0.2'"


def _about(distribution: metadata.Distribution) -> Iterator[str]:
    """Its metadata say what it is and which Python it needs."""
    about = distribution.metadata.json
    if not about.get("summary"):
        yield "it has no `description`"
    if not about.get("requires_python"):
        yield "it has no `requires-python`"


def _typed(distribution: metadata.Distribution) -> Iterator[str]:
    """Its packages carry types (PEP 561)."""
    modules = {point.module.partition(".")[0] for point in distribution.entry_points if point.group in GROUPS}
    for module in sorted(modules):
        try:
            spec = util.find_spec(module)
        except (ImportError, ValueError):
            continue  # the rule `loads` has said so
        places = list(spec.submodule_search_locations or ()) if spec is not None else []
        if places and not any((Path(place) / "py.typed").is_file() for place in places):
            yield f"the package {module} has no file py.typed, so that its types are not seen"


_RULES: dict[str, Callable[[metadata.Distribution], Iterator[str]]] = {
    "loads": _loads,
    "requires": _requires,
    "about": _about,
    "typed": _typed,
}
