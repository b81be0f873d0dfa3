"""An idle worker does parts of tasks that run in other workers (`sharing` is the other side).

    dragon:offers ─▶ want ─▶ claim ─▶ files from the storage ─▶ task process ─▶ files to the storage ─▶ accept

A part takes a place, like a task, and has the limits of its task. It begins only while no task waits in a queue of this
worker, and ends at once when a task needs its place. Whatever happens to a part here, it is free again for others; an
offer of which a part has failed is left alone from then on, so that the owner meets the error itself. What dead owners
and helpers have left in the storage is deleted here, too. Stands on `queue.parts`, `places` and `pool`.
"""

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import redis
import structlog

from dragon_framework.errors import SecretsUnreadableError, StorageError
from dragon_framework.keys import new_key
from dragon_framework.media_types import media_type_of
from dragon_framework.queue import parts as scripts
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.registry import Registry
from dragon_framework.sealing import Sealer
from dragon_framework.settings import Settings
from dragon_framework.status.scripts import METRICS
from dragon_framework.storage import Storage
from dragon_framework.worker.likeness import machine
from dragon_framework.worker.offers import GivenUp, OfferFacts, Result, copied
from dragon_framework.worker.places import Places
from dragon_framework.worker.pool import RunnerPool
from dragon_framework.worker.runner import HandedBack, TakenAway
from dragon_framework.worker.wire import Done, Failed, Part, Run

IDLE_SECONDS = 0.5
"""How often an idle worker looks for offers."""
BUSY_SECONDS = 0.25
"""How often a helper says that it still has its parts, and learns that nobody wants them any more."""
CLEAN_SECONDS = 10.0
MOST_REFUSED = 1000
STOP_SECONDS = 5.0


class _Claim:
    """A part that is done here."""

    def __init__(self, offer: str, facts: OfferFacts, number: int, value: bytes) -> None:
        self.offer = offer
        self.facts = facts
        self.number = number
        self.value = value
        self.key = new_key()
        self.said = time.monotonic()
        """When Redis last heard that it is ours."""
        self.lost = False
        """Whether it is not, or nobody wants it."""


class Helper:
    """Does parts of other workers' tasks; `start` and `stop` are called once.

    Args:
        broker: The broker of this process.
        registry: The installed tasks.
        storage: Where files travel.
        settings: The service's settings.
        pool: Lends what runs parts.
        places: Knows whether there is a place.
        queues: Queues that this worker serves.
        directory: Where this worker's runs keep their files.
        shares: Tells whether a task of this worker is offering parts: then its processors are busy.
        alike: Tells which other workers make the same of a part, by the task's name (`likeness`).
    """

    def __init__(  # noqa: PLR0913  # the parts of a worker, all by name
        self,
        *,
        broker: DragonBroker,
        registry: Registry,
        storage: Storage,
        settings: Settings,
        pool: RunnerPool,
        places: Places,
        queues: list[str],
        directory: Path,
        shares: Callable[[], bool],
        alike: Callable[[str], str],
    ) -> None:
        self._broker = broker
        self._registry = registry
        self._storage = storage
        self._sealer = Sealer(settings)
        self._settings = settings
        self._pool = pool
        self._places = places
        self._queues = queues
        self._directory = directory / "helping"
        self._shares = shares
        self._log: Any = structlog.get_logger("dragon.parts").bind()
        self._silence_seconds = settings.worker.heartbeat_seconds
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._claims: dict[str, _Claim] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._fetched: dict[str, _Fetched] = {}
        self._refused: dict[str, None] = {}
        self._clean_due = 0.0
        self._thread = threading.Thread(target=self._run, name="helper", daemon=True)
        self._alike = alike

    def start(self) -> None:
        """Begin to look for parts."""
        self._thread.start()

    def stop(self) -> None:
        """Give back what is being done, and look no more."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)
        with self._lock:
            claims, threads = list(self._claims.values()), list(self._threads.values())
        for claim in claims:
            self._lose(claim)
        for thread in threads:
            thread.join(STOP_SECONDS)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _run(self) -> None:
        with contextlib.suppress(Exception):  # it will be told when there is an offer
            for task in self._registry.tasks.values():
                if task.part is not None and task.queue in self._queues:
                    self._alike(task.name)  # before the first part, not while it waits
        while not self._stop.wait(BUSY_SECONDS if self._claims else IDLE_SECONDS):
            try:
                self._renew()
                if self._settings.worker.help != "none":
                    self._look()
                self._forget_old_files()
                if time.monotonic() >= self._clean_due:
                    self._clean_due = time.monotonic() + CLEAN_SECONDS
                    self._clean()
            except redis.RedisError as error:
                self._log.warning("redis_unreachable", reason=str(error))
            except Exception:  # noqa: BLE001  # without this thread no part would end in time
                self._log.exception("helping_failed")

    def _call(self, script: str, *arguments: Any) -> Any:
        return self._broker.courier.call(script, [], arguments)

    # What is under way

    def _renew(self) -> None:
        """Say that we still have what we have; end what nobody wants."""
        with self._lock:
            claims = [claim for claim in self._claims.values() if not claim.lost]
        for claim in claims:
            try:
                wanted = self._call(scripts.RENEW, claim.offer, claim.number, claim.key)
            except redis.RedisError as error:
                if time.monotonic() - claim.said > self._silence_seconds:  # it has been given to another
                    self._lose(claim)
                self._log.warning("redis_unreachable", reason=str(error))
                continue
            claim.said = time.monotonic()
            if not wanted:
                self._lose(claim)

    def _lose(self, claim: _Claim) -> None:
        claim.lost = True
        self._pool.take_away(claim.key)

    # What could be done

    def _look(self) -> None:
        """Claim parts while there are places and parts."""
        if self._broker.draining or self._shares():
            return
        offers: Any = self._broker.client.smembers(scripts.OFFERS)
        for offer in sorted(name.decode() for name in offers):
            if offer in self._refused:
                continue
            if self._places.free() <= 0:
                return
            encoded, state = self._broker.client.hmget(scripts.OFFER_KEY + offer, "facts", "state")
            if encoded is None:
                self._broker.client.srem(scripts.OFFERS, offer)
                continue
            facts = msgspec.json.decode(encoded, type=OfferFacts)
            if not self._suits(facts):
                self._refuse(offer)
            elif state == b"new":
                self._call(scripts.WANT, offer)
            elif state == b"ready":
                while not self._stop.is_set() and self._claim(offer, facts):
                    pass

    def _suits(self, facts: OfferFacts) -> bool:
        """Whether this worker could make the same of the parts, and its processors are not the owner's."""
        task = self._registry.tasks.get(facts.task_name)
        return (
            task is not None
            and task.part is not None
            and facts.queue in self._queues
            and facts.worker != self._broker.broker_id
            and (self._settings.worker.help == "all" or facts.machine != machine())
            and facts.likeness == self._alike(facts.task_name)
        )

    def _refuse(self, offer: str) -> None:
        """Leave an offer alone from now on."""
        with self._lock:
            self._refused[offer] = None
            while len(self._refused) > MOST_REFUSED:
                self._refused.pop(next(iter(self._refused)))

    def _claim(self, offer: str, facts: OfferFacts) -> bool:
        """Take a part and begin it; return whether there was one, and a place."""
        claim = _Claim(offer, facts, -1, b"")
        if offer in self._refused or not self._places.enter_part(claim.key, lambda: self._lose(claim)):
            return False
        begun = False
        try:
            answer = self._call(scripts.CLAIM, offer, claim.key, *self._queues)
            if answer:
                claim.number, claim.value = int(answer[0]), bytes(answer[1])
                thread = threading.Thread(target=self._help, args=(claim,), name="part", daemon=True)
                with self._lock:
                    self._claims[claim.key], self._threads[claim.key] = claim, thread
                thread.start()
                begun = True
        finally:
            if not begun:
                with self._lock:
                    self._claims.pop(claim.key, None)
                    self._threads.pop(claim.key, None)
                self._places.leave_part(claim.key)
        return begun

    # One part

    def _help(self, claim: _Claim) -> None:
        """Do a part, from its claim to its result or its return; a thread of its own calls it."""
        begun = time.monotonic()
        outcome = "given_back"
        try:
            outcome = self._done(claim, begun)
        except (TakenAway, HandedBack, GivenUp):
            pass
        except (StorageError, OSError, SecretsUnreadableError) as error:
            self._log.warning("part_not_begun", task=claim.facts.task_name, offer=claim.offer, reason=str(error))
            self._refuse(claim.offer)
        except redis.RedisError as error:
            self._log.warning("redis_unreachable", reason=str(error))
        except Exception:  # noqa: BLE001  # the part is given back, whatever it was
            self._log.exception("part_broke", task=claim.facts.task_name, offer=claim.offer)
            self._refuse(claim.offer)
        finally:
            try:
                if outcome != "done":
                    self._give_back(claim, outcome)
            finally:
                with self._lock:
                    del self._claims[claim.key], self._threads[claim.key]
                self._places.leave_part(claim.key)
        seconds = round(time.monotonic() - begun, 3)
        self._log.info(
            "part_ended",
            task=claim.facts.task_name,
            offer=claim.offer,
            number=claim.number,
            outcome=outcome,
            seconds=seconds,
        )

    def _done(self, claim: _Claim, begun: float) -> str:
        """Return how the part ended: `done`, `given_back` or `failed`."""
        files = self._files(claim)
        value = claim.value
        if claim.facts.secret:
            value = self._sealer.open_state(claim.offer, value)
        task = self._registry.get(claim.facts.task_name)
        directory = self._directory / claim.key
        run = Run(
            claim.key,
            task.name,
            msgspec.Raw(b"{}"),
            str(directory),
            claim.facts.base,
            part=Part(msgspec.Raw(value), files),
        )
        try:
            if claim.lost:
                return "given_back"
            with self._pool.lent() as runner:
                outcome = runner.run(run, task, lambda: self._see_begun(claim), lambda _: None)
            if isinstance(outcome, Failed):
                self._refuse(claim.offer)
                shown = {} if claim.facts.secret else {"details": outcome.details, "trace": outcome.log}
                self._log.warning("part_failed", task=task.name, offer=claim.offer, code=outcome.code, **shown)
                return "failed"
            return "done" if self._accepted(claim, outcome, time.monotonic() - begun) else "given_back"
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _see_begun(self, claim: _Claim) -> None:
        if claim.lost:  # between the last look and the runner's beginning
            self._pool.take_away(claim.key)

    def _accepted(self, claim: _Claim, outcome: Done, seconds: float) -> bool:
        """Store what a part has made; return whether it came in time."""
        files = {file.filename: Path(file.path).stat().st_size for file in outcome.files}
        for file in outcome.files:
            if claim.lost:
                return False
            self._storage.put(claim.key, file.filename, Path(file.path), media_type_of(file.filename))
        value = msgspec.Raw(msgspec.json.encode(outcome.values["value"]))
        result = Result(claim.number, claim.key, self._broker.broker_id, value, files)
        arguments = (METRICS, claim.facts.task_name, f"{seconds:.6f}")
        return bool(
            self._call(scripts.ACCEPT, claim.offer, claim.number, claim.key, msgspec.json.encode(result), *arguments)
        )

    def _give_back(self, claim: _Claim, outcome: str) -> None:
        """Let others have the part, and delete what we have stored of it."""
        try:
            self._storage.delete(claim.key)
            self._call(
                scripts.GIVE_BACK_PART,
                *(claim.offer, claim.number, claim.key, METRICS, claim.facts.task_name, outcome),
            )
        except (StorageError, OSError, redis.RedisError) as error:  # then it is free when our claim is void
            self._log.warning("part_not_given_back", offer=claim.offer, reason=str(error))

    # Files

    def _files(self, claim: _Claim) -> dict[str, str]:
        """Return the paths of the files that the part reads, fetched once for all parts of an offer."""
        with self._lock:
            fetched = self._fetched.setdefault(claim.offer, _Fetched(self._directory / f"files-{claim.offer}"))
        return fetched.paths(self._storage, claim.offer, claim.facts.files, lambda: claim.lost)

    def _forget_old_files(self) -> None:
        """Delete the files of offers that are over."""
        with self._lock:
            used = {claim.offer for claim in self._claims.values()}
            idle = [offer for offer in self._fetched if offer not in used]
        for offer in idle:
            if not self._broker.client.exists(scripts.OFFER_KEY + offer):
                with self._lock:
                    fetched = self._fetched.pop(offer)
                shutil.rmtree(fetched.directory, ignore_errors=True)

    def _clean(self) -> None:
        """Delete from the storage what owners and helpers that are dead have left there."""
        for name, offer in self._broker.client.hscan_iter(scripts.TEMPORARY, count=100):
            if not self._broker.client.exists(scripts.OFFER_KEY + offer.decode()):
                key = name.decode()
                try:
                    if self._storage.delete(key):
                        self._log.info("temporary_files_deleted", storage_key=key)
                    self._call(scripts.FORGET, key)
                except (StorageError, OSError) as error:
                    self._log.warning("temporary_files_left", storage_key=key, reason=str(error))


class _Fetched:
    """The files of one offer, on this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._paths: dict[str, str] | None = None

    def paths(
        self, storage: Storage, offer: str, files: dict[str, str], given_up: Callable[[], bool]
    ) -> dict[str, str]:
        """Return paths by name; whoever comes first fetches them.

        Raises:
            StorageError: If one cannot be read.
            OSError: If one cannot be written, or *given_up* said so meanwhile.
        """
        with self._lock:
            if self._paths is None:
                self.directory.mkdir(parents=True, exist_ok=True)
                for stored in files.values():
                    copied(storage, offer, stored, self.directory / stored, given_up)
                    (self.directory / stored).chmod(0o440)
                self._paths = {name: str(self.directory / stored) for name, stored in files.items()}
            return self._paths
