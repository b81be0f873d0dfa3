"""The forms of v1's answers: lists of statuses as they are stored, and errors (v1 reference 1.3)."""

from typing import Any

import msgspec
from litestar import Response
from litestar.types import Receive, Scope, Send

from dragon_framework.api.problems import RequestError


class JsonResponse(Response[bytes]):
    """An answer whose body is JSON already, sent as it is: no header table, no encoding, no cookies.

    Args:
        body: The JSON.
        status_code: The HTTP status.
        headers: Further headers.
    """

    def __init__(self, body: bytes, status_code: int = 200, headers: dict[str, str] | None = None) -> None:
        self.content = body
        self.status_code = status_code
        fields = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if headers:
            fields += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self._start: Any = {"type": "http.response.start", "status": status_code, "headers": fields}

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """Return this answer: it is an ASGI application itself."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send(self._start)
        await send({"type": "http.response.body", "body": self.content, "more_body": False})


def json_response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return an answer whose body is JSON already."""
    return JsonResponse(body, status, headers)


def error_response(error: RequestError) -> Response[bytes]:
    """Return `{"status": "error", "errors": [{name, location, description}]}`."""
    body = msgspec.json.encode({"status": "error", "errors": error.problems})
    return json_response(body, error.http_status, error.headers)


def message_response(status: int, message: str, **more: Any) -> Response[bytes]:
    """Return `{"status": "error", "message": …}`, the form of a 404 of `create_file` (api-notes 1.1)."""
    return json_response(msgspec.json.encode({"status": "error", "message": message, **more}), status)
