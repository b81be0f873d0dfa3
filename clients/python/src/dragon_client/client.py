"""The client: tasks are created, followed and cancelled, files go up and down.

In: the URL of a service and a credential. Out: statuses as the v1 reference describes them.
"""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from dragon_client.errors import ApiError, ConnectionLost

Status = dict[str, Any]
"""The status of a task: `key`, `status`, and `result` once it has succeeded."""

FINAL = ("success", "error")

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0
"""Streams that have nothing to tell send a blank line every 15 s by default."""

PASSING = (502, 503, 504)
"""HTTP statuses of a service that is being started again, or is full: it may answer later."""


class Client:
    """Talks to one service; a context manager that closes its connections.

    Args:
        server: URL of the service, such as `http://127.0.0.1:8000`.
        secret: Secret of an account, for programs that keep it to themselves.
        api_key: Api key of an account, instead; it counts together with *origin*.
        origin: The page that the api key is for, such as `https://example.org`.
        timeout: Seconds that the service may be silent, > 0.
        retries: How often in a row a request that may be repeated is tried again, >= 0.
    """

    def __init__(
        self,
        server: str,
        *,
        secret: str = "",
        api_key: str = "",
        origin: str = "",
        timeout: float = SILENCE_SECONDS,
        retries: int = 5,
    ) -> None:
        if secret and api_key:
            raise ValueError("give a secret or an api key, not both")
        headers = {"Authorization": f"Secret {secret}"} if secret else {}
        if api_key:
            headers["Authorization"] = f"Api-Key {api_key}"
        if origin:
            headers["Origin"] = origin
        self._headers = headers
        self._retries = retries
        limits = httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        self._http = httpx.Client(base_url=server, timeout=limits)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def create(self, *tasks: dict[str, Any], block: bool = False, idempotency_key: str = "") -> list[Status]:
        """Create tasks and return their statuses, in order.

        Args:
            tasks: Definitions: `task_name` and the parameters of the task.
            block: Wait until all are final.
            idempotency_key: 1 to 255 characters that name this request; a fresh one by default. A request that is
                repeated under its key creates nothing twice, so this one is tried again when the network fails.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        statuses = self._statuses("/v1/create", {"tasks": list(tasks)}, headers)
        return self.block([status["key"] for status in statuses]) if block else statuses

    def status(self, keys: str | Sequence[str]) -> list[Status]:
        """Return the statuses of tasks, in the order of *keys*."""
        return self._statuses("/v1/status", {"tasks": _listed(keys)})

    def block(self, keys: str | Sequence[str]) -> list[Status]:
        """Wait until tasks are final and return their statuses, in the order of *keys*."""
        for _ in self.stream(keys):
            pass
        return self.status(keys)

    def stream(self, keys: str | Sequence[str]) -> Iterator[Status]:
        """Yield statuses of tasks as they change, until all are final; a stream that breaks off is taken up again."""
        pending, failures = set(_listed(keys)), 0
        while pending:
            try:
                body = {"tasks": sorted(pending)}
                with self._http.stream("POST", "/v1/status_stream", json=body, headers=self._headers) as response:
                    if response.status_code != 200:
                        response.read()
                        raise _refusal(response)
                    for line in response.iter_lines():
                        for status in _in_line(line):
                            failures = 0
                            if status.get("status") in FINAL:
                                pending.discard(status.get("key", ""))
                            yield status
                error: Exception = ConnectionLost("the service ends the stream before the tasks have ended")
            except httpx.TransportError as lost:
                error = lost
            except ApiError as refused:
                if refused.http_status not in PASSING:
                    raise
                error = refused
            if pending:
                failures += 1
                self._wait(failures, error)

    def cancel(self, keys: str | Sequence[str]) -> list[Status]:
        """Cancel tasks of this account and return their statuses; not tried again."""
        return self._statuses("/v1/cancel", {"tasks": _listed(keys)}, repeat=False)

    def upload(self, path: Path) -> str:
        """Upload a local file and return its URL for tasks; not tried again."""
        with path.open("rb") as file:
            headers = {"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
            answer = self._send("POST", f"/v1/inputs/{quote(path.name, safe='')}", headers, content=file)
        return str(answer.json()["url"])

    def download(self, url: str) -> bytes:
        """Return the file at the URL of an output; the credential is not sent there."""
        return self._repeated("GET", url, None).content

    def _statuses(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None, *, repeat: bool = True
    ) -> list[Status]:
        given = self._headers | (headers or {})
        send = self._repeated if repeat else self._once
        statuses: list[Status] = send("POST", path, given, json=body).json()
        return statuses

    def _send(self, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
        return self._once(method, path, self._headers | headers, **more)

    def _once(self, method: str, url: str, headers: dict[str, str] | None, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, url, headers=headers, **more)
        except httpx.TransportError as error:
            raise _lost(error) from error
        if not response.is_success:
            raise _refusal(response)
        return response

    def _repeated(self, method: str, url: str, headers: dict[str, str] | None, **more: Any) -> httpx.Response:
        failures = 0
        while True:
            try:
                return self._once(method, url, headers, **more)
            except (ConnectionLost, ApiError) as error:
                if isinstance(error, ApiError) and error.http_status not in PASSING:
                    raise
                failures += 1
                self._wait(failures, error)

    def _wait(self, failures: int, error: Exception) -> None:
        """Sleep before the next try: 0.2 s, twice as long each time, at most 5 s.

        Raises:
            ClientError: If there were tries enough.
        """
        if failures > self._retries:
            raise _lost(error) if isinstance(error, httpx.TransportError) else error
        time.sleep(min(5.0, 0.1 * 2**failures))


def _listed(keys: str | Sequence[str]) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys)


def _in_line(line: str) -> list[Status]:
    if not line.strip():
        return []
    value = json.loads(line)
    return value if isinstance(value, list) else [value]


def _lost(error: Exception) -> ConnectionLost:
    return ConnectionLost(f"the service cannot be reached: {str(error) or type(error).__name__}")


def _refusal(response: httpx.Response) -> ApiError:
    try:
        problems = response.json()["errors"]
        text = "; ".join(str(problem["description"]) for problem in problems)
    except (ValueError, KeyError, TypeError):
        problems, text = [], response.text[:200] or response.reason_phrase
    return ApiError(response.status_code, problems, text)
