"""The sources among a task's parameters: whether there are any, of what kind, and others in their place.

Stands on `shapes`.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from dragon_framework.shapes import Shape, fields_of
from dragon_framework.tasks import Task


def has_sources(task: Task) -> bool:
    """Whether any parameter names a file that the task reads."""
    return any(is_source(field.shape) for field in fields_of(task.parameters))


def is_source(shape: Shape) -> bool:
    """Whether a type is a source, or has one in it."""
    if "x-source" in shape.facts or any(is_source(part) for part in shape.items + shape.members):
        return True
    return shape.struct is not None and any(is_source(field.shape) for field in fields_of(shape.struct))


def read_media_types(task: Task) -> tuple[str, ...]:
    """Return the media types that the task says it reads, such as `image/*`; empty if it does not say."""
    found: dict[str, None] = {}
    for field in fields_of(task.parameters):
        for shape in _parts(field.shape):
            if "x-source" in shape.facts:
                found.update(dict.fromkeys(shape.facts.get("x-media-types", ())))
    return tuple(found)


def reads(task: Task, media_type: str) -> bool:
    """Whether files of *media_type* are among those that the task says it reads; true if it does not say."""
    kinds = read_media_types(task)
    return not kinds or any(fnmatchcase(media_type, kind) for kind in kinds)


def with_source(task: Task, values: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return the parameters with *url* in place of every source."""
    shapes = {field.name: field.shape for field in fields_of(task.parameters)}
    return {name: _replaced(shapes[name], value, url) if name in shapes else value for name, value in values.items()}


def with_sources(task: Task, values: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with sources of *right* in place of every source: of the same name, else any."""
    of_names = {
        field.name: right[field.name]
        for field in fields_of(task.parameters)
        if field.name in right and is_source(field.shape)
    }
    some = next(_texts(list(of_names.values())), None)
    if some is None:
        return dict(values)
    return {
        name: of_names[name] if name in of_names else with_source(task, {name: value}, some)[name]
        for name, value in values.items()
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))


def _parts(shape: Shape) -> Iterator[Shape]:
    yield shape.without_null()
    for part in shape.items + shape.members:
        yield from _parts(part)
    if shape.struct is not None:
        for field in fields_of(shape.struct):
            yield from _parts(field.shape)


def _replaced(shape: Shape, value: Any, url: str) -> Any:
    """Return *value* with *url* in place of every source in it."""
    shape = shape.without_null()
    if value is None:
        return None
    if "x-source" in shape.facts:
        return url
    if isinstance(value, list) and shape.items:
        shapes = shape.items if len(shape.items) == len(value) else shape.items * len(value)
        return [_replaced(one, item, url) for one, item in zip(shapes, value, strict=False)]
    if isinstance(value, dict) and shape.struct is not None:
        fields = {field.name: field.shape for field in fields_of(shape.struct)}
        return {name: _replaced(fields[name], item, url) if name in fields else item for name, item in value.items()}
    if isinstance(value, dict) and shape.kind == "object":
        return {name: _replaced(shape.items[0], item, url) for name, item in value.items()}
    if shape.kind == "union" and isinstance(value, str):
        return url if any("x-source" in member.facts for member in shape.members) else value
    return value
