"""`/v1/create_file` and `/v1/file`: wait for a task and redirect to one of its files.

Of a task with one file any name will do, it only gives the URL a nice ending; of one
with several, the name (with or without an ending) chooses, and any other name means the
file that is always written, if there is one such. A file that is ready before
its task is, is redirected to at once (api-notes 1.1).
"""

from typing import Any

from litestar import Response, get, post

from dragon_framework.accounts import Account
from dragon_framework.api.authentication import CREDENTIALS, SIGNED, authenticate
from dragon_framework.api.creation import (
    definitions_in,
    new_tasks,
    priority_in,
    submit,
)
from dragon_framework.api.problems import bad_request, unavailable
from dragon_framework.api.requests import AnyRequest, base_url, query_of, read_object
from dragon_framework.api.service import Service
from dragon_framework.api.sharing import submit_sharing
from dragon_framework.api.v1.envelope import JsonResponse, json_response, message_response
from dragon_framework.api.waiting import missing
from dragon_framework.keys import KEY
from dragon_framework.queue.lines import PRIORITIES
from dragon_framework.signing import SIGNATURE
from dragon_framework.status.model import Status, decode_definition, decode_status
from dragon_framework.tasks import Task

RETRY_SECONDS = 5


@get(["/v1/create_file", "/v1/create_file/{filename:str}"])
async def create_file_get(request: AnyRequest, filename: str = "") -> Response[bytes]:
    """Run the task of the query string and redirect to its file: for pages and `<img>` tags."""
    service: Service = request.app.state.service
    query = query_of(request)
    account = await authenticate(service, request, query, "query")
    besides = {*CREDENTIALS, *SIGNED} if SIGNATURE in query else CREDENTIALS
    definition: dict[str, Any] = {
        name: values if len(values) > 1 else values[0] for name, values in query.items() if name not in besides
    }
    priority = PRIORITIES["high"]
    return await _create_file(service, request, definition, account, filename, location="query", priority=priority)


@post(["/v1/create_file", "/v1/create_file/{filename:str}"], status_code=302)
async def create_file_post(request: AnyRequest, filename: str = "") -> Response[bytes]:
    """Run the task in `task` and redirect to its file."""
    service: Service = request.app.state.service
    body = await read_object(request, service.settings.api.max_body_bytes)
    account = await authenticate(service, request, body, "body")
    (definition,) = definitions_in(body.get("task"), "task", 1)
    priority = priority_in(body, "high")
    return await _create_file(service, request, definition, account, filename, location="body", priority=priority)


@get(["/v1/file", "/v1/file/{filename:str}"])
async def file(request: AnyRequest, filename: str = "") -> Response[bytes]:
    """Wait for the task with the key `task` and redirect to its file."""
    service: Service = request.app.state.service
    given = query_of(request).get("task")
    if given is None:
        raise bad_request("task", "query", "task is missing; give the key of a task")
    key = given[-1]
    definition = (await service.store.definitions([key]))[0] if KEY.fullmatch(key) else None
    if definition is None:
        (blob,) = await service.store.get([key]) if KEY.fullmatch(key) else [None]
        return json_response(blob or missing(key), 400 if blob else 404)  # without a definition it never was queued
    task = service.registry.tasks.get(decode_definition(definition).task_name)
    if task is None:
        raise unavailable("the plugin of this task is not installed here any more", 60)
    chosen = _chosen(task, filename)
    if not isinstance(chosen, str):
        return chosen
    (blob,) = await service.store.get([key])
    return await _redirect(service, key, chosen, blob)


async def _create_file(
    service: Service,
    request: AnyRequest,
    definition: Any,
    account: Account,
    filename: str,
    *,
    location: str,
    priority: int,
) -> Response[bytes]:
    base = base_url(request, service.settings.public_url)
    (new,) = new_tasks(service, [definition], account, base, location=location, name="task")
    chosen = _chosen(new.task, filename)
    if not isinstance(chosen, str):
        return chosen
    if new.refused:
        await submit(service, [new], account, priority)
        return json_response(new.submission.status, 400)
    ((key, blob),) = await submit_sharing(service, [new], account, base, priority)
    return await _redirect(service, key, chosen, blob)


def _chosen(task: Task, filename: str) -> str | Response[bytes]:
    """Return the name of the output file that *filename* stands for, or the 404."""
    names = [file.name for file in task.files]
    always = [file.name for file in task.files if not file.optional]
    if len(names) == 1:
        return names[0]
    if not names:
        return message_response(404, f"{task.name} has no output files; its values are in its status")
    for name in (filename, filename.partition(".")[0]):
        if name in names:
            return name
    if len(always) == 1:
        return always[0]
    choices = ", ".join(map(repr, names))
    shown = filename if len(filename) <= 60 else f"{filename[:60]}…"
    if not filename:
        return message_response(404, f"a filename is needed, choose one of: {choices}")
    return message_response(404, f"{shown!r} is not a valid filename, choose one of: {choices}")


async def _redirect(service: Service, key: str, name: str, blob: bytes | None) -> Response[bytes]:
    """Wait until the file *name* of the task *key*, whose status is *blob*, is there, and redirect to it."""
    status = decode_status(blob) if blob else None
    if status is not None and not status.final and not _url(status, name):
        blob, status = await _wait_for_file(service, key, name)
    if blob is None or status is None:
        return json_response(missing(key), 404)
    if url := _url(status, name):
        return JsonResponse(b"", 302, {"Location": url, "Cache-Control": "no-cache"})
    if status.status == "error":
        return json_response(blob, 400)
    if status.status == "success":
        return message_response(404, f"the task has written no file {name!r}", key=key)
    raise unavailable(f"the task {key} is not done yet; ask again, or GET /v1/file?task={key}", RETRY_SECONDS)


async def _wait_for_file(service: Service, key: str, name: str) -> tuple[bytes | None, Status | None]:
    import asyncio

    deadline = asyncio.get_running_loop().time() + service.settings.api.block_seconds
    async with service.store.watch([key]) as watch:
        while True:
            (blob,) = watch.current()
            status = decode_status(blob) if blob else None
            left = deadline - asyncio.get_running_loop().time()
            if status is None or status.final or _url(status, name) or left <= 0 or service.stopping:
                return blob, status
            await watch.changes(left)


def _url(status: Status, name: str) -> str:
    """Return the URL of the file *name*, empty if the status has none (yet)."""
    if status.status == "error" or not isinstance(status.result, dict):
        return ""
    url = status.result.get(name)
    return url if isinstance(url, str) else ""
