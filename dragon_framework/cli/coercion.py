"""Texts of a command line as the JSON values that a service's schema asks for.

The service has the schema, and the last word: a text that fits nothing is sent as it is,
and the answer says what is wrong with it. In: parameters, and the JSON schema of them all
(`/v1/tasks/{name}`). Stands on msgspec.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

Schema = dict[str, Any]


def coerced(value: Any, schema: Schema, definitions: Schema) -> Any:
    """Return *value*, a text or a list of texts, as *schema* asks for it.

    Args:
        value: What was given; other JSON values stay as they are.
        schema: The schema of the parameter.
        definitions: What its references point to, by name (`$defs`).
    """
    kinds = list(alternatives(schema, definitions))
    lists = [kind for kind in kinds if kind.get("type") == "array"]
    if isinstance(value, list):
        items = lists[0].get("items") if lists else None
        return [coerced(item, items, definitions) for item in value] if isinstance(items, dict) else value
    if not isinstance(value, str):
        return value
    for kind in kinds:
        found = _one(value, kind)
        if found is not msgspec.UNSET:
            return found
    if lists and not any(kind.get("type") == "string" for kind in kinds):
        return coerced([value], schema, definitions)
    return value


def source_kind(schema: Schema, definitions: Schema) -> str:
    """Return `one` if a parameter is a source, `several` if it is a list of them, else nothing."""
    for kind in alternatives(schema, definitions):
        if kind.get("x-source"):
            return "one"
        items = kind.get("items")
        if isinstance(items, dict) and any(item.get("x-source") for item in alternatives(items, definitions)):
            return "several"
    return ""


def alternatives(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    """Yield the schemas of the types that a value may have."""
    if "$ref" in schema:
        yield from alternatives(definitions.get(schema["$ref"].rpartition("/")[2], {}), definitions)
    elif "anyOf" in schema:
        for member in schema["anyOf"]:
            # What is said at the union holds for its members.
            yield from alternatives(member | {"x-source": True} if schema.get("x-source") else member, definitions)
    else:
        yield schema


def _one(text: str, schema: Schema) -> Any:
    """Return the value that *text* is in one type; UNSET if it is none."""
    if "enum" in schema:
        return next((choice for choice in schema["enum"] if str(choice) == text), msgspec.UNSET)
    kind = schema.get("type")
    if kind == "string":
        return text
    if kind == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), msgspec.UNSET)
    if kind in {"integer", "number"}:
        try:
            return msgspec.convert(text, int if kind == "integer" else float, strict=False)
        except msgspec.ValidationError:
            return msgspec.UNSET
    if (kind == "array" and text.startswith("[")) or (kind == "object" and text.startswith("{")):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return msgspec.UNSET
    return msgspec.UNSET
