"""`/v1/callbacks`: how callbacks are doing, and `/v1/callbacks/replay`: send them again. Beyond v1.

For the account that created the tasks; of others it is as if they were not there.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post

from dragon_framework.api.authentication import authenticate
from dragon_framework.api.problems import bad_request
from dragon_framework.api.requests import AnyRequest, query_of, read_object
from dragon_framework.api.service import Service
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.api.v1.status import asked_keys
from dragon_framework.callbacks.ledger import REPLAY, read_delivery
from dragon_framework.errors import public_url
from dragon_framework.keys import KEY
from dragon_framework.status.model import decode_definition

MAX_KEYS = 100
"""Most tasks in one request."""


@get("/v1/callbacks")
async def callbacks_get(request: AnyRequest) -> Response[bytes]:
    """Return how the callbacks of the tasks in `tasks` are doing."""
    return await _answer(request, query_of(request), "query", replay=False)


@post("/v1/callbacks", status_code=200)
async def callbacks_post(request: AnyRequest) -> Response[bytes]:
    """Return how the callbacks of the tasks in `tasks` are doing."""
    service: Service = request.app.state.service
    return await _answer(request, await read_object(request, service.settings.api.max_body_bytes), "body", replay=False)


@post("/v1/callbacks/replay", status_code=200)
async def callbacks_replay(request: AnyRequest) -> Response[bytes]:
    """Send the callbacks of the tasks in `tasks` again, whatever became of them before."""
    service: Service = request.app.state.service
    return await _answer(request, await read_object(request, service.settings.api.max_body_bytes), "body", replay=True)


async def _answer(request: AnyRequest, given: Mapping[str, Any], location: str, *, replay: bool) -> Response[bytes]:
    service: Service = request.app.state.service
    account = await authenticate(service, request, given, location)
    keys = list(dict.fromkeys(asked_keys(given, location, MAX_KEYS)))
    known = [key for key in keys if KEY.fullmatch(key)]
    deliveries, missing = [], []
    urls = {
        key: facts.callback
        for key, definition in zip(known, await service.store.definitions(known), strict=True)
        if definition is not None and (facts := decode_definition(definition)).account == account.id and facts.callback
    }
    for key in keys:
        if replay and key in urls:
            await service.store.client.eval(REPLAY, 0, key)
        delivery = await read_delivery(service.store.client, key, public_url(urls[key])) if key in urls else None
        if delivery is None:
            missing.append(key)
        else:
            deliveries.append(delivery)
    if not deliveries:
        text = f"no callback is known of {', '.join(missing[:5])}: the task has none, is not over, or has expired"
        raise bad_request("tasks", location, text, 404)
    return json_response(msgspec.json.encode(deliveries))
