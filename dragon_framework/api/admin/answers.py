"""What the routes for operators answer with; the OpenAPI document is made from these types."""

from typing import Any, Literal

from msgspec import Struct

from dragon_framework.callbacks.ledger import Delivery
from dragon_framework.status.overview import Now
from dragon_framework.status.past import Past

Shown = Literal["queued", "executing", "success", "error", "cancelled"]


class Overview(Struct):
    """What a service does, and did in the last hours.

    Args:
        now: What it does.
        past: What it did.
        unserved: Queues in which tasks wait and that no living worker serves.
    """

    now: Now
    past: Past
    unserved: list[str]


class TaskRow(Struct):
    """One task in a list.

    Args:
        key: Its key.
        task_name: Its name; empty if that is not known any more.
        account: Who created it.
        status: What it does, or how it ended: an `error` that somebody wanted is `cancelled`.
        seconds: How long it took, has run, or has waited.
        code: Code of its error; empty if it has none.
        message: What went wrong; empty if nothing did, or its status has expired.
        ended: When it ended, Unix time; None if it is not over.
        queue: Where it waits; empty if it does not.
        worker: Who runs it, `HOST:PID`; empty if nobody does.
    """

    key: str
    task_name: str
    account: str
    status: Shown
    seconds: float
    code: str = ""
    message: str = ""
    ended: float | None = None
    queue: str = ""
    worker: str = ""


class TaskPage(Struct):
    """A part of a list of tasks.

    Args:
        tasks: Those that ended: the last one first; those that run: the oldest first; those that wait: as they go.
        next: What to send as `after` for more; None at the end.
    """

    tasks: list[TaskRow]
    next: str | None


class TaskFacts(Struct):
    """Everything that is kept of one task, without credentials.

    Args:
        status: Its status, as `/v1/status` has it; URLs in it without user, query and fragment.
        task_name: Its name; empty if its parameters were refused, or it has none any more.
        account: Who created it.
        parameters: What it was given; long texts are cut.
        deliveries: What workers did with it, as `details` of `/v1/status` has it.
        callback: How its callback is doing; None if it has none to send.
        expires_seconds: When its status is forgotten.
        retry_refused: Why it cannot be retried; empty if it can.
    """

    status: dict[str, Any]
    task_name: str
    account: str
    parameters: dict[str, Any]
    deliveries: list[dict[str, Any]]
    callback: Delivery | None
    expires_seconds: int
    retry_refused: str


class Callback(Struct):
    """The callback of one task, in a list.

    Args:
        delivery: How it is doing.
        task_name: The task's name.
        account: Who created it.
    """

    delivery: Delivery
    task_name: str
    account: str


class CallbackPage(Struct):
    """Callbacks that are to be sent, and that failed; of either at most what was asked for.

    Args:
        pending: To be sent, the next one first.
        failed: Given up, the last one first.
    """

    pending: list[Callback]
    failed: list[Callback]


class Done(Struct):
    """What became of one thing that was asked for.

    Args:
        key: The task it was asked for.
        done: Whether it was done.
        reason: Why it was not; empty if it was.
        new_key: Of a task that was retried: the key of the new one.
    """

    key: str
    done: bool
    reason: str = ""
    new_key: str | None = None
