"""Types from a JSON Schema that `schema` wrote: what is known of a struct that is not here.

In: the schema of a struct, as `parameters_schema` and `output_schema` write it. Out: a
`msgspec.Struct` that accepts and refuses the same, and of which the same schema is written
again; all but what a `__post_init__` refuses, which the schema does not tell. Stands on
msgspec alone.
"""

import datetime as dt
import decimal
import keyword
import uuid
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Schema = Mapping[str, Any]

_LIMITS = {
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minProperties": "min_length",
    "maxProperties": "max_length",
    "pattern": "pattern",
    "description": "description",
    "examples": "examples",
}
"""Keywords of JSON Schema by the names that `msgspec.Meta` gives them."""

_OF_TYPES = frozenset({"type", "anyOf", "enum", "const", "items", "prefixItems", "additionalProperties", "default"})

_FORMATS: dict[str, Any] = {
    "date-time": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "duration": dt.timedelta,
    "uuid": uuid.UUID,
    "decimal": decimal.Decimal,
}
_PLAIN: dict[str, Any] = {"integer": int, "number": float, "string": str, "boolean": bool, "null": None}


class UnknownSchemaError(ValueError):
    """The schema says something that `schema` never writes."""


def struct_of(schema: Schema, base: type[Struct], module: str, leave_out: tuple[str, ...] = ()) -> type[Any]:
    """Return a struct of which `schema` would write *schema*.

    Args:
        schema: The schema of an object, self-contained (`$defs`).
        base: What it inherits from, such as `Parameters`.
        module: The name of its module.
        leave_out: Properties that are no fields.

    Raises:
        UnknownSchemaError: If the schema is not one that `schema` writes.
    """
    maker = _Maker(schema.get("$defs", {}), module)
    properties = {name: value for name, value in schema.get("properties", {}).items() if name not in leave_out}
    try:
        return maker.struct(dict(schema) | {"properties": properties}, base)
    except (TypeError, AttributeError, KeyError, RecursionError, msgspec.ValidationError) as error:
        raise UnknownSchemaError(f"{schema.get('title', 'a struct')}: {type(error).__name__}: {error}") from error


class _Maker:
    """Makes types; a struct that is referred to is made once."""

    def __init__(self, definitions: Mapping[str, Schema], module: str) -> None:
        self._definitions = definitions
        self._module = module
        self._made: dict[str, Any] = {}
        self._making: set[str] = set()

    def struct(self, schema: Schema, base: type[Struct] | None) -> type[Any]:
        required = set(schema.get("required", ()))
        fields: list[Any] = []
        renamed: dict[str, str] = {}
        for number, (name, about) in enumerate(schema.get("properties", {}).items()):
            attribute = name
            if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
                attribute = f"field_{number}"
                renamed[attribute] = name
            annotation = self.annotation(about)
            if name in required:
                fields.append((attribute, annotation))
            elif "default" in about:
                fields.append((attribute, annotation, _default(about["default"], annotation)))
            else:
                fields.append((attribute, annotation | UnsetType, UNSET))
        namespace: dict[str, Any] = {}
        if base is None and schema.get("description"):
            namespace["__doc__"] = schema["description"]
        return msgspec.defstruct(
            str(schema.get("title", "Values")),
            fields,
            bases=(base,) if base is not None else (),
            module=self._module,
            namespace=namespace,
            rename=renamed or None,
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=schema.get("additionalProperties") is False,
        )

    def annotation(self, schema: Schema) -> Any:
        """Return the type of one value, with all that the schema says of it."""
        meta: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for name, value in schema.items():
            if name in _LIMITS and not (name in {"minItems", "maxItems"} and "prefixItems" in schema):
                meta[_LIMITS[name]] = value
            elif name not in _OF_TYPES and name not in {"$ref", "minItems", "maxItems"}:
                extra[name] = value
        plain = self._plain(schema, extra)
        if extra:
            meta["extra_json_schema"] = extra
        return Annotated[plain, Meta(**meta)] if meta else plain

    def _plain(self, schema: Schema, extra: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self._referred(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            return reduce(or_, (self._member(member) for member in schema["anyOf"]))
        if "enum" in schema:
            return Literal[tuple(schema["enum"])]
        kind = schema.get("type")
        if kind == "array":
            if "prefixItems" in schema:
                return tuple[tuple(self.annotation(item) for item in schema["prefixItems"])]  # type: ignore[misc]
            return list[self.annotation(schema.get("items", {}))]  # type: ignore[misc]
        if kind == "object":
            values = schema.get("additionalProperties", {})
            return dict[str, self.annotation(values) if isinstance(values, Mapping) else Any]  # type: ignore[misc]
        if kind == "string" and schema.get("contentEncoding") == "base64":
            extra.pop("contentEncoding")
            return bytes
        if kind == "string" and schema.get("format") in _FORMATS:
            return _FORMATS[extra.pop("format")]
        if kind is None:
            return Any
        if kind not in _PLAIN:
            raise UnknownSchemaError(f"there is no type {kind!r}")
        return _PLAIN[kind]

    def _member(self, schema: Schema) -> Any:
        annotation = self.annotation(schema)
        return type(None) if annotation is None else annotation

    def _referred(self, name: str) -> Any:
        if name in self._made:
            return self._made[name]
        if name in self._making:
            return dict[str, Any]  # an object in itself: its inside is left to the worker
        self._making.add(name)
        schema = self._definitions[name]
        made = self.struct(schema, None) if "properties" in schema else self.annotation(schema)
        self._making.discard(name)
        self._made[name] = made
        return made


def _default(value: Any, annotation: Any) -> Any:
    """Return a default as a field of that type holds it; a fresh one for each struct where it can be changed."""
    if value is None or isinstance(value, str | int | float | bool):
        try:
            return msgspec.convert(value, annotation)
        except msgspec.ValidationError:
            return value  # a default that breaks its own type is the plugin's own matter
    if value in ([], {}):
        return value  # msgspec makes a fresh one for each struct
    made = msgspec.convert(value, annotation)
    if not isinstance(made, list | dict):
        return made  # a tuple, or a frozen struct
    factory: Callable[[], Any] = lambda: msgspec.convert(value, annotation)  # noqa: E731  # it has a type
    return msgspec.field(default_factory=factory)
