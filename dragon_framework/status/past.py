"""Reads what is kept of tasks that are over (`history`): counts, errors, the slowest, and the tasks themselves.

Texts are shown without credentials of URLs; a message is what the status still says, so it is
gone when the status has expired. Stands on `history`, `counters` and redis-py.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import redis.asyncio
from msgspec import UNSET, Struct

from dragon_framework.concealing import conceal_urls
from dragon_framework.status import scripts
from dragon_framework.status.counters import STEPS, parts
from dragon_framework.status.history import ENDED, ERRORS, KEPT_HOURS, MOST_SLOW, PREFIX, hour_now
from dragon_framework.status.model import Status, decode_status

MOST_SHOWN_ERRORS = 50
"""By code and task, in an overview."""
MOST_MESSAGE = 500
"""Characters of a message in a list."""
_BATCH = 1000
_USUAL = 0.95

_READ = "return redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', ARGV[2])"
"""As a script, since redis-py takes five times as long to read the answer of the command."""

_ORDER = {name: number for number, name in enumerate([*(f"{step:g}" for step in STEPS), "+Inf"])}


class Hour(Struct):
    """How many tasks ended in one hour.

    Args:
        time: When it began, Unix time.
        success: Those that succeeded.
        error: Those that failed.
        cancelled: Those that somebody cancelled.
    """

    time: int
    success: int = 0
    error: int = 0
    cancelled: int = 0


class TaskCounts(Struct):
    """What became of the tasks of one name.

    Args:
        task_name: The name.
        success: Those that succeeded.
        error: Those that failed.
        cancelled: Those that somebody cancelled.
        retries: Tries that failed and were repeated.
        mean_seconds: What those that succeeded took, on average; None if none did.
        usual_seconds: 95 of 100 that succeeded took no longer: the end of a step of the histogram;
            None if it has none, or none succeeded.
    """

    task_name: str
    success: int = 0
    error: int = 0
    cancelled: int = 0
    retries: int = 0
    mean_seconds: float | None = None
    usual_seconds: float | None = None


class ErrorCounts(Struct):
    """How often tasks of one name met one error.

    Args:
        code: The error's code.
        task_name: The name.
        count: Tasks that ended so.
        retries: Tries that met it and were repeated.
        example: Key of the last of them.
        message: What its status says; empty if it has expired, or says something else by now.
    """

    code: str
    task_name: str
    count: int = 0
    retries: int = 0
    example: str = ""
    message: str = ""


class SlowTask(Struct):
    """One of the tasks that took longest.

    Args:
        key: Its key.
        task_name: Its name.
        outcome: `success` or `error`.
        seconds: How long it took, from start to end.
    """

    key: str
    task_name: str
    outcome: str
    seconds: float


class Past(Struct):
    """What happened in some hours.

    Args:
        hours: Each hour, the oldest first; the last one is under way.
        tasks: By name.
        errors: By code and task, the most frequent first.
        slowest: The tasks that took longest.
    """

    hours: list[Hour]
    tasks: list[TaskCounts]
    errors: list[ErrorCounts]
    slowest: list[SlowTask]


class EndedTask(Struct):
    """A task that is over.

    Args:
        key: Its key.
        task_name: Its name.
        account: Who created it.
        outcome: `success`, `error` or `cancelled`.
        code: Code of its error; empty if it succeeded.
        seconds: How long it took.
        ended: When it ended, Unix time.
        place: Where it stands in the list.
    """

    key: str
    task_name: str
    account: str
    outcome: str
    code: str
    seconds: float
    ended: float
    place: str


class PastReader:
    """Reads what happened; an hour that is over for an hour is read once, for it does not change any more.

    Args:
        client: A client of the service's Redis.
    """

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client: Any = client
        self._over: dict[int, _Facts] = {}

    async def read(self, hours: int) -> Past:
        """Return what happened in the last *hours* hours, the one that is under way among them.

        Raises:
            redis.RedisError: If Redis cannot be reached.
        """
        last = hour_now()
        numbers = range(last - hours + 1, last + 1)
        facts = await self._facts(numbers)
        self._over = {
            number: one for number, one in {**self._over, **facts}.items() if last - KEPT_HOURS < number < last - 1
        }
        tasks, errors = _sums(list(facts.values()))
        await _add_messages(self._client, errors)
        slow = sorted((one for hour in facts.values() for one in hour.slow), key=lambda one: -one.seconds)[:MOST_SLOW]
        return Past([one.hour for one in facts.values()], tasks, errors, slow)

    async def _facts(self, numbers: range) -> dict[int, "_Facts"]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for number in numbers:
                pipeline.hlen(f"{PREFIX}{number}")
            sizes = dict(zip(numbers, await pipeline.execute(), strict=True))
        # One that has more fields, or fewer, than when it was read: a clock was wrong, or Redis is another.
        fresh = [number for number in numbers if number not in self._over or self._over[number].size != sizes[number]]
        async with self._client.pipeline(transaction=False) as pipeline:
            for number in fresh:
                pipeline.hgetall(f"{PREFIX}{number}")
                pipeline.zrange(f"{PREFIX}{number}:slow", 0, MOST_SLOW - 1, desc=True, withscores=True)
            answers = await pipeline.execute()
        read = {
            number: _facts_of(number, fields, slow)
            for number, fields, slow in zip(fresh, answers[::2], answers[1::2], strict=True)
        }
        return {number: read.get(number) or self._over[number] for number in numbers}


async def read_ended(
    client: "redis.asyncio.Redis", wanted: Callable[[EndedTask], bool], limit: int, before: str = "", *, errors: bool
) -> tuple[list[EndedTask], str]:
    """Return the tasks that ended last, the last one first, and where to go on; empty when there are no more.

    Args:
        client: A client of the service's Redis.
        wanted: Which tasks.
        limit: Most tasks.
        before: Where to go on, as the last call said.
        errors: Whether to look at those that ended as errors alone: these are remembered longer.

    Raises:
        redis.RedisError: If Redis cannot be reached, or *before* is no place.
    """
    server: Any = client
    found: list[EndedTask] = []
    while True:
        newest = f"({before}" if before else "+"
        entries = await server.eval(_READ, 1, ERRORS if errors else ENDED, newest, _BATCH)
        for name, (_, entry) in entries:
            before = name.decode()
            task = _ended(before, entry)
            if wanted(task):
                found.append(task)
                if len(found) == limit:
                    return found, before
        if len(entries) < _BATCH:
            return found, ""


async def read_messages(client: "redis.asyncio.Redis", keys: Iterable[str]) -> dict[str, str]:
    """Return what went wrong with tasks, as their statuses say it, without credentials of URLs."""
    server: Any = client
    names = list(dict.fromkeys(keys))
    blobs = await server.mget([scripts.STATUS + key for key in names]) if names else []
    return {key: message_of(decode_status(blob)) for key, blob in zip(names, blobs, strict=True) if blob}


def message_of(status: Status) -> str:
    """Return what went wrong with a task, in one line of at most `MOST_MESSAGE` characters; empty if nothing did."""
    if status.status == "error":
        result = status.result
    elif status.retry is not UNSET:
        result = status.retry.result
    else:
        return ""
    if isinstance(result, dict) and isinstance(fields := next(iter(result.values()), None), dict):
        result = "; ".join(f"{name}: {_listed(said)}" for name, said in fields.items())  # wrong parameters
    text = " ".join(conceal_urls(_listed(result)).split())
    return text if len(text) <= MOST_MESSAGE else f"{text[:MOST_MESSAGE]}…"


def _listed(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    return "" if value is None or value is UNSET else msgspec.json.encode(value).decode()


class _Facts:
    """What is kept of one hour, taken apart."""

    def __init__(self, number: int, size: int) -> None:
        self.size = size
        self.hour = Hour(number * 3600)
        self.tasks: dict[str, TaskCounts] = {}
        self.milliseconds: Counter[str] = Counter()
        self.steps: dict[str, Counter[str]] = {}
        self.errors: dict[tuple[str, str], ErrorCounts] = {}
        self.slow: list[SlowTask] = []


def _facts_of(number: int, fields: dict[bytes, bytes], slow: list[tuple[bytes, float]]) -> _Facts:
    facts = _Facts(number, len(fields))
    facts.slow = [_slow(member.decode(), score) for member, score in slow]
    for name, value in fields.items():
        task, middle, what = parts(name.decode())
        if what in {"errors", "retries", "example"}:
            error = facts.errors.setdefault((middle, task), ErrorCounts(middle, task))
            if what == "errors":
                error.count = int(value)
            elif what == "retries":
                error.retries = int(value)
            else:
                error.example = value.decode()
        elif what == "ms":
            if middle == "success":
                facts.milliseconds[task] = int(value)
        else:
            counts = facts.tasks.setdefault(task, TaskCounts(task))
            for one in (counts, facts.hour):
                setattr(one, middle, getattr(one, middle) + int(value))
            if middle == "success":
                facts.steps.setdefault(task, Counter())[what.removeprefix("le:")] = int(value)
    return facts


def _sums(hours: list[_Facts]) -> tuple[list[TaskCounts], list[ErrorCounts]]:
    """Return the sums of some hours, the oldest first: by task, and by code and task."""
    tasks: dict[str, TaskCounts] = {}
    errors: dict[tuple[str, str], ErrorCounts] = {}
    steps: dict[str, Counter[str]] = {}
    milliseconds: Counter[str] = Counter()
    for facts in hours:
        for name, counts in facts.tasks.items():
            task = tasks.setdefault(name, TaskCounts(name))
            task.success += counts.success
            task.error += counts.error
            task.cancelled += counts.cancelled
        for of, counted in facts.errors.items():
            error = errors.setdefault(of, ErrorCounts(*of))
            error.count += counted.count
            error.retries += counted.retries
            error.example = counted.example or error.example
            if counted.retries:
                tasks.setdefault(of[1], TaskCounts(of[1])).retries += counted.retries
        for name, of_task in facts.steps.items():
            steps.setdefault(name, Counter()).update(of_task)
        milliseconds.update(facts.milliseconds)
    for name, task in tasks.items():
        if task.success:
            task.mean_seconds = round(milliseconds[name] / task.success / 1000, 3)
            task.usual_seconds = _usual(steps[name])
    ordered = sorted(errors.values(), key=lambda error: (-error.count - error.retries, error.code, error.task_name))
    by_number = sorted(tasks.values(), key=lambda one: (-one.success - one.error - one.cancelled, one.task_name))
    return by_number, ordered[:MOST_SHOWN_ERRORS]


def _usual(steps: Counter[str]) -> float | None:
    """Return the end of the step in which the 95th of a hundred lies."""
    left = _USUAL * steps.total()
    for name in sorted(steps, key=lambda step: _ORDER.get(step, len(_ORDER))):
        left -= steps[name]
        if left <= 1e-9:
            return None if name == "+Inf" else float(name)
    return None


async def _add_messages(server: Any, errors: list[ErrorCounts]) -> None:
    messages = await read_messages(server, [error.example for error in errors if error.example])
    for error in errors:
        error.message = messages.get(error.example, "")


def _slow(member: str, milliseconds: float) -> SlowTask:
    key, task, outcome = member.split("|", 2)
    return SlowTask(key, task, outcome, milliseconds / 1000)


def _ended(place: str, entry: bytes) -> EndedTask:
    key, milliseconds, outcome, code, task, account = entry.decode().split("\t", 5)
    ended = int(place.partition("-")[0]) / 1000
    return EndedTask(key, task, account, outcome, code, int(milliseconds) / 1000, ended, place)
