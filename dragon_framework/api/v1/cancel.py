"""`POST /v1/cancel`: end tasks that are queued or executing. Beyond v1.

Only the account that created a task may cancel it; of others it is as if they were not
there. A cancelled task ends as `error` with the code `cancelled`; its process, and all
that it started, is gone within a second. One that was over stays as it is.
"""

from litestar import Response, post

from dragon_framework.api.authentication import authenticate
from dragon_framework.api.cancelling import end_tasks
from dragon_framework.api.requests import AnyRequest, read_object
from dragon_framework.api.service import Service
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.api.v1.status import asked_keys
from dragon_framework.api.waiting import known_or_missing
from dragon_framework.keys import KEY
from dragon_framework.status.model import decode_definition


@post("/v1/cancel", status_code=200)
async def cancel(request: AnyRequest) -> Response[bytes]:
    """Cancel the tasks in `tasks` and return their statuses."""
    service: Service = request.app.state.service
    body = await read_object(request, service.settings.api.max_body_bytes)
    account = await authenticate(service, request, body, "body")
    keys = asked_keys(body, "body", service.settings.api.max_tasks)
    known = list(dict.fromkeys(key for key in keys if KEY.fullmatch(key)))
    own = {
        key: facts
        for key, definition in zip(known, await service.store.definitions(known), strict=True)
        if definition is not None and (facts := decode_definition(definition)).account == account.id
    }
    _, blobs = await end_tasks(service, own)
    found = [blobs.get(key) for key in keys]
    return json_response(known_or_missing(found, keys), 200 if any(found) else 404)
