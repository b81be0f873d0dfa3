"""The forms of v1's answers: lists of statuses as they are stored, and errors (v1 reference 1.3)."""

from typing import Any

import msgspec
from litestar import Response

from dragon_framework.api.problems import RequestError

JSON = "application/json"


def json_response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return an answer whose body is JSON already."""
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def error_response(error: RequestError) -> Response[bytes]:
    """Return `{"status": "error", "errors": [{name, location, description}]}`."""
    body = msgspec.json.encode({"status": "error", "errors": error.problems})
    return json_response(body, error.http_status, error.headers)


def message_response(status: int, message: str, **more: Any) -> Response[bytes]:
    """Return `{"status": "error", "message": …}`, the form of a 404 of `create_file` (api-notes 1.1)."""
    return json_response(msgspec.json.encode({"status": "error", "message": message, **more}), status)
