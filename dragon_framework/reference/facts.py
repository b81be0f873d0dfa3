"""What the reference says about a field, a task and an error, before it is written in any form.

The words are those of the v1 reference: `float`, `list of strings`, `(choices: ...)`,
`(default: ...)`; limits, units and what is required are added to them.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from dragon_framework import errors
from dragon_framework.problems import number
from dragon_framework.registry import Registry
from dragon_framework.shapes import FieldShape, Shape, fields_of
from dragon_framework.tasks import OutputFile, Task

ONE, MANY = 0, 1

_WORDS = {
    "integer": ("integer", "integers"),
    "number": ("float", "floats"),
    "string": ("string", "strings"),
    "boolean": ("boolean", "booleans"),
    "object": ("object", "objects"),
    "struct": ("object", "objects"),
    "null": ("null", "nulls"),
    "any": ("anything", "things"),
}


class Row(Struct, frozen=True, kw_only=True):
    """One field, as a line of the reference.

    Args:
        name: Its name.
        type: Its type in the words of the v1 reference.
        description: One sentence; may be empty.
        remarks: What stands in parentheses: limits, choices, default.
        inner: The fields of the object, or of the objects in the list.
    """

    name: str
    type: str
    description: str
    remarks: tuple[str, ...] = ()
    inner: tuple["Row", ...] = ()

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return "required" in self.remarks

    @property
    def default(self) -> str:
        """The default; empty if none is told."""
        found = (remark.removeprefix("default: ") for remark in self.remarks if remark.startswith("default: "))
        return next(found, "")

    @property
    def limits(self) -> tuple[str, ...]:
        """The other remarks."""
        return tuple(one for one in self.remarks if one != "required" and not one.startswith("default: "))


def rows_of(struct: type[Struct], *, given: bool, depth: int = 0) -> tuple[Row, ...]:
    """Return a row for each field of *struct*.

    Args:
        struct: Parameters or output.
        given: Whether clients give the values: then what is required is told.
        depth: How deep this object lies in others; below 4 the fields are not listed.
    """
    return tuple(_row(field, given=given, depth=depth) for field in fields_of(struct))


def _row(field: FieldShape, *, given: bool, depth: int) -> Row:
    shape = field.shape.without_null()
    item = shape.items[0].without_null() if len(shape.items) == 1 else shape
    inner = item.struct if item.struct is not None and depth < 3 else None
    remarks = list(_limits(shape))
    if shape.kind == "list" and item.struct is None:
        remarks += [f"each {limit}" for limit in _limits(item)]
    if item.choices:
        remarks.append(f"choices: {', '.join(map(value, item.choices))}")
    if given:
        remarks += [f"default: {value(field.default)}"] if has_default(field) else []
        remarks += ["required"] if field.required else []
    elif field.shape.nullable and shape.kind != "any":
        remarks.append("null if unknown")
    if shape.secret:
        remarks.append("a credential: never shown")
    return Row(
        name=field.name,
        type=type_words(shape),
        description=field.description,
        remarks=tuple(remarks),
        inner=rows_of(inner, given=given, depth=depth + 1) if inner is not None else (),
    )


def has_default(field: FieldShape) -> bool:
    """Whether a default is told: null is not, and neither is that of a credential."""
    return field.default is not UNSET and field.default is not None and not field.shape.secret


def type_words(shape: Shape, number_of: int = ONE) -> str:
    """Return the name of a type: `integer`, `list of strings`."""
    if shape.kind in _WORDS:
        return _WORDS[shape.kind][number_of]
    if shape.kind == "choice":
        kinds = {"string" if isinstance(choice, str) else "integer" for choice in shape.choices}
        return " or ".join(_WORDS[kind][number_of] for kind in sorted(kinds))
    if shape.kind == "list":
        items = list(dict.fromkeys(type_words(item.without_null(), MANY) for item in shape.items))
        return f"{'list' if number_of == ONE else 'lists'} of {' and '.join(items)}"
    if shape.kind == "union":
        return " or ".join(dict.fromkeys(type_words(member, number_of) for member in shape.members))
    return shape.name or "value"


def value(one: Any) -> str:
    """Return a default or choice as the reference writes it: `'jpeg'`, `0`, `false`."""
    if isinstance(one, str):
        return repr(one)
    return msgspec.json.encode(one).decode()


def _limits(shape: Shape) -> Iterator[str]:
    unit = f" {shape.unit}" if shape.unit else ""
    if shape.ge is not None and shape.le is not None:
        yield f"{number(shape.ge)} to {number(shape.le)}{unit}"
    else:
        low = [f"at least {number(shape.ge)}{unit}"] if shape.ge is not None else []
        low += [f"above {number(shape.gt)}{unit}"] if shape.gt is not None else []
        low += [f"at most {number(shape.le)}{unit}"] if shape.le is not None else []
        low += [f"below {number(shape.lt)}{unit}"] if shape.lt is not None else []
        if low:
            yield ", ".join(low)
        elif unit:
            yield f"in{unit}"
    if shape.multiple_of is not None:
        yield f"a multiple of {number(shape.multiple_of)}"
    if shape.kind == "list" and (shape.min_length or shape.max_length is not None):
        yield _counted(shape.min_length or 0, shape.max_length, "items")
    if shape.kind == "string" and shape.max_length is not None and not shape.secret and "format" not in shape.facts:
        yield _counted(shape.min_length or 0, shape.max_length, "characters")
    if shape.kind == "string" and "x-expected" in shape.facts:
        yield str(shape.facts["x-expected"])


def _counted(low: int, high: int | None, of: str) -> str:
    if high is None:
        return f"at least {low} {of}"
    if low == high:
        return f"{low} {of}"
    return f"{low} to {high} {of}" if low else f"at most {high} {of}"


def file_remarks(file: OutputFile) -> tuple[str, ...]:
    """Return what stands in parentheses behind an output file."""
    types = (", ".join(file.media_types),) if file.media_types else ()
    return (*types, "may be left out") if file.optional else types


def file_rows(task: Task) -> tuple[Row, ...]:
    """Return a row for each output file."""
    return tuple(
        Row(name=file.name, type="", description=file.description or "URL of the file.", remarks=file_remarks(file))
        for file in task.files
    )


def example_of(task: Task) -> dict[str, Any]:
    """Return a task definition with what is required and nothing more."""
    definition: dict[str, Any] = {"task_name": task.name}
    for field in fields_of(task.parameters):
        if field.required:
            definition[field.name] = _sample(field.shape.without_null(), task.family)
    return definition


_FILES = {"image": "cat.jpg", "audio": "song.mp3", "video": "film.mp4", "html": "page.html"}


def _sample(shape: Shape, family: str) -> Any:
    if shape.facts.get("examples") and not shape.secret:
        return shape.facts["examples"][0]
    match shape.kind:
        case "choice":
            return shape.choices[0]
        case "integer" | "number":
            low = shape.ge if shape.ge is not None else shape.gt
            return int(low) + 1 if low is not None else 1
        case "boolean":
            return True
        case "list":
            return [_sample(item.without_null(), family) for item in shape.items]
        case "object" | "any":
            return {}
        case _:
            return f"{SAMPLES}{_FILES.get(family, 'file')}" if shape.facts.get("format") == "uri" else "text"


def curl_of(task: Task) -> str:
    """Return the task's example for a shell, with curl.

    It runs as it stands where `$DRAGON` is the address of the service, `$SECRET` a secret, and a file of the reader's
    lies in the directory, if the task reads one: that is uploaded first. Credentials of others are variables, too.
    """
    definition = example_of(task)
    variables: dict[str, str] = {}
    uploads: list[str] = []
    for field in fields_of(task.parameters):
        if field.name not in definition:
            continue
        shape = field.shape.without_null()
        sample = definition[field.name]
        if shape.secret:
            variables[field.name] = field.name.upper()
        elif isinstance(sample, str) and sample.startswith(SAMPLES):
            variables[field.name] = "URL"
            uploads.append(sample.removeprefix(SAMPLES))
        elif sample and isinstance(sample, list) and str(sample[0]).startswith(SAMPLES):
            variables[field.name] = "URL"
            uploads.append(str(sample[0]).removeprefix(SAMPLES))
        if field.name in variables:
            mark = f"\0{field.name}\0"
            definition[field.name] = [mark] if isinstance(sample, list) else mark
    body = msgspec.json.format(msgspec.json.encode({"block": True, "tasks": definition}), indent=2).decode()
    body = body.replace("'", "'\\''")
    for name, variable in variables.items():
        body = body.replace(f"\\u0000{name}\\u0000", f"'${variable}'")
    lines = [_UPLOAD.replace("FILE", name) for name in dict.fromkeys(uploads)]
    lines.append(f"curl -s $DRAGON/v1/create -H \"Authorization: Secret $SECRET\" -d '{body}'")
    return "\n".join(lines)


SAMPLES = "http://foo.com/"
"""Where the files of examples lie that stand for the reader's own."""

_UPLOAD = (
    'URL=$(curl -s $DRAGON/v1/inputs/FILE -H "Authorization: Secret $SECRET" --data-binary @FILE'
    ' | sed \'s/.*"url":"\\([^"]*\\)".*/\\1/\')'
)


def limits_of(task: Task) -> str:
    """Return the limits of one run as a sentence."""
    limits = task.limits
    return (
        f"One run may take {number(limits.seconds)} s, {size(limits.memory_bytes)} of memory, "
        f"and {size(limits.output_bytes)} of output files."
    )


def size(count: int) -> str:
    """Return a number of bytes as people read it: `2 GiB`."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 2**power:
            return f"{number(round(count / 2**power, 1))} {unit}"
    return f"{count} B"


class ErrorRow(Struct, frozen=True):
    """One error that a status can carry: its stable code, what it means, whether a retry may help."""

    code: str
    meaning: str
    transient: str


def error_rows() -> list[ErrorRow]:
    """Return every error of the service: those that are no `TaskError`, then those of `errors` in its order."""
    return [
        ErrorRow("unknown_key", "There is no task with this key, or no more: statuses expire.", "no"),
        ErrorRow("unknown_task", (errors.UnknownTaskError.__doc__ or "").strip(), "no"),
        ErrorRow("storage_failed", "The output files could not be stored.", "yes"),
        *(
            _error_row(error)
            for error in vars(errors).values()
            if isinstance(error, type) and issubclass(error, errors.TaskError) and not error.__name__.startswith("_")
        ),
    ]


def own_errors(task: Task) -> list[ErrorRow]:
    """Return the errors that the task's own module defines or imports from its plugin."""
    package = task.function.__module__.partition(".")[0]
    return [
        _error_row(found)
        for found in getattr(task.function, "__globals__", {}).values()
        if isinstance(found, type)
        and issubclass(found, errors.TaskError)
        and found.__module__.partition(".")[0] == package
    ]


def _error_row(error: type[errors.TaskError]) -> ErrorRow:
    meaning = (error.__doc__ or "").strip().partition("\n")[0]
    transient = "yes" if error.transient else "no"
    if error is errors.SourceUnavailableError:
        transient = "depends on the cause"
    return ErrorRow(error.code, meaning, transient)


def families(registry: Registry) -> dict[str, list[Task]]:
    """Return the tasks by family, both sorted."""
    found: dict[str, list[Task]] = {}
    for task in registry.tasks.values():
        found.setdefault(task.family, []).append(task)
    return found
