"""What operators do: cancel, retry, and send callbacks again; each is a line in the log with who did it."""

import msgspec
from litestar import Response, post

from dragon_framework.api.admin.access import operator_of
from dragon_framework.api.admin.answers import Done
from dragon_framework.api.admin.retrying import retry as try_again
from dragon_framework.api.cancelling import end_tasks
from dragon_framework.api.requests import AnyRequest, read_object
from dragon_framework.api.service import Service, log
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.api.v1.status import asked_keys
from dragon_framework.callbacks.ledger import REPLAY
from dragon_framework.keys import KEY
from dragon_framework.status.model import Definition, decode_definition, is_final

MOST_KEYS = 100
"""Most tasks in one request."""

_UNKNOWN = "there is no task with this key; tasks expire after a while"


class _Found(msgspec.Struct):
    facts: Definition | None
    blob: bytes | None


@post("/v1/admin/cancel", status_code=200)
async def cancel(request: AnyRequest) -> Response[bytes]:
    """Cancel the tasks in `tasks`, whoever created them."""
    service, operator, found = await _asked(request)
    open_tasks = {
        key: one.facts or Definition("", msgspec.Raw(b"{}"))
        for key, one in found.items()
        if one.blob is not None and not is_final(one.blob)
    }
    ended, _ = await end_tasks(service, open_tasks)
    answers = []
    for key, one in found.items():
        if key in ended:
            log.info("task_cancelled", key=key, operator=operator)
            answers.append(Done(key, done=True))
        else:
            answers.append(Done(key, done=False, reason=_UNKNOWN if one.blob is None else "it was over already"))
    return _answer(answers)


@post("/v1/admin/retry", status_code=200)
async def retry(request: AnyRequest) -> Response[bytes]:
    """Create the failed tasks in `tasks` anew, for the accounts that created them."""
    service, operator, found = await _asked(request)
    answers = []
    for key, one in found.items():
        new_key, reason = await try_again(service, key, one.facts, one.blob)
        if new_key:
            log.info("task_created_again", key=key, new_key=new_key, operator=operator)
        answers.append(Done(key, done=bool(new_key), reason=reason, new_key=new_key or None))
    return _answer(answers)


@post("/v1/admin/callbacks/replay", status_code=200)
async def replay(request: AnyRequest) -> Response[bytes]:
    """Send the callbacks of the tasks in `tasks` again, whatever became of them before."""
    service, operator, found = await _asked(request)
    answers = []
    for key, one in found.items():
        if one.blob is None:
            reason = _UNKNOWN
        elif one.facts is None or not one.facts.callback:
            reason = "it has no callback"
        elif not await service.store.client.eval(REPLAY, 0, key):
            reason = "there is no callback to send: the task is not over, or was cancelled"
        else:
            reason = ""
            log.info("callback_replayed", key=key, operator=operator)
        answers.append(Done(key, done=not reason, reason=reason))
    return _answer(answers)


async def _asked(request: AnyRequest) -> tuple[Service, str, dict[str, _Found]]:
    """Return the service, who asks, and the tasks that are asked for, in their order."""
    service: Service = request.app.state.service
    operator = await operator_of(service, request)
    body = await read_object(request, service.settings.api.max_body_bytes)
    keys = list(dict.fromkeys(asked_keys(body, "body", MOST_KEYS)))
    known = [key for key in keys if KEY.fullmatch(key)]
    found = {key: _Found(None, None) for key in keys}
    blobs, definitions = await service.store.get(known), await service.store.definitions(known)
    for key, blob, definition in zip(known, blobs, definitions, strict=True):
        found[key] = _Found(None if definition is None else decode_definition(definition), blob)
    return service, operator.id, found


def _answer(answers: list[Done]) -> Response[bytes]:
    return json_response(msgspec.json.encode(answers))
