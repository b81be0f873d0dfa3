"""Streams of statuses and bounded waits, for any API version.

A stream is lines: a JSON list with the statuses as they are, in the order that was
asked for, then one JSON object for each change, until all tasks are final (api-notes
1.1). Asked for `text/event-stream`, the same values come as server-sent events. A slow
reader skips steps, and an idle stream carries a blank line now and then, so that
proxies keep it open and a vanished client is noticed.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from dragon_framework.api.requests import AnyRequest, header
from dragon_framework.api.service import Service

NDJSON = "application/x-ndjson; charset=utf-8"
EVENTS = "text/event-stream; charset=utf-8"

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""nginx buffers answers unless told otherwise."""


def wants_events(request: AnyRequest) -> bool:
    """Whether the client asks for server-sent events."""
    return "text/event-stream" in (header(request, b"accept") or "")


async def status_lines(
    service: Service, keys: Sequence[str], first: Sequence[bytes | None] | None, *, events: bool
) -> AsyncIterator[bytes]:
    """Yield the lines of a stream.

    Args:
        service: Has the store.
        keys: The tasks.
        first: Their statuses as just written; None to read them.
        events: Whether to write server-sent events.
    """
    heartbeat = service.settings.api.stream_heartbeat_seconds
    idle = b": \n\n" if events else b"\n"
    if first is not None:  # the client learns its keys before anything else happens
        yield _list(first, keys, events=events)
    async with _counted(service, "streams"), service.store.watch(keys) as watch:
        current = watch.current()
        if first is None:
            yield _list(current, keys, events=events)
        else:
            known = dict(zip(keys, first, strict=True))
            fresh = {key: blob for key, blob in zip(keys, current, strict=True) if blob and blob != known[key]}
            if fresh:
                yield b"".join(_one(blob, events=events) for blob in fresh.values())
        while True:
            changes = await watch.changes(heartbeat)
            if changes:
                yield b"".join(_one(blob, events=events) for blob in changes)
            elif watch.done or service.stopping:
                return
            else:
                yield idle


async def wait(service: Service, keys: Sequence[str], seconds: float | None = None) -> list[bytes | None]:
    """Return the statuses of *keys* when all are final, or as they are after a while."""
    async with _counted(service, "blocked"):
        return await service.store.wait(keys, service.settings.api.block_seconds if seconds is None else seconds)


@asynccontextmanager
async def _counted(service: Service, what: Literal["streams", "blocked"]) -> AsyncIterator[None]:
    setattr(service, what, getattr(service, what) + 1)
    try:
        yield
    finally:
        setattr(service, what, getattr(service, what) - 1)


def known_or_missing(blobs: Sequence[bytes | None], keys: Sequence[str]) -> bytes:
    """Return statuses as one JSON list, with an error object for each unknown key."""
    return b"[" + b",".join(blob or missing(key) for blob, key in zip(blobs, keys, strict=True)) + b"]"


def missing(key: str) -> bytes:
    """Return the status of a task that is not there: never created, or expired."""
    import msgspec

    from dragon_framework.status.model import ErrorFacts, Events, Status, encode_status

    shown = key if len(key) <= 60 else f"{key[:60]}…"
    try:
        return encode_status(
            Status(
                "error",
                shown,
                Events(),
                progress=None,
                result="there is no task with this ID; tasks expire after a while",
                error=ErrorFacts("unknown_key", transient=False),
            )
        )
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return missing(ascii(shown))


def _list(blobs: Sequence[bytes | None], keys: Sequence[str], *, events: bool) -> bytes:
    line = known_or_missing(blobs, keys)
    return b"event: statuses\ndata: " + line + b"\n\n" if events else line + b"\n"


def _one(blob: bytes, *, events: bool) -> bytes:
    if not events:
        return blob + b"\n"
    key = blob.partition(b'"key":"')[2][:26]
    return b"event: status\nid: " + key + b"\ndata: " + blob + b"\n\n"
