"""Bodies and query strings of requests, bounded and as the clients of v1 really send them.

A body is JSON whatever its content type says: browsers send `text/plain`, `curl -d` a
form's, and others none at all (api-notes 1.7). Booleans of query strings may be `True`.
"""

import re
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from dragon_framework.api.problems import RequestError, bad_request

MAX_QUERY_FIELDS = 10_000
MAX_TEXT = 60
"""How many characters of what a client sent are quoted back."""

_HOST = re.compile(r"[A-Za-z0-9.\-_]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}

AnyRequest = Request[Any, Any, Any]

_decode = msgspec.json.Decoder().decode


def header(request: AnyRequest, name: bytes) -> str | None:
    """Return the last header called *name* (lower case), None if there is none.

    Cheaper than `request.headers`, which makes a table of all of them.
    """
    found = None
    for key, value in request.scope["headers"]:
        if key == name:
            found = value
    return None if found is None else found.decode("latin-1")


async def read_body(request: AnyRequest, max_bytes: int) -> bytes:
    """Return the body of a request.

    Raises:
        RequestError: 413 if it is larger; the rest of it is not read.
    """
    announced = header(request, b"content-length")
    if announced is not None and announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    parts: list[bytes] = []
    size = 0
    receive = request.receive
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise bad_request("body", "body", "the connection was closed before the body was whole")
        part = cast(bytes, event.get("body", b""))
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        if not event.get("more_body", False):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)


async def read_object(request: AnyRequest, max_bytes: int) -> dict[str, Any]:
    """Return the JSON object that is the body.

    Raises:
        RequestError: If the body is too large, or not a JSON object.
    """
    body = await read_body(request, max_bytes)
    if not body or body.isspace():
        raise bad_request("body", "body", "the body is empty; it must be a JSON object")
    try:
        value = _decode(body)
    except RecursionError:
        raise bad_request("body", "body", "the body has lists or objects too deep in each other") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request("body", "body", f"the body is not valid JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise bad_request("body", "body", f"the body must be a JSON object, got {json_kind(value)}")
    return value


def query_of(request: AnyRequest) -> dict[str, list[str]]:
    """Return the query string: for each name its values, in order.

    Raises:
        RequestError: If it has too many fields, or is not UTF-8.
    """
    raw: bytes = request.scope["query_string"]
    if not raw:
        return {}
    values: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except UnicodeDecodeError:
        raise bad_request("query", "query", "the query string is not percent-encoded UTF-8") from None
    except ValueError:
        raise bad_request("query", "query", f"the query string has more than {MAX_QUERY_FIELDS} fields") from None
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def flag(value: Any, name: str, location: str) -> bool:
    """Return a boolean parameter of a method; of a query string the last value counts.

    Raises:
        RequestError: If it is none.
    """
    if isinstance(value, list) and location == "query" and value:
        value = value[-1]
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        text = value.lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
    raise bad_request(name, location, f"{name} must be true or false, got {quoted(value)}")


def base_url(request: AnyRequest, public_url: str) -> str:
    """Return the URL of this service as the client knows it, without a slash at its end.

    Raises:
        RequestError: If the `Host` header is unusable.
    """
    if public_url:
        return public_url.rstrip("/")
    host = header(request, b"host") or ""
    if not _HOST.fullmatch(host):
        raise bad_request("Host", "header", "the Host header must be a host name or an address")
    return f"{request.scope['scheme']}://{host}"


def json_kind(value: Any) -> str:
    """Return what JSON calls the type of a value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


def quoted(value: Any) -> str:
    """Return a value as an error may show it: a short text, or what kind it is."""
    if isinstance(value, str):
        short = value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…"
        return ascii(short) if not short.isprintable() else repr(short)
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        return json_kind(value)
    return repr(value)[:MAX_TEXT]


def _too_large(max_bytes: int) -> RequestError:
    return bad_request("body", "body", f"the body is larger than the {max_bytes} bytes that are accepted", 413)


def _reason(error: Exception) -> str:
    text = str(error).replace("JSON is malformed: ", "")
    return text if len(text) <= 160 and text.isprintable() else type(error).__name__
