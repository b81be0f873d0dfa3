"""A client of the v1 API for the command line, on the standard library's HTTP.

In: the URL of a service and a secret. Out: tasks' documents, URLs of uploaded files, and
the statuses of a created task, line by line. Stands on `http.client`.
"""

import http.client
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from dragon_framework.errors import DragonError, SettingsError
from dragon_framework.media_types import media_type_of

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0
"""Streams that have nothing to tell send blank lines, every 15 s by default."""

RECONNECTS = 8
"""How often in a row a broken stream is taken up again: half a minute."""

HEALTHY_SECONDS = 10.0
"""A stream that lasted so long was a good one: when it breaks, counting begins anew."""

PASSING = (429, 502, 503, 504)
"""HTTP statuses of a service that is full or being started again."""

LONGEST_WAIT_SECONDS = 30.0
"""A longer `Retry-After` is not waited for."""


class ServiceError(DragonError):
    """The service cannot be reached, or refuses the request; the text says why.

    Args:
        text: What happened.
        again_after: Seconds after which trying again may help; None if it does not.
    """

    def __init__(self, text: str, again_after: float | None = None) -> None:
        super().__init__(text)
        self.again_after = again_after


class UnreachableError(ServiceError):
    """Nothing listens there."""


class Client:
    """Talks to one service.

    Args:
        server: Its URL.
        secret: The secret of an account; empty for none.
    """

    def __init__(self, server: str, secret: str) -> None:
        parts = urlsplit(server if "://" in server else f"http://{server}")
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError("--server", f"expected a URL such as http://127.0.0.1:8000, got {server!r}")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._path = parts.hostname, port, parts.path.rstrip("/")
        self._shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._headers = {"Authorization": f"Secret {secret}"} if secret else {}

    def task_document(self, name: str) -> dict[str, Any] | None:
        """Return what `/v1/tasks/{name}` says of a task; None if the service does not have it."""
        status, body = self._exchange("GET", f"/v1/tasks/{quote(name, safe='')}")
        if status == 404:
            return None
        if status != 200:
            raise self._refusal(status, body)
        document: dict[str, Any] = msgspec.json.decode(body)
        return document

    def upload(self, path: Path) -> str:
        """Upload a local file and return its URL for tasks."""
        with path.open("rb") as file:
            headers = {"Content-Length": str(path.stat().st_size), "Content-Type": media_type_of(path.name)}
            status, body = self._exchange("POST", f"/v1/inputs/{quote(path.name, safe='')}", file, headers)
        if status not in {200, 201}:
            raise self._refusal(status, body)
        return str(msgspec.json.decode(body)["url"])

    def create(self, definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Create a task and yield its statuses, until the final one.

        A stream that breaks off, because the API was started again, is taken up by key. Before the key is
        known the request is repeated, under one idempotency key, so that nothing is created twice; so it is when
        the service is full and says when to come again.

        Raises:
            ServiceError: If the task cannot be created, or the service stays away.
        """
        call = "POST", "/v1/create_stream", msgspec.json.encode({"tasks": [definition]})
        headers, status, lost = {"Idempotency-Key": uuid.uuid4().hex}, {}, 0
        while True:
            began = time.monotonic()
            try:
                for status in self._stream(*call, headers):  # the last one is looked at below
                    yield status
                    if status.get("status") in {"success", "error"}:
                        return
                error = ServiceError(f"{self._shown} ends the stream before the task has ended", again_after=0.0)
            except ServiceError as broken:
                error = broken
            lost = 1 if time.monotonic() - began >= HEALTHY_SECONDS else lost + 1
            absent = isinstance(error, UnreachableError) and "key" not in status
            if absent or error.again_after is None or error.again_after > LONGEST_WAIT_SECONDS or lost > RECONNECTS:
                raise error
            time.sleep(error.again_after or min(5.0, 0.1 * 2**lost))
            if key := status.get("key"):
                call, headers = ("GET", f"/v1/status_stream?tasks={key}", b""), {}

    def cancel(self, key: str) -> bool:
        """Cancel a task; return whether it is over now."""
        status, body = self._exchange("POST", "/v1/cancel", msgspec.json.encode({"tasks": key}), {})
        return status == 200 and msgspec.json.decode(body)[0].get("status") in {"success", "error"}

    def _stream(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Iterator[dict[str, Any]]:
        connection = self._connect()
        try:
            headers = headers | {"Content-Type": "application/json"}
            response = self._request(connection, method, path, body or None, headers)
            if response.status != 200:
                raise self._refusal(response.status, response.read(), response.headers.get("Retry-After", ""))
            while line := response.readline():
                if line.strip():
                    value = msgspec.json.decode(line)
                    yield from value if isinstance(value, list) else [value]
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise self._lost(error) from error
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return self._kind(self._host, self._port, timeout=CONNECT_SECONDS)

    def _exchange(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = self._connect()
        try:
            response = self._request(connection, method, path, body, headers or {})
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error
        finally:
            connection.close()

    def _request(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        connection.connect()
        connection.sock.settimeout(SILENCE_SECONDS)
        connection.request(method, self._path + path, body, self._headers | headers)
        return connection.getresponse()

    def _lost(self, error: Exception) -> ServiceError:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        hint = "; is `dragon serve` running there?" if isinstance(error, ConnectionRefusedError) else ""
        kind = UnreachableError if isinstance(error, ConnectionRefusedError | socket.gaierror) else ServiceError
        return kind(f"{self._shown} cannot be reached: {reason}{hint}", again_after=0.0)

    def _refusal(self, status: int, body: bytes, retry_after: str = "") -> ServiceError:
        try:
            problems = msgspec.json.decode(body)["errors"]
            text = "; ".join(str(problem["description"]) for problem in problems)
        except (msgspec.DecodeError, KeyError, TypeError):
            text = body[:200].decode(errors="replace")
        hint = " (give the secret with DRAGON_SECRET or --secret)" if status == 401 and not self._headers else ""
        again = (float(retry_after) if retry_after.strip().isdecimal() else 0.0) if status in PASSING else None
        shown = f"{self._shown} answers {status}: {text or http.client.responses.get(status, '')}{hint}"
        return ServiceError(shown, again_after=again)
