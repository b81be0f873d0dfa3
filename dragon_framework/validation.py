"""Parameters and outputs against a task's structs, with every wrong field named at once.

In: values as JSON holds them, or as a query string does (`strict=False`). Out: the
task's struct, or `InvalidParametersError` with a list of sentences for each wrong field
(`{"width": ["must be at least 1 px, got 0"]}`). A right set of values costs one
`msgspec.convert`; only a wrong one is looked at field by field. Stands on `shapes`.

What is lenient, and what is not:

- An integer may be written `300.0`, as in JSON Schema; never `"300"`, unless the values
  come from a query string.
- From a query string: numbers, and booleans in any case (`True`, `false`, `1`, `0`); of a
  repeated key the last value, or all of them where the field is a list; JSON where the
  field is a list or an object; an empty value that the field cannot hold counts as not
  given, as forms send it, if the field has a default.
- `nan` and infinity are refused everywhere, and so is text that UTF-8 cannot hold.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dragon_framework.errors import FieldError, FieldErrors, InvalidParametersError, InvalidResultError
from dragon_framework.problems import problems_of, shown_name, suggestion
from dragon_framework.shapes import FieldShape, Shape, fields_of
from dragon_framework.tasks import Parameters, Task

WHOLE = "*"
"""The name under which stands what is wrong with the parameters as a whole."""

MAX_UNKNOWN = 50
"""How many unknown parameters are named; a hostile body may have a million."""

MAX_DEPTH = 64
"""How deep lists and objects may lie in each other."""

S = TypeVar("S", bound=Struct)


def convert_parameters(task: Task, values: Mapping[str, Any], *, strict: bool = True) -> Parameters:
    """Return *values* as the task's parameters.

    Args:
        task: The task.
        values: Parameters by name, without `task_name` and the like.
        strict: False for values that came as text (query strings, `key=value`).

    Raises:
        InvalidParametersError: If any is wrong, missing or unknown; it names them all.
    """
    struct = task.parameters
    try:
        parameters = msgspec.convert(values, struct, strict=strict)
        for get in _getters(struct):
            if _unsound(get(parameters)):
                break
        else:
            return parameters
    except Exception:  # noqa: BLE001, S110  # whatever it was, the careful way says it in a sentence
        pass
    errors: dict[str, list[str]] = {}
    careful = _convert_carefully(struct, values, errors, strict=strict)
    if careful is None:
        raise InvalidParametersError(task.name, errors)
    return careful


def check_output(task: Task, output: Any, files: Collection[str]) -> dict[str, Any]:
    """Return the output values of a run as JSON holds them, if they are what the task declared.

    Args:
        task: The task.
        output: What its function returned.
        files: Names of the output files it wrote.

    Raises:
        InvalidResultError: If a value is of another type than declared or not finite,
            if a file is missing that is not optional, or was not declared.
    """
    errors: dict[str, list[str]] = {}
    declared = {file.name: file for file in task.files}
    for name in sorted(set(files) - declared.keys()):
        errors[name] = ["this output file is not declared"]
    for name, file in declared.items():
        if name not in files and not file.optional:
            errors[name] = ["this output file was not written"]

    values: dict[str, Any] = {}
    struct: Any = task.output
    if type(output) is not task.output:
        errors[WHOLE] = [f"must be {struct.__name__}, got {type(output).__name__}"]
    else:
        try:
            values = msgspec.to_builtins(output)
            checked = msgspec.convert(values, struct)
            if any(_unsound(get(checked)) for get in _getters(struct)):
                raise ValueError
        except Exception:  # noqa: BLE001  # whatever it was, the careful way says it in a sentence
            values = {}
            for field in fields_of(struct):
                try:
                    value = getattr(output, field.attribute)
                    if value is not msgspec.UNSET:
                        values[field.name] = msgspec.to_builtins(value)
                except Exception as error:  # noqa: BLE001  # a type that JSON cannot hold, or too deep
                    kind = type(getattr(output, field.attribute, None)).__name__
                    errors[field.name] = [f"cannot be written as JSON: {kind} ({type(error).__name__})"]
            found: dict[str, list[str]] = {}
            _convert_carefully(struct, values, found, strict=True)
            errors = found | errors
    if errors:
        raise InvalidResultError(task.name, errors)
    return values


@lru_cache(maxsize=4096)
def _getters(struct: Any) -> tuple[Callable[[Any], Any], ...]:
    """Return getters of the fields that can hold what msgspec lets through and we do not."""
    return tuple(attrgetter(field.attribute) for field in fields_of(struct) if not _bounded(field.shape))


def _bounded(shape: Shape) -> bool:
    match shape.kind:
        case "integer" | "number":
            low = shape.ge if shape.ge is not None else shape.gt
            high = shape.le if shape.le is not None else shape.lt
            return low is not None and high is not None and low >= -(2**63) and high < 2**63
        case "boolean" | "null" | "choice":
            return True
        case "list":
            return all(_bounded(item) for item in shape.items)
        case "union":
            return all(_bounded(member) for member in shape.members)
        case _:
            return False


def _unsound(value: Any, depth: int = 0) -> str:
    """Return why JSON or Redis cannot hold a converted value; empty if they can."""
    kind = type(value)
    if kind is str:
        return "" if value.isascii() or _is_unicode(value) else "must be valid Unicode text"
    if value is None or kind is bool:
        return ""
    if kind is float:
        return "" if math.isfinite(value) else f"must be a finite number, got {value}"
    if kind is int:
        return "" if -(2**63) <= value < 2**64 else "must be an integer of at most 64 bits"
    parts: Iterable[Any]
    if isinstance(value, Struct):
        parts = (getattr(value, name) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        parts = (part for item in value.items() for part in item)
    elif isinstance(value, list | tuple | set | frozenset):
        parts = value
    else:
        return ""
    if depth >= MAX_DEPTH:
        return f"must not lie deeper than {MAX_DEPTH} lists or objects"
    return next((problem for part in parts if (problem := _unsound(part, depth + 1))), "")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _convert_carefully(struct: type[S], values: Any, errors: dict[str, list[str]], *, strict: bool) -> S | None:
    """Return *values* as *struct*, or None with at least one sentence put into *errors*."""
    if not isinstance(values, Mapping):
        errors[WHOLE] = [f"must be an object, got {type(values).__name__}"]
        return None
    fields = {field.name: field for field in fields_of(struct)}
    prepared: dict[str, Any] = {}
    unknown = 0
    for name, value in values.items():
        field = fields.get(name) if type(name) is str else None
        if field is None:
            unknown += 1
            if struct.__struct_config__.forbid_unknown_fields and unknown <= MAX_UNKNOWN:
                errors[shown_name(name)] = [f"unknown parameter{suggestion(name, fields)}"]
            continue
        ready, problems = _convert_field(field, value, strict=strict)
        if problems:
            errors[field.name] = problems
        elif ready is not msgspec.UNSET:
            prepared[field.name] = ready
    for name, field in fields.items():
        if field.required and name not in prepared and name not in errors:
            errors[name] = ["this field is required"]
    if errors:
        return None
    try:
        return msgspec.convert(prepared, struct, strict=strict)
    except Exception as error:  # noqa: BLE001  # a plugin's __post_init__ may raise anything
        errors |= {shown_name(name): problems for name, problems in _whole_problems(error).items()}
    return None


def _convert_field(field: FieldShape, value: Any, *, strict: bool) -> tuple[Any, list[str]]:
    """Return (the value as msgspec takes it, []), (UNSET, []) for "not given", or (None, problems)."""
    ready = value
    try:
        ready = _prepare(field.shape, value, strict=strict)
        converted = msgspec.convert(ready, field.type, strict=strict)
        problem = _unsound(converted)
        return ready, [problem] if problem else []
    except RecursionError:
        return None, [f"must not lie deeper than {MAX_DEPTH} lists or objects"]
    except Exception as error:  # noqa: BLE001  # a nested __post_init__ may raise anything
        if not strict and _is_blank(value) and not field.required:
            return msgspec.UNSET, []
        return None, problems_of(field, ready, error)


def _is_blank(value: Any) -> bool:
    if type(value) is list and value:
        value = value[-1]
    return type(value) is str and not value


def _whole_problems(error: Exception) -> dict[str, list[str]]:
    cause = error.__cause__ if isinstance(error, msgspec.ValidationError) else error
    if isinstance(cause, FieldErrors):
        return cause.errors
    if isinstance(cause, FieldError):
        return {cause.field: [cause.problem]}
    if isinstance(error, msgspec.ValidationError):
        return {WHOLE: [str(error)]}
    return {WHOLE: [f"could not be checked ({type(error).__name__})"]}


def _prepare(shape: Shape, value: Any, depth: int = 0, *, strict: bool) -> Any:
    """Return *value* with the leniency of this module applied; what is wrong stays as it is."""
    if depth > MAX_DEPTH:
        raise RecursionError
    shape = shape.without_null()
    if not strict:
        value = _from_text(shape, value)
    kind = shape.kind
    if kind == "integer" or kind == "choice":
        if type(value) is float and value.is_integer() and abs(value) <= 2**53:
            return int(value)
    elif kind == "list" and isinstance(value, list | tuple):
        items = shape.items
        if len(items) == 1:
            return [_prepare(items[0], item, depth + 1, strict=strict) for item in value]
        if len(items) == len(value):
            return [_prepare(items[place], item, depth + 1, strict=strict) for place, item in enumerate(value)]
    elif kind == "object" and isinstance(value, Mapping):
        return {name: _prepare(shape.items[0], item, depth + 1, strict=strict) for name, item in value.items()}
    elif kind == "struct" and isinstance(value, Mapping) and shape.struct is not None:
        shapes = {field.name: field.shape for field in fields_of(shape.struct)}
        return {
            name: _prepare(shapes[name], item, depth + 1, strict=strict)
            if type(name) is str and name in shapes
            else item
            for name, item in value.items()
        }
    return value


def _from_text(shape: Shape, value: Any) -> Any:
    if shape.kind == "any" or any(member.kind == "list" for member in shape.members):
        return value
    if type(value) is list and value and shape.kind != "list":
        value = value[-1]
    if type(value) is not str and not (type(value) is list and len(value) == 1 and type(value[0]) is str):
        return value
    text = value if type(value) is str else value[0]
    if shape.kind == "list" or shape.kind == "object" or shape.kind == "struct":
        if text[:1] == ("[" if shape.kind == "list" else "{"):
            try:
                return msgspec.json.decode(text)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                pass  # a text that happens to begin like JSON
        return [text] if shape.kind == "list" else value
    if shape.kind == "integer" or shape.kind == "number":
        try:
            return msgspec.convert(text, int if shape.kind == "integer" else float, strict=False)
        except msgspec.ValidationError:
            return value
    return value
