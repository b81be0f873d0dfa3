"""What a worker knows of a task while it has it. Stands on the status model."""

import re
from typing import Any

import msgspec

from dragon_framework.queue.broker import Taken
from dragon_framework.status.model import Definition, Events, decode_definition, now

_QUEUED = re.compile(rb'"queued":"([^"]+)"')


class Life:
    """What is known of the task while it runs."""

    def __init__(self, key: str, taken: Taken, begun: str, max_deliveries: int) -> None:
        self.key = key
        self.delivery = taken.deaths + 1 if taken.deaths < max_deliveries else -taken.deaths
        """Number of this delivery; after too many deaths, their number below zero: it is not run any more."""
        self.retries = taken.retries
        """How often it has been run again after a fault."""
        self.definition = _read_definition(taken.definition)
        self.task_name = self.definition.task_name
        found = _QUEUED.search(taken.status)
        self.queued = found[1].decode() if found else begun
        self.events = Events(queued=self.queued, started=begun) if self.delivery > 0 else Events(queued=self.queued)
        self.notes: dict[str, Any] = {}
        """What the run said of itself (`delivery_of`)."""
        self.fetched = 0
        """Bytes that it took from the network."""
        self.peak_bytes = 0
        self.parts: dict[str, int] = {}
        """How many parts of it were done by this run itself (`own`), and by other workers (`others`)."""
        self.store_seconds = 0.0
        self.begun = False
        """Whether its status has been told to say so."""
        self.tidy = False
        """Whether the run made no directory."""
        self.progress: Any = None
        self.partial: dict[str, Any] = {}
        self.partial_files: dict[str, str] = {}
        self.stored = taken.deaths > 0 or taken.retries > 0
        """Whether this run, or one before it, may have stored outputs."""


def _read_definition(blob: bytes) -> Definition:
    """Return the definition; one without a name if it cannot be read."""
    try:
        return decode_definition(blob)
    except msgspec.MsgspecError:
        return Definition("", msgspec.Raw(b"{}"))


def delivery_of(life: Life, worker: str, outcome: str, seconds: float, code: str = "") -> str:
    """Return what `details` will show of this delivery, as JSON.

    Args:
        life: The task.
        worker: Id of the worker.
        outcome: `success`, `error`, `retry` or `handed_back`.
        seconds: How long it took, storing among it.
        code: Why it is tried again.
    """
    facts: dict[str, Any] = {"worker": worker, "began": life.events.started, "ended": now(), "outcome": outcome}
    if life.delivery < 0:
        del facts["began"]
    if code:
        facts["code"] = code
    run = max(0.0, seconds - life.store_seconds)
    facts["seconds"] = {"run": round(run, 4), "store": round(life.store_seconds, 4)}
    if life.peak_bytes:
        facts["memory_bytes"] = life.peak_bytes
    if life.fetched:
        facts["bytes_fetched"] = life.fetched
    if life.parts:
        facts["parts"] = life.parts
    return msgspec.json.encode(facts | life.notes).decode()
