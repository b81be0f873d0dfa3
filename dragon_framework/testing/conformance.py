"""`check_task`: holds a task of any plugin to the contract, and tells every breach at once.

    def test_it_keeps_the_contract():
        check_task("acme.gzip", hostile=True)

In: an installed task, or its name. Out: nothing, or `ContractBreachError` with a line for
each breach. A rule is a function, one for each promise of the contract, that yields
sentences and never stops the others. Needs hypothesis. Stands on the registry, the
reference, `trials` (parameters tried on the task) and `hostile` (files tried on it).
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from dragon_framework.discovery import installed, reason_of
from dragon_framework.errors import PluginError
from dragon_framework.reference import reference_pages, task_html
from dragon_framework.reference.facts import own_errors
from dragon_framework.registry import GROUP, RESERVED, Registry, load_registry
from dragon_framework.schema import output_schema, parameters_schema
from dragon_framework.shapes import FieldShape, Shape, fields_of
from dragon_framework.tasks import Task
from dragon_framework.testing.hostile import hostile_breaches
from dragon_framework.testing.trials import accepted_breaches, refused_breaches

HEAVY = ("PIL", "av", "cv2", "dramatiq", "ffmpeg", "litestar", "numpy", "pycurl", "redis", "scipy", "torch", "uvicorn")
"""Libraries that the module of a task must not load: the API process imports it for its schema."""

_SENTENCE = re.compile(r"[^a-z\s].*[^\s.]\.")
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]{0,126}")
"""RFC 6838, 4.2."""


class Breach(Struct, frozen=True):
    """One breach of the contract.

    Args:
        rule: Name of the rule, one word.
        text: What is wrong, and where.
    """

    rule: str
    text: str


class ContractBreachError(AssertionError):
    """A task breaks the contract between the core and its plugins; names every breach."""

    def __init__(self, task_name: str, breaches: tuple[Breach, ...]) -> None:
        super().__init__(task_name, breaches)
        self.task_name = task_name
        self.breaches = breaches

    def __str__(self) -> str:
        lines = "".join(f"\n- {breach.rule}: {breach.text}" for breach in self.breaches)
        return f"task {self.task_name!r} breaks the contract:{lines}"


def check_task(task: Task | str, *, hostile: bool = False, reads_anything: bool = False) -> None:
    """Raise `ContractBreachError` unless *task* keeps the contract.

    Args:
        task: A task of an installed distribution, or its name.
        hostile: Whether it is also run, here and now, with an empty file, a text and cut
            media as its sources. A task without a source is not run.
        reads_anything: Whether it may succeed on those, as a compressor does; else it
            must refuse them.

    Raises:
        ContractBreachError: With every breach.
        UnknownTaskError: If no distribution that can be used provides a task of that name.
    """
    if not isinstance(task, Task):
        task = load_registry().get(task)
    breaches = [Breach(rule, text) for rule, look in RULES.items() for text in _told(look, task)]
    if hostile and not breaches:  # what the schema says wrong would be told again
        breaches += [Breach("hostile", text) for text in hostile_breaches(task, reads_anything=reads_anything)]
    if breaches:
        raise ContractBreachError(task.name, tuple(breaches))


def _told(look: Callable[[Task], Iterator[str]], task: Task) -> list[str]:
    """Return what a rule says; what it stumbles over is a breach as well."""
    told: list[str] = []
    try:
        told.extend(look(task))
    except Exception as error:  # noqa: BLE001  # a stranger's types and defaults may raise anything
        told.append(f"could not be looked at ({reason_of(error)})")
    return told


def _entry_point(task: Task) -> Iterator[str]:
    """One entry point has the task's name and loads the task."""
    ours: list[str] = []
    for point in installed(GROUP)[0]:
        if point.entry_point.module != task.function.__module__:
            if point.name == task.name:
                yield f"{point.provider} declares the name for {point.entry_point.value}"
            continue
        try:
            if point.load() is task:
                ours.append(point.name)
        except PluginError as error:
            yield str(error)
    if not ours:
        yield f"no entry point in the group {GROUP!r} loads it; declare it and install the distribution again"
    yield from (f"its entry point is called {name!r}, and must be {task.name!r}" for name in ours if name != task.name)


def _summary(task: Task) -> Iterator[str]:
    """The docstring begins with one sentence."""
    if not _SENTENCE.fullmatch(task.summary):
        yield f"the first line of the docstring must be a sentence with a full stop, got {task.summary!r}"
    elif re.search(r"[.!?] +[A-Z]", task.summary):
        yield f"the first line of the docstring must be one sentence, got {task.summary!r}"


def _descriptions(task: Task) -> Iterator[str]:
    """Every parameter, output value, output file and setting says what it is."""
    structs = [("parameter", task.parameters), ("output", task.output)]
    if task.settings is not None:
        structs.append(("setting", task.settings))
    for word, struct in structs:
        for path, field in _all_fields(struct):
            if not field.description.strip():
                yield f"{word} {path!r} has no description; add Meta(description=...)"
    for file in task.files:
        if not file.description.strip():
            yield f"output file {file.name!r} has no description"


def _files(task: Task) -> Iterator[str]:
    """The media types of output files are media types."""
    for file in task.files:
        for media_type in file.media_types:
            if not _MEDIA_TYPE.fullmatch(media_type):
                yield f"output file {file.name!r}: {media_type!r} is not a media type such as 'image/jpeg'"


def _limits(task: Task) -> Iterator[str]:
    """One run has limits that it can keep."""
    for name in ("seconds", "memory_bytes", "output_bytes"):
        limit = getattr(task.limits, name)
        if not 0 < limit < 2**53:
            yield f"{name} must be above 0 and finite, got {limit}"


def _numbers(task: Task) -> Iterator[str]:
    """Every number that a client gives has a lowest and a highest value."""
    for path, field in _all_fields(task.parameters):
        for shape in _parts(field.shape):
            if shape.kind not in {"integer", "number"}:
                continue
            if shape.ge is None and shape.gt is None:
                yield f"parameter {path!r} has no lowest value; use a type of `fields`, or Meta(ge=...)"
            if shape.le is None and shape.lt is None:
                yield f"parameter {path!r} has no highest value; use a type of `fields`, or Meta(le=...)"


def _defaults(task: Task) -> Iterator[str]:
    """Every default is a value that a client could give."""
    structs: list[tuple[str, type[Struct]]] = [("parameter", task.parameters)]
    if task.settings is not None:
        structs.append(("setting", task.settings))
    for word, struct in structs:
        for path, field in _all_fields(struct):
            if field.default is msgspec.UNSET:
                continue
            try:
                msgspec.convert(field.default, field.type)
            except (msgspec.ValidationError, ValueError, TypeError) as error:
                yield f"the default of {word} {path!r} breaks its own type ({reason_of(error)})"


def _names(task: Task) -> Iterator[str]:
    """No parameter has the name of another key of task definitions, and unknown ones are refused."""
    for field in fields_of(task.parameters):
        if field.name in RESERVED:
            yield f"parameter {field.name!r} has the name of a key of every task definition"
    if not task.parameters.__struct_config__.forbid_unknown_fields:
        yield "the parameters must keep forbid_unknown_fields=True: else a slip in a name goes unseen"


def _schema(task: Task) -> Iterator[str]:
    """Parameters and output have a JSON Schema that survives being written and read."""
    for word, make, struct in (
        ("parameters", parameters_schema, task.parameters),
        ("output", output_schema, task.output),
    ):
        schema = make(task)
        if json.loads(json.dumps(schema, allow_nan=False)) != schema:
            yield f"the schema of the {word} is another after it was written as JSON"
        for pointer in _references(schema):
            if not pointer.startswith("#/$defs/") or pointer.removeprefix("#/$defs/") not in schema.get("$defs", {}):
                yield f"the schema of the {word} refers to {pointer}, which it has not"
        for field in fields_of(struct):
            if field.name not in schema.get("properties", {}):
                yield f"the schema of the {word} lacks {field.name!r}"


def _light(task: Task) -> Iterator[str]:
    """Importing the task's module loads no heavy library."""
    heavy = sorted({*HEAVY, *(module.partition(".")[0] for module in task.preload)})
    module = task.function.__module__
    heavy = [name for name in heavy if name != module.partition(".")[0]]
    program = (
        "import importlib, json, sys\n"
        "path, module, heavy = json.loads(sys.argv[1])\n"
        "sys.path[:] = path\n"
        "importlib.import_module(module)\n"
        "print()\n"
        "print(json.dumps([name for name in heavy if name in sys.modules]))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, json.dumps([sys.path, module, heavy])],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if answer.returncode:
        last = answer.stderr.strip().rpartition("\n")[2]
        yield f"its module {module} cannot be imported in a fresh process ({last[:200]})"
        return
    if loaded := json.loads(answer.stdout.splitlines()[-1]):
        yield f"importing {module} loads {', '.join(loaded)}; import them inside the function"


def _reference(task: Task) -> Iterator[str]:
    """The reference has a page of the task, with every name on it."""
    registry = Registry([task])
    for form, page in (
        ("Markdown", reference_pages(registry)[f"{task.name}.md"]),
        ("HTML", task_html(registry, task.name)),
    ):
        names = [field.name for struct in (task.parameters, task.output) for field in fields_of(struct)]
        names += [file.name for file in task.files]
        yield from (f"the reference ({form}) lacks {name!r}" for name in names if name not in page)


def _errors(task: Task) -> Iterator[str]:
    """The plugin's own errors have a code of their own, and say what they mean."""
    for row in own_errors(task):
        if row.code == "task_error":
            yield f"an error of the plugin has no code of its own ({row.meaning or 'nor a docstring'})"
        elif not row.meaning:
            yield f"the error with the code {row.code!r} has no docstring; its first line stands in the reference"


RULES: dict[str, Callable[[Task], Iterator[str]]] = {
    "entry_point": _entry_point,
    "summary": _summary,
    "descriptions": _descriptions,
    "files": _files,
    "limits": _limits,
    "numbers": _numbers,
    "defaults": _defaults,
    "names": _names,
    "schema": _schema,
    "accepted": accepted_breaches,
    "refused": refused_breaches,
    "light": _light,
    "reference": _reference,
    "errors": _errors,
}
"""Every rule by its name, in the order they are told."""


def _all_fields(struct: type[Struct]) -> Iterator[tuple[str, FieldShape]]:
    """Yield (path, field) of every field of *struct* and of the structs in it, each struct once."""
    waiting, seen = [("", struct)], {struct}
    while waiting:
        prefix, one = waiting.pop(0)
        for field in fields_of(one):
            yield f"{prefix}{field.name}", field
            for part in _parts(field.shape):
                if part.struct is not None and part.struct not in seen:
                    seen.add(part.struct)
                    waiting.append((f"{prefix}{field.name}.", part.struct))


def _parts(shape: Shape) -> Iterator[Shape]:
    """Yield a type and the types of its items and members."""
    yield shape
    for part in shape.items + shape.members:
        yield from _parts(part)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(pointer := schema.get("$ref"), str):
            yield pointer
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
