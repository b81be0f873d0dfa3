"""One task's way through a worker: claim, run in a task process, store, finish.

    TAKE: message, definition -> task process, BEGIN -> outputs to the storage -> FINISH

Every step may be the last one this process takes: until FINISH the message stays with
Redis and is delivered again; after `max_deliveries` deaths the task ends as an error.
FINISH writes the final status and acknowledges the message in one step; the first
final status stands. A task that ends as an error keeps no outputs: then the message is
kept until they are deleted, so that another worker does it if this one dies.
After a fault that may pass, RETRY stands in its place: the task is queued again for a
later time, a few times.
"""

import contextlib
import itertools
import random
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import redis
import structlog

from dragon_framework.context import WrittenFile
from dragon_framework.errors import (
    InternalTaskError,
    SecretsUnreadableError,
    StorageError,
    UnknownTaskError,
    WorkerLostError,
)
from dragon_framework.hooks import Hooks
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.queue.courier import PASSING
from dragon_framework.registry import Registry
from dragon_framework.sealing import Sealer
from dragon_framework.settings import Settings
from dragon_framework.status import scripts
from dragon_framework.status.counters import step_of
from dragon_framework.status.history import hour_now
from dragon_framework.status.model import (
    ErrorFacts,
    Events,
    Retry,
    Status,
    encode_status,
    is_final,
    now,
)
from dragon_framework.storage import Storage
from dragon_framework.tasks import Task
from dragon_framework.worker.leftovers import Leftovers
from dragon_framework.worker.life import Life, delivery_of
from dragon_framework.worker.likeness import machine
from dragon_framework.worker.offers import OfferFacts
from dragon_framework.worker.places import Places
from dragon_framework.worker.pool import RunnerPool
from dragon_framework.worker.runner import HandedBack, TakenAway
from dragon_framework.worker.sharing import Sharing
from dragon_framework.worker.wire import Done, Failed, Partial, Parts, Progress, Run, Save, Saved

REDIS_PAUSE_SECONDS = 0.5

RETRY_GROWTH = 3
LONGEST_RETRY_SECONDS = 600.0
RETRY_SPREAD = 0.25
"""So much longer or shorter is a wait, by chance: many tasks that failed together do not come back together."""

PLACE_SECONDS = 0.5
"""How long a task waits for a place before another worker may have it."""

FRESH_SECONDS = 1.0
"""What was known when a message was taken is believed for so long; then Redis is asked before the task begins."""

_UNFINISHED = {b"qu", b"ex"}


class Executor:
    """Runs the tasks of one worker process; its threads call `execute`.

    Args:
        broker: The broker of this process.
        registry: The installed tasks.
        storage: Where outputs go.
        settings: The service's settings.
        pool: Lends what runs tasks.
        hooks: Told when tasks start and finish.
        leftovers: Deletes the outputs of tasks that end as errors.
        alike: Tells which other workers make the same of a part, by the task's name (`likeness`).
        directory: Where this worker's runs keep their files.
        on_callback: Called when a callback has become due.
    """

    def __init__(  # noqa: PLR0913  # the parts of a worker, all by name
        self,
        *,
        broker: DragonBroker,
        registry: Registry,
        storage: Storage,
        settings: Settings,
        pool: RunnerPool,
        hooks: Hooks,
        leftovers: Leftovers,
        alike: Callable[[str], str],
        directory: Path,
        on_callback: Callable[[], None] = lambda: None,
    ) -> None:
        self._broker = broker
        self._registry = registry
        self._storage = storage
        self._settings = settings
        self._sealer = Sealer(settings)
        self._pool = pool
        self._hooks = hooks
        self._directory = directory
        self._on_callback = on_callback
        self._ttl = max(1, int(settings.retention_seconds))
        self._log: Any = structlog.get_logger("dragon.tasks").bind()  # bound once: a filtered line costs nothing
        self._courier = broker.courier
        self.places = Places(settings.slots)
        self._numbers = itertools.count()
        self._leftovers = leftovers
        self._sharings: set[Sharing] = set()
        self._likeness = alike

    def execute(self, key: str, queue: str, message_id: str) -> None:
        """Take the task *key* through its life; never raises.

        dramatiq acknowledges whatever its actors raise. So a defect of ours leaves the
        message unacknowledged here: it is delivered again when this worker is gone.
        """
        try:
            if not self.places.enter(queue, PLACE_SECONDS):
                self._broker.hold_nothing_ready()
                self._broker.give_back(queue, message_id)
                return
            try:
                if self._broker.draining:
                    self._broker.give_back(queue, message_id)
                else:
                    self._execute(key, queue, message_id)
            finally:
                self.places.leave(queue)
        except redis.RedisError as error:
            self._log.warning("redis_unreachable", reason=str(error))
        except Exception:  # noqa: BLE001  # see above
            self._log.exception("task_left_behind", key=key)
        finally:
            self._broker.settle(message_id)

    def _execute(self, key: str, queue: str, message_id: str) -> None:
        begun = now()
        taken = self._broker.taken(message_id)
        if taken is None:  # it has gone through our hands meanwhile
            self._broker.give_back(queue, message_id)
            return
        if not taken.definition or taken.status[11:13] not in _UNFINISHED:
            if taken.status[11:13] == b"er" and (b'"started"' in taken.status or taken.deaths or taken.retries):
                self._leftovers.delete_outputs(key)
            self._leftovers.drop(queue, message_id)
            return
        life = Life(key, taken, begun, self._settings.worker.max_deliveries)
        if time.monotonic() - taken.time > FRESH_SECONDS and not self._begin(life):
            self._leftovers.drop(queue, message_id)
            return
        clock = time.monotonic()
        directory = f"{self._directory}/{key}.{next(self._numbers)}"  # the last run's may be on its way out
        try:
            outcome = self._stored(life, self._outcome(life, directory))
        except TakenAway:
            self._log.info("task_taken_away", key=key, task=life.task_name)
            self._let_go(life, queue, message_id)
            return
        except HandedBack:
            self._patiently(
                scripts.HAND_BACK,
                [scripts.STATUS + key, self._broker.unacknowledged(queue), self._broker.messages(queue)],
                [key, message_id, life.queued, self._ttl, queue, self._delivery(life, "handed_back", clock)],
            )
            self._log.info("task_handed_back", key=key, task=life.task_name)
            return
        finally:
            if not life.tidy:
                shutil.rmtree(directory, ignore_errors=True)
        seconds = time.monotonic() - clock
        if isinstance(outcome, Failed) and outcome.transient and life.retries < self._retries(life):
            self._retry(life, outcome, clock, queue, message_id)
        else:
            delivery = self._delivery(life, "error" if isinstance(outcome, Failed) else "success", clock)
            self._finish(life, self._concluded(life, outcome), seconds, delivery, queue, message_id)

    def _begin(self, life: Life) -> bool:
        """Show that the task executes; return whether it still may."""
        life.begun = True
        arguments = [life.key, life.events.started, self._ttl]
        return bool(self._patiently(scripts.BEGIN, [scripts.STATUS + life.key], arguments))

    def _show_begun(self, life: Life) -> None:
        """Show that the task executes, without waiting for the answer: its process works already."""
        if life.begun:
            return
        life.begun = True

        def on_answer(may: Any) -> None:
            if isinstance(may, Exception):  # the final status will say it
                self._log.warning("start_not_shown", key=life.key, reason=str(may))
            elif not may:
                self._pool.take_away(life.key)

        arguments = [life.key, life.events.started, self._ttl]
        self._courier.post(scripts.BEGIN, [scripts.STATUS + life.key], arguments, on_answer)

    def _retries(self, life: Life) -> int:
        """Return how often the task may be run again; one whose workers died is not."""
        return self._settings.worker.retries if life.delivery > 0 else 0

    def _retry(self, life: Life, failed: Failed, clock: float, queue: str, message_id: str) -> None:
        """Queue the task again, for later, without waiting for the answer."""
        seconds = self._settings.worker.retry_seconds * RETRY_GROWTH**life.retries
        spread = 1 + RETRY_SPREAD * (2 * random.random() - 1)  # noqa: S311  # no secret
        seconds = round(min(seconds, LONGEST_RETRY_SECONDS) * spread, 3)
        retry = Retry(life.retries + 1, seconds, ErrorFacts(failed.code, failed.transient), failed.details)
        status = Status("queued", life.key, Events(queued=life.queued), retry=retry)
        if failed.log:
            self._log.warning("task_broke", key=life.key, task=life.task_name, trace=failed.log)
        self._broker.finishing(message_id)

        def on_answer(written: Any) -> None:
            self._broker.release(queue, [message_id])
            if isinstance(written, Exception):
                self._log.error("task_left_behind", key=life.key, task=life.task_name, reason=str(written))
            elif written:
                self._log.info(
                    "task_retried",
                    key=life.key,
                    task=life.task_name,
                    number=retry.number,
                    seconds=seconds,
                    code=failed.code,
                )

        self._courier.post(
            scripts.RETRY,
            self._last_keys(life, queue),
            [
                life.key,
                message_id,
                encode_status(status),
                self._ttl,
                int(seconds * 1000),
                queue,
                life.task_name,
                life.fetched,
                failed.code,
                self._delivery(life, "retry", clock, failed.code),
                hour_now(),
            ],
            on_answer,
        )

    def _finish(self, life: Life, status: Status, seconds: float, delivery: str, queue: str, message_id: str) -> None:
        """Write the final status and acknowledge, without waiting for the answer: the next task can begin."""
        self._broker.note_seconds(queue, seconds)
        self._broker.finishing(message_id)

        def on_answer(written: Any) -> None:
            if isinstance(written, Exception):  # it is found stranded, and delivered again
                self._log.error("task_left_behind", key=life.key, task=life.task_name, reason=str(written))
            elif not written & 1:
                self._log.info("task_finished_elsewhere", key=life.key, task=life.task_name)
            else:
                if life.definition.callback:
                    self._on_callback()
                self._tell_finished(life, status, seconds)
            if not isinstance(written, Exception) and written & 2:
                self._leftovers.post(life.key, queue, message_id)
            else:
                self._broker.release(queue, [message_id])

        self._courier.post(
            scripts.FINISH,
            self._last_keys(life, queue),
            [
                life.key,
                encode_status(status),
                self._ttl,
                message_id,
                f"{life.task_name}|{status.status}",
                f"{seconds:.6f}",
                life.definition.account if life.definition.counted else "",
                "1" if life.definition.callback else "",
                "1" if life.stored else "",
                step_of(seconds),
                life.fetched,
                status.error.code if isinstance(status.error, ErrorFacts) else "",
                delivery,
                life.definition.account,
                hour_now(),
            ],
            on_answer,
        )

    def _delivery(self, life: Life, outcome: str, clock: float, code: str = "") -> str:
        return delivery_of(life, self._broker.broker_id, outcome, time.monotonic() - clock, code)

    def _last_keys(self, life: Life, queue: str) -> list[str]:
        """Return what RETRY and FINISH write: status, unacknowledged set, messages, metrics."""
        broker = self._broker
        return [scripts.STATUS + life.key, broker.unacknowledged(queue), broker.messages(queue), scripts.METRICS]

    def _let_go(self, life: Life, queue: str, message_id: str) -> None:
        """End what this worker has to do with a task that was taken away: it is over, or another's."""
        blob = self._read(scripts.STATUS + life.key)
        if blob is None or is_final(blob):
            if blob is not None and blob[11:13] == b"er" and life.stored:
                self._leftovers.delete_outputs(life.key)
            self._leftovers.drop(queue, message_id)
        else:
            self._broker.give_back(queue, message_id)  # changes nothing if another worker has it

    def _tell_finished(self, life: Life, status: Status, seconds: float) -> None:
        self._log.info(
            "task_finished", key=life.key, task=life.task_name, status=status.status, seconds=round(seconds, 4)
        )
        self._hooks.call(
            "dragon_task_finished",
            key=life.key,
            task_name=life.task_name,
            status=status.status,
            seconds=seconds if life.delivery > 0 else 0.0,
            result=status.result,
        )

    def _outcome(self, life: Life, directory: str) -> Done | Failed:
        """Run the task and say how it ended; a defect of ours is an end, too."""
        try:
            if life.delivery < 0:
                lost = WorkerLostError(-life.delivery)
                return Failed(lost.code, lost.details(), transient=True)
            if not life.task_name:
                return Failed("internal_error", "the task's definition cannot be read", log="unreadable definition")
            task = self._registry.get(life.task_name)
            self._hooks.call("dragon_task_started", key=life.key, task_name=task.name, delivery=life.delivery)
            state = self._kept_state(life) if task.keeps_state else {}
            run = Run(life.key, task.name, self._opened(life), directory, life.definition.base, state)
            with self._pool.lent() as runner, self._sharing(life, task, directory) as sharing:
                outcome = runner.run(
                    run,
                    task,
                    lambda: self._show_begun(life),
                    lambda notice: sharing.answer(notice) if isinstance(notice, Parts) else self._show(life, notice),
                )
                life.peak_bytes = runner.peak_bytes
            life.fetched, life.notes = outcome.bytes_fetched, outcome.notes
            life.tidy = isinstance(outcome, Done) and outcome.tidy
            return outcome
        except UnknownTaskError as error:
            return Failed("unknown_task", str(error))
        except SecretsUnreadableError as error:
            return Failed(error.code, error.details())
        except StorageError as error:
            return self._not_stored(life, error)
        except (HandedBack, TakenAway):
            raise
        except Exception as error:  # noqa: BLE001  # told in the status, with the trace in the log
            inside = InternalTaskError(life.task_name, type(error).__name__)
            return Failed(inside.code, inside.details(), log=traceback.format_exc())

    def shares(self) -> bool:
        """Whether a task that runs here offers parts of its work to others."""
        return any(sharing.open for sharing in list(self._sharings))

    @contextlib.contextmanager
    def _sharing(self, life: Life, task: Task, directory: str) -> Iterator[Sharing]:
        """Yield what offers parts of a run; when the run is over, nobody is at one of them any more."""

        def facts() -> OfferFacts:
            worker, base = self._broker.broker_id, life.definition.base
            return OfferFacts(task.name, task.queue, base, self._likeness(task.name), machine(), worker, False, {})

        sharing = Sharing(
            self._courier,
            self._storage,
            self._sealer,
            key=life.key,
            deaths=life.delivery - 1,
            facts=facts,
            directory=Path(directory),
            heartbeat_seconds=self._settings.worker.heartbeat_seconds,
        )
        self._sharings.add(sharing)
        try:
            yield sharing
        finally:
            self._sharings.discard(sharing)
            sharing.close()
            if sharing.own or sharing.helped:
                life.parts = {"own": sharing.own, "others": sum(sharing.helped.values())}

    def _opened(self, life: Life) -> msgspec.Raw:
        """Return the parameters with their credentials, which nothing but the task process is told."""
        facts = life.definition
        if isinstance(facts.sealed, str):
            return self._sealer.open(life.key, facts.task_name, facts.parameters, facts.sealed)
        return facts.parameters

    def _kept_state(self, life: Life) -> dict[str, Any]:
        """Return what the last run of a task has kept for this one."""
        sealed = self._read(scripts.STATE + life.key)
        if sealed is None:
            return {}
        state: dict[str, Any] = msgspec.json.decode(self._sealer.open_state(life.key, sealed))
        return state

    def _keep_state(self, life: Life, state: bytes) -> None:
        """Keep the state of a task, unless it is over or has gone to another worker."""
        sealed = self._sealer.seal_state(life.key, state)
        keys = [scripts.STATUS + life.key, scripts.STATE + life.key]
        if not self._patiently(scripts.KEEP_STATE, keys, [life.key, sealed, self._ttl, life.delivery - 1]):
            raise TakenAway

    def _show(self, life: Life, report: Progress | Partial | Save) -> Saved | None:
        """Publish progress or a partial result, or keep a state."""
        if isinstance(report, Save):
            self._keep_state(life, bytes(report.state))
            return Saved()
        if isinstance(report, Progress):
            life.progress = report.value
        else:
            life.partial |= report.values
            life.partial |= self._store(life, report.files)
        status = Status("executing", life.key, life.events, progress=life.progress)
        if life.partial:
            status.result = life.partial
        try:
            shown = self._courier.call(scripts.UPDATE, [scripts.STATUS + life.key], [encode_status(status), self._ttl])
        except redis.RedisError as error:  # the next update, or the final status, will say it
            self._log.warning("progress_lost", key=life.key, reason=str(error))
        else:
            if not shown:
                raise TakenAway
        return None

    def _stored(self, life: Life, outcome: Done | Failed) -> dict[str, Any] | Failed:
        """Return the result of a run, once its files are in the storage."""
        if isinstance(outcome, Failed):
            return outcome
        try:
            return outcome.values | life.partial_files | self._store(life, outcome.files)
        except StorageError as error:
            return self._not_stored(life, error)

    def _concluded(self, life: Life, outcome: dict[str, Any] | Failed) -> Status:
        life.events.completed = now()
        if not isinstance(outcome, Failed):
            return Status("success", life.key, life.events, progress=None, result=outcome)
        if outcome.log:
            self._log.error("task_broke", key=life.key, task=life.task_name, trace=outcome.log)
        facts = ErrorFacts(outcome.code, outcome.transient)
        return Status("error", life.key, life.events, progress=None, result=outcome.details, error=facts)

    def _not_stored(self, life: Life, error: StorageError) -> Failed:
        self._log.error("outputs_not_stored", key=life.key, task=life.task_name, reason=str(error))
        return Failed("storage_failed", "the output files could not be stored; try again later", transient=True)

    def _store(self, life: Life, files: list[WrittenFile]) -> dict[str, str]:
        urls = {}
        life.stored = life.stored or bool(files)
        begun = time.monotonic()
        for file in files:
            try:
                self._storage.put(life.key, file.filename, Path(file.path), file.media_type)
            except OSError as error:
                raise StorageError(file.filename, str(error)) from error
            urls[file.name] = f"{life.definition.base}/storage/{life.key}/{file.filename}"
        life.partial_files |= urls
        if files:
            life.store_seconds += time.monotonic() - begun
        return urls

    def _read(self, name: str) -> Any:
        """Return what Redis has under *name*; while it is away, wait for it."""
        while True:
            try:
                return self._broker.client.get(name)
            except PASSING as error:
                self._log.warning("redis_unreachable", reason=str(error))
                time.sleep(REDIS_PAUSE_SECONDS)

    def _patiently(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        """Call a script; while Redis is away, wait for it: nothing that was done is given up."""
        while True:
            try:
                return self._courier.call(script, keys, arguments)
            except PASSING as error:
                self._log.warning("redis_unreachable", reason=str(error))
                time.sleep(REDIS_PAUSE_SECONDS)
