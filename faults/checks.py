"""What must hold when a round is over: nothing lost, nothing twice, nothing left.

Each finding names the task, file, process or key that is wrong; `Finding.what` is the column
of the table that counts it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import redis.asyncio

from faults.arena import Arena
from faults.definitions import wrong_file, wrong_result
from faults.disks import BALLAST
from faults.ledger import Entry
from faults.parts import children, marked, nursery_of

QUIET_SECONDS = 40.0
"""How long what is left may take to go: dead workers are found, cancelled tasks are dropped."""

_NOTHING = (b"dragon:q:", b"dragon:w:", b"dragon:r:", b"dragon:a:", b"dragon:callbacks", b"dramatiq:__acks__")
"""Keys that are there while something waits or runs."""

FETCHES = 6
"""Outputs that are looked at at once."""


class Finding(NamedTuple):
    """Something that is wrong.

    Args:
        what: `lost`, `doubled`, `orphaned`, or `wrong`.
        text: What exactly.
        key: The task, if it is one.
    """

    what: str
    text: str
    key: str = ""


async def check(arena: Arena, entries: Iterable[Entry], allowed: frozenset[str]) -> list[Finding]:
    """Return what is wrong after a round.

    Args:
        arena: The service, with nothing to do any more.
        entries: The tasks that were accepted in the round.
        allowed: Codes of errors that its faults may cause.
    """
    entries = list(entries)
    arena.witness.settle()
    statuses = await arena.clients.statuses([entry.key for entry in entries])
    findings = check_ends(entries, statuses, allowed)
    findings += check_published(entries)
    findings += await _until_none(lambda: _left_in_redis(arena))
    findings += check_calls(entries, arena.sources.calls)
    findings += await _counted(arena)
    findings += await _outputs(arena, entries)
    findings += await _until_none(lambda: _files(arena))
    findings += await _until_none(lambda: _processes(arena))
    return findings


async def _until_none(look: Any) -> list[Finding]:
    """Look again and again until nothing is found, or the time is over."""
    deadline = time.monotonic() + QUIET_SECONDS
    while (found := await look()) and time.monotonic() < deadline:
        await asyncio.sleep(0.3)
    return list(found)


def check_ends(entries: list[Entry], statuses: list[dict[str, Any]], allowed: frozenset[str]) -> list[Finding]:
    """Compare how each task ended with how it must have, and with what clients saw.

    Args:
        entries: The tasks.
        statuses: Their statuses now; they become the entries' final ones.
        allowed: Codes of errors that faults may cause.
    """
    found: list[Finding] = []
    for entry, status in zip(entries, statuses, strict=True):
        key, code = entry.key, (status.get("error") or {}).get("code", "")
        if status["status"] not in {"success", "error"} or code == "unknown_key":
            found.append(Finding("lost", f"{key} ({entry.definition['task_name']}) is {status!r:.300}", key))
            continue
        if entry.final is not None and entry.final != status:
            found.append(Finding("doubled", f"{key} was {entry.final!r:.300}, is {status!r:.300}", key))
        entry.final = status
        if status["status"] == "error":
            codes = entry.expected.get("codes", set()) | allowed | ({"cancelled"} if entry.cancelled else set())
            if code not in codes:
                found.append(Finding("wrong", f"{key} ({entry.definition!r:.120}) ended as {status!r:.400}", key))
        elif entry.expected["outcome"] != "success":
            found.append(Finding("wrong", f"{key} ({entry.definition!r:.120}) must fail; it is {status!r:.200}", key))
        elif problem := wrong_result(status["result"], entry.expected):
            found.append(Finding("wrong", f"{key} ({entry.definition!r:.120}): {problem}", key))
    return found


def check_published(entries: list[Entry]) -> list[Finding]:
    """Return the tasks of which something was published after their final status."""
    return [
        Finding("doubled", f"{entry.key}: after {entry.published[0]!r:.200} came {entry.after[0]!r:.200}", entry.key)
        for entry in entries
        if entry.after
    ]


def check_calls(entries: list[Entry], calls: Mapping[str, list[dict[str, Any]]]) -> list[Finding]:
    """Return the tasks whose end was not posted as it had to be: at least once, and always the final status."""
    found = []
    for entry in entries:
        posted = calls.get(entry.key, [])
        if any(status != entry.final for status in posted):
            found.append(
                Finding("wrong", f"{entry.key}: posted was {posted!r:.300}, not {entry.final!r:.200}", entry.key)
            )
        if entry.expected.get("callback") and not entry.cancelled and not posted:  # a cancelled one is not told
            found.append(Finding("lost", f"the callback of {entry.key} ({entry.final!r:.200})", entry.key))
    return found


async def _left_in_redis(arena: Arena) -> list[Finding]:
    """Find messages, unfinished statuses and counts that are left."""
    found = []
    client: Any = redis.asyncio.Redis(port=arena.redis_port, protocol=2, socket_timeout=10)
    try:
        async for name in client.scan_iter(count=5000):
            if name.startswith(_NOTHING):
                found.append(Finding("lost", f"{name.decode()} is left in Redis"))
            elif name.startswith(b"dramatiq:") and name.endswith(b".msgs"):
                keys = [key.decode() for key in await client.hkeys(name)]
                found += [Finding("lost", f"a message is left in {name.decode()}", key) for key in keys]
            elif name.startswith(b"dragon:c:") and (count := int(await client.get(name))):
                found.append(Finding("lost", f"an account counts {count} tasks under way"))
            elif name.startswith(b"dragon:t:"):
                begin = await client.getrange(name, 11, 12)
                if begin not in {b"su", b"er", b""}:
                    found.append(Finding("lost", f"{name.decode()} is not final", name.decode()[9:]))
    except (redis.RedisError, OSError) as error:
        found.append(Finding("lost", f"Redis cannot be asked: {error}"))
    finally:
        await client.aclose()
    return found


async def _counted(arena: Arena) -> list[Finding]:
    """Compare Dragon's own count of ends with the number of tasks that must have been counted."""
    client: Any = redis.asyncio.Redis(port=arena.redis_port, protocol=2)
    try:
        counters = await client.hgetall("dragon:m")
    finally:
        await client.aclose()
    ended = sum(int(value) for name, value in counters.items() if name.endswith((b"|success|count", b"|error|count")))
    accepted = sum(entry.expected.get("codes") != {"invalid_parameters"} for entry in arena.ledger.entries.values())
    if ended == accepted + arena.miscounted:
        return []
    difference = ended - accepted - arena.miscounted
    arena.miscounted += difference
    what = "doubled" if difference > 0 else "lost"
    return [Finding(what, f"{ended} ends were counted for {accepted} accepted tasks")]


async def _outputs(arena: Arena, entries: list[Entry]) -> list[Finding]:
    """Look at the files of every success, and for files that nobody knows."""
    found: list[Finding] = []
    gate = asyncio.Semaphore(FETCHES)

    async def look(entry: Entry) -> None:
        wanted = entry.expected.get("file")
        result = (entry.final or {}).get("result")
        if wanted is None or (entry.final or {}).get("status") != "success" or not isinstance(result, dict):
            return
        async with gate:
            answer = await arena.clients.get(result["output"])
            if answer.status_code != 200:
                found.append(Finding("lost", f"{result['output']} answers {answer.status_code}", entry.key))
                return
            problem = await asyncio.to_thread(wrong_file, answer.content, *wanted)
            if problem:
                found.append(Finding("lost", f"{result['output']}: {problem}", entry.key))

    await asyncio.gather(*map(look, entries))
    known = set().union(*(_urls(entry) for entry in arena.ledger.entries.values()))
    for path in arena.storage.rglob("*"):
        if path.is_file():
            key, name = path.parent.name, path.name
            shown = name[1:].removesuffix(".type") if name.endswith(".type") else name
            if f"/storage/{key}/{shown}" not in known:
                ends = arena.ledger.entries[key].final if key in arena.ledger.entries else None
                found.append(Finding("orphaned", f"output {key}/{name} of a task that is {ends!r:.250}", key))
                path.unlink()  # told once
    return found


def _urls(entry: Entry) -> set[str]:
    """Return the paths of the output files that a final status names."""
    result = (entry.final or {}).get("result")
    values = result.values() if isinstance(result, dict) else ()
    return {urlsplit(value).path for value in values if isinstance(value, str) and "/storage/" in value}


async def _files(arena: Arena) -> list[Finding]:
    """Find temporary files: runs of dead workers or ended tasks, broken downloads, anything in TMPDIR."""
    left: list[Path] = [path for path in arena.temporary.rglob("*") if path.is_file()]
    for worker in arena.workers:
        runs = list((worker.directory / "runs").glob("*"))
        left += [path for run in runs for path in run.iterdir() if path.name != ".lock"]
        left += [run for run in runs if not run.name.startswith(f"{worker.pid}-")]
        left += list((worker.directory / "cache").glob("??/*.part"))
        left += list(worker.directory.glob(BALLAST))
    left += list(arena.storage.rglob("*.part"))
    return [Finding("orphaned", f"file {path.relative_to(arena.directory)}", _key_in(path)) for path in left]


def _key_in(path: Path) -> str:
    return next((part for part in path.parts if len(part) == 26 and part.isupper()), "")


async def _processes(arena: Arena) -> list[Finding]:
    """Find processes that are no part of the service, nor idle task processes of a worker."""
    known = {part.pid for part in arena.parts}
    for worker in arena.workers:
        nursery = nursery_of(worker.pid)
        known |= {nursery, *children(nursery)}
    alive = await asyncio.to_thread(marked, arena.mark)
    strangers = {pid: command for pid, command in alive.items() if pid not in known}
    again = await asyncio.to_thread(marked, arena.mark) if strangers else {}
    return [Finding("orphaned", f"process {pid}: {text}") for pid, text in strangers.items() if pid in again]


def counts(findings: Iterable[Finding]) -> Counter[str]:
    """Return how many findings there are of each sort."""
    return Counter(finding.what for finding in findings)
