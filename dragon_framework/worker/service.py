"""A worker process: dramatiq's threads around the executor, a reaper, a sweeper.

`run_worker` returns when the process is told to stop (SIGTERM, SIGINT): it takes no
more messages, gives back those not begun, lets running tasks end for a while, hands
back the rest, and leaves no process and no file behind.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import IO, Any

import dramatiq
import msgspec
import redis
import structlog
from dramatiq.broker import Broker, MessageProxy
from dramatiq.common import iter_queue
from dramatiq.middleware import Middleware

from dragon_framework.callbacks.sender import Sender
from dragon_framework.context import plugin_settings
from dragon_framework.errors import SettingsError, StorageError
from dragon_framework.hooks import fetch_policy, hooks_of
from dragon_framework.manifests import ManifestError, manifest_of
from dragon_framework.queue import scripts as queue_scripts
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.queue.courier import Courier
from dragon_framework.queue.message import ACTOR
from dragon_framework.queue.parts import PARTS
from dragon_framework.queue.reaper import Reaper
from dragon_framework.reference.facts import own_errors
from dragon_framework.registry import Registry, registry_of
from dragon_framework.settings import Settings
from dragon_framework.sources.guard import parse_networks
from dragon_framework.status import scripts as status_scripts
from dragon_framework.status.connection import connect_sync
from dragon_framework.storage import Storage, open_storage
from dragon_framework.worker.cancellations import Cancellations
from dragon_framework.worker.execution import Executor
from dragon_framework.worker.helping import Helper
from dragon_framework.worker.leftovers import Leftovers
from dragon_framework.worker.likeness import likeness
from dragon_framework.worker.pool import RunnerPool
from dragon_framework.worker.processes import Nursery
from dragon_framework.worker.pulse import Teller

log = structlog.get_logger("dragon.worker")

IDLE_MILLISECONDS = 1000
SWEEP_SECONDS = 600.0
SHRINK_SECONDS = 60.0
CONNECT_SECONDS = 30.0
FLUSH_SECONDS = 5.0
"""How long a stopping worker tries to write the last statuses; else another runs the tasks again."""
STUCK_SECONDS = 0.5
"""How long a message held ready may wait for a thread before another worker may have it."""


class _PerThread(Middleware):
    """Gives each worker thread its message."""

    def __init__(self) -> None:
        self.current = threading.local()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self.current.message = message


def run_worker(settings: Settings) -> int:
    """Run a worker until a signal ends it; return the exit status.

    Raises:
        SettingsError: If Redis, the storage, a queue or an allowed network cannot be used.
    """
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)  # asked twice
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)

    nursery = Nursery(settings)
    nursery.start()  # loads the plugins while this process loads them too
    try:
        return _work(settings, nursery, stop)
    finally:
        nursery.stop()


def _work(settings: Settings, nursery: Nursery, stop: threading.Event) -> int:
    registry = registry_of(settings)
    queues = [queue for queue in registry.queues if not settings.queues or queue in settings.queues]
    if unknown := set(settings.queues) - set(registry.queues):
        known = ", ".join(registry.queues) or "none: no task is installed"
        raise SettingsError("queues", f"no installed task waits in {', '.join(sorted(unknown))}; there are: {known}")
    allowed = parse_networks(settings.allow_source)  # what is wrong is told now, not by every task process
    for task in registry.tasks.values():
        plugin_settings(task, settings.tables, os.environ)
    client = connect_sync(settings.redis)
    if not _wait_for_redis(client, stop):
        return 0
    storage = open_storage(
        settings.storage or str(settings.data_path / "storage"), {"retention_seconds": settings.retention_seconds}
    )
    storage.check()
    courier = Courier(client, [*queue_scripts.MESSAGES, *status_scripts.LIFE, *PARTS])
    broker = DragonBroker(client, courier, slots=settings.slots)
    hooks = hooks_of(settings)
    with _run_directory(settings.data_path / "runs") as directory:
        pool = RunnerPool(nursery, settings.slots, settings.worker.tasks_per_process)
        sender = Sender(client, settings.callbacks, settings.sources, allowed, fetch_policy(hooks))
        leftovers = Leftovers(broker, storage)
        alike = cache(lambda task_name: likeness(registry, task_name))
        executor = Executor(
            broker=broker,
            registry=registry,
            storage=storage,
            settings=settings,
            pool=pool,
            hooks=hooks,
            leftovers=leftovers,
            alike=alike,
            directory=directory,
            on_callback=sender.wake,
        )
        middleware = _PerThread()
        broker.add_middleware(middleware)

        @dramatiq.actor(actor_name=ACTOR, queue_name=queues[0] if queues else "default", broker=broker)
        def run_task(key: str) -> None:
            message: Any = middleware.current.message
            executor.execute(key, message.queue_name, message.options["redis_message_id"])

        for queue in queues:
            broker.declare_queue(queue)
        broker.announce([*queues, *(f"{queue}.DQ" for queue in queues)])
        broker.heartbeat()

        worker = dramatiq.Worker(
            broker,
            queues=set(queues) or {"default"},
            worker_timeout=IDLE_MILLISECONDS,
            worker_threads=settings.slots + max(0, len(queues) - 1),  # see `places`
        )
        reaper = Reaper(broker, settings.worker.heartbeat_seconds)
        cancellations = Cancellations(client, pool)
        sweeper = threading.Thread(target=_sweep, args=(settings, storage, stop), name="sweeper", daemon=True)
        cleaner = threading.Thread(target=leftovers.run, name="leftovers", daemon=True)
        teller = Teller(broker, pool, executor.places, settings.slots, queues, _manifests(registry, queues))
        helper = Helper(
            broker=broker,
            registry=registry,
            storage=storage,
            settings=settings,
            pool=pool,
            places=executor.places,
            queues=queues,
            directory=directory,
            shares=executor.shares,
            alike=alike,
        )
        hooks.call("dragon_startup", settings=settings, role="worker")
        for part in (reaper, cancellations, sender, sweeper, cleaner, teller, helper):
            part.start()
        pool.prepare(stop)
        worker.start()
        log.info("worker_started", queues=queues, slots=settings.slots, tasks=len(registry.tasks))
        while not stop.wait(STUCK_SECONDS):
            _give_back_stuck(worker, broker)
        log.info("worker_stopping", grace_seconds=settings.worker.shutdown_seconds)
        broker.draining = True
        helper.stop()
        _drain(worker, broker, pool, settings.worker.shutdown_seconds)
        reaper.stop()
        cancellations.stop()
        sender.stop()
        teller.stop()
        pool.close()
        if not courier.flush(FLUSH_SECONDS):
            log.warning("statuses_not_written", reason="Redis does not answer")
        leftovers.close()
        cleaner.join(FLUSH_SECONDS)
        with contextlib.suppress(redis.RedisError):  # the reaper of another worker does it then
            broker.resign()
        courier.close()
        client.close()
    log.info("worker_stopped")
    return 0


def _manifests(registry: Registry, queues: list[str]) -> dict[str, bytes]:
    """Return what is told of the tasks in some queues, by name."""
    return {
        task.name: msgspec.json.encode(
            manifest_of(
                task,
                registry.provider(task.name),
                [ManifestError(row.code, row.meaning, row.transient == "yes") for row in own_errors(task)],
            )
        )
        for task in registry.tasks.values()
        if task.queue in queues
    }


def _give_back_stuck(worker: "dramatiq.Worker", broker: DragonBroker) -> None:
    """Give back messages held ready, if a long task has got in their way."""
    with worker.work_queue.mutex:
        oldest = min((item._queued_time for item in worker.work_queue.queue), default=None)  # noqa: SLF001  # its only clock
    if oldest is not None and time.monotonic_ns() - oldest > STUCK_SECONDS * 1e9:
        broker.hold_nothing_ready()
        _give_back_waiting(worker)


def _give_back_waiting(worker: "dramatiq.Worker") -> None:
    for item in iter_queue(worker.work_queue):
        consumer = worker.consumers.get(item.message.queue_name)
        if consumer is not None:
            with contextlib.suppress(Exception):  # it is found missing when the consumer connects again
                consumer.requeue_messages([item.message])


def _drain(worker: "dramatiq.Worker", broker: DragonBroker, pool: RunnerPool, grace_seconds: float) -> None:
    """Give back what has not begun, wait for what runs, hand back the rest."""
    broker.draining = True
    for thread in worker.workers:
        thread.stop()
    _give_back_waiting(worker)
    deadline = time.monotonic() + grace_seconds
    while any(thread.is_alive() for thread in worker.workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    if any(thread.is_alive() for thread in worker.workers):
        pool.hand_back_all()
    worker.stop(timeout=10_000)


def _wait_for_redis(client: "redis.Redis", stop: threading.Event) -> bool:
    """Return whether Redis answers; False if the worker is told to stop while it waits."""
    deadline = time.monotonic() + CONNECT_SECONDS
    told = False
    while not stop.is_set():
        try:
            client.ping()
        except redis.AuthenticationError as error:
            raise SettingsError("redis", f"the server refuses the credentials: {error}") from error
        except redis.RedisError as error:
            if time.monotonic() > deadline:
                raise SettingsError("redis", f"the server cannot be reached: {error}") from error
            if not told:
                log.warning("waiting_for_redis", seconds=CONNECT_SECONDS, reason=str(error))
                told = True
            stop.wait(0.2)
        else:
            return True
    return False


@contextlib.contextmanager
def _run_directory(parent: Path) -> Iterator[Path]:
    """Yield a directory of this worker alone, locked while it lives; remove those of dead workers."""
    parent.mkdir(parents=True, exist_ok=True)
    directory = parent / f"{os.getpid()}-{time.time_ns():x}"
    directory.mkdir()
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for other in parent.iterdir():
            if other != directory and other.is_dir():
                _remove_if_dead(other)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _remove_if_dead(directory: Path) -> None:
    try:
        lock: IO[str] = (directory / ".lock").open("r+")
    except OSError:
        with contextlib.suppress(OSError):  # another worker removes it at this moment
            if time.time() - directory.stat().st_mtime > 60:  # not one that is just being made
                shutil.rmtree(directory, ignore_errors=True)
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        shutil.rmtree(directory, ignore_errors=True)


def _sweep(settings: Settings, storage: Storage, stop: threading.Event) -> None:
    """Delete expired outputs now and then, and the oldest ones when there are too many bytes."""
    due = 0.0
    while True:
        try:
            if time.monotonic() >= due:
                due = time.monotonic() + SWEEP_SECONDS
                if removed := storage.sweep(settings.retention_seconds):
                    log.info("outputs_expired", files=removed)
            if settings.storage_bytes and (removed := storage.shrink(settings.storage_bytes)):
                log.info("outputs_crowded_out", files=removed, storage_bytes=settings.storage_bytes)
        except (StorageError, OSError) as error:
            log.warning("sweep_failed", reason=str(error))
        if stop.wait(SHRINK_SECONDS if settings.storage_bytes else SWEEP_SECONDS):
            return
