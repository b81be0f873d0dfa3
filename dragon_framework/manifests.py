"""Manifests: what a worker says of its tasks, so that an API can serve them without having their plugin.

In: an installed task. Out: a `Manifest`, JSON; and from that a `Task` again, whose structs
are made from the schemas and whose function cannot be run. It validates, is shown in the
reference, the playground and OpenAPI, and is queued like any other; the worker validates
once more, for what only the plugin's own code knows. Stands on the registry and
`schema_types`.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any

import msgspec
from msgspec import Struct

from dragon_framework.contract import CONTRACT_VERSION
from dragon_framework.discovery import Choice, normalized, reason_of
from dragon_framework.errors import PluginError, TaskError
from dragon_framework.registry import PluginRecord, Registry
from dragon_framework.schema import output_schema, parameters_schema
from dragon_framework.schema_types import struct_of
from dragon_framework.tasks import Limits, Output, OutputFile, Parameters, Task

FORMAT = 1
"""Version of the form of manifests: an API leaves out those of a form that it does not know."""


class ManifestError(Struct, frozen=True):
    """An error that the plugin itself defines."""

    code: str
    meaning: str
    transient: bool


class Manifest(Struct, frozen=True, kw_only=True):
    """What is known of a task without its plugin.

    Args:
        form: `FORMAT` of the worker that wrote it.
        contract: Version of the plugin contract there.
        name: The task's name.
        distribution: Name of the distribution that provides it.
        version: Its version.
        parameters: JSON Schema of the parameters.
        output: JSON Schema of the result, files included.
        errors: The errors that the plugin defines.
    """

    form: int = FORMAT
    contract: str = CONTRACT_VERSION
    name: str
    summary: str
    description: str
    distribution: str
    version: str
    parameters: dict[str, Any]
    output: dict[str, Any]
    files: tuple[OutputFile, ...]
    queue: str
    limits: Limits
    cacheable: bool
    keeps_state: bool = False
    errors: tuple[ManifestError, ...] = ()


def manifest_of(task: Task, record: PluginRecord | None, errors: Sequence[ManifestError] = ()) -> Manifest:
    """Return what others need to know of an installed task."""
    return Manifest(
        name=task.name,
        summary=task.summary,
        description=task.description,
        distribution=record.distribution if record is not None else "",
        version=record.version if record is not None else "",
        parameters=parameters_schema(task),
        output=output_schema(task),
        files=task.files,
        queue=task.queue,
        limits=task.limits,
        cacheable=task.cacheable,
        keeps_state=task.keeps_state,
        errors=tuple(errors),
    )


def task_of(manifest: Manifest) -> Task:
    """Return the task that a manifest tells of; it can be validated and described, not run.

    Raises:
        UnknownSchemaError: If a schema is not one that a worker writes.
    """
    module = f"dragon_away_{manifest.name.replace('.', '_')}"
    return Task(
        name=manifest.name,
        summary=manifest.summary,
        description=manifest.description,
        parameters=struct_of(manifest.parameters, Parameters, module),
        output=struct_of(manifest.output, Output, module, tuple(file.name for file in manifest.files)),
        files=manifest.files,
        queue=manifest.queue,
        limits=manifest.limits,
        cacheable=manifest.cacheable,
        keeps_state=manifest.keeps_state,
        section=manifest.name.partition(".")[0],
        settings=None,
        retry_on=(),
        preload=(),
        function=_function(module, manifest.errors),
    )


def with_manifests(registry: Registry, manifests: Iterable[bytes], choice: Choice) -> Registry:
    """Return the installed tasks, and those of *manifests* that are not installed here.

    Args:
        registry: What is installed.
        manifests: As workers wrote them. One that cannot be used is a problem of its
            distribution, and harms no other.
        choice: Which plugins the settings want.
    """
    tasks = dict(registry.tasks)
    found: dict[tuple[str, str], list[str]] = {}
    problems: dict[tuple[str, str], list[PluginError]] = {}
    for text in manifests:
        name, distribution, version = "", "unknown", ""
        try:
            said: Mapping[str, Any] = msgspec.json.decode(text)
            name, distribution, version = (str(said.get(key)) for key in ("name", "distribution", "version"))
            if normalized(name) in choice.disable or normalized(distribution) in choice.disable:
                continue
            if choice.only and not choice.only & {normalized(name), normalized(distribution)}:
                continue
            if name in registry.tasks:
                continue
            if said.get("form") != FORMAT:
                raise ValueError(f"its manifest has the form {said.get('form')}, this API knows {FORMAT}")
            tasks[name] = task_of(msgspec.convert(said, Manifest))
            found.setdefault((distribution, version), []).append(name)
        except Exception as error:  # noqa: BLE001  # whatever is in Redis must not stop the API
            problem = PluginError(name, distribution, version, f"the manifest of its worker: {reason_of(error)}")
            problems.setdefault((distribution, version), []).append(problem)
    records = [
        PluginRecord(
            distribution=distribution,
            version=version,
            tasks=tuple(sorted(found.get((distribution, version), ()))),
            problems=tuple(problems.get((distribution, version), ())),
        )
        for distribution, version in {**found, **problems}
    ]
    return Registry(list(tasks.values()), [*registry.plugins, *records])


def _function(module: str, errors: Sequence[ManifestError]) -> Any:
    """Return a function that tells where the real one is; the errors of the plugin stand in its module."""
    variables: dict[str, Any] = {"__name__": module, "__builtins__": __builtins__}
    for number, error in enumerate(errors):
        facts = {"code": error.code, "transient": error.transient, "__doc__": error.meaning, "__module__": module}
        variables[f"Error{number}"] = type(f"Error{number}", (TaskError,), facts)
    function = FunctionType(_away.__code__, variables, "away")
    function.__module__ = module
    return function


def _away(_parameters: Any, _ctx: Any) -> Any:
    raise RuntimeError("this task is known by the manifest of a worker alone, and runs there")
