"""The tasks of the v1 reference (chapter 2, as `tasks.json`): names, types, choices, defaults, outputs.

Nothing of it may be missing or different; parameters, choices, outputs and files may be
added, as long as a v1 client need not know of them. A task that does not exist yet is an
expected failure, which becomes an error once it does: then take it out of `MISSING`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from dragon_framework.registry import load_registry
from dragon_framework.schema import output_schema, parameters_schema
from dragon_framework.shapes import FieldShape, Shape, fields_of
from dragon_framework.validation import convert_parameters

REFERENCE: dict[str, dict[str, Any]] = {
    task["name"]: task for task in json.loads((Path(__file__).parent / "tasks.json").read_text(encoding="utf-8"))
}

MISSING: set[str] = set()

# The tables of the reference do not mark what is required. What has a default is not; of
# the rest, these are told to be optional by their description ...
OPTIONAL_WORDS = ("leave empty", "if left unspecified", "the default is", "the default value is", "by default")
# ... and these by what they mean: a size that is left out follows from the source, a time
# from its end, and nobody has to be called back.
OPTIONAL = {
    ("audio.waveform", "end"),
    ("image.thumb", "width"),
    ("image.thumb", "height"),
    ("video.convert", "width"),
    ("video.convert", "height"),
    ("video.strip", "width"),
    ("video.strip", "height"),
    ("video.create", "url_callback"),
    ("video.upload.vimeo", "url_callback"),
}
# Nothing tells whether the providers ask for these: either is right.
UNTOLD = {
    ("video.upload.fb", "api_key"),
    ("video.upload.fb", "app_secret"),
    ("video.upload.fb", "title"),
    ("video.upload.fb", "description"),
    ("video.upload.vimeo", "title"),
    ("video.upload.vimeo", "description"),
    ("video.upload.youtube", "developer_key"),
    ("video.upload.youtube", "title"),
    ("video.upload.youtube", "description"),
}

KINDS = {
    "string": {"string"},
    "integer": {"integer"},
    "float": {"number"},
    "boolean": {"boolean"},
    "list of strings": {"list"},
    "object": {"list", "object", "struct", "any", "union"},
}
PYTHON = {"string": str, "integer": int}


def each(part: str) -> list[Any]:
    """Every row of one table of the reference, for the tasks that must exist."""
    return [
        pytest.param(name, row, id=f"{name} {row['name']}")
        for name, task in REFERENCE.items()
        if name not in MISSING
        for row in task[part]
    ]


present = [name for name in REFERENCE if name not in MISSING]


@pytest.fixture(scope="module")
def registry() -> Any:
    return load_registry()


def is_optional(task: str, row: dict[str, Any]) -> bool:
    told = any(words in row["description"].lower() for words in OPTIONAL_WORDS)
    return "default" in row or told or (task, row["name"]) in OPTIONAL


def assert_is_of(shape: Shape, row: dict[str, Any]) -> None:
    """A field is of the type the reference names; null may join it."""
    if shape.kind == "choice":
        assert all(type(choice) is PYTHON[row["type"]] for choice in shape.choices)
        return
    assert shape.kind in KINDS[row["type"]]
    if row["type"] == "list of strings":
        assert shape.items[0].kind == "string"


def parameters_of(registry: Any, name: str) -> dict[str, FieldShape]:
    return {field.name: field for field in fields_of(registry.get(name).parameters)}


def test_the_reference_has_21_tasks_and_only_they_can_be_missing():
    assert len(REFERENCE) == 21
    assert set(REFERENCE) >= MISSING


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[pytest.mark.xfail(reason=f"{name} does not exist yet", strict=True)] if name in MISSING else [],
        )
        for name in REFERENCE
    ],
)
def test_the_task_exists(registry, name):
    assert name in registry.tasks


@pytest.mark.parametrize(("name", "row"), each("parameters"))
def test_a_parameter_is_as_in_the_reference(registry, name, row):
    field = parameters_of(registry, name)[row["name"]]
    shape = field.shape.without_null()

    assert_is_of(shape, row)
    if "choices" in row:
        assert set(shape.choices) >= set(row["choices"])
    if "default" in row:
        assert field.default == row["default"]
        assert type(field.default) is type(row["default"])
    if (name, row["name"]) not in UNTOLD:
        assert field.required is not is_optional(name, row)


@pytest.mark.parametrize("name", present)
def test_an_added_parameter_may_be_left_out(registry, name):
    known = {row["name"] for row in REFERENCE[name]["parameters"]}

    required = {field.name for field in parameters_of(registry, name).values() if field.required}

    assert required <= known


@pytest.mark.parametrize(("name", "row"), each("output_values"))
def test_an_output_value_is_as_in_the_reference(registry, name, row):
    fields = {field.name: field for field in fields_of(registry.get(name).output)}

    assert_is_of(fields[row["name"]].shape.without_null(), row)


@pytest.mark.parametrize(("name", "row"), each("output_files"))
def test_an_output_file_is_declared_and_shown_as_a_url(registry, name, row):
    task = registry.get(name)

    # What lies at a provider is no file of ours: its URL is a value, which looks the same to clients.
    values = [field.name for field in fields_of(task.output)] if name.startswith("video.upload.") else []
    assert row["name"] in [*(file.name for file in task.files), *values]
    shown = output_schema(task)["properties"][row["name"]]
    assert (shown["type"], shown["format"]) == ("string", "uri")


@pytest.mark.parametrize("name", present)
def test_an_added_file_may_be_left_out(registry, name):
    known = {row["name"] for row in REFERENCE[name]["output_files"]}

    assert all(file.optional for file in registry.get(name).files if file.name not in known)


@pytest.mark.parametrize("name", present)
def test_what_a_v1_client_sends_is_accepted(registry, name):
    """Every parameter of the reference at once: its default, its first choice, or a value of its type."""
    samples = {"string": "http://foo.com/cat.jpg", "integer": 64, "float": 1.5, "list of strings": ["http://foo.com/a"]}
    values = {
        row["name"]: row.get("default", row["choices"][0] if "choices" in row else samples.get(row["type"]))
        for row in REFERENCE[name]["parameters"]
    }

    convert_parameters(registry.get(name), values)


@pytest.mark.parametrize("name", present)
def test_every_field_is_described(registry, name):
    for schema in (parameters_schema(registry.get(name)), output_schema(registry.get(name))):
        undescribed = [field for field, about in schema["properties"].items() if not about.get("description")]

        assert undescribed == []
