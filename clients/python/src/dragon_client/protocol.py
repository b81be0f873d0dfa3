"""What both clients say and understand: requests, answers, when to try again. No input, no output.

Stands on httpx, for its responses and errors alone.
"""

import json
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from dragon_client.errors import ApiError, ClientError, ConnectionLost
from dragon_client.status import Status

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0
"""Streams that have nothing to tell send a blank line every 15 s by default."""

BLOCK_SECONDS = 300.0
"""How long a service waits by default when it is asked to block (`api.block_seconds`)."""

HEALTHY_SECONDS = 10.0
"""A stream that lasted so long was a good one: when it breaks, counting failures starts anew."""

PASSING = (429, 502, 503, 504)
"""HTTP statuses of a service that is being started again, is full, or asks for patience: it may answer later."""


@dataclass(frozen=True)
class Call:
    """One request: a path of the service or a whole URL, the JSON to send, further headers."""

    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def checked_server(server: str) -> str:
    """Return the URL of a service.

    Raises:
        ValueError: If it is none.
    """
    url = httpx.URL(server)
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(f"server: expected a URL such as http://127.0.0.1:8000, got {server!r}")
    return server


def credentials(secret: str, api_key: str, origin: str) -> dict[str, str]:
    """Return the headers that say who asks."""
    if secret and api_key:
        raise ValueError("give a secret or an api key, not both")
    headers = {"Authorization": f"Secret {secret}"} if secret else {}
    if api_key:
        headers["Authorization"] = f"Api-Key {api_key}"
    if origin:
        headers["Origin"] = origin
    return headers


def create(tasks: Sequence[dict[str, Any]], idempotency_key: str) -> Call:
    """Return the request that creates tasks."""
    return Call("/v1/create", {"tasks": list(tasks)}, {"Idempotency-Key": idempotency_key or uuid.uuid4().hex})


def ask(what: str, keys: str | Sequence[str]) -> Call:
    """Return the request for *what*, such as `status`, of tasks."""
    return Call(f"/v1/{what}", {"tasks": listed(keys)})


def upload(path: Path) -> Call:
    """Return the request that uploads a file, without its content."""
    headers = {"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
    return Call(f"/v1/inputs/{quote(path.name, safe='')}", None, headers)


def listed(keys: str | Sequence[str]) -> list[str]:
    """Return keys as a list."""
    return [keys] if isinstance(keys, str) else list(keys)


def part_of(path: Path) -> Path:
    """Return a fresh path beside *path* for a file that is not whole yet."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")


def statuses_in(text: str | bytes) -> list[Status]:
    """Return the statuses in an answer, or in a line of a stream, which may be blank."""
    if not text.strip():
        return []
    value = json.loads(text)
    return [Status(item) for item in (value if isinstance(value, list) else [value])]


@contextmanager
def network_errors() -> Iterator[None]:
    """Turn errors of the network, and answers that were cut, into `ConnectionLost`."""
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError, httpx.TooManyRedirects, json.JSONDecodeError) as error:
        raise ConnectionLost(f"the service cannot be reached: {str(error) or type(error).__name__}") from error


def refusal(response: httpx.Response) -> ApiError:
    """Return the error for an answer, which has been read, that is no success."""
    problems: list[dict[str, Any]] = []
    text = response.text[:200] or response.reason_phrase
    try:
        answer = response.json()
        if isinstance(answer, list):
            text = "; ".join(str(status["result"]) for status in answer)
        elif "errors" in answer:
            text = "; ".join(str(problem["description"]) for problem in answer["errors"])
            problems = answer["errors"]
        else:
            text = str(answer["message"])
    except (ValueError, KeyError, TypeError):
        pass  # the answer is that of something in between, such as a proxy
    return ApiError(response.status_code, problems, text, retry_after(response.headers.get("Retry-After", "")))


def retry_after(text: str) -> float | None:
    """Return the seconds of a `Retry-After` (RFC 9110, 10.2.3: seconds, or a date), >= 0; None if there is none."""
    if text.strip().isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True)
class Retries:
    """When to try again.

    Args:
        most: How often in a row, >= 0.
        longest_wait: Longest `Retry-After` that is waited for, in seconds, >= 0.
    """

    most: int
    longest_wait: float

    def __post_init__(self) -> None:
        for name, value in (("retries", self.most), ("longest_wait", self.longest_wait)):
            if value < 0:
                raise ValueError(f"{name} must be at least 0, got {value}")

    def seconds(self, failures: int, error: ClientError) -> float:
        """Return how long to wait after so many failures in a row: `Retry-After`, else 0.2 s, doubled each time.

        Jitter (up to half) keeps clients that lost the same service from coming back all at once.

        Raises:
            ClientError: The *error*, if there were tries enough, or trying does not help, or takes too long.
        """
        asked = error.retry_after if isinstance(error, ApiError) else None
        if isinstance(error, ApiError) and error.http_status not in PASSING and asked is None:
            raise error
        if failures > self.most or (asked or 0.0) > self.longest_wait:
            raise error
        if asked:
            return asked + random.uniform(0.0, 0.5)  # noqa: S311 - no secret
        return min(5.0, 0.1 * 2.0**failures) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


class Following:
    """Follows tasks over streams that may break, until all are final or the time is over.

    Args:
        keys: Keys of the tasks.
        retries: When to take up a broken stream again.
        seconds: Longest time, in seconds; None for no limit.
        known: Statuses that need not be told again.
    """

    def __init__(
        self, keys: str | Sequence[str], retries: Retries, seconds: float | None = None, known: Sequence[Status] = ()
    ) -> None:
        self._known = {status.key: status for status in known}
        ended = {status.key for status in known if status.final}
        self._pending = set(listed(keys)) - ended
        self._retries = retries
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._failures, self._ended, self._began = 0, False, 0.0

    def is_over(self) -> bool:
        """Whether there is nothing left to wait for, or no time."""
        return not self._pending or (self._deadline is not None and time.monotonic() >= self._deadline)

    def begin(self, timeout: float) -> tuple[Call, float]:
        """Return the request for a stream, and how long it may be silent, in seconds."""
        self._began, self._ended = time.monotonic(), False
        left = timeout if self._deadline is None else max(0.001, min(timeout, self._deadline - self._began))
        return ask("status_stream", sorted(self._pending)), left

    def take(self, line: str) -> Iterator[Status]:
        """Yield the statuses of a line that are news."""
        with network_errors():
            statuses = statuses_in(line)
        for status in statuses:
            key = str(status.get("key", ""))
            if status.final and key in self._pending:
                self._pending.discard(key)
                self._ended = True
            if self._known.get(key) != status:
                self._known[key] = status
                yield status

    def broken(self, error: ClientError) -> float:
        """Return how long to wait before the next stream, in seconds.

        Raises:
            ClientError: The *error*, if there were tries enough.
        """
        if self.is_over():
            return 0.0
        healthy = self._ended or time.monotonic() - self._began >= HEALTHY_SECONDS
        self._failures = 1 if healthy else self._failures + 1
        seconds = self._retries.seconds(self._failures, error)
        return seconds if self._deadline is None else max(0.0, min(seconds, self._deadline - time.monotonic()))


ENDED_EARLY = "the service ends the stream before the tasks have ended"
