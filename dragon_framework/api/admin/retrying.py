"""Tries a failed task again: a new task with the same definition, for the same account.

The old one stays as it is. It is tried once: who wants to try again retries the new one, so that
two operators, or two clicks, do not make two. What the account may have under way holds for it,
its limits for a minute and a day do not: it is not its doing.
"""

from typing import Any

import msgspec

from dragon_framework.accounts import Account
from dragon_framework.api.creation import announce, new_tasks, write
from dragon_framework.api.problems import RequestError
from dragon_framework.api.service import Service
from dragon_framework.sealing import HIDDEN, secret_fields
from dragon_framework.status import scripts
from dragon_framework.status.model import Definition, decode_status, is_final
from dragon_framework.status.past import message_of

_HOOK = "dragon_authenticate"


async def why_not(service: Service, key: str, facts: Definition | None, blob: bytes | None) -> str:
    """Return why a task cannot be tried again; empty if it can.

    Args:
        service: The service.
        key: The task.
        facts: Its definition; None if it has none, or none any more.
        blob: Its status, encoded; None if it has expired.
    """
    if blob is None:
        return "there is no task with this key; tasks expire after a while"
    if not is_final(blob):
        return "it is not over"
    if blob[11:13] == b"su":
        return "it succeeded"
    if facts is None:
        return "its parameters were refused, so there is nothing to run; its client must create it again"
    task = service.registry.tasks.get(facts.task_name)
    if task is None:
        return f"no task {facts.task_name!r} is installed"
    parameters: dict[str, Any] = msgspec.json.decode(facts.parameters)
    if erased := sorted(name for name in secret_fields(task.parameters) if parameters.get(name) == HIDDEN):
        return f"its credentials ({', '.join(erased)}) were erased when it ended; its client must create it again"
    if await _account(service, facts.account) is None:
        return f"there is no account {facts.account!r} any more"
    return await _retried_already(service, key)


async def retry(service: Service, key: str, facts: Definition | None, blob: bytes | None) -> tuple[str, str]:
    """Try a task again; return the key of the new one, or empty and why there is none.

    Raises:
        redis.RedisError: If Redis cannot be reached; then it may have been tried, or not.
    """
    if reason := await why_not(service, key, facts, blob):
        return "", reason
    assert facts is not None
    account = await _account(service, facts.account)
    assert account is not None
    definition = {"task_name": facts.task_name} | msgspec.json.decode(facts.parameters)
    if facts.callback:
        definition["url_callback"] = facts.callback
    try:
        (task,) = new_tasks(service, [definition], account, facts.base, callbacks=bool(facts.callback))
        if task.refused:
            said = message_of(decode_status(task.submission.status))
            return "", f"its parameters are not valid any more: {said}"
        client: Any = service.store.client
        ttl = max(1, int(service.settings.retention_seconds))
        if not await client.set(scripts.RETRIED + key, task.submission.key, nx=True, ex=ttl):
            return "", await _retried_already(service, key)
        try:
            await write(service, [task], account)
        except RequestError:
            await client.delete(scripts.RETRIED + key)
            raise
    except RequestError as error:
        return "", "; ".join(problem.description for problem in error.problems)
    announce(service, [task], account)
    return task.submission.key, ""


async def _retried_already(service: Service, key: str) -> str:
    client: Any = service.store.client
    other = await client.get(scripts.RETRIED + key)
    return f"it was retried already, as {other.decode()}" if other else ""


async def _account(service: Service, account_id: str) -> Account | None:
    """Return the account that a task belongs to; one without limits where a plugin knows the accounts."""
    found = await service.accounts.by_id(account_id)
    if found is None and service.hooks.implements(_HOOK):
        return Account(id=account_id, secret_digest="")
    return found
