"""From task definitions to tasks in the queue.

In: definitions as a request has them. Out: `NewTask`s with a key and a first status,
`queued`, or already `error` where the parameters are wrong: then every wrong field is
named in the status (v1 reference 1.5), and the request is none the worse for it. A
definition that names no installed task is an error of the request. Stands on
`validation` and the status store.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dragon_framework.accounts import Account, AccountLimitError
from dragon_framework.api.callback_url import CALLBACK, with_callback
from dragon_framework.api.problems import Problem, RequestError, bad_request, unavailable
from dragon_framework.api.requests import json_kind, quoted
from dragon_framework.api.service import Service
from dragon_framework.errors import InvalidParametersError, UnknownTaskError
from dragon_framework.keys import new_key
from dragon_framework.queue.lines import PRIORITIES
from dragon_framework.sealing import secret_fields
from dragon_framework.status.model import Definition, ErrorFacts, Events, Status, encode_definition, encode_status, now
from dragon_framework.status.submission import Submission, Verdict
from dragon_framework.tasks import Task
from dragon_framework.validation import convert_parameters

MAX_PROBLEMS = 20
"""How many wrong definitions of one request are named."""

FULL_SECONDS = 10
"""When to come back to a queue that is full."""

_NOT_PARAMETERS = ("task_name", "task_metas")

_encode = msgspec.json.Encoder().encode


class NewTask(Struct):
    """A task that is about to be written.

    Args:
        task: What it runs.
        parameters: Its parameters as JSON; empty if they are wrong.
        submission: Its key, first status, and what the worker needs.
        calls: Whether it has a callback.
    """

    task: Task
    parameters: bytes
    submission: Submission
    calls: bool = False

    @property
    def refused(self) -> bool:
        """Whether its parameters are wrong: it is final already."""
        return not self.submission.queue


def definitions_in(given: Any, name: str, most: int) -> list[Any]:
    """Return the task definitions of a request: one object, a list of them, or either as a JSON text.

    Args:
        given: What the request has under *name*; None if it has nothing.
        name: `tasks`, or `task`.
        most: Most definitions in one request.

    Raises:
        RequestError: If there are none, or too many.
    """
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError):
            raise bad_request(name, "body", f"{name} must be an object or a list of objects, got a string") from None
    if given is None:
        raise bad_request(name, "body", f"{name} is missing")
    definitions = [given] if isinstance(given, dict) else given
    if not isinstance(definitions, list):
        text = f"{name} must be an object or a list of objects, got {json_kind(given)}"
        raise bad_request(name, "body", text)
    if not definitions:
        raise bad_request(name, "body", f"{name} is empty; give at least one task definition")
    if len(definitions) > most:
        text = f"{name} has {len(definitions)} definitions; one request takes at most {most}"
        raise bad_request(name, "body", text)
    return definitions


def new_tasks(
    service: Service,
    definitions: Sequence[Any],
    account: Account,
    base: str,
    *,
    location: str = "body",
    name: str = "tasks",
    keys: Sequence[str] = (),
    callbacks: bool = False,
) -> list[NewTask]:
    """Return the tasks that *definitions* ask for, not written yet.

    Args:
        service: Knows the installed tasks.
        definitions: Objects with `task_name` and parameters.
        account: Who creates them.
        base: URL of the service as the client knows it.
        location: `body`, or `query`: then values came as text.
        name: What the request calls the definitions, for errors.
        keys: Keys they must have; fresh ones by default.
        callbacks: Whether every definition may have a `url_callback`, also of tasks that do not list it.

    Raises:
        RequestError: If one is no definition, or names no installed task; it names them all.
    """
    tasks: list[NewTask] = []
    problems: list[Problem] = []
    time, strict = now(), location == "body"
    owner = (account.id, base, account.limits.concurrent_tasks is not None)
    get = service.registry.get
    for number, definition in enumerate(definitions):
        if not isinstance(definition, dict) or "task_name" not in definition:
            problems.append(_malformed(definition, name, number, len(definitions), location))
            continue
        try:
            task = get(definition["task_name"])
        except UnknownTaskError as error:
            given = definition["task_name"]
            text = str(error) if isinstance(given, str) else f"task_name must be a string, got {json_kind(given)}"
            problems.append(Problem(_place(name, number, len(definitions), "task_name"), location, text))
            continue
        if problems:
            continue
        key = keys[number] if keys else new_key()
        values = {field: value for field, value in definition.items() if field not in _NOT_PARAMETERS}
        try:
            if callbacks and CALLBACK in values:
                parameters, callback = with_callback(task, values, strict=strict)
            else:
                parameters, callback = convert_parameters(task, values, strict=strict), ""
        except InvalidParametersError as error:
            tasks.append(NewTask(task, b"", Submission(key, _refused(key, time, error), task_name=task.name)))
        else:
            shown = encoded = _encode(parameters)
            sealed = ""
            if secret_fields(task.parameters):
                shown, sealed = service.sealer.seal(key, task.name, parameters)
            facts = Definition(task.name, msgspec.Raw(shown), *owner, callback, sealed or msgspec.UNSET)
            tasks.append(_queued(task, key, time, encoded, facts))
    if problems:
        if len(problems) > MAX_PROBLEMS:
            more = f"{len(problems) - MAX_PROBLEMS} more definitions are wrong"
            problems[MAX_PROBLEMS:] = [Problem(name, location, more)]
        raise RequestError(400, problems)
    return tasks


def priority_in(body: Mapping[str, Any], default: str = "normal") -> int:
    """Return the priority of a request's tasks among those of its account.

    Args:
        body: The request; may have a `priority`: low, normal or high.
        default: What counts if it has none.

    Raises:
        RequestError: If it is none of these.
    """
    given = body.get("priority")
    if given is None:
        given = default
    if not isinstance(given, str) or given not in PRIORITIES:
        choices = ", ".join(PRIORITIES)
        raise bad_request("priority", "body", f"priority must be one of {choices}, got {quoted(given)}")
    return PRIORITIES[given]


async def submit(service: Service, tasks: Sequence[NewTask], account: Account, priority: int = 0) -> None:
    """Count the tasks, write them and put them into their queues, all or none.

    Raises:
        RequestError: 401 if a limit of the account would be passed, 503 if a queue is full.
        redis.RedisError: If Redis cannot be reached.
    """
    await count(service, account, len(tasks))
    await write(service, tasks, account, priority, counted=True)
    announce(service, tasks, account)


async def write(
    service: Service, tasks: Sequence[NewTask], account: Account, priority: int = 0, *, counted: bool = False
) -> None:
    """Write tasks; those that are there already stay as they are.

    *counted* says that they have just been counted, and shall not have been if they are refused.

    Raises:
        RequestError: 401 if too many would be under way, 503 if a queue is full.
        redis.RedisError: If Redis cannot be reached.
    """
    most = account.limits.concurrent_tasks
    verdict = await service.store.submit(
        [task.submission for task in tasks], account_id=account.id, most_tasks=most, priority=priority
    )
    if verdict is not Verdict.ACCEPTED:
        if counted:
            await service.accounts.uncount_tasks(account, len(tasks))
        raise refusal(service, verdict, tasks, account)


async def count(service: Service, account: Account, tasks: int) -> None:
    """Count tasks against the limits of their account.

    Raises:
        RequestError: 401 if one would be passed.
    """
    try:
        await service.accounts.count_tasks(account, tasks)
    except AccountLimitError as error:
        raise limit_reached(error) from None


def announce(service: Service, tasks: Sequence[NewTask], account: Account) -> None:
    """Tell the plugins that want to know what was queued, and what ended at once."""
    if service.tells_queued:
        for task in tasks:
            if not task.refused:
                service.hooks.call(
                    "dragon_task_queued", key=task.submission.key, task_name=task.task.name, account=account.id
                )
    if service.hooks.implements("dragon_task_finished"):
        for task in tasks:
            if task.refused:
                service.hooks.call(
                    "dragon_task_finished",
                    key=task.submission.key,
                    task_name=task.task.name,
                    status="error",
                    seconds=0.0,
                    result=msgspec.json.decode(task.submission.status)["result"],
                )


def limit_reached(error: AccountLimitError) -> RequestError:
    """Return the 401 for a limit of the account (v1 reference 1.3)."""
    problem = Problem(error.limit, "account", str(error))
    return RequestError(401, [problem], {"Retry-After": str(error.retry_seconds)})


def refusal(service: Service, verdict: Verdict, tasks: Sequence[NewTask], account: Account) -> RequestError:
    """Return what a client is told whose tasks were refused: 401 for its own limit, 503 for the service's."""
    if verdict is Verdict.TOO_MANY:
        return limit_reached(AccountLimitError("concurrent_tasks", account.limits.concurrent_tasks or 0, 5))
    queues = ", ".join(sorted({task.submission.queue for task in tasks if not task.refused}))
    most = service.settings.api.queue_tasks
    return unavailable(f"the queue is full: {queues} takes {most} tasks (queue_tasks); try again later", FULL_SECONDS)


def digest_of(service: Service, task: NewTask, account: Account, base: str) -> str:
    """Return what equal tasks of one account have in common, for sharing a result."""
    record = service.registry.provider(task.task.name)
    version = record.version if record is not None else ""
    facts = (account.id, base, task.task.name, version)
    text = _encode(facts) + task.parameters
    if secret_fields(task.task.parameters):
        return service.sealer.digest(text)
    return hashlib.sha256(text).hexdigest()


def _queued(task: Task, key: str, time: str, parameters: bytes, definition: Definition) -> NewTask:
    status = f'{{"status":"queued","key":"{key}","events":{{"queued":"{time}"}}}}'.encode()
    submission = Submission(key, status, encode_definition(definition), task.queue)
    return NewTask(task, parameters, submission, bool(definition.callback))


def _refused(key: str, time: str, error: InvalidParametersError) -> bytes:
    return encode_status(
        Status(
            "error",
            key,
            Events(queued=time, completed=time),
            progress=None,
            result=error.details(),
            error=ErrorFacts(error.code, error.transient),
        )
    )


def _malformed(definition: Any, name: str, number: int, total: int, location: str) -> Problem:
    if isinstance(definition, Mapping):
        place = _place(name, number, total, "task_name") if location == "body" else "task_name"
        return Problem(place, location, "task_name is missing")
    place = _place(name, number, total, "")
    return Problem(place, location, f"a task definition must be an object, got {quoted(definition)}")


def _place(name: str, number: int, total: int, field: str) -> str:
    if name != "tasks":
        return field or name
    return f"tasks[{number}].{field}".rstrip(".") if total > 1 else field or name
