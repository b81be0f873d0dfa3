"""What the type of a field says, in a form that messages, pages and forms are made from.

In: a struct class. Out: its fields as `FieldShape`: name, `Shape` (kind, limits, unit,
choices in the order they were declared), and default. `msgspec.inspect` gives the facts,
but sorts choices; the reference and the messages show them as the plugin's author wrote
them. Stands on msgspec alone.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, UnsetType, inspect

Kind: TypeAlias = Literal[
    "integer", "number", "string", "boolean", "null", "choice", "list", "object", "struct", "any", "union", "other"
]


class Shape(Struct, frozen=True, kw_only=True):
    """One type. Limits are None where there is none; `facts` are its extra JSON schema keys."""

    kind: Kind
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    choices: tuple[Any, ...] = ()
    items: tuple["Shape", ...] = ()
    """The type of the items of a list (several: one for each place), of the values of an object."""
    members: tuple["Shape", ...] = ()
    """The types of a union, in the order msgspec tries them."""
    struct: type[Struct] | None = None
    name: str = ""
    """Of kind `other`: what the type is called."""
    facts: dict[str, Any] = {}

    @property
    def nullable(self) -> bool:
        """Whether null is a value of this type."""
        return self.kind in {"null", "any"} or any(member.nullable for member in self.members)

    @property
    def unit(self) -> str:
        """The unit of the number, such as `px`; empty if it has none."""
        return str(self.facts.get("x-unit", ""))

    @property
    def secret(self) -> bool:
        """Whether the value is a credential, which is never shown."""
        return bool(self.facts.get("x-secret", False))

    def without_null(self) -> "Shape":
        """Return the type that is left when null is put aside: `Pixels | None` is `Pixels`.

        A description at the union joins the facts of its only member.
        """
        if self.kind != "union":
            return self
        members = tuple(member for member in self.members if member.kind != "null")
        if len(members) == 1:
            return msgspec.structs.replace(members[0], facts=members[0].facts | self.facts)
        return msgspec.structs.replace(self, members=members)


class FieldShape(Struct, frozen=True, kw_only=True):
    """One field of a struct, under the name clients use.

    Args:
        name: Name in JSON.
        attribute: Name in Python.
        type: The annotation, for `msgspec.convert`.
        shape: What the annotation says.
        default: Its default as JSON holds it; UNSET if it has none.
        required: Whether a value must be given.
    """

    name: str
    attribute: str
    type: Any
    shape: Shape
    default: Any | UnsetType = UNSET
    required: bool

    @property
    def description(self) -> str:
        """The sentence given at the field; empty if there is none."""
        return str(self.shape.facts.get("description", ""))


@lru_cache(maxsize=4096)
def fields_of(struct: type[Struct]) -> tuple[FieldShape, ...]:
    """Return the fields of *struct*, in the order they were declared.

    Raises:
        TypeError: If msgspec cannot handle one of the types.
    """
    info = inspect.type_info(struct)
    while isinstance(info, inspect.Metadata):
        info = info.type
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{struct!r} is not a msgspec.Struct")
    types = {field.encode_name: (field.name, field.type) for field in msgspec.structs.fields(struct)}
    return tuple(_field(field, *types[field.encode_name]) for field in info.fields)


def shape_of(annotation: Any) -> Shape:
    """Return what *annotation* says."""
    return _shape(inspect.type_info(annotation), dict(_literals(annotation)))


def declared_choices(shape: Shape) -> dict[frozenset[Any], tuple[Any, ...]]:
    """Return the choices in a type and all that lies in it, in declared order, by their set."""
    found: dict[frozenset[Any], tuple[Any, ...]] = {}
    waiting, seen = [shape], set[Any]()
    while waiting:
        one = waiting.pop()
        if one.kind == "choice":
            found[frozenset(one.choices)] = one.choices
        waiting += one.items + one.members
        if one.struct is not None and one.struct not in seen:
            seen.add(one.struct)
            waiting += [field.shape for field in fields_of(one.struct)]
    return found


def _field(field: inspect.Field, attribute: str, annotation: Any) -> FieldShape:
    default: Any = UNSET
    if field.default is not NODEFAULT:
        default = field.default
    elif field.default_factory is not NODEFAULT:
        default = field.default_factory()
    return FieldShape(
        name=field.encode_name,
        attribute=attribute,
        type=annotation,
        shape=_shape(field.type, dict(_literals(annotation))),
        default=default if default is UNSET else msgspec.to_builtins(default),
        required=field.required,
    )


def _literals(annotation: Any) -> Iterator[tuple[frozenset[Any], tuple[Any, ...]]]:
    """Yield the choices of every Literal in *annotation*, in declared order, by their set."""
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
        yield frozenset(values), values
        return
    for argument in get_args(annotation):
        yield from _literals(argument)
    if (value := getattr(annotation, "__value__", None)) is not None:  # `type X = ...`, PEP 695
        yield from _literals(value)


_NAMES: dict[Any, str] = {
    inspect.DateTimeType: "date and time",
    inspect.DateType: "date",
    inspect.TimeType: "time of day",
    inspect.TimeDeltaType: "duration",
    inspect.UUIDType: "UUID",
    inspect.DecimalType: "decimal number",
    inspect.BytesType: "base64 text",
    inspect.ByteArrayType: "base64 text",
    inspect.MemoryViewType: "base64 text",
}


def _shape(node: Any, orders: dict[frozenset[Any], tuple[Any, ...]]) -> Shape:  # noqa: PLR0911  # one for each kind
    facts: dict[str, Any] = {}
    while isinstance(node, inspect.Metadata):
        facts = (node.extra_json_schema or {}) | facts
        node = node.type
    match node:
        case inspect.IntType() | inspect.FloatType():
            return Shape(
                kind="integer" if isinstance(node, inspect.IntType) else "number",
                ge=node.ge,
                gt=node.gt,
                le=node.le,
                lt=node.lt,
                multiple_of=node.multiple_of,
                facts=facts,
            )
        case inspect.StrType():
            return Shape(
                kind="string",
                min_length=node.min_length,
                max_length=node.max_length,
                pattern=node.pattern,
                facts=facts,
            )
        case inspect.BoolType():
            return Shape(kind="boolean", facts=facts)
        case inspect.NoneType():
            return Shape(kind="null", facts=facts)
        case inspect.LiteralType():
            return Shape(kind="choice", choices=orders.get(frozenset(node.values), tuple(node.values)), facts=facts)
        case inspect.EnumType():
            return Shape(kind="choice", choices=tuple(member.value for member in node.cls), facts=facts)
        case inspect.UnionType():
            return Shape(kind="union", members=tuple(_shape(member, orders) for member in node.types), facts=facts)
        case inspect.TupleType():
            items = tuple(_shape(item, orders) for item in node.item_types)
            return Shape(kind="list", items=items, min_length=len(items), max_length=len(items), facts=facts)
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return Shape(
                kind="list",
                items=(_shape(node.item_type, orders),),
                min_length=node.min_length,
                max_length=node.max_length,
                facts=facts,
            )
        case inspect.DictType():
            return Shape(
                kind="object",
                items=(_shape(node.value_type, orders),),
                min_length=node.min_length,
                max_length=node.max_length,
                facts=facts,
            )
        case inspect.StructType():
            return Shape(kind="struct", struct=node.cls, facts=facts)
        case inspect.AnyType() | inspect.RawType():
            return Shape(kind="any", facts=facts)
        case _:
            return Shape(kind="other", name=_NAMES.get(type(node), "value of another kind"), facts=facts)
