"""Manifests: a task made of what a worker tells of it validates and is described like the task itself."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragon_framework.discovery import Choice
from dragon_framework.errors import InvalidParametersError
from dragon_framework.manifests import ManifestError, manifest_of, with_manifests
from dragon_framework.reference import task_html
from dragon_framework.registry import Registry, load_registry
from dragon_framework.schema import openapi_components, parameters_schema, task_document
from dragon_framework.shapes import fields_of
from dragon_framework.testing.strategies import struct_strategy
from dragon_framework.testing.trials import _wrong_values, simple_parameters
from dragon_framework.validation import convert_parameters

REGISTRY = load_registry()
NAMES = sorted(REGISTRY.tasks)
EVERY = Choice.of()


def encoded(task, **changes):
    """The manifest of a task as it lies in Redis."""
    manifest = msgspec.to_builtins(manifest_of(task, REGISTRY.provider(task.name)))
    return json.dumps(manifest | changes).encode()


def away(name, **changes):
    """The task as an API without its plugin has it."""
    registry = with_manifests(Registry([]), [encoded(REGISTRY.get(name), **changes)], EVERY)
    assert registry.problems == ()
    return registry.get(name)


def judged(task, values, *, strict=True):
    """What a task makes of parameters: the values as JSON holds them, or every wrong field."""
    try:
        return json.loads(msgspec.json.encode(convert_parameters(task, values, strict=strict)))
    except InvalidParametersError as error:
        return error.errors


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_and_pages_are_the_same(name):
    task, there = REGISTRY.get(name), away(name)

    assert task_document(there) == task_document(task)
    assert openapi_components(Registry([there])) == openapi_components(Registry([task]))
    assert task_html(Registry([there]), name) == task_html(Registry([task]), name) or "Errors" in task_html(
        Registry([task]), name
    )
    assert (there.queue, there.limits, there.cacheable) == (task.queue, task.limits, task.cacheable)


@pytest.mark.parametrize("name", NAMES)
def test_every_wrong_value_is_refused_in_the_same_words(name):
    task, there = REGISTRY.get(name), away(name)
    right = simple_parameters(task)

    for field in fields_of(task.parameters):
        for value in [*_wrong_values(field.shape), None, "", -1, 10**9, [], {}, True]:
            try:
                msgspec.convert(value, field.type)
            except msgspec.ValidationError:  # else it may be right, or a `__post_init__` refuses it
                wrong = right | {field.name: value}
                assert judged(there, wrong) == judged(task, wrong), (field.name, value)
    assert judged(there, {}) == judged(task, {})
    assert judged(there, {"nothing": 1}) == judged(task, {"nothing": 1})


@pytest.mark.parametrize("name", ["image.thumb", "video.create", "audio.waveform"])
def test_what_fits_the_types_is_taken_with_the_same_values(name):
    task, there = REGISTRY.get(name), away(name)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(struct_strategy(task.parameters))
    def same(values):
        ours = judged(task, values)
        if ours == judged(there, values):
            return
        assert "url" not in ours or isinstance(ours["url"], list)  # a `__post_init__` of ours has refused it

    same()


@given(st.sampled_from(["width", "height", "quality"]), st.integers(-5, 70_000))
def test_texts_of_a_query_string_are_read_alike(field, number):
    values = {"url": "http://a/b", "width": "8", field: str(number)}

    assert judged(away("image.thumb"), values, strict=False) == judged(
        REGISTRY.get("image.thumb"), values, strict=False
    )


def test_credentials_stay_credentials():
    from dragon_framework.sealing import secret_fields

    for name in NAMES:
        assert secret_fields(away(name).parameters) == secret_fields(REGISTRY.get(name).parameters)


def test_errors_of_the_plugin_are_in_the_reference():
    manifest = manifest_of(REGISTRY.get("image.info"), None, [ManifestError("acme_dark", "It is too dark.", True)])

    registry = with_manifests(Registry([]), [msgspec.json.encode(manifest)], EVERY)

    page = task_html(registry, "image.info")
    assert "acme_dark" in page
    assert "It is too dark." in page


def test_the_function_is_somewhere_else():
    with pytest.raises(RuntimeError, match="runs there"):
        away("image.info")(None, None)


def test_what_is_installed_here_counts_first():
    registry = with_manifests(REGISTRY, [encoded(REGISTRY.get("image.info"), summary="Another.")], EVERY)

    assert registry.get("image.info") is REGISTRY.get("image.info")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"form": 99}, "has the form 99, this API knows 1"),
        ({"parameters": {"type": "object", "properties": {"a": {"type": "colour"}}}}, "there is no type 'colour'"),
        ({"queue": 5}, "Expected `str`"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_a_problem_and_harms_no_other(changes, told):
    good, bad = encoded(REGISTRY.get("image.info")), encoded(REGISTRY.get("image.thumb"), **changes)

    registry = with_manifests(Registry([]), [b"\xff", bad, good], EVERY)

    assert list(registry.tasks) == ["image.info"]
    assert len(registry.problems) == 2
    (problem,) = (problem for problem in registry.problems if problem.entry_point == "image.thumb")
    assert told in problem.reason
    assert problem.distribution == "dragon-image"


def test_the_settings_choose_among_manifests_too():
    texts = [encoded(REGISTRY.get("image.info")), encoded(REGISTRY.get("audio.info"))]

    assert list(with_manifests(Registry([]), texts, Choice.of(["dragon-image"])).tasks) == ["audio.info"]
    assert list(with_manifests(Registry([]), texts, Choice.of((), ["image.info"])).tasks) == ["image.info"]


def test_a_struct_in_a_struct_and_names_that_python_has_not(install):
    source = '''
from typing import Annotated
from msgspec import Meta, Struct, field
from dragon_framework import Output, Parameters, task

class Point(Struct, frozen=True, kw_only=True):
    x: Annotated[int, Meta(ge=0, le=9, description="X.")] = 3
    tags: Annotated[list[str], Meta(description="T.")] = field(default_factory=lambda: ["a"])

class P(Parameters, frozen=True, kw_only=True, rename={"class_": "class", "two": "two-words"}):
    class_: Annotated[int, Meta(ge=0, description="C.")]
    two: Annotated[str | None, Meta(description="T.")] = None
    point: Annotated[Point, Meta(description="P.")] = Point()
    pair: Annotated[tuple[int, str], Meta(description="Q.")] = (1, "b")
    either: Annotated[bool | int | list[Point], Meta(description="E.")] = False
    table: Annotated[dict[str, float], Meta(max_length=2, description="T.")] = {}

class O(Output, frozen=True, kw_only=True): ...

@task("acme.nested")
def f(parameters: P, ctx) -> O:
    """Do."""
    return O()
'''
    install("acme-nested", "1", {"dragon.tasks": {"acme.nested": "acme_nested:f"}}, acme_nested=source)
    task = load_registry().get("acme.nested")
    text = msgspec.json.encode(manifest_of(task, None))
    there = with_manifests(Registry([]), [text], EVERY).get("acme.nested")

    assert parameters_schema(there) == parameters_schema(task)
    for values in (
        {"class": 1},
        {"class": 1, "two-words": "x", "point": {"x": 5}, "pair": [2, "c"], "either": [{"x": 1}]},
    ):
        # A default that the schema does not tell is left to the worker, which has the real type.
        assert judged(task, judged(there, values)) == judged(task, values)
    wrong = {"class": -1, "point": {"x": 10}, "pair": [2], "either": "no", "table": {"a": 1, "b": 2, "c": 3}}
    assert judged(there, wrong) == judged(task, wrong)
