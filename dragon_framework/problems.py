"""Sentences about a wrong value: what was expected, in which unit, and what came instead.

In: a field, the value and msgspec's error. Out: sentences for clients, one for each
wrong place in the value (`images[2]: must be a string, got an integer`). What is quoted
is short, printable, and never a credential or a URL, which may carry one. Stands on
`shapes`.
"""

import operator
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from dragon_framework.errors import FieldError
from dragon_framework.shapes import FieldShape, Shape, fields_of

MAX_PROBLEMS = 10
"""How many sentences one field gets; a list may have a million wrong items."""

MAX_QUOTED = 60
"""How many characters of a value, or of a name, are shown."""

Problem = tuple[str, str]
"""Where in the value (`[2].width`; empty for the value itself), and what is wrong there."""


def problems_of(field: FieldShape, value: Any, error: Exception) -> list[str]:
    """Return what is wrong with the value of a field that msgspec refused with *error*."""
    found = _problems(field.shape, value) or [("", _from_error(error))]
    texts = [f"{field.name}{path}: {text}" if path else text for path, text in found[:MAX_PROBLEMS]]
    if len(found) > MAX_PROBLEMS:
        texts.append("and more of the kind")
    return texts


def shown_name(name: Any) -> str:
    """Return the name of a parameter as it may be shown: printable, at most 60 characters."""
    text = name if isinstance(name, str) else f"{type(name).__name__} as a name"
    start = text[: MAX_QUOTED + 1]
    return _short("".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in start))


def suggestion(name: Any, known: Iterable[str]) -> str:
    """Return `; did you mean 'width'?` if *name* looks like a slip, else nothing."""
    if not isinstance(name, str) or len(name) > MAX_QUOTED:
        return ""
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _problems(shape: Shape, value: Any, path: str = "") -> list[Problem]:
    """Return what is wrong; empty if nothing is, or if only msgspec knows."""
    if value is None and shape.nullable:
        return []
    shape = shape.without_null()
    match shape.kind:
        case "union":
            return _union_problems(shape, value, path)
        case "list":
            if not isinstance(value, list | tuple):
                return _wrong_kind(shape, value, path)
            many = len(shape.items) == 1
            inner: list[Problem] = []
            if many or len(shape.items) == len(value):
                for place, item in enumerate(value):
                    inner += _problems(shape.items[0 if many else place], item, f"{path}[{place}]")
                    if len(inner) > MAX_PROBLEMS:
                        break
            return _length_problems(shape, len(value), "item", path) + inner
        case "object":
            if not isinstance(value, Mapping):
                return _wrong_kind(shape, value, path)
            inner = []
            for name, item in value.items():
                inner += _problems(shape.items[0], item, f"{path}.{shown_name(name)}")
                if len(inner) > MAX_PROBLEMS:
                    break
            return _length_problems(shape, len(value), "entry", path) + inner
        case "struct":
            return _struct_problems(shape, value, path)
        case "any" | "other":
            return []
        case _:
            return _scalar_problems(shape, value, path)


def _scalar_problems(shape: Shape, value: Any, path: str) -> list[Problem]:
    match shape.kind:
        case "boolean" if type(value) is bool or (type(value) is str and value.lower() in {"true", "false", "1", "0"}):
            return []
        case "string" if isinstance(value, str):
            if problems := _length_problems(shape, len(value), "character", path):
                return problems
            if shape.pattern is None or re.search(shape.pattern, value):
                return []
            expected = shape.facts.get("x-expected") or f"text that matches {shape.pattern}"
            return [(path, f"must be {expected}{_got(shape, value)}")]
        case "integer" | "number" if isinstance(value, int | float) and not isinstance(value, bool):
            if shape.kind == "integer" and isinstance(value, float):
                return _wrong_kind(shape, value, path)
            return _limit_problems(shape, value, path)
        case "choice" if any(type(choice) is type(value) and choice == value for choice in shape.choices):
            return []
        case "choice":
            text = f"must be {_expected(shape)}{_got(shape, value)}"
            if isinstance(value, str) and len(shape.choices) > MAX_PROBLEMS:
                text += suggestion(value, [choice for choice in shape.choices if isinstance(choice, str)])
            return [(path, text)]
        case _:
            return _wrong_kind(shape, value, path)


def _struct_problems(shape: Shape, value: Any, path: str) -> list[Problem]:
    if not isinstance(value, Mapping) or shape.struct is None:
        return _wrong_kind(shape, value, path)
    fields = {field.name: field for field in fields_of(shape.struct)}
    found: list[Problem] = []
    for name, item in value.items():
        if (field := fields.get(name) if isinstance(name, str) else None) is not None:
            found += _problems(field.shape, item, f"{path}.{name}")
        elif shape.struct.__struct_config__.forbid_unknown_fields:
            found.append((f"{path}.{shown_name(name)}", f"unknown field{suggestion(name, fields)}"))
        if len(found) > MAX_PROBLEMS:
            return found
    tag = shape.struct.__struct_config__.tag_field
    found += [
        (f"{path}.{name}", "this field is required")
        for name, field in fields.items()
        if field.required and name not in value and name != tag
    ]
    if not found:
        try:
            msgspec.convert(value, shape.struct, strict=False)
        except msgspec.ValidationError as error:
            if isinstance(error.__cause__, FieldError):
                return [(f"{path}.{error.__cause__.field}", error.__cause__.problem)]
            return [(path, _from_error(error))]
    return found


def _union_problems(shape: Shape, value: Any, path: str) -> list[Problem]:
    each = [(member, _problems(member, value, path)) for member in shape.members]
    if not all(problems for _, problems in each):
        return []
    same_kind = [problems for member, problems in each if _is_kind(member, value)]
    return same_kind[0] if len(same_kind) == 1 else _wrong_kind(shape, value, path)


def _is_kind(shape: Shape, value: Any) -> bool:
    match shape.kind:
        case "integer" | "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "list":
            return isinstance(value, list | tuple)
        case "object" | "struct":
            return isinstance(value, Mapping)
        case _:
            return False


def _limit_problems(shape: Shape, value: float, path: str) -> list[Problem]:
    unit = f" {shape.unit}" if shape.unit else ""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124  # not a number
        return [(path, f"must be a finite number{_got(shape, value)}")]
    for limit, holds, text in (
        (shape.ge, operator.ge, "at least"),
        (shape.gt, operator.gt, "above"),
        (shape.le, operator.le, "at most"),
        (shape.lt, operator.lt, "below"),
        (shape.multiple_of, lambda number, step: number % step == 0, "a multiple of"),
    ):
        if limit is not None and not holds(value, limit):
            return [(path, f"must be {text} {number(limit)}{unit}{_got(shape, value)}")]
    return []


def _length_problems(shape: Shape, length: int, of: str, path: str) -> list[Problem]:
    if shape.min_length is not None and length < shape.min_length:
        if length == 0 and shape.min_length == 1:
            return [(path, "must not be empty")]
        return [(path, f"must have at least {_counted(shape.min_length, of)}, got {length}")]
    if shape.max_length is not None and length > shape.max_length:
        return [(path, f"must have at most {_counted(shape.max_length, of)}, got {length}")]
    return []


def _counted(count: int, of: str) -> str:
    if count == 1:
        return f"1 {of}"
    return f"{count} {of[:-1]}ies" if of.endswith("y") else f"{count} {of}s"


def _wrong_kind(shape: Shape, value: Any, path: str) -> list[Problem]:
    return [(path, f"must be {_expected(shape)}{_got(shape, value)}")]


def _expected(shape: Shape) -> str:  # noqa: PLR0911  # one for each kind
    if (expected := shape.facts.get("x-expected")) is not None:
        return str(expected)
    match shape.kind:
        case "choice":
            listed = ", ".join(map(repr, shape.choices))
            return listed if len(shape.choices) == 1 else f"one of {listed}"
        case "union":
            return " or ".join(dict.fromkeys(_expected(member) for member in shape.members))
        case "integer":
            return "an integer"
        case "number":
            return "a number"
        case "string":
            return "a string"
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case "list":
            return "a list"
        case "object" | "struct":
            return "an object"
        case _:
            return f"a {shape.name}" if shape.name else "another value"


def number(value: float) -> str:
    """Return a limit or default as people write it: `65535`, `0.1`, `10000000`."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def _got(shape: Shape, value: Any) -> str:
    if value is None:
        return ", got null"
    if isinstance(value, bool):
        return f", got {'true' if value else 'false'}"
    if isinstance(value, str):
        if _hides(shape):
            return ", got a string"
        textual = shape.kind in {"string", "choice"}
        return f", got {_quoted(value)}" if textual else f", got the string {_quoted(value)}"
    if isinstance(value, int | float):
        if shape.kind == "string":
            return ", got an integer" if isinstance(value, int) else ", got a number"
        try:
            return f", got {_short(repr(value))}"
        except ValueError:  # more digits than Python turns into text
            return ", got a number of thousands of digits"
    if isinstance(value, list | tuple):
        return ", got a list"
    return ", got an object" if isinstance(value, Mapping) else f", got {type(value).__name__}"


def _hides(shape: Shape) -> bool:
    """Whether a value meant for this type may hold a credential: one itself, or a URL."""
    if shape.secret or "x-source" in shape.facts or shape.facts.get("format") == "uri":
        return True
    return any(_hides(part) for part in shape.items + shape.members)


def _quoted(text: str) -> str:
    return _short(ascii(text[: MAX_QUOTED + 1]) if not text.isprintable() else repr(text[: MAX_QUOTED + 1]))


def _short(text: str) -> str:
    return text if len(text) <= MAX_QUOTED + 2 else f"{text[:MAX_QUOTED]}…"


def _from_error(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, msgspec.ValidationError) else None
    if isinstance(cause, FieldError):
        return str(cause)
    if not isinstance(error, msgspec.ValidationError):
        return f"could not be checked ({type(error).__name__})"
    text = str(error).partition(" - at ")[0].replace("`", "")
    return _short_sentence(text.replace("Expected ", "must be ", 1) if text.startswith("Expected ") else text)


def _short_sentence(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= 300 else f"{clean[:299]}…"
