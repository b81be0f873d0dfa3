"""One task's way through a worker: claim, run in a task process, store, finish.

    message (key) -> CLAIM: definition -> task process -> outputs to the storage -> FINISH

Every step may be the last one this process takes: until FINISH the message stays with
Redis and is delivered again, `max_deliveries` times at most. FINISH writes the final
status and acknowledges the message in one step; the first final status stands.
"""

import shutil
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import msgspec
import redis
import structlog

from dragon_framework.context import WrittenFile
from dragon_framework.errors import InternalTaskError, StorageError, UnknownTaskError, WorkerLostError
from dragon_framework.hooks import Hooks
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.registry import Registry
from dragon_framework.settings import Settings
from dragon_framework.status import scripts
from dragon_framework.status.model import ErrorFacts, Events, Status, encode_status, now
from dragon_framework.storage import Storage
from dragon_framework.worker.processes import HandedBack, Nursery, TaskRunner
from dragon_framework.worker.wire import Done, Failed, Partial, Progress, Run

log = structlog.get_logger("dragon.tasks")

RETRY_SECONDS = 1.0


class Definition(msgspec.Struct):
    """A task definition as the API leaves it for the worker (`dragon:d:KEY`).

    Args:
        task_name: Name of the task.
        parameters: Validated parameters, as JSON.
        account: Id of the account that created it.
        base: URL of the service as the client knows it, for the URLs of outputs.
        counted: Whether the account has a limit on tasks under way.
    """

    task_name: str
    parameters: msgspec.Raw
    account: str = ""
    base: str = ""
    counted: bool = False


_decode_definition = msgspec.json.Decoder(Definition).decode


class Executor:
    """Runs the tasks of one worker process; its threads call `execute`.

    Args:
        broker: The broker of this process.
        registry: The installed tasks.
        storage: Where outputs go.
        settings: The service's settings.
        nursery: Forks task processes.
        hooks: Told when tasks start and finish.
        directory: Where this worker's runs keep their files.
    """

    def __init__(
        self,
        broker: DragonBroker,
        registry: Registry,
        storage: Storage,
        settings: Settings,
        nursery: Nursery,
        hooks: Hooks,
        directory: Path,
    ) -> None:
        self._broker = broker
        self._registry = registry
        self._storage = storage
        self._settings = settings
        self._nursery = nursery
        self._hooks = hooks
        self._directory = directory
        self._local = threading.local()
        self._runners: list[TaskRunner] = []
        self._lock = threading.Lock()
        self._ttl = max(1, int(settings.retention_seconds))
        client = broker.client
        self._claim = client.register_script(scripts.CLAIM)
        self._update = client.register_script(scripts.UPDATE)
        self._finish = client.register_script(scripts.FINISH)
        self._drop = client.register_script(scripts.DROP)
        self._hand_back = client.register_script(scripts.HAND_BACK)

    def prepare(self) -> None:
        """Fork this thread's task process ahead of its first task."""
        try:
            self._runner().prepare()
        except OSError as error:
            log.warning("task_process_unavailable", reason=str(error))

    def hand_back_all(self) -> None:
        """End all running tasks; they are queued again."""
        with self._lock:
            for runner in self._runners:
                runner.hand_back()

    def close(self) -> None:
        """End the task processes."""
        with self._lock:
            for runner in self._runners:
                runner.close()

    def execute(self, key: str, queue: str, message_id: str) -> None:
        """Take the task *key* through its life."""
        begun = now()
        answer = self._patiently(
            self._claim,
            [scripts.STATUS + key],
            [key, begun, self._settings.worker.max_deliveries, self._ttl],
        )
        state = int(answer[0])
        acknowledgement = [self._broker.unacknowledged(queue), f"{self._broker.namespace}:{queue}.msgs"]
        if state == 0:
            self._patiently(self._drop, acknowledgement, [message_id])
            self._broker.mark_done(message_id)
            return
        life = _Life(key, _decode_definition(answer[1]), answer[2].decode(), begun if state > 0 else None, state)
        clock = time.monotonic()
        directory = self._directory / f"{key}-{threading.get_ident()}"
        try:
            if state < 0:
                lost = WorkerLostError(-state)
                outcome: Done | Failed = Failed(lost.code, lost.details(), transient=True)
            else:
                outcome = self._run(life, directory)
            status = self._concluded(life, outcome)
        except HandedBack:
            self._patiently(
                self._hand_back,
                [scripts.STATUS + key, *acknowledgement, f"{self._broker.namespace}:{queue}"],
                [key, message_id, life.queued, self._ttl],
            )
            self._broker.mark_done(message_id)
            log.info("task_handed_back", key=key, task=life.definition.task_name)
            return
        finally:
            if directory.exists():
                shutil.rmtree(directory, ignore_errors=True)
        seconds = time.monotonic() - clock
        self._broker.note_seconds(seconds)
        written = self._patiently(
            self._finish,
            [scripts.STATUS + key, *acknowledgement, scripts.METRICS],
            [
                key,
                encode_status(status),
                self._ttl,
                message_id,
                f"{life.definition.task_name}|{status.status}",
                f"{seconds:.6f}",
                life.definition.account if life.definition.counted else "",
            ],
        )
        self._broker.mark_done(message_id)
        name = life.definition.task_name
        if written:
            log.info("task_finished", key=key, task=name, status=status.status, seconds=round(seconds, 4))
            self._hooks.call(
                "dragon_task_finished",
                key=key,
                task_name=name,
                status=status.status,
                seconds=seconds if state > 0 else 0.0,
                result=status.result,
            )
        else:
            log.info("task_finished_elsewhere", key=key, task=name)

    def _run(self, life: "_Life", directory: Path) -> Done | Failed:
        definition = life.definition
        try:
            task = self._registry.get(definition.task_name)
        except UnknownTaskError as error:
            return Failed("unknown_task", str(error))
        self._hooks.call("dragon_task_started", key=life.key, task_name=task.name, delivery=life.delivery)
        run = Run(life.key, task.name, definition.parameters, str(directory), definition.base)
        try:
            return self._runner().run(run, task, lambda report: self._show(life, report))
        except HandedBack:
            raise
        except Exception as error:  # a defect of ours must not leave the task without an end
            inside = InternalTaskError(task.name, type(error).__name__)
            return Failed(inside.code, inside.details(), log=traceback.format_exc())

    def _show(self, life: "_Life", report: Progress | Partial) -> None:
        """Publish progress or a partial result."""
        if isinstance(report, Progress):
            life.progress = report.value
        else:
            life.partial |= report.values
            life.partial |= self._store(life, report.files)
        status = Status("executing", life.key, life.events, progress=life.progress)
        if life.partial:
            status.result = life.partial
        try:
            self._update(keys=[scripts.STATUS + life.key], args=[encode_status(status), self._ttl])
        except redis.RedisError as error:  # the next update, or the final status, will say it
            log.warning("progress_lost", key=life.key, reason=str(error))

    def _concluded(self, life: "_Life", outcome: Done | Failed) -> Status:
        if isinstance(outcome, Done):
            try:
                result = outcome.values | life.partial_files | self._store(life, outcome.files)
            except StorageError as error:
                log.error("outputs_not_stored", key=life.key, reason=str(error))
                outcome = Failed("storage_failed", "the output files could not be stored; try again later", True)
            else:
                life.events.completed = now()
                return Status("success", life.key, life.events, progress=None, result=result)
        if outcome.log:
            log.error("task_broke", key=life.key, task=life.definition.task_name, trace=outcome.log)
        life.events.completed = now()
        facts = ErrorFacts(outcome.code, outcome.transient)
        return Status("error", life.key, life.events, progress=None, result=outcome.details, error=facts)

    def _store(self, life: "_Life", files: list[WrittenFile]) -> dict[str, str]:
        urls = {}
        for file in files:
            self._storage.put(life.key, file.filename, Path(file.path), file.media_type)
            urls[file.name] = f"{life.definition.base}/storage/{life.key}/{file.filename}"
        life.partial_files |= urls
        return urls

    def _runner(self) -> TaskRunner:
        runner: TaskRunner | None = getattr(self._local, "runner", None)
        if runner is None:
            runner = self._local.runner = TaskRunner(self._nursery, self._settings.worker.tasks_per_process)
            with self._lock:
                self._runners.append(runner)
        return runner

    def _patiently(self, script: Any, keys: list[str], arguments: list[Any]) -> Any:
        """Call a script; while Redis is away, wait for it: nothing that was done is given up."""
        while True:
            try:
                return script(keys=keys, args=arguments)
            except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError) as error:
                log.warning("redis_unreachable", reason=str(error))
                time.sleep(RETRY_SECONDS)


class _Life:
    """What is known of the task while it runs."""

    def __init__(self, key: str, definition: Definition, queued: str, started: str | None, delivery: int) -> None:
        self.key = key
        self.delivery = delivery
        self.definition = definition
        self.queued = queued
        self.events = Events(queued=queued, started=started) if started else Events(queued=queued)
        self.progress: Any = None
        self.partial: dict[str, Any] = {}
        self.partial_files: dict[str, str] = {}


