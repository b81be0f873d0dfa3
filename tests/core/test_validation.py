"""Parameters against a task's struct: what is accepted, and what is said about the rest."""

# ruff: noqa: RUF012  # msgspec copies a mutable default

import json
import math
import string
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError, FieldErrors, InvalidParametersError, InvalidResultError
from dragon_framework.fields import Color, Pixels, Seconds, Secret, SourceUrl
from dragon_framework.shapes import fields_of
from dragon_framework.testing.strategies import parameters_strategy
from dragon_framework.validation import MAX_UNKNOWN, check_output, convert_parameters


class Layer(Struct, frozen=True):
    """A part of a picture."""

    width: Pixels
    name: str = ""

    def __post_init__(self) -> None:
        if self.name == "wrong":
            raise FieldError("name", "must not be wrong")


class PaintParameters(Parameters, frozen=True, kw_only=True):
    """Something of every kind."""

    url: SourceUrl
    width: Annotated[Pixels | None, Meta(description="Width.")] = None
    format: Literal["jpeg", "gif", "png"] = "jpeg"
    rotation: Literal[0, 90, 180, 270] = 0
    crop: bool = False
    images: list[SourceUrl] = []
    ratio: float = 1.0
    big: int = 0
    start: Seconds = 0
    color: Color = "#000000"
    layers: list[Layer] = []
    size: int | Literal["auto"] = "auto"
    tags: Annotated[list[str], Meta(max_length=3)] = []
    extra: Any = None
    token: Secret = "none"
    pin: Annotated[str, Meta(pattern="^[0-9]+$", extra_json_schema={"x-secret": True})] = "0"
    labels: dict[str, Pixels] = {}

    def __post_init__(self) -> None:
        if self.width == 7:
            raise FieldError("width", "must not be 7 px")
        if self.width == 6:
            raise FieldErrors({"width": ["must not be 6 px"], "ratio": ["must fit", "must be nice"]})
        if self.width == 8:
            raise ValueError("no luck with eight")
        if self.width == 9:
            raise KeyError("a defect of the plugin")


class PaintOutput(Output, frozen=True, kw_only=True):
    """What a painting is."""

    width: Pixels
    score: float | None = None


@task("test.paint", files=[OutputFile("output"), OutputFile("preview", optional=True)])
def paint(parameters: PaintParameters, ctx: TaskContext) -> PaintOutput:
    """Paint."""
    return PaintOutput(width=1)


def errors_of(values: Any, *, strict: bool = True) -> dict[str, list[str]]:
    with pytest.raises(InvalidParametersError) as raised:
        convert_parameters(paint, values, strict=strict)
    return raised.value.errors


def accepted(*, strict: bool = True, **values: Any) -> Any:
    return convert_parameters(paint, {"url": "http://foo.com/cat.jpg"} | values, strict=strict)


def test_a_missing_url_is_told_in_the_words_of_the_v1_reference():
    assert errors_of({}) == {"url": ["this field is required"]}


def test_every_wrong_field_is_named_at_once():
    values = {
        "widht": 1,
        "width": 0,
        "format": "bmp",
        "rotation": 45,
        "crop": "yes",
        "images": ["http://a/b", 3, ""],
        "start": -1,
        "color": "red",
        "layers": [{"width": 0}, {}, {"width": 5, "hight": 1}],
        "tags": ["a", "b", "c", "d"],
        "labels": {"a": 1, "b": 0},
        "size": None,
    }

    assert errors_of(values) == {
        "url": ["this field is required"],
        "widht": ["unknown parameter; did you mean 'width'?"],
        "width": ["must be at least 1 px, got 0"],
        "format": ["must be one of 'jpeg', 'gif', 'png', got 'bmp'"],
        "rotation": ["must be one of 0, 90, 180, 270, got 45"],
        "crop": ["must be true or false, got the string 'yes'"],
        "images": ["images[1]: must be a string, got an integer", "images[2]: must not be empty"],
        "start": ["must be at least 0 s, got -1"],
        "color": ["must be a colour such as '#000000', got 'red'"],
        "layers": ["layers[0].width: must be at least 1 px, got 0", "layers[1].width: this field is required"],
        "tags": ["must have at most 3 items, got 4"],
        "labels": ["labels.b: must be at least 1 px, got 0"],
        "size": ["must be an integer or 'auto', got null"],
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("width", "300", "must be an integer, got the string '300'"),
        ("width", 70_000, "must be at most 65535 px, got 70000"),
        ("width", 3.5, "must be an integer, got 3.5"),
        ("width", True, "must be an integer, got true"),
        ("width", [1], "must be an integer, got a list"),
        ("width", {}, "must be an integer, got an object"),
        ("start", 1e8, "must be at most 10000000 s, got 100000000.0"),
        ("crop", 1, "must be true or false, got 1"),
        ("crop", None, "must be true or false, got null"),
        ("format", 3, "must be one of 'jpeg', 'gif', 'png', got 3"),
        ("url", None, "must be a string, got null"),
        ("images", "http://a/b", "must be a list, got a string"),
        ("big", 2**64, "must be an integer of at most 64 bits"),
        pytest.param("big", 10**6000, "must be an integer of at most 64 bits", id="more digits than str() writes"),
        ("ratio", math.nan, "must be a finite number, got nan"),
        ("ratio", -math.inf, "must be a finite number, got -inf"),
        ("start", math.inf, "must be a finite number, got inf"),
        ("extra", [{"a": math.nan}], "must be a finite number, got nan"),
        ("extra", "\ud800", "must be valid Unicode text"),
        ("layers", [{"width": 1, "name": "wrong"}], "layers[0].name: must not be wrong"),
    ],
)
def test_the_message_says_what_was_expected_and_what_came(name, value, message):
    assert errors_of({"url": "http://foo.com/cat.jpg", name: value}) == {name: [message]}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("width", 300.0, 300),
        ("rotation", 90.0, 90),
        ("start", 3, 3.0),
        ("layers", [{"width": 2.0}], [Layer(2)]),
        ("width", None, None),
        ("size", "auto", "auto"),
        ("size", 3, 3),
    ],
)
def test_json_may_write_a_whole_number_with_or_without_a_point(name, value, expected):
    """JSON Schema 2020-12, 4.2.3: 1.0 is an integer."""
    assert getattr(accepted(**{name: value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("width", "300", 300),
        ("width", "300.0", 300),
        ("width", ["100", "200"], 200),
        ("width", "", None),
        ("format", "", "jpeg"),
        ("crop", "True", True),
        ("crop", "FALSE", False),
        ("crop", "1", True),
        ("crop", ["true", "0"], False),
        ("rotation", "270", 270),
        ("ratio", "1.5", 1.5),
        ("images", "http://a/1", ["http://a/1"]),
        ("images", ["http://a/1", "http://a/2"], ["http://a/1", "http://a/2"]),
        ("images", '["http://a/1", "http://a/2"]', ["http://a/1", "http://a/2"]),
        ("tags", "[not json", ["[not json"]),
        ("layers", '[{"width": 3}]', [Layer(3)]),
        ("labels", '{"a": 3}', {"a": 3}),
        ("url", ["http://a/1", "http://a/2"], "http://a/2"),
        ("size", "auto", "auto"),
    ],
)
def test_a_query_string_gives_what_the_field_asks_for(name, value, expected):
    assert getattr(accepted(strict=False, **{name: value}), name) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("width", "wide", "must be an integer, got the string 'wide'"),
        ("width", "0", "must be at least 1 px, got 0"),
        ("width", "3.5", "must be an integer, got the string '3.5'"),
        ("crop", "yes", "must be true or false, got the string 'yes'"),
        ("ratio", "nan", "must be a finite number, got nan"),
        ("ratio", "inf", "must be a finite number, got inf"),
        ("url", "", "must not be empty"),
        ("rotation", "45", "must be one of 0, 90, 180, 270, got '45'"),
    ],
)
def test_a_wrong_query_string_is_told_like_wrong_json(name, value, message):
    assert errors_of({"url": "u"} | {name: value}, strict=False) == {name: [message]}


def test_fields_that_are_wrong_together_are_told_at_the_field_the_plugin_names():
    assert errors_of({"url": "u", "width": 7}) == {"width": ["must not be 7 px"]}
    assert errors_of({"url": "u", "width": 8}) == {"*": ["no luck with eight"]}
    assert errors_of({"url": "u", "width": 9}) == {"*": ["could not be checked (KeyError)"]}


@pytest.mark.parametrize("value", [["hunter2"], {"hunter2": 1}, "hunter2" * 2000])
def test_a_credential_is_never_quoted(value):
    errors = errors_of({"url": "u", "token": value})

    assert errors.keys() == {"token"}
    assert "hunter2" not in str(errors)


def test_a_credential_of_a_wrong_form_is_not_quoted_either():
    assert errors_of({"url": "u", "pin": "hunter2"}) == {"pin": ["must be text that matches ^[0-9]+$, got a string"]}


def test_a_url_is_never_quoted_because_it_may_carry_a_password():
    assert "hunter2" not in str(errors_of({"url": "http://me:hunter2@host/" + "x" * 3_000_000}))
    assert "hunter2" not in str(errors_of({"url": "u", "width": 0, "images": [["http://me:hunter2@host/"]]}))


def test_a_huge_or_hostile_body_gets_a_short_answer():
    values = {f"unknown{number}": 1 for number in range(100_000)} | {"x" * 100_000: 1, "\ud800\n": 1, 5: 1}
    values |= {"images": [0] * 100_000, "color": "y" * 100_000, "layers": [{"z" * 9999: 1}] * 1000}

    errors = errors_of(values)

    assert len(errors) == MAX_UNKNOWN + 4
    assert len(json.dumps(errors)) < 20_000
    msgspec.json.encode(errors)


def test_deep_values_are_refused_in_a_sentence():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert errors_of({"url": "u", "extra": deep}) == {"extra": ["must not lie deeper than 64 lists or objects"]}
    assert errors_of({"url": "u", "images": deep}) == {"images": ["images[0]: must be a string, got a list"]}


@pytest.mark.parametrize("values", [None, [], "text", 5])
def test_values_that_are_no_object_are_refused(values):
    assert errors_of(values) == {"*": [f"must be an object, got {type(values).__name__}"]}


@given(st.data())
def test_right_parameters_are_accepted_and_lose_nothing(data):
    values = data.draw(parameters_strategy(paint))

    parameters = convert_parameters(paint, values)

    for name, value in values.items():
        assert getattr(parameters, name) == ([Layer(**layer) for layer in value] if name == "layers" else value)


WRONG: dict[str, Any] = {
    "url": st.sampled_from([None, 3, "", []]),
    "width": st.sampled_from([0, -1, 65_536, 1.5, "3", True]),
    "format": st.sampled_from(["bmp", None, 1, []]),
    "rotation": st.sampled_from([45, "90", None, 0.5]),
    "crop": st.sampled_from([0, "true", None]),
    "images": st.sampled_from(["http://a", [3], [None], {"a": 1}]),
    "ratio": st.sampled_from([math.nan, math.inf, "1", None]),
    "start": st.sampled_from([-0.1, 1.1e7, math.nan]),
    "color": st.sampled_from(["red", "#12", "#12345g", 5]),
    "layers": st.sampled_from([[{}], [{"width": 0}], [[1]], 3]),
    "token": st.sampled_from(["", None, 3]),
}


@given(
    st.data(), st.sets(st.sampled_from(sorted(WRONG))), st.sets(st.text(string.ascii_uppercase, min_size=1, max_size=5))
)
def test_exactly_the_wrong_fields_are_named(data, wrong, unknown):
    values = data.draw(parameters_strategy(paint)) | {name: data.draw(WRONG[name]) for name in sorted(wrong)}
    values |= dict.fromkeys(unknown, 1)

    errors: dict[str, list[str]] = {}
    try:
        convert_parameters(paint, values)
    except InvalidParametersError as error:
        errors = error.errors

    assert errors.keys() == wrong | unknown
    assert all(messages and all(messages) for messages in errors.values())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([field.name for field in fields_of(PaintParameters)]) | st.text() | st.integers()


@given(st.dictionaries(names, anything, max_size=6), st.booleans())
def test_whatever_comes_it_is_accepted_or_refused_in_sentences(values, strict):
    parameters, details = None, {}
    try:
        parameters = convert_parameters(paint, values, strict=strict)
    except InvalidParametersError as error:
        details = error.details()

    assert isinstance(parameters, PaintParameters) or details["parameters"]
    msgspec.json.encode(details)


@given(st.data())
def test_a_query_string_of_right_values_means_the_same(data):
    values = data.draw(parameters_strategy(paint))
    values.pop("extra", None)
    values.pop("tags", None)  # a tag such as "[1]" reads as JSON
    if values.get("size") != "auto":
        values.pop("size", None)  # the text "3" of `int | Literal["auto"]` stays a text for msgspec
    text = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value is not None
    }

    assert convert_parameters(paint, text, strict=False) == convert_parameters(
        paint, {name: value for name, value in values.items() if value is not None}
    )


def output_errors(output: Any, files: list[str]) -> dict[str, list[str]]:
    with pytest.raises(InvalidResultError) as raised:
        check_output(paint, output, files)
    return raised.value.errors


def test_a_declared_output_is_returned_as_json_holds_it():
    assert check_output(paint, PaintOutput(width=5, score=0.5), ["output"]) == {"width": 5, "score": 0.5}
    assert check_output(paint, PaintOutput(width=5), {"output", "preview"}) == {"width": 5, "score": None}


@pytest.mark.parametrize(
    ("output", "files", "errors"),
    [
        (PaintOutput(width=0), ["output"], {"width": ["must be at least 1 px, got 0"]}),
        (PaintOutput(width=1, score=math.nan), ["output"], {"score": ["must be a finite number, got nan"]}),
        (PaintOutput(width=1), [], {"output": ["this output file was not written"]}),
        (PaintOutput(width=1), ["output", "log"], {"log": ["this output file is not declared"]}),
        (PaintOutput(width=1j), ["output"], {"width": ["cannot be written as JSON: complex (TypeError)"]}),  # type: ignore[arg-type]
        ({"width": 1}, ["output"], {"*": ["must be PaintOutput, got dict"]}),
        (None, ["output"], {"*": ["must be PaintOutput, got NoneType"]}),
    ],
)
def test_an_undeclared_output_is_a_defect_named_field_by_field(output, files, errors):
    assert output_errors(output, files) == errors


def test_several_fields_that_are_wrong_together_are_told_at_once():
    with pytest.raises(InvalidParametersError) as raised:
        convert_parameters(paint, {"url": "http://foo.com/", "width": 6})

    assert raised.value.errors == {"width": ["must not be 6 px"], "ratio": ["must fit", "must be nice"]}
