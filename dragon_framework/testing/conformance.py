"""`check_task`: holds a task of any plugin to the contract, and tells every breach at once.

    def test_it_keeps_the_contract():
        check_task("acme.gzip", hostile=True)

In: an installed task, or its name. Out: nothing, or `ContractBreachError` with a line for
each breach. A rule is a function, one for each promise of the contract, that yields
sentences and never stops the others. Needs hypothesis. Stands on the registry, the
reference, `trials` (parameters tried on the task), `behaviour` (runs of it that are
watched) and `hostile` (files tried on it).
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dragon_framework.discovery import installed, reason_of
from dragon_framework.errors import InvalidParametersError, PluginError
from dragon_framework.reference import reference_pages, task_html
from dragon_framework.reference.facts import own_errors
from dragon_framework.registry import GROUP, RESERVED, Registry, load_registry
from dragon_framework.schema import output_schema, parameters_schema
from dragon_framework.shapes import FieldShape, Shape, fields_of
from dragon_framework.tasks import Task
from dragon_framework.testing.behaviour import BEHAVIOUR, Sample, found_sample
from dragon_framework.testing.hostile import hostile_breaches
from dragon_framework.testing.sources_in import has_sources
from dragon_framework.testing.trials import accepted_breaches, refused_breaches, simple_parameters
from dragon_framework.validation import convert_parameters

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


class TaskReport(Struct, frozen=True, kw_only=True):
    """How a task stands to the contract.

    Args:
        task: Its name.
        kept: Names of the rules it keeps.
        breaches: Every breach.
        not_looked_at: Why rules were left out, by the rule's name.
    """

    task: str
    kept: tuple[str, ...] = ()
    breaches: tuple[Breach, ...] = ()
    not_looked_at: dict[str, str] = {}


def check_task(
    task: Task | str,
    *,
    hostile: bool = False,
    reads_anything: bool = False,
    sample: Mapping[str, Any] | bool = False,
) -> None:
    """Raise `ContractBreachError` unless *task* keeps the contract.

    Args:
        task: A task of an installed distribution, or its name.
        hostile: Whether it is also run, here and now, with files that are not what it
            reads: an empty one, a text, cut media, damaged ones of the kinds it declares
            (`x-media-types` at the source). A task without a source is not run.
        reads_anything: Whether it may succeed on what is no medium at all, as a
            compressor does; else it must refuse it.
        sample: Parameters with which it succeeds, sources as paths or URLs: then it is
            run, watched, cancelled, and tried with other right parameters. True tries
            the core's own small files (a picture, a sound, a film, a page, a text)
            until it reads one.

    Raises:
        ContractBreachError: With every breach.
        UnknownTaskError: If no distribution that can be used provides a task of that name.
    """
    report = examine_task(task, hostile=hostile, reads_anything=reads_anything, sample=sample)
    breaches = list(report.breaches)
    if sample is True and not breaches and "runs" in report.not_looked_at:
        breaches.append(Breach("runs", report.not_looked_at["runs"]))
    if breaches:
        raise ContractBreachError(report.task, tuple(breaches))


def examine_task(
    task: Task | str,
    *,
    hostile: bool = False,
    reads_anything: bool = False,
    sample: Mapping[str, Any] | bool = False,
) -> TaskReport:
    """Return how *task* stands to the contract; the arguments are those of `check_task`.

    Rules of the schema are looked at first. If one is broken, the task is not run: the
    same would be told again.

    Raises:
        UnknownTaskError: If no distribution that can be used provides a task of that name.
    """
    if not isinstance(task, Task):
        task = load_registry().get(task)
    told: dict[str, list[str]] = {rule: _told(look, task) for rule, look in RULES.items()}
    skipped: dict[str, str] = {}
    if any(told.values()):
        why = "the rules above are broken"
        skipped |= dict.fromkeys(BEHAVIOUR, why) if sample else {}
        skipped |= {"hostile": why} if hostile else {}
        hostile, sample = False, False
    with tempfile.TemporaryDirectory(prefix="dragon-check-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if sample is not False:
            _run_rules(task, None if sample is True else sample, directory, told, skipped)
        if hostile and not has_sources(task):
            skipped["hostile"] = "it reads no source"
        elif hostile:
            told["hostile"] = list(hostile_breaches(task, directory, reads_anything=reads_anything))
    return TaskReport(
        task=task.name,
        kept=tuple(rule for rule, texts in told.items() if not texts),
        breaches=tuple(Breach(rule, text) for rule, texts in told.items() for text in texts),
        not_looked_at=skipped,
    )


def _run_rules(
    task: Task, values: Mapping[str, Any] | None, directory: Path, told: dict[str, list[str]], skipped: dict[str, str]
) -> None:
    """Put what the rules of `BEHAVIOUR` say into *told*, and what could not be looked at into *skipped*."""
    found = Sample(task, values, directory) if values is not None else found_sample(task, directory)
    if isinstance(found, str):
        skipped |= dict.fromkeys(BEHAVIOUR, found)
        return
    for rule, look in BEHAVIOUR.items():
        told[rule] = list(look(found))
        if rule == "runs" and told[rule]:
            skipped |= dict.fromkeys((name for name in BEHAVIOUR if name != rule), "the sample failed")
            return


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
    """Every default is a value that a client could give, and the one that is documented is the one that counts."""
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
    yield from _other_defaults(task)


def _other_defaults(task: Task) -> Iterator[str]:
    """Yield the parameters that, left out, have another value than the schema says."""
    right = simple_parameters(task)
    if right is None:
        return  # the rule `accepted` says so
    fields = fields_of(task.parameters)
    given = {field.name: right[field.name] for field in fields if field.required}
    try:
        parameters = convert_parameters(task, given)
    except InvalidParametersError:
        given, parameters = right, convert_parameters(task, right)  # `__post_init__` wants one of the others
    shown = parameters_schema(task)["properties"]
    for field in fields:
        if field.name in given or field.default is msgspec.UNSET:
            continue
        real = msgspec.to_builtins(getattr(parameters, field.attribute))
        documented = shown.get(field.name, {}).get("default", field.default)
        if real != documented:
            yield f"parameter {field.name!r} is {real!r:.60} when it is left out; documented is {documented!r:.60}"


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
