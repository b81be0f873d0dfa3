"""The faults, each a `Kind`: what it is called, and how it is injected once.

An injection picks its victim, notes in the ledger which tasks ran there, and returns when
the part is left to itself again. It raises `Missed` if there was nothing to strike.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from faults.arena import HEARTBEAT_SECONDS, Arena, WorkerPart
from faults.commands import Command
from faults.parts import children, marked, nursery_of, owner_of, send
from faults.proxy import Link, Proxy, Trap

FREEZE_SECONDS = HEARTBEAT_SECONDS + 2.5
"""Long enough for others to take a frozen worker for dead."""

STALL_SECONDS = 3.0
LONG_STALL_SECONDS = 17.0
"""Longer than any part waits for an answer of Redis (15 s)."""

CUT_SECONDS = 2.0
FULL_SECONDS = 3.0
REWRITE_SECONDS = 3.0
"""What a worker may take to have Valkey write its file anew; if Valkey dies before, it cannot read it (9.1.2)."""

TRAP_SECONDS = 8.0
LOST_ANSWER, KILLED, FROZEN, TERMINATED = "answer lost", "killed", "frozen", "terminated"


class Missed(Exception):
    """There was nothing to strike."""


@dataclass(frozen=True)
class Kind:
    """One fault.

    Args:
        name: What the table calls it.
        inject: Injects it once.
        codes: Errors that a task may end with because of it.
        s3: Whether it needs the S3 server; None if it does not matter.
    """

    name: str
    inject: Callable[[Arena, str], Awaitable[None]]
    codes: frozenset[str] = field(default_factory=frozenset)
    s3: bool | None = None


WORKER_CODES = frozenset({"worker_lost"})
PROCESS_CODES = frozenset({"task_crashed"})
SOURCE_CODES = frozenset({"source_unavailable"})
STORAGE_CODES = frozenset({"storage_failed", "source_unavailable"})
FULL_CODES = frozenset({"no_room", "storage_failed", "source_unavailable"})


def all_kinds() -> dict[str, list[Kind]]:
    """Return the faults, by the rounds in which they are injected together."""
    return {
        "API": [
            Kind("API killed", _signal_api(signal.SIGKILL)),
            Kind("API frozen", _signal_api(signal.SIGSTOP)),
            Kind("API terminated", _signal_api(signal.SIGTERM)),
            *(Kind(f"API {what} {when} submit", _at_api_step(what, when)) for what in _WHATS for when in _WHENS),
        ],
        "workers": [
            Kind("worker killed", _signal_worker(signal.SIGKILL), WORKER_CODES),
            Kind("worker frozen", _signal_worker(signal.SIGSTOP), WORKER_CODES),
            Kind("worker terminated", _signal_worker(signal.SIGTERM), WORKER_CODES),
        ],
        "task processes": [
            Kind("task process killed", _signal_task_process(signal.SIGKILL), PROCESS_CODES),
            Kind("task process frozen", _signal_task_process(signal.SIGSTOP), PROCESS_CODES),
            Kind("task process terminated", _signal_task_process(signal.SIGTERM), PROCESS_CODES | {"cancelled"}),
            Kind("nursery killed", _kill_nursery, PROCESS_CODES),
            Kind("task process killed while it fetches", _at_fetch(task=True), PROCESS_CODES),
            Kind("worker killed while a task fetches", _at_fetch(task=False), WORKER_CODES),
        ],
        "Valkey": [
            Kind("Valkey killed", _signal_valkey(signal.SIGKILL)),
            Kind("Valkey frozen", _signal_valkey(signal.SIGSTOP)),
            Kind("Valkey terminated", _signal_valkey(signal.SIGTERM)),
        ],
        "network to Redis": [
            Kind("Redis connections reset", _reset_redis),
            Kind("Redis cut off", _cut_redis),
            Kind("Redis stalled, 3 s", _stall_redis(STALL_SECONDS)),
            Kind("Redis stalled, 17 s", _stall_redis(LONG_STALL_SECONDS), WORKER_CODES),
        ],
        **{
            f"worker steps: {step}": [
                Kind(f"worker {what} {when} {step}", _at_worker_step(step, what, when), WORKER_CODES)
                for what in _WHATS
                for when in _WHENS
            ]
            for step in ("take", "begin", "update", "finish", "retry", "drop")
        },
        "worker steps: hand back": [
            Kind(f"worker {what} {when} hand back", _at_hand_back(what, when), WORKER_CODES)
            for what in (KILLED, LOST_ANSWER)
            for when in _WHENS
        ],
        "disks": [
            Kind("disk of a worker full", _fill_worker, FULL_CODES),
            Kind("disk of Valkey full", _fill_valkey),
        ],
        "S3": [
            Kind("S3 connections reset", _reset_s3, STORAGE_CODES, s3=True),
            Kind("S3 cut off", _cut_s3, STORAGE_CODES, s3=True),
            Kind("S3 stalled, 3 s", _stall_s3, STORAGE_CODES, s3=True),
            Kind("S3 server killed", _kill_s3, STORAGE_CODES, s3=True),
            *(
                Kind(f"worker {what} {when} store", _at_store(what, when), WORKER_CODES | STORAGE_CODES, s3=True)
                for what in (KILLED, FROZEN)
                for when in _WHENS
            ),
        ],
    }


_WHATS = (KILLED, FROZEN, LOST_ANSWER)
_WHENS = ("before", "after")


def all_running(arena: Arena) -> set[str]:
    """Return the keys of all tasks that execute."""
    return set().union(*(worker.runs for worker in arena.workers))


def _worker(arena: Arena) -> WorkerPart:
    ready = [worker for worker in arena.workers if worker.ready]
    if not ready:
        raise Missed
    return arena.dice.choice(sorted(ready, key=lambda worker: -len(worker.runs))[:2])


async def _freeze(pid: int, seconds: float) -> None:
    send(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        send(pid, signal.SIGCONT)


def _signal_api(number: int) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        if not arena.api.ready:
            raise Missed
        arena.ledger.strike(name, [key for key, entry in arena.ledger.entries.items() if entry.final is None])
        if number == signal.SIGSTOP:
            await _freeze(arena.api.pid, STALL_SECONDS)
        else:
            arena.api.signal(number)

    return inject


def _signal_worker(number: int) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        worker = _worker(arena)
        await _strike_worker(arena, worker, name, number)

    return inject


async def _strike_worker(arena: Arena, worker: WorkerPart, name: str, number: int, keys: Iterable[str] = ()) -> None:
    arena.ledger.strike(name, worker.runs | set(keys))
    if number == signal.SIGSTOP:
        await _freeze(worker.pid, FREEZE_SECONDS)
        return
    if number == signal.SIGKILL:
        worker.runs.clear()
    worker.signal(number)


def _nursery(worker: WorkerPart) -> int:
    found = nursery_of(worker.pid)
    if not found:
        raise Missed
    return found


def _signal_task_process(number: int) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        worker = _worker(arena)
        processes = children(_nursery(worker))
        if not processes or not worker.runs:
            raise Missed
        pid = arena.dice.choice(processes)
        arena.ledger.strike(name, worker.runs)
        if number == signal.SIGSTOP:
            await _freeze(pid, STALL_SECONDS)
        else:
            send(pid, number)

    return inject


async def _kill_nursery(arena: Arena, name: str) -> None:
    worker = _worker(arena)
    nursery = _nursery(worker)
    arena.ledger.strike(name, worker.runs)
    send(nursery, signal.SIGKILL)


def _at_fetch(*, task: bool) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        sprung = asyncio.Event()

        async def held(port: int) -> None:
            pid = owner_of(port, marked(arena.mark))
            for worker in arena.workers:
                if pid and pid in children(nursery_of(worker.pid)):
                    arena.ledger.strike(name, worker.runs)
                    if not task:
                        worker.runs.clear()
                    send(pid if task else worker.pid, signal.SIGKILL)
                    sprung.set()

        arena.sources.held = held
        await _sprung(sprung, lambda: setattr(arena.sources, "held", None))

    return inject


async def _sprung(event: asyncio.Event, disarm: Callable[[], None]) -> None:
    try:
        async with asyncio.timeout(TRAP_SECONDS):
            await event.wait()
    except TimeoutError:
        raise Missed from None
    finally:
        disarm()


def _signal_valkey(number: int) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        if not arena.valkey.ready:
            raise Missed
        arena.ledger.strike(name, all_running(arena))
        if number == signal.SIGSTOP:
            await _freeze(arena.valkey.pid, STALL_SECONDS)
        else:
            arena.valkey.signal(number)

    return inject


async def _reset_redis(arena: Arena, name: str) -> None:
    arena.ledger.strike(name, all_running(arena))
    for proxy in arena.redis_proxies():
        proxy.reset()


async def _cut_redis(arena: Arena, name: str) -> None:
    arena.ledger.strike(name, all_running(arena))
    await _for_a_while(arena.redis_proxies(), Proxy.cut, CUT_SECONDS)


def _stall_redis(seconds: float) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        arena.ledger.strike(name, all_running(arena))
        await _for_a_while(arena.redis_proxies(), Proxy.stall, seconds)

    return inject


async def _for_a_while(proxies: Sequence[Proxy], begin: Callable[[Proxy], None], seconds: float) -> None:
    try:
        for proxy in proxies:
            begin(proxy)
        await asyncio.sleep(seconds)
    finally:
        for proxy in proxies:
            proxy.mend()


def _at_api_step(what: str, when: str) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        proxy = arena.redis_proxies()[0]
        waiting = [key for key, entry in arena.ledger.entries.items() if entry.final is None]

        async def strike(_: Link, __: Sequence[Command]) -> bool:
            arena.ledger.strike(name, waiting)
            if what == LOST_ANSWER:
                return False
            if what == FROZEN:
                await _freeze(arena.api.pid, STALL_SECONDS)
                return True
            arena.api.signal(signal.SIGKILL)
            return False

        trap = Trap(_step("submit"), strike, after=when == "after")
        await _with_traps({proxy: trap})

    return inject


def _step(name: str) -> Callable[[bytes, Sequence[Command]], bool]:
    return lambda _, commands: any(command.step == name for command in commands)


async def _with_traps(traps: dict[Proxy, Trap]) -> None:
    """Set traps and wait until one is sprung and has struck; then disarm all."""
    for proxy, trap in traps.items():
        proxy.traps.append(trap)
    waits = [asyncio.ensure_future(trap.sprung.wait()) for trap in traps.values()]
    try:
        done, _ = await asyncio.wait(waits, timeout=TRAP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise Missed
    finally:
        for wait in waits:
            wait.cancel()
        for proxy, trap in traps.items():
            trap.sprung.set()
            proxy.traps.remove(trap)


def _worker_trap(arena: Arena, worker: WorkerPart, name: str, step: str, what: str, *, after: bool) -> Trap:
    async def strike(_: Link, commands: Sequence[Command]) -> bool:
        keys = [command.key for command in commands if command.step == step and command.key]
        if what == LOST_ANSWER:
            arena.ledger.strike(name, keys or worker.runs)
            return False
        number = signal.SIGKILL if what == KILLED else signal.SIGSTOP
        await _strike_worker(arena, worker, name, number, keys)
        return what == FROZEN

    return Trap(_step(step), strike, after=after)


def _at_worker_step(step: str, what: str, when: str) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        traps = {
            worker.proxy: _worker_trap(arena, worker, name, step, what, after=when == "after")
            for worker in arena.workers
        }
        await _with_traps(traps)
        if what == FROZEN:
            await asyncio.sleep(FREEZE_SECONDS)

    return inject


def _at_hand_back(what: str, when: str) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        worker = _worker(arena)
        trap = _worker_trap(arena, worker, name, "hand back", what, after=when == "after")
        worker.signal(signal.SIGTERM)
        await _with_traps({worker.proxy: trap})

    return inject


async def _fill_worker(arena: Arena, name: str) -> None:
    worker = _worker(arena)
    if not worker.disk.small:
        raise Missed
    arena.ledger.strike(name, worker.runs)
    try:
        worker.disk.fill()
        await asyncio.sleep(FULL_SECONDS)
    finally:
        worker.disk.free()


async def _fill_valkey(arena: Arena, name: str) -> None:
    if not arena.valkey_disk.small:
        raise Missed
    arena.ledger.strike(name, all_running(arena))
    try:
        arena.valkey_disk.fill()
        await asyncio.sleep(FULL_SECONDS)
    finally:
        arena.valkey_disk.free()
    await asyncio.sleep(REWRITE_SECONDS)


def _s3_proxy(arena: Arena) -> Proxy:
    if arena.s3_proxy is None:
        raise Missed
    return arena.s3_proxy


async def _reset_s3(arena: Arena, name: str) -> None:
    if not _s3_proxy(arena).links:
        raise Missed
    arena.ledger.strike(name, all_running(arena))
    _s3_proxy(arena).reset()


async def _cut_s3(arena: Arena, name: str) -> None:
    arena.ledger.strike(name, all_running(arena))
    await _for_a_while([_s3_proxy(arena)], Proxy.cut, CUT_SECONDS)


async def _stall_s3(arena: Arena, name: str) -> None:
    arena.ledger.strike(name, all_running(arena))
    await _for_a_while([_s3_proxy(arena)], Proxy.stall, STALL_SECONDS)


async def _kill_s3(arena: Arena, name: str) -> None:
    if arena.rclone is None:
        raise Missed
    arena.ledger.strike(name, all_running(arena))
    arena.rclone.signal(signal.SIGKILL)


def _at_store(what: str, when: str) -> Callable[[Arena, str], Awaitable[None]]:
    async def inject(arena: Arena, name: str) -> None:
        async def strike(link: Link, _: Sequence[Command]) -> bool:
            pid = owner_of(link.client_port, {worker.pid: "" for worker in arena.workers})
            for worker in arena.workers:
                if worker.pid == pid:
                    number = signal.SIGKILL if what == KILLED else signal.SIGSTOP
                    await _strike_worker(arena, worker, name, number)
            return what == FROZEN

        proxy = _s3_proxy(arena)
        await _with_traps({proxy: Trap(lambda data, _: data.startswith(b"PUT "), strike, after=when == "after")})
        if what == FROZEN:
            await asyncio.sleep(FREEZE_SECONDS)

    return inject
