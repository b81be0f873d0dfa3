"""Hypothesis strategies from a task's own schema: parameters that it must accept.

    @given(data())
    def test_any_right_parameters_are_taken(data):
        values = data.draw(parameters_strategy(image_thumb))

Needs hypothesis, which is imported when a strategy is first made.
"""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dragon_framework.errors import InvalidParametersError
from dragon_framework.shapes import Shape, fields_of
from dragon_framework.tasks import Task
from dragon_framework.validation import convert_parameters

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

MAX_ITEMS = 4
"""Longest list, beyond what the schema asks for: more only makes tests slower."""


def parameters_strategy(task: Task) -> "SearchStrategy[dict[str, Any]]":
    """Return a strategy of parameters as JSON holds them, all of which the task accepts.

    Optional fields are left out at times. What `__post_init__` refuses is left out too.

    Raises:
        TypeError: If a field is of a type for which no values can be made.
    """

    def accepted(values: dict[str, Any]) -> bool:
        try:
            convert_parameters(task, values)
        except InvalidParametersError:
            return False
        return True

    return struct_strategy(task.parameters).filter(accepted)


def struct_strategy(struct: type[Struct]) -> "SearchStrategy[dict[str, Any]]":
    """Return a strategy of objects that fit the fields of *struct*."""
    from hypothesis import strategies as st

    def made() -> "SearchStrategy[dict[str, Any]]":
        fields = fields_of(struct)
        return st.fixed_dictionaries(
            {field.name: shape_strategy(field.shape) for field in fields if field.required},
            optional={field.name: shape_strategy(field.shape) for field in fields if not field.required},
        )

    return st.deferred(made)  # a struct may hold itself


def shape_strategy(shape: Shape) -> "SearchStrategy[Any]":  # noqa: PLR0911  # one for each kind
    """Return a strategy of values of one type, as JSON holds them."""
    from hypothesis import strategies as st

    match shape.kind:
        case "integer":
            return _integers(shape)
        case "number":
            return _numbers(shape)
        case "string":
            return _strings(shape)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "choice":
            return st.sampled_from(shape.choices)
        case "union":
            return st.one_of(*(shape_strategy(member) for member in shape.members))
        case "list" if len(shape.items) == 1:
            low, high = _length(shape)
            return st.lists(shape_strategy(shape.items[0]), min_size=low, max_size=high)
        case "list":
            return st.tuples(*(shape_strategy(item) for item in shape.items)).map(list)
        case "object":
            low, high = _length(shape)
            return st.dictionaries(_text(1, 20), shape_strategy(shape.items[0]), min_size=low, max_size=high)
        case "struct" if shape.struct is not None:
            return struct_strategy(shape.struct)
        case "any":
            return st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _text(0, 20)
        case _:
            raise TypeError(f"no values can be made for a {shape.name or shape.kind}")


def _integers(shape: Shape) -> "SearchStrategy[int]":
    from hypothesis import strategies as st

    low = int(shape.ge) if shape.ge is not None else int(shape.gt) + 1 if shape.gt is not None else -(2**53)
    high = int(shape.le) if shape.le is not None else int(shape.lt) - 1 if shape.lt is not None else 2**53
    if not shape.multiple_of:
        return st.integers(low, high)
    step = int(shape.multiple_of)
    return st.integers(-(-low // step), high // step).map(lambda number: number * step)


def _numbers(shape: Shape) -> "SearchStrategy[float]":
    from hypothesis import strategies as st

    floats = st.floats(
        min_value=shape.ge if shape.ge is not None else shape.gt,
        max_value=shape.le if shape.le is not None else shape.lt,
        exclude_min=shape.ge is None and shape.gt is not None,
        exclude_max=shape.le is None and shape.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )
    if not shape.multiple_of:
        return floats
    step = shape.multiple_of
    return floats.map(lambda number: round(number / step) * step)


def _strings(shape: Shape) -> "SearchStrategy[str]":
    from hypothesis import strategies as st

    low, high = shape.min_length or 0, shape.max_length
    if shape.pattern is not None:
        found = st.from_regex(shape.pattern, alphabet=st.characters(codec="utf-8"))
        return found.filter(lambda text: low <= len(text) <= (len(text) if high is None else high))
    if shape.facts.get("format") == "uri":
        return st.sampled_from(["http", "https"]).flatmap(
            lambda scheme: st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12).map(
                lambda name: f"{scheme}://example.com/{name}"
            )
        )
    return _text(low, max(low, min(high, 200) if high is not None else low + 40))


def _text(low: int, high: int) -> "SearchStrategy[str]":
    from hypothesis import strategies as st

    return st.text(st.characters(codec="utf-8"), min_size=low, max_size=high)


def _length(shape: Shape) -> tuple[int, int]:
    low = shape.min_length or 0
    return low, min(low + MAX_ITEMS, shape.max_length) if shape.max_length is not None else low + MAX_ITEMS
