"""`/v1/status` and `/v1/status_stream` (alias `/v1/stream`): how tasks are doing, by GET or POST.

No credentials: who holds a task's key may read its status. `details=true` adds each
task's name, parameters and what workers did with it, for the account that created it. When no asked key is known
the answer is 404; else an unknown one is an error object in its place (api-notes 1.2).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.response import Stream

from dragon_framework.api.authentication import authenticate
from dragon_framework.api.problems import bad_request
from dragon_framework.api.requests import AnyRequest, flag, json_kind, query_of, read_object
from dragon_framework.api.service import Service
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
from dragon_framework.keys import KEY
from dragon_framework.sealing import HIDDEN, secret_fields
from dragon_framework.status.model import Definition, decode_definition

MAX_KEY_TEXT = 200


@get("/v1/status")
async def status_get(request: AnyRequest) -> Response[bytes]:
    """Return the statuses of the tasks in `tasks`."""
    return await _status(request, query_of(request), "query")


@post("/v1/status", status_code=200)
async def status_post(request: AnyRequest) -> Response[bytes]:
    """Return the statuses of the tasks in `tasks`."""
    service: Service = request.app.state.service
    return await _status(request, await read_object(request, service.settings.api.max_body_bytes), "body")


@get(["/v1/status_stream", "/v1/stream"])
async def status_stream_get(request: AnyRequest) -> Stream | Response[bytes]:
    """Stream the statuses of the tasks in `tasks` until all are final."""
    return await _status_stream(request, query_of(request), "query")


@post(["/v1/status_stream", "/v1/stream"], status_code=200)
async def status_stream_post(request: AnyRequest) -> Stream | Response[bytes]:
    """Stream the statuses of the tasks in `tasks` until all are final."""
    service: Service = request.app.state.service
    return await _status_stream(request, await read_object(request, service.settings.api.max_body_bytes), "body")


async def _status(request: AnyRequest, given: Mapping[str, Any], location: str) -> Response[bytes]:
    service: Service = request.app.state.service
    keys = asked_keys(given, location, service.settings.api.max_tasks)
    block = flag(given.get("block"), "block", location)
    details = flag(given.get("details"), "details", location)
    account = await authenticate(service, request, given, location) if details else None
    known = [key for key in keys if KEY.fullmatch(key)]
    blobs = dict(zip(known, await (wait(service, known) if block else service.store.get(known)), strict=True))
    if account is not None:
        blobs = await _with_details(service, blobs, account.id)
    found = [blobs.get(key) for key in keys]
    return json_response(known_or_missing(found, keys), 200 if any(found) else 404)


async def _status_stream(request: AnyRequest, given: Mapping[str, Any], location: str) -> Stream | Response[bytes]:
    service: Service = request.app.state.service
    keys = asked_keys(given, location, service.settings.api.max_tasks)
    known = [key for key in keys if KEY.fullmatch(key)]
    if not any(await service.store.get(known)):
        return json_response(known_or_missing([None] * len(keys), keys), 404)
    events = wants_events(request)
    lines = status_lines(service, keys, None, events=events)
    return Stream(lines, media_type=EVENTS if events else NDJSON, headers=STREAM_HEADERS)


def asked_keys(given: Mapping[str, Any], location: str, most: int) -> list[str]:
    """Return the keys a request asks for: a list of them, or a single one.

    Raises:
        RequestError: If there are none, too many, or one is no text.
    """
    tasks = given.get("tasks")
    if tasks is None:
        raise bad_request("tasks", location, "tasks is missing")
    keys: Sequence[Any] = [tasks] if isinstance(tasks, str) else tasks
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise bad_request("tasks", location, f"tasks must be a task key or a list of them, got {json_kind(tasks)}")
    if not keys:
        raise bad_request("tasks", location, "tasks is empty; give at least one task key")
    if len(keys) > most:
        raise bad_request("tasks", location, f"tasks has {len(keys)} keys; one request takes at most {most}")
    return [key[:MAX_KEY_TEXT] for key in keys]


async def _with_details(
    service: Service, blobs: Mapping[str, bytes | None], account_id: str
) -> dict[str, bytes | None]:
    """Return the statuses with `details` where the account may see them; credentials are masked."""
    keys = [key for key, blob in blobs.items() if blob is not None]
    shown = dict(blobs)
    definitions = await service.store.definitions(keys)
    deliveries = await service.store.deliveries(keys) if keys else []
    for key, definition, history in zip(keys, definitions, deliveries, strict=True):
        blob = blobs[key]
        if definition is None or blob is None:
            continue
        facts = decode_definition(definition)
        if facts.account != account_id:
            continue
        status = msgspec.json.decode(blob)
        parameters = shown_parameters(service, facts)
        details: dict[str, Any] = {"task_name": facts.task_name, "parameters": parameters, "deliveries": history}
        if waited := queued_seconds(status, history):
            details["queued_seconds"] = waited
        shown[key] = msgspec.json.encode(status | {"details": details})
    return shown


def shown_parameters(service: Service, facts: Definition) -> dict[str, Any]:
    """Return the parameters of a task with its credentials masked; all of them if nobody knows which they are."""
    parameters: dict[str, Any] = msgspec.json.decode(facts.parameters)
    task = service.registry.tasks.get(facts.task_name)
    secrets = secret_fields(task.parameters) if task else set(parameters)
    for field in secrets & parameters.keys():
        if parameters[field] is not None:
            parameters[field] = HIDDEN
    return parameters


def queued_seconds(status: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> float:
    """Return how long the task waited before it first began, in seconds; 0 if that is not known."""
    events = status.get("events", {})
    began = history[0].get("began") if history else events.get("started")
    if not began or "queued" not in events:
        return 0.0
    return round((datetime.fromisoformat(began) - datetime.fromisoformat(events["queued"])).total_seconds(), 6)
