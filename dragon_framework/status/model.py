"""Status objects, exactly as clients see them.

A status is one JSON object (v1 reference 1.5). It is kept as the bytes that are sent:
`"status"` stands first, so that bytes 11 and 12 (`qu`, `ex`, `su`, `er`) tell the state
without decoding. Stands on msgspec alone.
"""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

State = Literal["queued", "executing", "success", "error"]


def now() -> str:
    """Return the time as statuses show it: ISO 8601, microseconds, `+00:00`."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Events(Struct, omit_defaults=True):
    """When a task was queued, started and completed."""

    queued: str | UnsetType = UNSET
    started: str | UnsetType = UNSET
    completed: str | UnsetType = UNSET


class ErrorFacts(Struct, frozen=True):
    """For programs, beside the text in `result`: a stable code, and whether a retry may help."""

    code: str
    transient: bool


class Retry(Struct, frozen=True):
    """Why a task is queued again: a fault that may pass.

    Args:
        number: 1 for the first retry.
        seconds: How long it waits before, from the end of the last try.
        error: What the last try ended with.
        result: The same in words, as a final status would have it.
    """

    number: int
    seconds: float
    error: ErrorFacts
    result: Any


class Status(Struct):
    """A task's status. Fields are encoded in this order."""

    status: State
    key: str
    events: Events
    progress: Any = UNSET
    result: Any = UNSET
    error: ErrorFacts | UnsetType = UNSET
    """Additive: v1 knew only `result`."""
    retry: Retry | UnsetType = UNSET
    """Additive: only while the task waits for its next try."""

    @property
    def final(self) -> bool:
        """Whether the task is over."""
        return self.status in {"success", "error"}


class Definition(Struct, frozen=True):
    """A task definition as the API leaves it for the worker.

    Args:
        task_name: Name of the task.
        parameters: Validated parameters, as JSON.
        account: Id of the account that created it.
        base: URL of the service as the client knows it, for the URLs of outputs.
        counted: Whether the account has a limit on tasks under way.
        callback: URL that the final status is sent to; empty for none.
        sealed: Credentials among the parameters (`sealing`), until the task ends; the last field: Redis cuts it off.
    """

    task_name: str
    parameters: msgspec.Raw
    account: str = ""
    base: str = ""
    counted: bool = False
    callback: str = ""
    sealed: str | UnsetType = UNSET


_encoder = msgspec.json.Encoder()
encode_definition = _encoder.encode
decode_definition = msgspec.json.Decoder(Definition).decode
encode_status = _encoder.encode
decode_status = msgspec.json.Decoder(Status).decode


def is_final(blob: bytes) -> bool:
    """Whether an encoded status is that of a finished task."""
    return blob[11:13] in {b"su", b"er"}
