"""Which tasks exist: those that installed distributions declare in the group `dragon.tasks`.

Out: a `Registry` with the tasks by name, and a record of each distribution that says
what it provides and why something of it is unavailable. One broken plugin, or two that
provide the same task, never hide the others. Stands on `discovery` and `shapes`.
"""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

from msgspec import Struct

from dragon_framework.discovery import Choice, InstalledEntryPoint, installed, load_each, normalized, reason_of
from dragon_framework.errors import DuplicateTaskError, PluginError, SettingsError, UnknownTaskError
from dragon_framework.problems import MAX_QUOTED, suggestion
from dragon_framework.schema import task_document
from dragon_framework.settings import Settings
from dragon_framework.shapes import fields_of
from dragon_framework.tasks import Task

GROUP = "dragon.tasks"

RESERVED = frozenset({"task_name", "task_metas", "task_store"})
"""Keys of a task definition that are not parameters (v1 reference 1.4, and its later versions)."""


class PluginRecord(Struct, frozen=True, kw_only=True):
    """One distribution that declares tasks.

    Args:
        distribution: Its name.
        version: Its version.
        tasks: Names of the tasks it provides, sorted.
        problems: Why others of its tasks are unavailable.
        disabled: Names of tasks the settings turn off.
    """

    distribution: str
    version: str
    tasks: tuple[str, ...] = ()
    problems: tuple[PluginError, ...] = ()
    disabled: tuple[str, ...] = ()


class Registry:
    """The installed tasks.

    Attributes:
        tasks: Task by name, sorted by name.
        plugins: A record of each distribution, sorted by name.
        queues: Names of the queues the tasks wait in, sorted.
    """

    def __init__(self, tasks: Collection[Task], plugins: Collection[PluginRecord] = ()) -> None:
        self.tasks = {task.name: task for task in sorted(tasks, key=lambda task: task.name)}
        self.plugins = tuple(sorted(plugins, key=lambda record: normalized(record.distribution)))
        self.queues = tuple(sorted({task.queue for task in tasks}))

    def get(self, name: Any) -> Task:
        """Return the task called *name*.

        Raises:
            UnknownTaskError: If no installed plugin provides it, or *name* is not a text.
        """
        task = self.tasks.get(name) if isinstance(name, str) else None
        if task is None:
            shown = name if isinstance(name, str) else f"<{type(name).__name__}>"
            raise UnknownTaskError(shown[:MAX_QUOTED], tuple(self.tasks))
        return task

    @property
    def problems(self) -> tuple[PluginError, ...]:
        """Everything that is unavailable, with its reason."""
        return tuple(problem for record in self.plugins for problem in record.problems)

    def provider(self, name: str) -> PluginRecord | None:
        """Return the record of the distribution that provides the task *name*."""
        return next((record for record in self.plugins if name in record.tasks), None)


def registry_of(settings: Settings, *, away: bool = False) -> Registry:
    """Return the tasks of a service with these settings.

    Args:
        settings: The settings.
        away: Whether they may name plugins that only workers elsewhere have.

    Raises:
        SettingsError: If the settings name plugins that are not there.
    """
    if not away:
        _check_named(settings)
    return load_registry(settings.disable, only=settings.plugins, plugin_dir=settings.plugin_dir)


def load_registry(
    disable: Collection[str] = (), *, only: Collection[str] = (), plugin_dir: str | Path = ""
) -> Registry:
    """Return the installed tasks.

    Args:
        disable: Names of distributions or tasks to leave out, before duplicates are
            looked for: so that one of two providers can be turned off.
        only: Names of distributions or tasks; where there are any, others are left out.
        plugin_dir: Directory of plugins that are one file each.

    Raises:
        SettingsError: If *plugin_dir* is no directory.
    """
    choice = Choice.of(disable, only)
    points, unreadable = installed(GROUP)
    if plugin_dir:
        from dragon_framework.plugin_files import plugins_in

        files, broken = plugins_in(plugin_dir)
        choice = Choice(disable=choice.disable, only=choice.only and choice.only | {normalized(p.name) for p in files})
        points, unreadable = [*points, *files], [*unreadable, *broken]
    problems: dict[str, list[PluginError]] = defaultdict(list)
    versions = {point.distribution: point.version for point in points}
    for problem in unreadable:
        versions[problem.distribution] = problem.version
        problems[problem.distribution].append(problem)

    disabled: dict[str, list[str]] = defaultdict(list)
    providers: dict[str, list[InstalledEntryPoint]] = defaultdict(list)
    for point in points:
        if choice.takes(point):
            providers[point.name].append(point)
        else:
            disabled[point.distribution].append(point.name)

    single: list[InstalledEntryPoint] = []
    for rivals in providers.values():
        if len(rivals) == 1:
            single += rivals
            continue
        for point in rivals:
            others = " and ".join(rival.provider for rival in rivals if rival is not point)
            problems[point.distribution].append(
                DuplicateTaskError(
                    point.name,
                    point.distribution,
                    point.version,
                    f"{others} provides it too; uninstall or disable one of them",
                )
            )

    tasks: dict[str, list[Task]] = defaultdict(list)
    for point, loaded in load_each(GROUP, single):
        breach = loaded if isinstance(loaded, PluginError) else _breach(point, loaded)
        if breach is None:
            tasks[point.distribution].append(loaded)
        else:
            problems[point.distribution].append(breach)
    return Registry(
        [task for provided in tasks.values() for task in provided],
        [
            PluginRecord(
                distribution=distribution,
                version=version,
                tasks=tuple(sorted(task.name for task in tasks[distribution])),
                problems=tuple(problems[distribution]),
                disabled=tuple(sorted(disabled[distribution])),
            )
            for distribution, version in versions.items()
        ],
    )


def _check_named(settings: Settings) -> None:
    """Raise unless every name in `plugins` is that of something installed: a slip would leave it out unseen."""
    if not settings.plugins:
        return
    known: set[str] = set()
    for group in (GROUP, "dragon.hooks", "dragon.storage"):
        points, problems = installed(group)
        known |= {normalized(name) for point in points for name in (point.name, point.distribution)}
        known |= {normalized(name) for problem in problems for name in (problem.entry_point, problem.distribution)}
    for name in settings.plugins:
        if normalized(name) not in known:
            near = suggestion(name, known)
            raise SettingsError("plugins", f"no distribution or task {name!r} is installed{near}")


def _breach(point: InstalledEntryPoint, loaded: Any) -> PluginError | None:
    """Return how what was loaded breaks the plugin contract; None if it keeps it."""
    value = point.entry_point.value
    if not isinstance(loaded, Task):
        return point.problem(f"{value} is a {type(loaded).__name__}, not a task; decorate it with @task")
    if loaded.name != point.name:
        return point.problem(f"{value} is the task {loaded.name!r}; its entry point must have the same name")
    problem = _schema_problem(loaded)
    return point.problem(problem) if problem else None


_judged: dict[int, tuple[Task, str]] = {}
"""Tasks by their identity, and what `_schema_problem` said of them: schemas take milliseconds."""


def _schema_problem(task: Task) -> str:
    """Return what is wrong with the schemas of a task; "" if nothing is."""
    if id(task) in _judged:
        return _judged[id(task)][1]
    try:
        task_document(task)
        reserved = [field.name for field in fields_of(task.parameters) if field.name in RESERVED]
        problem = f"{reserved[0]!r} cannot be a parameter: it is a key of every task definition" if reserved else ""
    except Exception as error:  # noqa: BLE001  # msgspec raises several types for types it does not know
        problem = f"its parameters or output have a type that JSON cannot hold ({reason_of(error)})"
    _judged[id(task)] = task, problem  # the task is kept, so that no other gets its identity
    return problem
