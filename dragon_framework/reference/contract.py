"""The page of the plugin contract: every public name that a task stands on, from its own code.

In: the modules `tasks`, `parts`, `fields`, `errors` and `contract`. Out: Markdown. What the page
says of a name is its docstring, so that neither can be changed without the other.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from dragon_framework import contract, errors, fields, parts, tasks
from dragon_framework.problems import number
from dragon_framework.shapes import shape_of

_HEAD = """
# The plugin contract

Version **{version}**. A task plugin stands on what is listed here, and on nothing else of `dragon_framework`; what is
promised of it is in [What will not change](../explanation/promise.md). [Hooks](hooks.md) have a page of their own, and
so has [testing](../how-to/test-a-task.md).

## Entry points

| group | name | value |
| --- | --- | --- |
| `dragon.tasks` | the task's name, such as `acme.gzip` | the task, `acme_gzip.gzip:acme_gzip` |
| `dragon.hooks` | any | a module, or a class, with functions marked by `@hookimpl` |
| `dragon.storage` | the scheme of its URLs | a subclass of `dragon_framework.storage.base.Storage` |
| `dragon.contract` | the range it supports: `1.0` is 1.0 and every later 1.x; `1.2-2` every 2.x, too | its package |
"""

_CLASSES = (tasks.Parameters, tasks.Output, tasks.OutputFile, tasks.Limits, tasks.Origin, parts.PartResult)
_DOORS = (tasks.TaskContext, tasks.TaskState, parts.Spread, parts.PartContext)
_ERRORS = tuple(
    value
    for value in vars(errors).values()
    if isinstance(value, type)
    and not value.__name__.startswith("_")
    and (issubclass(value, errors.TaskError) or value is errors.FieldError)
)


def contract_page(docstring: Callable[[str], str]) -> str:
    """Return the page.

    Args:
        docstring: Makes Markdown of a docstring in Google's form.
    """
    parts = [_HEAD.strip().replace("{version}", contract.CONTRACT_VERSION)]
    parts += ["## @task", _signature("task", tasks.task), docstring(tasks.task.__doc__ or "")]
    parts += ["## Structs", *_structs(docstring)]
    for door in _DOORS:
        parts += [f"## {door.__name__}", docstring(door.__doc__ or ""), *_members(door, docstring)]
    parts += ["## Types of fields", _field_table()]
    parts += ["## Errors", "In `dragon_framework.errors`; a plugin raises them, or its own subclasses of `TaskError`."]
    parts.append(_error_table())
    return "\n\n".join(parts)


def _structs(docstring: Callable[[str], str]) -> Iterator[str]:
    for struct in _CLASSES:
        yield f"### {struct.__name__}"
        yield docstring(struct.__doc__ or "")


def _members(door: type[Any], docstring: Callable[[str], str]) -> Iterator[str]:
    said = _said_of_names(door)
    for name in vars(door).get("__annotations__", {}):
        if not name.startswith("_"):
            yield f"### {name}\n\n{said.get(name, '')}".rstrip()
    for name, member in vars(door).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"### {name}\n\n{docstring(member.__doc__ or '')}"
        elif inspect.isfunction(member):
            yield "\n\n".join((f"### {name}", _signature(name, member), docstring(member.__doc__ or "")))


def _signature(name: str, function: Callable[..., Any]) -> str:
    """Return how a function is called; annotations stay as they are written in the code."""
    source = inspect.getsource(function)
    tree = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.args.args = [argument for argument in tree.args.args if argument.arg != "self"]
    arguments = re.sub(r"\s+", " ", ast.unparse(tree.args))
    returns = f" -> {ast.unparse(tree.returns)}" if tree.returns is not None else ""
    text = f"{name}({arguments}){returns}"
    if len(text) > 120:
        text = f"{name}(\n    " + re.sub(r", (?=\*?[a-z_]+[:,=]|\*, )", ",\n    ", arguments) + f",\n){returns}"
    return f"```python\n{text}\n```"


def _field_table() -> str:
    said = _said_of_names(fields)
    lines = ["| type | values | |", "| --- | --- | --- |"]
    for name, value in vars(fields).items():
        if name[0].isupper() and not name.isupper() and hasattr(value, "__metadata__"):
            lines.append(f"| `{name}` | {_values(value)} | {_cell(said.get(name, ''))} |")
    return "\n".join(lines)


def _values(annotation: Any) -> str:
    shape = shape_of(annotation)
    low = (
        f"from {number(shape.ge)}"
        if shape.ge is not None
        else f"above {number(shape.gt)}"
        if shape.gt is not None
        else ""
    )
    high = f"to {number(shape.le)}" if shape.le is not None else ""
    unit = f" {shape.unit}" if shape.unit else ""
    kind = {"string": "text", "number": "number", "integer": "integer"}.get(shape.kind, shape.kind)
    limits = " ".join(filter(None, (low, high)))
    if media_types := shape.facts.get("x-media-types"):
        limits = ", ".join(media_types)
    return f"{kind}{f', {limits}{unit}' if limits else ''}"


def _error_table() -> str:
    lines = ["| error | code | |", "| --- | --- | --- |"]
    for error in _ERRORS:
        code = f"`{error.code}`" if hasattr(error, "code") else ""
        text = inspect.cleandoc(error.__doc__ or "").partition("\n")[0]
        call = f"({', '.join(_arguments(error))})"
        lines.append(f"| `{error.__name__}{call}` | {code} | {_cell(text)} |")
    return "\n".join(lines)


def _arguments(error: type[Exception]) -> Iterator[str]:
    if "__init__" in vars(error) or any("__init__" in vars(base) for base in error.__mro__[1:-3]):
        for name, parameter in list(inspect.signature(error.__init__).parameters.items())[1:]:
            if parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
                yield name if parameter.default is parameter.empty else f"{name}={parameter.default!r}"


def _said_of_names(place: Any) -> dict[str, str]:
    """Return the texts that stand under assignments and annotations of a module or class, by name."""
    tree: Any = ast.parse(textwrap.dedent(inspect.getsource(place)))
    body = tree.body[0].body if inspect.isclass(place) else tree.body
    said: dict[str, str] = {}
    for statement, after in pairwise(body):
        is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if not (is_text and isinstance(after.value.value, str)):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(target, ast.Name):
            said[target.id] = inspect.cleandoc(after.value.value)
    return said


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
