"""An OpenAPI document as one page to read: methods, parameters, bodies, answers, schemas. HTML, no script needed.

The usual viewers are a megabyte or more of script, and some want a looser content
security policy than the service has. This one is a page like the others of the
reference; what it does not do is send requests: that is what the playground is for.
It shows what `api.openapi` writes: OpenAPI 3.1 with references into its own
`components/schemas`.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

from dragon_framework.reference.rendering import block, inline, slug
from dragon_framework.reference.site import Site, whole_page
from dragon_framework.registry import Registry

Json = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")

_DEEPEST = 6
"""Objects in objects beyond that are not shown."""

_FACTS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "pattern {}",
    "format": "{}",
    "x-unit": "in {}",
}


def openapi_html(document: Json, registry: Registry, site: Site) -> str:
    """Return the page.

    Args:
        document: The OpenAPI document.
        registry: The tasks of the navigation.
        site: Where the page lies.
    """
    info = document["info"]
    parts = [
        f"<h1>{escape(info['title'])} {escape(info['version'])}: OpenAPI</h1>",
        block(str(info.get("description", ""))),
        f'<p>For generators of clients, and for other viewers: <a href="{escape(site.document)}">openapi.json</a>.</p>',
        '<h2 id="credentials">Credentials</h2>',
        "<dl>",
    ]
    for name, scheme in document["components"]["securitySchemes"].items():
        parts.append(f"<dt><code>{escape(name)}</code> {escape(scheme['type'])} in the {escape(scheme['in'])} ")
        parts.append(f"<code>{escape(scheme['name'])}</code></dt><dd>{inline(scheme.get('description', ''))}</dd>")
    parts += ["</dl>", '<h2 id="methods">Methods</h2>']
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                parts += _operation(method, path, item[method])
    parts.append('<h2 id="schemas">Schemas</h2>')
    for name, schema in document["components"]["schemas"].items():
        parts.append(
            f'<details class="schema" id="{_anchor(name)}"><summary><code>{escape(name)}</code> '
            f"{inline(str(schema.get('description', '')).partition(chr(10))[0])}</summary>{_schema(schema)}</details>"
        )
    return whole_page(site, registry, "OpenAPI", "\n".join(parts), "openapi")


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    words = f"{method.upper()} {path}"
    yield (
        f'<details class="operation" id="{slug(words)}"><summary><span class="method {method}">{method.upper()}</span> '
        f"<code>{escape(path)}</code> {inline(operation.get('summary', ''))}</summary>"
    )
    if operation.get("security"):
        yield '<p class="quiet">Needs <a href="#credentials">credentials</a>, here or in the body or query.</p>'
    if parameters := operation.get("parameters"):
        lines = "".join(
            f'<tr><th scope="row"><code>{escape(one["name"])}</code>{_required(one.get("required"))}</th>'
            f'<td class="type">{escape(one["in"])}</td><td class="type">{_type(one.get("schema", {}))}</td>'
            f"<td>{inline(one.get('description', ''))}{_remarks(one.get('schema', {}))}</td></tr>"
            for one in parameters
        )
        yield f"<h4>Parameters</h4>{_fields(lines, 'name', 'in', 'type', 'description')}"
    if body := operation.get("requestBody"):
        for media_type, content in body["content"].items():
            yield f"<h4>Body: <code>{escape(media_type)}</code></h4>{_schema(content.get('schema', {}))}"
    lines = ""
    for status, answer in operation.get("responses", {}).items():
        bodies = "".join(
            f"<div><code>{escape(media_type)}</code> {_type(content.get('schema', {}))}</div>"
            for media_type, content in answer.get("content", {}).items()
        )
        headers = "".join(
            f"<div><code>{escape(name)}</code>: {inline(header.get('description', ''))}</div>"
            for name, header in answer.get("headers", {}).items()
        )
        lines += (
            f'<tr><th scope="row">{escape(str(status))}</th><td>{inline(answer.get("description", ""))}{headers}</td>'
            f"<td>{bodies}</td></tr>"
        )
    yield f"<h4>Answers</h4>{_fields(lines, 'status', 'meaning', 'body')}</details>"


def _fields(lines: str, *names: str) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f'<table class="fields"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _required(required: object) -> str:
    return ' <strong class="required">required</strong>' if required else ""


def _schema(schema: Json, depth: int = 0) -> str:
    """Return a schema: the fields of an object as a table, of a list those of its items, else its type."""
    inner: Json = schema
    while inner.get("type") == "array" and isinstance(inner.get("items"), Mapping):
        inner = inner["items"]
    properties = inner.get("properties")
    if not properties or depth >= _DEEPEST:
        return f'<p class="type">{_type(schema)}</p>{_remarks(schema)}'
    required = set(inner.get("required", ()))
    lines = ""
    for name, field in properties.items():
        nested = _schema(field, depth + 1) if _has_fields(field) else ""
        lines += (
            f'<tr><th scope="row"><code>{escape(name)}</code>{_required(name in required)}</th>'
            f'<td class="type">{_type(field)}</td>'
            f"<td>{inline(str(field.get('description', '')))}{_remarks(field)}{nested}</td></tr>"
        )
    before = "" if inner is schema else f'<p class="type">{_type(schema)}</p>'
    return before + _fields(lines, "name", "type", "description")


def _has_fields(schema: Json) -> bool:
    items = schema.get("items")
    return bool(schema.get("properties")) or (isinstance(items, Mapping) and _has_fields(items))


def _type(schema: Json, depth: int = 0) -> str:
    """Return the type of a value in a few words, as HTML; names of schemas lead to them."""
    if depth > _DEEPEST:
        return "…"
    if name := str(schema.get("$ref", "")).removeprefix("#/components/schemas/"):
        return f'<a href="#{_anchor(name)}">{escape(name)}</a>'
    for joined in ("oneOf", "anyOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(_type(one, depth + 1) for one in schema[joined]))
    if "const" in schema:
        return f"<code>{_value(schema['const'])}</code>"
    if "enum" in schema:
        return " or ".join(dict.fromkeys(_kind(choice) for choice in schema["enum"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        items = schema.get("items")
        return f"list of {_type(items, depth + 1)}" if isinstance(items, Mapping) else "list"
    return escape(" or ".join(kind) if isinstance(kind, list) else str(kind))


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    return "string" if isinstance(value, str) else "number"


def _remarks(schema: Json) -> str:
    told = [text.format(_plain(schema[name])) for name, text in _FACTS.items() if name in schema]
    if "enum" in schema:
        told.append(f"choices: {', '.join(msgspec.json.encode(one).decode() for one in schema['enum'])}")
    if schema.get("default") is not None:
        told.append(f"default: {msgspec.json.encode(schema['default']).decode()}")
    shown = "".join(f'<span class="remark">{escape(one)}</span> ' for one in told)
    return f"<div>{shown}</div>" if shown else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _value(value: Any) -> str:
    return escape(msgspec.json.encode(value).decode())


def _anchor(name: str) -> str:
    return "schema-" + re.sub(r"[^\w.-]", "_", name)
