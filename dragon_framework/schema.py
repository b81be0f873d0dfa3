"""JSON Schema (2020-12) of parameters and outputs, as clients, forms and OpenAPI read it.

Self-contained documents: what they refer to stands under their own `$defs`. Choices come
in the order they were declared, units stay (`x-unit`), and output files stand beside the
output values as URLs. Stands on `shapes`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from dragon_framework.shapes import declared_choices, fields_of
from dragon_framework.tasks import Task

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class HasTasks(Protocol):
    """Whatever knows the installed tasks: the registry."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Task by name."""


def parameters_schema(task: Task) -> Schema:
    """Return the schema of the task's parameters."""
    schema, definitions = _components([task.parameters], "#/$defs/")
    return _document(_root(schema[0], definitions, "#/$defs/"), definitions)


def output_schema(task: Task) -> Schema:
    """Return the schema of the task's result: its output values, and its files as URLs."""
    schema, definitions = _components([task.output], "#/$defs/")
    return _document(_with_files(task, _root(schema[0], definitions, "#/$defs/")), definitions)


def task_document(task: Task) -> Schema:
    """Return a task as `GET /v1/tasks` and `dragon tasks --json` print it."""
    return {
        "name": task.name,
        "summary": task.summary,
        "parameters": parameters_schema(task),
        "output": output_schema(task),
        "files": [{"name": file.name, "description": file.description} for file in task.files],
    }


def openapi_components(registry: HasTasks) -> dict[str, Schema]:
    """Return the components (`components.schemas`) of an OpenAPI 3.1 document, by name.

    `TaskDefinition` is any task's definition, told apart by `task_name`; each task has
    `image.thumb.definition` (its parameters and `task_name`) and `image.thumb.result`.
    Structs keep their name where no other has it, else it is qualified by its module.
    """
    prefix = "#/components/schemas/"
    tasks = list(registry.tasks.values())
    structs: list[Any] = [struct for task in tasks for struct in (task.parameters, task.output)]
    schemas, definitions = _components(structs, prefix)
    components: dict[str, Schema] = {}
    for number, task in enumerate(tasks):
        parameters = _root(schemas[2 * number], definitions, prefix, keep=True)
        result = _root(schemas[2 * number + 1], definitions, prefix, keep=True)
        components[f"{task.name}.definition"] = _definition(task, parameters)
        components[f"{task.name}.result"] = _with_files(task, result)
    references = {task.name: f"{prefix}{task.name}.definition" for task in tasks}
    any_task: Schema = {"type": "object", "required": ["task_name"], "properties": {"task_name": {"type": "string"}}}
    if references:
        any_task = {
            "oneOf": [{"$ref": reference} for reference in references.values()],
            "discriminator": {"propertyName": "task_name", "mapping": references},
        }
    components["TaskDefinition"] = any_task
    roots = {reference["$ref"].removeprefix(prefix) for reference in schemas}
    used = {name: schema for name, schema in definitions.items() if name not in roots}
    return dict(sorted((used | components).items()))


def _components(structs: list[Any], prefix: str) -> tuple[list[Schema], dict[str, Schema]]:
    schemas, definitions = msgspec.json.schema_components(structs, ref_template=f"{prefix}{{name}}")
    orders: dict[frozenset[Any], tuple[Any, ...]] = {}
    for struct in structs:
        for field in fields_of(struct):
            orders |= declared_choices(field.shape)
    _order_choices(definitions, orders)
    _hide_secrets(definitions)
    return list(schemas), dict(definitions)


def _root(reference: Schema, definitions: dict[str, Schema], prefix: str, *, keep: bool = False) -> Schema:
    """Return the schema that *reference* stands for, and take it out of *definitions* if nobody else needs it."""
    pointer = reference.get("$ref")
    if pointer is None:
        return reference
    name = pointer.removeprefix(prefix)
    schema = dict(definitions[name])
    if not keep and not _refers(definitions, pointer):
        del definitions[name]
    return schema


def _refers(value: Any, pointer: str) -> bool:
    if isinstance(value, dict):
        return value.get("$ref") == pointer or any(_refers(part, pointer) for part in value.values())
    return isinstance(value, list) and any(_refers(part, pointer) for part in value)


def _document(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    return {"$schema": DIALECT} | schema | ({"$defs": definitions} if definitions else {})


def _definition(task: Task, parameters: Schema) -> Schema:
    name: Schema = {"type": "string", "const": task.name, "description": "Name of the task."}
    metas: Schema = {"type": "object", "description": "Kept from the official JavaScript client; ignored."}
    properties = {"task_name": name, **parameters.get("properties", {}), "task_metas": metas}
    required = ["task_name", *parameters.get("required", [])]
    return parameters | {
        "title": f"{task.name} definition",
        "description": task.summary,
        "properties": properties,
        "required": required,
    }


def _with_files(task: Task, schema: Schema) -> Schema:
    properties = dict(schema.get("properties", {}))
    required = list(schema.get("required", []))
    for file in task.files:
        about: Schema = {"type": "string", "format": "uri", "description": file.description or "URL of the file."}
        if file.media_types:
            about["x-media-types"] = list(file.media_types)
        properties[file.name] = about
        if not file.optional:
            required.append(file.name)
    return schema | {"title": f"{task.name} result", "properties": properties, "required": required}


def _hide_secrets(value: Any) -> None:
    """Take examples and defaults of credentials out of *value*."""
    if isinstance(value, list):
        for part in value:
            _hide_secrets(part)
    elif isinstance(value, dict):
        if _is_secret(value):
            for name in ("default", "examples"):
                value.pop(name, None)
        for part in value.values():
            _hide_secrets(part)


def _is_secret(schema: Schema) -> bool:
    parts = [*schema.get("anyOf", ()), schema.get("items")] if isinstance(schema.get("anyOf", []), list) else []
    return schema.get("x-secret") is True or any(isinstance(part, dict) and _is_secret(part) for part in parts)


def _order_choices(value: Any, orders: Mapping[frozenset[Any], Iterable[Any]]) -> None:
    if isinstance(value, list):
        for part in value:
            _order_choices(part, orders)
    elif isinstance(value, dict):
        choices = value.get("enum")
        if isinstance(choices, list) and (declared := orders.get(frozenset(choices))) is not None:
            value["enum"] = list(declared)
        for name, part in value.items():
            if name != "enum":
                _order_choices(part, orders)
