"""The JSON Schema documents: whole, in the author's order, and in agreement with the validation."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import InvalidParametersError
from dragon_framework.fields import Pixels, Seconds, SourceUrl
from dragon_framework.registry import Registry
from dragon_framework.schema import openapi_components, output_schema, parameters_schema, task_document
from dragon_framework.shapes import fields_of
from dragon_framework.testing.strategies import parameters_strategy, shape_strategy
from dragon_framework.validation import convert_parameters


class Node(Struct, frozen=True):
    """A tree."""

    side: Literal["right", "left"] = "right"
    children: list["Node"] = []


class DrawParameters(Parameters, frozen=True, kw_only=True):
    """What to draw."""

    url: SourceUrl
    width: Annotated[Pixels | None, Meta(description="Width.")] = None
    format: Literal["png", "jpeg", "gif"] = "png"
    turn: Annotated[int, Meta(ge=0, le=270, multiple_of=90)] = 0
    start: Annotated[Seconds, Meta(description="Start.")] = 0.0
    tree: Node | None = None


class DrawOutput(Output, frozen=True, kw_only=True):
    """What was drawn."""

    width: Pixels


@task("draw.tree", files=[OutputFile("output", "The drawing.", ("image/png",)), OutputFile("log", optional=True)])
def draw(parameters: DrawParameters, ctx: TaskContext) -> DrawOutput:
    """Draw a tree."""
    return DrawOutput(width=1)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for key, text in value.items() if key == "$ref")
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_parameters_are_an_object_with_limits_units_and_choices_in_declared_order():
    schema = parameters_schema(draw)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["type"], schema["required"], schema["additionalProperties"]) == ("object", ["url"], False)
    assert list(schema["properties"]) == ["url", "width", "format", "turn", "start", "tree"]
    assert schema["properties"]["width"] == {
        "description": "Width.",
        "anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535, "x-unit": "px"}, {"type": "null"}],
        "default": None,
    }
    assert schema["properties"]["format"] == {"enum": ["png", "jpeg", "gif"], "default": "png"}
    assert schema["$defs"]["Node"]["properties"]["side"]["enum"] == ["right", "left"]


def test_output_files_stand_beside_the_values_as_urls():
    schema = output_schema(draw)

    assert schema["required"] == ["width", "output"]
    assert schema["properties"]["output"] == {
        "type": "string",
        "format": "uri",
        "description": "The drawing.",
        "x-media-types": ["image/png"],
    }
    assert schema["properties"]["log"]["type"] == "string"


@pytest.mark.parametrize("make", [parameters_schema, output_schema])
def test_a_document_refers_to_nothing_outside_itself(make):
    schema = make(draw)

    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_the_document_of_a_task_is_what_the_service_prints():
    document = task_document(draw)

    assert list(document) == ["name", "summary", "parameters", "output", "files"]
    assert (document["name"], document["summary"]) == ("draw.tree", "Draw a tree.")
    assert document["files"] == [{"name": "output", "description": "The drawing."}, {"name": "log", "description": ""}]
    assert json.loads(json.dumps(document)) == document


def test_openapi_tells_definitions_apart_by_their_task_name():
    components = openapi_components(Registry([draw]))

    assert components["TaskDefinition"] == {
        "oneOf": [{"$ref": "#/components/schemas/draw.tree.definition"}],
        "discriminator": {
            "propertyName": "task_name",
            "mapping": {"draw.tree": "#/components/schemas/draw.tree.definition"},
        },
    }
    definition = components["draw.tree.definition"]
    assert definition["properties"]["task_name"]["const"] == "draw.tree"
    assert definition["required"] == ["task_name", "url"]
    assert definition["additionalProperties"] is False
    assert "output" in components["draw.tree.result"]["properties"]


def test_openapi_names_are_allowed_and_every_reference_leads_somewhere():
    """OpenAPI 3.1, 4.8.7: names of components match `^[a-zA-Z0-9._-]+$`."""
    components = openapi_components(Registry([draw, *two_of_one_name()]))

    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in components)
    for reference in references(components):
        assert reference.removeprefix("#/components/schemas/") in components


def two_of_one_name() -> list[Any]:
    made = []
    for module in ("acme_one", "acme_two"):
        inner = msgspec.defstruct("Node", [(f"of_{module}", int, 0)], module=module, frozen=True)
        outer = msgspec.defstruct("P", [("node", inner)], module=module, bases=(Parameters,), frozen=True, kw_only=True)

        def function(parameters: Any, ctx: Any) -> Any:
            """Do it."""

        function.__annotations__ = {"parameters": outer, "return": DrawOutput}
        made.append(task(f"{module}.do")(function))
    return made


def test_structs_of_one_name_in_two_plugins_stay_apart():
    components = openapi_components(Registry(two_of_one_name()))

    for module in ("acme_one", "acme_two"):
        (reference,) = references(components[f"{module}.do.definition"])
        assert list(components[reference.removeprefix("#/components/schemas/")]["properties"]) == [f"of_{module}"]


def test_without_tasks_a_definition_still_needs_a_name():
    assert openapi_components(Registry([])) == {
        "TaskDefinition": {
            "type": "object",
            "required": ["task_name"],
            "properties": {"task_name": {"type": "string"}},
        }
    }


loose = st.sampled_from([None, True, 0, 1, 90, 91, 65_536, 1.0, 1.5, -1, "", "png", "http://a", [], {}, [{}]])


@given(st.data())
def test_the_schema_and_the_validation_judge_alike(data):
    """What a client checks against the published schema is what the service does."""
    values = data.draw(parameters_strategy(draw))
    names = [field.name for field in fields_of(DrawParameters)] + ["unknown"]
    values |= data.draw(st.dictionaries(st.sampled_from(names), loose, max_size=2))
    judge = jsonschema_rs.validator_for(parameters_schema(draw))

    try:
        convert_parameters(draw, values)
        accepted = True
    except InvalidParametersError:
        accepted = False

    assert accepted is judge.is_valid(values)


def test_a_type_without_values_is_named():
    (field,) = fields_of(msgspec.defstruct("Timed", [("at", dt.date)]))

    with pytest.raises(TypeError, match="date"):
        shape_strategy(field.shape)
