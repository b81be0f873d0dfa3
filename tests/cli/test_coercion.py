"""Texts as the JSON values that a schema asks for."""

import pytest

from dragon_framework.cli.coercion import coerced, source_kind

DEFINITIONS = {"Point": {"type": "object", "properties": {"x": {"type": "integer"}}}}


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("3", {"type": "integer"}, 3),
        ("-3", {"type": "integer"}, -3),
        ("3.5", {"type": "integer"}, "3.5"),
        ("many", {"type": "integer"}, "many"),
        ("3.5", {"type": "number"}, 3.5),
        ("3", {"type": "string"}, "3"),
        ("True", {"type": "boolean"}, True),
        ("0", {"type": "boolean"}, False),
        ("maybe", {"type": "boolean"}, "maybe"),
        ("2", {"enum": [1, 2]}, 2),
        ("red", {"enum": ["red"]}, "red"),
        ("blue", {"enum": ["red"]}, "blue"),
        ("3", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 3),
        ("x", {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "x"),
        ("1", {"type": "array", "items": {"type": "integer"}}, [1]),
        (["1", "2"], {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ("[1, 2]", {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ("[1,", {"type": "array", "items": {"type": "string"}}, ["[1,"]),
        ('{"x": 1}', {"$ref": "#/$defs/Point"}, {"x": 1}),
        (7, {"type": "string"}, 7),
        (["a"], {"type": "string"}, ["a"]),
        ("anything", {}, "anything"),
    ],
)
def test_a_text_becomes_what_the_schema_asks_for_or_stays_as_it_is(text, schema, value):
    converted = coerced(text, schema, DEFINITIONS)

    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "x-source": True}, "one"),
        ({"anyOf": [{"type": "string", "x-source": True}, {"type": "null"}]}, "one"),
        ({"type": "array", "items": {"type": "string", "x-source": True}}, "several"),
        ({"type": "string"}, ""),
        ({"type": "array", "items": {"type": "string"}}, ""),
    ],
)
def test_sources_are_told_apart(schema, kind):
    assert source_kind(schema, {}) == kind
