"""What operators see: the overview, lists of tasks, one task with all that is known, callbacks.

Nothing here shows a credential: parameters that are credentials are masked as they are for the
owner, URLs lose user, query and fragment wherever they stand (`concealing`).
"""

import asyncio
import re
from typing import Any

import msgspec
from litestar import Response, get

from dragon_framework.api.admin.access import operator_of
from dragon_framework.api.admin.answers import Callback, CallbackPage, Overview, TaskFacts, TaskPage, TaskRow
from dragon_framework.api.admin.queries import Query, choice_of, number_of, text_of
from dragon_framework.api.admin.retrying import why_not
from dragon_framework.api.problems import bad_request
from dragon_framework.api.requests import AnyRequest, query_of
from dragon_framework.api.service import Service
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.api.v1.status import queued_seconds, shown_parameters
from dragon_framework.callbacks.ledger import read_delivery
from dragon_framework.concealing import conceal_urls
from dragon_framework.errors import public_url
from dragon_framework.keys import KEY
from dragon_framework.status import scripts
from dragon_framework.status.history import FAILED_CALLBACKS, KEPT_HOURS
from dragon_framework.status.model import decode_definition
from dragon_framework.status.overview import look
from dragon_framework.status.past import EndedTask, read_ended, read_messages
from dragon_framework.status.under_way import OpenTask, read_executing, read_queued

MOST_RUNNING = 200
MOST_TASKS = 200
"""Most tasks, or callbacks, in one answer."""
MOST_TEXT = 1000
"""Characters of one text in parameters and results."""
MOST_ITEMS = 100

STATUSES = ("ended", "success", "error", "cancelled", "queued", "executing")
_PLACE = re.compile(r"[0-9]{1,16}|[1-9][0-9]{0,15}-[0-9]{1,16}")
_NO_STORE = {"Cache-Control": "no-store"}


@get("/v1/admin/overview")
async def overview(request: AnyRequest) -> Response[bytes]:
    """Return what the service does, and did in the last `hours`."""
    service: Service = request.app.state.service
    await operator_of(service, request)
    hours = number_of(query_of(request), "hours", 24, 1, KEPT_HOURS - 1)
    client = service.store.client
    now, past = await asyncio.gather(look(client, MOST_RUNNING, service.registry.queues), service.past.read(hours))
    served = {queue for worker in now.workers for queue in worker.queues}
    unserved = [name for name, queue in now.queues.items() if queue.waiting and name not in served]
    return _answer(Overview(now, past, unserved))


@get("/v1/admin/tasks")
async def tasks(request: AnyRequest) -> Response[bytes]:
    """Return a part of a list of tasks, of all accounts."""
    service: Service = request.app.state.service
    await operator_of(service, request)
    query = query_of(request)
    status = choice_of(query, "status", STATUSES)
    limit = number_of(query, "limit", 50, 1, MOST_TASKS)
    after = text_of(query, "after")
    ended = status not in {"queued", "executing"}
    if after and not (_PLACE.fullmatch(after) and ("-" in after) == ended):
        raise bad_request("after", "query", "after must be what `next` of the answer before was")
    if ended:
        return _answer(await _ended(service, query, status, limit, after))
    return _answer(await _open(service, query, status, limit, int(after or 0)))


@get("/v1/admin/tasks/{key:str}")
async def one_task(request: AnyRequest, key: str) -> Response[bytes]:
    """Return everything that is kept of one task."""
    service: Service = request.app.state.service
    await operator_of(service, request)
    blob = (await service.store.get([key]))[0] if KEY.fullmatch(key) else None
    if blob is None:
        raise bad_request("key", "path", "there is no task with this key; tasks expire after a while", 404)
    client: Any = service.store.client
    definition = (await service.store.definitions([key]))[0]
    facts = None if definition is None else decode_definition(definition)
    status, history = msgspec.json.decode(blob), (await service.store.deliveries([key]))[0]
    if waited := queued_seconds(status, history):
        status["queued_seconds"] = waited
    called = facts.callback if facts else ""
    return _answer(
        TaskFacts(
            status=shown(status),
            task_name=facts.task_name if facts else "",
            account=facts.account if facts else "",
            parameters=shown(shown_parameters(service, facts)) if facts else {},
            deliveries=shown(history),
            callback=await read_delivery(client, key, public_url(called)) if called else None,
            expires_seconds=max(0, int(await client.ttl(scripts.STATUS + key))),
            retry_refused=await why_not(service, key, facts, blob),
        )
    )


@get("/v1/admin/callbacks")
async def callbacks(request: AnyRequest) -> Response[bytes]:
    """Return callbacks that are to be sent, and callbacks that failed."""
    service: Service = request.app.state.service
    await operator_of(service, request)
    limit = number_of(query_of(request), "limit", 50, 1, MOST_TASKS)
    client: Any = service.store.client
    pending = await client.zrange(f"{scripts.PREFIX}callbacks", 0, limit - 1)
    failed = await client.zrange(FAILED_CALLBACKS, 0, limit - 1, desc=True)
    return _answer(CallbackPage(await _callbacks(service, pending), await _callbacks(service, failed)))


def shown(value: Any) -> Any:
    """Return *value* as operators see it: URLs without credentials, long texts and lists cut."""
    return _cut(conceal_urls(value))


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MOST_TEXT else f"{value[:MOST_TEXT]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: _cut(part) for name, part in value.items()}
    if isinstance(value, list):
        more = len(value) - MOST_ITEMS
        return [*map(_cut, value[:MOST_ITEMS]), *([f"… ({more} more)"] if more > 0 else [])]
    return value


async def _ended(service: Service, query: Query, status: str, limit: int, after: str) -> TaskPage:
    name, account, code = (text_of(query, field) for field in ("task_name", "account", "code"))

    def wanted(task: EndedTask) -> bool:
        return (
            status in {"ended", task.outcome}
            and name in {"", task.task_name}
            and account in {"", task.account}
            and code in {"", task.code}
        )

    errors = status in {"error", "cancelled"} or bool(code)
    client = service.store.client
    found, place = await read_ended(client, wanted, limit, after, errors=errors)
    messages = await read_messages(client, [task.key for task in found if task.code])
    rows = [
        TaskRow(
            task.key,
            task.task_name,
            task.account,
            task.outcome,  # type: ignore[arg-type]  # what the scripts write
            task.seconds,
            task.code,
            messages.get(task.key, ""),
            task.ended,
        )
        for task in found
    ]
    return TaskPage(rows, place or None)


async def _open(service: Service, query: Query, status: str, limit: int, skip: int) -> TaskPage:
    name, account = text_of(query, "task_name"), text_of(query, "account")

    def wanted(task: OpenTask) -> bool:
        return name in {"", task.task_name} and account in {"", task.account}

    client = service.store.client
    if text_of(query, "code"):  # what is not over has none
        return TaskPage([], None)
    if status == "queued":
        found, place = await read_queued(client, wanted, limit, skip, account)
    else:
        running = [task for task in await read_executing(client) if wanted(task)]
        found, place = running[skip : skip + limit], skip + limit
        place = place if place < len(running) else 0
    rows = [
        TaskRow(
            task.key,
            task.task_name,
            task.account,
            task.status,  # type: ignore[arg-type]  # one of two
            task.seconds,
            queue=task.queue,
            worker=task.worker,
        )
        for task in found
    ]
    return TaskPage(rows, str(place) if place else None)


async def _callbacks(service: Service, names: list[bytes]) -> list[Callback]:
    keys = [name.decode() for name in names]
    found = []
    for key, definition in zip(keys, await service.store.definitions(keys), strict=True):
        if definition is None:
            continue  # it has expired
        facts = decode_definition(definition)
        delivery = await read_delivery(service.store.client, key, public_url(facts.callback))
        if delivery is not None:
            found.append(Callback(delivery, facts.task_name, facts.account))
    return found


def _answer(value: msgspec.Struct) -> Response[bytes]:
    return json_response(msgspec.json.encode(value), headers=_NO_STORE)
