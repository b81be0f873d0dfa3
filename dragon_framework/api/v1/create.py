"""`POST /v1/create` and `POST /v1/create_stream`: tasks into the queue, statuses back.

An `Idempotency-Key` header makes a repeated request safe: the second one, by the same
account with the same body, answers with the statuses of the tasks of the first. With
`share`, equal cacheable tasks that are under way or have succeeded serve, as they always do for
`create_file`.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response, post
from litestar.response import Stream

from dragon_framework.accounts import Account
from dragon_framework.api.authentication import authenticate
from dragon_framework.api.creation import (
    NewTask,
    announce,
    count,
    definitions_in,
    new_tasks,
    priority_in,
    submit,
    write,
)
from dragon_framework.api.problems import RequestError, bad_request
from dragon_framework.api.requests import AnyRequest, base_url, flag, header, read_object
from dragon_framework.api.service import Service
from dragon_framework.api.sharing import submit_sharing
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.api.waiting import (
    EVENTS,
    NDJSON,
    STREAM_HEADERS,
    known_or_missing,
    status_lines,
    wait,
    wants_events,
)
from dragon_framework.sealing import secret_fields
from dragon_framework.status.model import is_final

MAX_IDEMPOTENCY_KEY = 255

_NOT_COMPARED = ("secret", "api_key", "block")


class _Kept(msgspec.Struct):
    """What is kept under an idempotency key."""

    digest: str
    keys: list[str]


@post("/v1/create", status_code=200)
async def create(request: AnyRequest) -> Response[bytes]:
    """Queue tasks and return their statuses, at once or when all are final."""
    service: Service = request.app.state.service
    body = await read_object(request, service.settings.api.max_body_bytes)
    block = flag(body.get("block"), "block", "body")
    keys, blobs = await _create(service, request, body)
    if block and not all(blob is not None and is_final(blob) for blob in blobs):
        blobs = await wait(service, keys)
    return json_response(known_or_missing(blobs, keys))


@post("/v1/create_stream", status_code=200)
async def create_stream(request: AnyRequest) -> Stream:
    """Queue tasks and stream their statuses until all are final."""
    service: Service = request.app.state.service
    body = await read_object(request, service.settings.api.max_body_bytes)
    keys, blobs = await _create(service, request, body)
    events = wants_events(request)
    lines = status_lines(service, keys, blobs, events=events)
    return Stream(lines, media_type=EVENTS if events else NDJSON, headers=STREAM_HEADERS)


async def _create(
    service: Service, request: AnyRequest, body: dict[str, Any]
) -> tuple[list[str], Sequence[bytes | None]]:
    """Return the keys of the tasks of a request, which are written, and their statuses."""
    account = await authenticate(service, request, body, "body")
    definitions = definitions_in(body.get("tasks"), "tasks", service.settings.api.max_tasks)
    base = base_url(request, service.settings.public_url)
    name = header(request, b"idempotency-key")
    priority = priority_in(body)
    tasks = new_tasks(service, definitions, account, base, callbacks=True)
    if flag(body.get("share"), "share", "body"):
        if name is not None:
            text = "share and an Idempotency-Key exclude each other: which tasks will serve is not known before"
            raise bad_request("share", "body", text)
        served = await submit_sharing(service, tasks, account, base, priority)
        return [key for key, _ in served], [blob for _, blob in served]
    if name is not None:
        tasks, blobs = await _create_once(service, name, body, tasks, account, base, priority=priority)
        return [task.submission.key for task in tasks], blobs
    await submit(service, tasks, account, priority)
    return [task.submission.key for task in tasks], [task.submission.status for task in tasks]


async def _create_once(
    service: Service,
    name: str,
    body: dict[str, Any],
    tasks: list[NewTask],
    account: Account,
    base: str,
    *,
    priority: int,
) -> tuple[list[NewTask], list[bytes | None]]:
    """Create tasks unless a request with this idempotency key has; then return those.

    The keys are kept before the tasks are written. Writing a task that is there already
    changes nothing, so a request that broke off in between can be repeated too.
    """
    if not 0 < len(name) <= MAX_IDEMPOTENCY_KEY:
        text = f"Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY} characters"
        raise bad_request("Idempotency-Key", "header", text)
    asked = {key: value for key, value in body.items() if key not in _NOT_COMPARED}
    compared = msgspec.json.encode(asked, order="deterministic")
    secret = any(secret_fields(task.task.parameters) for task in tasks)
    digest = service.sealer.digest(compared) if secret else hashlib.sha256(compared).hexdigest()
    request_name = hashlib.sha256(f"{account.id}\n{name}".encode("utf-8", "surrogatepass")).hexdigest()
    fresh = msgspec.json.encode(_Kept(digest, [task.submission.key for task in tasks]))
    content = await service.store.remember_request(request_name, fresh)
    kept = msgspec.json.decode(content, type=_Kept)
    if kept.digest != digest:
        text = "this Idempotency-Key was used for another request; take a fresh one for each request"
        raise bad_request("Idempotency-Key", "header", text)
    first = content == fresh
    if first:
        try:
            await count(service, account, len(tasks))
        except RequestError:  # so that the request is counted, too, when it is repeated
            await service.store.forget_request(request_name)
            raise
    else:
        definitions = definitions_in(body.get("tasks"), "tasks", service.settings.api.max_tasks)
        tasks = new_tasks(service, definitions, account, base, keys=kept.keys, callbacks=True)
    await write(service, tasks, account, priority)
    if first:
        announce(service, tasks, account)
    return tasks, await service.store.get([task.submission.key for task in tasks])
