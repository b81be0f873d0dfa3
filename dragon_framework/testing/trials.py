"""Parameters tried on a task: right ones must be accepted, wrong ones refused by name.

In: a task. Out: a sentence for each breach. Needs hypothesis, which is imported when a
trial begins. Stands on the validation and `strategies`.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from dragon_framework.errors import InvalidParametersError
from dragon_framework.shapes import Shape, fields_of
from dragon_framework.tasks import Task
from dragon_framework.testing.strategies import parameters_strategy, struct_strategy
from dragon_framework.validation import convert_parameters

EXAMPLES = 50
"""How many sets of parameters are tried."""


def accepted_breaches(task: Task) -> Iterator[str]:
    """Parameters that fit the types are accepted, or refused with a field named; they survive JSON."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis.errors import Unsatisfiable

    known = {field.name for field in fields_of(task.parameters)}
    found: dict[str, None] = {}
    accepted = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(struct_strategy(task.parameters))
    def try_each(values: dict[str, Any]) -> None:
        nonlocal accepted
        try:
            parameters = convert_parameters(task, values)
            again = convert_parameters(task, json.loads(msgspec.json.encode(parameters)))
        except InvalidParametersError as error:
            for name in error.errors.keys() - known:
                found[f"a refusal must name a parameter, got {name!r}: {error.errors[name][0]}"] = None
        else:
            accepted += 1
            if again != parameters:
                found["accepted parameters are others after they were written as JSON"] = None

    try:
        try_each()
    except Unsatisfiable:
        pass  # said below
    yield from found
    if not accepted and not found:
        yield f"none of {EXAMPLES} sets of parameters that fit the types was accepted; narrow the types"


def refused_breaches(task: Task) -> Iterator[str]:
    """A wrong value is refused, and its field is named."""
    right = simple_parameters(task)
    if right is None:
        return  # the rule above has said so
    for field in fields_of(task.parameters):
        if field.shape.kind == "any":
            yield f"parameter {field.name!r} takes anything, so that nothing is refused; give it a type"
        for value in _wrong_values(field.shape):
            wrong = right | {field.name: value}
            if field.name not in _errors_of(task, wrong):
                yield f"parameter {field.name!r} does not refuse {value!r:.60}"
        if field.required:
            missing = {name: value for name, value in right.items() if name != field.name}
            if field.name not in _errors_of(task, missing):
                yield f"parameter {field.name!r} is required, but its absence is not refused under its name"


def simple_parameters(task: Task, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any] | None:
    """Return simple parameters that the task accepts and that are *wanted*; None if none are found."""
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import NoSuchExample, Unsatisfiable

    try:
        return find(
            parameters_strategy(task),
            wanted,
            settings=settings(
                database=None,
                derandomize=True,
                max_examples=300,
                phases=(Phase.generate,),  # begins with the simplest; making others simpler takes seconds
                suppress_health_check=list(HealthCheck),
            ),
        )
    except (NoSuchExample, Unsatisfiable):
        return None


def _wrong_values(shape: Shape) -> Iterator[Any]:
    """Yield values that the type cannot hold: of another kind, and just past its limits."""
    shape = shape.without_null()
    shapes = [shape, *shape.members]
    kinds = {one.kind for one in shapes}
    if not kinds & {"any", "object", "struct"}:
        yield {"of": "another kind"}
    if not kinds & {"any", "list"}:
        yield ["of another kind"]
    if "union" in kinds:
        return
    for limit, beyond in ((shape.ge, -1), (shape.gt, 0), (shape.le, 1), (shape.lt, 0)):
        if limit is not None and abs(limit) < 2**53:
            yield (int(limit) if shape.kind == "integer" else limit) + beyond
    if shape.kind == "string" and shape.max_length is not None and shape.max_length < 1_000_000:
        yield "x" * (shape.max_length + 1)
    if shape.kind == "choice":
        yield "none of the choices"


def _errors_of(task: Task, values: dict[str, Any]) -> dict[str, list[str]]:
    try:
        convert_parameters(task, values)
    except InvalidParametersError as error:
        return error.errors
    return {}
