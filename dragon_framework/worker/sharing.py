"""The parts of a task that runs here, offered to idle workers (`helping` is the other side).

    Offer ─▶ dragon:p:ID ◀─ wanted ─ helper          files ─▶ storage, once a helper wants them
    Take  ─▶ first free part                          results ◀─ storage, deleted when read
    Look  ─▶ results that have come

In: what the task process asks. Out: answers. Two threads live while an offer is open: one keeps it open in Redis, one
carries files. If Redis or the storage fails, the task does all parts by itself: an offer never makes a task fail, and
never makes it wait for a place. Stands on `queue.parts` and the storage.
"""

import contextlib
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import redis
import structlog

from dragon_framework.errors import SettingsError, StorageError
from dragon_framework.keys import new_key
from dragon_framework.media_types import media_type_of
from dragon_framework.queue import parts as scripts
from dragon_framework.queue.courier import PASSING, Courier
from dragon_framework.sealing import Sealer
from dragon_framework.status.scripts import METRICS
from dragon_framework.storage import Storage
from dragon_framework.worker.offers import OfferFacts, Result, copied
from dragon_framework.worker.wire import Answer, Fruit, Given, Heard, Offer, Parts, Seen, Take, Withdraw

TEND_SECONDS = 0.25
JOIN_SECONDS = 5.0


class Sharing:
    """The offers of one run of a task; one at a time is open.

    Args:
        courier: Carries script calls.
        storage: Where files go.
        sealer: Seals values of runs that have credentials.
        key: The task's key.
        deaths: How many workers have died on it.
        facts: Tells what is known of it, when parts are offered; `secret` and `files` are filled in.
        directory: Where the run keeps its files.
        heartbeat_seconds: After so long without a word the owner or a helper is dead.
    """

    def __init__(  # what an offer is made of
        self,
        courier: Courier,
        storage: Storage,
        sealer: Sealer,
        *,
        key: str,
        deaths: int,
        facts: Callable[[], OfferFacts],
        directory: Path,
        heartbeat_seconds: float,
    ) -> None:
        self._make: Callable[[Offer], _OpenOffer] = lambda offer: _OpenOffer(
            courier,
            storage,
            sealer,
            offer,
            key=key,
            deaths=deaths,
            facts=facts(),
            directory=directory,
            heartbeat_seconds=heartbeat_seconds,
        )
        self._open: _OpenOffer | None = None
        self.helped: dict[str, int] = {}
        """How many parts each other worker has done, by its id."""
        self.own = 0
        """How many were done here."""

    @property
    def open(self) -> bool:
        """Whether parts are on offer now."""
        return self._open is not None

    def answer(self, question: Parts) -> Answer:
        """Return the answer to what the task process asks."""
        if isinstance(question, Offer):
            self.close()
            self._open = self._make(question)
            return Heard()
        if isinstance(question, Withdraw) or self._open is None:
            self.close()
            return Heard()
        if isinstance(question, Take):
            return Given(self._open.take())
        return Seen(self._open.look())

    def close(self) -> None:
        """End what other workers do for this run, and delete what lies in the storage for it."""
        offer, self._open = self._open, None
        if offer is not None:
            offer.close()
            self.own += offer.own
            for worker, count in offer.helped.items():
                self.helped[worker] = self.helped.get(worker, 0) + count


class _OpenOffer:
    """One offer."""

    def __init__(  # noqa: PLR0913  # see above
        self,
        courier: Courier,
        storage: Storage,
        sealer: Sealer,
        offer: Offer,
        *,
        key: str,
        deaths: int,
        facts: OfferFacts,
        directory: Path,
        heartbeat_seconds: float,
    ) -> None:
        self.id = new_key()
        self.own = 0
        self.helped: dict[str, int] = {}
        self._log: Any = structlog.get_logger("dragon.parts").bind(key=key, task=facts.task_name)
        self._courier = courier
        self._storage = storage
        self._task_name = facts.task_name
        self._directory = directory
        self._alive_ms = int(heartbeat_seconds * 1000)
        self._files = {name: f"{number}{_suffix(path)}" for number, (name, path) in enumerate(offer.files.items())}
        self._paths = dict(offer.files)
        self._count = len(offer.values)
        self._lock = threading.Lock()
        self._given: set[int] = set()
        self._read: dict[int, str] = {}
        self._fruits: list[Fruit] = []
        self._request = 0
        self._asked_again = False
        self._alone = False
        self._failing_since: float | None = None
        self._stop = threading.Event()
        self._jobs: queue.SimpleQueue[Result | bool | None] = queue.SimpleQueue()
        self._uploaded = False
        self._threads = [
            threading.Thread(target=run, name=f"parts-{name}", daemon=True)
            for name, run in (("tend", self._tend), ("carry", self._carry))
        ]
        shown = msgspec.structs.replace(facts, secret=offer.secret, files=self._files)
        try:
            values: list[Any] = [bytes(value) for value in offer.values]
            if offer.secret:
                values = [sealer.seal_state(self.id, value) for value in values]
            self._call(scripts.OPEN_OFFER, msgspec.json.encode(shown), key, deaths, self._alive_ms, *values)
        except (redis.RedisError, SettingsError) as error:
            self._go_alone(str(error))
            return
        for thread in self._threads:
            thread.start()

    def take(self) -> int | None:
        """Return the first free part, for the task process; None if none is free now."""
        with self._lock:
            if self._alone:
                return self._take_alone()
        if not self._asked_again:
            self._request += 1
        try:
            number = int(self._call(scripts.TAKE_PART, self._request))
        except PASSING as error:
            self._asked_again = True
            self._note_failure(str(error))
            return None
        except redis.RedisError as error:
            self._go_alone(str(error))
            return None
        self._asked_again = False
        self._failing_since = None
        if number == -2:
            self._go_alone("the offer is gone")
            return None
        if number == -1:
            return None
        with self._lock:
            self._given.add(number)
            self.own += 1
        return number

    def look(self) -> list[Fruit]:
        """Return what has come since the last call."""
        with self._lock:
            found, self._fruits = self._fruits, []
        return found

    def close(self) -> None:
        """Withdraw the offer; helpers see it within half a second."""
        self._stop.set()
        with contextlib.suppress(redis.RedisError):  # it ends by itself when nobody tends it
            self._call(scripts.WITHDRAW)
        self._jobs.put(None)
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.join(JOIN_SECONDS)
        if not started:
            return
        if any(thread.is_alive() for thread in started):
            self._log.warning("parts_still_carried", offer=self.id)  # its thread deletes what it has carried
        self._log.info("parts_done", offer=self.id, own=self.own, others=sum(self.helped.values()))

    def _take_alone(self) -> int | None:
        number = next((one for one in range(self._count) if one not in self._given and one not in self._read), None)
        if number is not None:
            self._given.add(number)
            self.own += 1
        return number

    def _go_alone(self, reason: str) -> None:
        """Do all that is left here, whatever others are at."""
        with self._lock:
            if self._alone:
                return
            self._alone = True
        if not self._stop.is_set():
            self._log.warning("parts_not_shared", reason=reason)

    def _note_failure(self, reason: str) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > self._alive_ms / 1000:  # the offer has ended for others
            self._go_alone(reason)

    def _tend(self) -> None:
        """Keep the offer open, and see what has come."""
        known, wanted = 0, False
        while not self._stop.wait(TEND_SECONDS) and not self._alone:
            try:
                answer = self._call(scripts.TEND, self._alive_ms, self._alive_ms, known, METRICS, self._task_name)
            except PASSING as error:
                self._note_failure(str(error))
                continue
            except Exception as error:  # noqa: BLE001  # the task must not wait for results that nobody sees
                self._log.exception("tending_failed")
                self._go_alone(str(error))
                return
            if not answer:
                self._go_alone("the offer is gone")
                return
            self._failing_since = None
            if answer[0] == b"wanted" and not wanted:
                wanted = True
                self._jobs.put(True)
            for encoded in answer[1:]:
                known += 1
                self._jobs.put(msgspec.json.decode(encoded, type=Result))

    def _carry(self) -> None:
        """Carry files to the storage and from it, until the offer is closed; then delete what is left there."""
        while (job := self._jobs.get()) is not None:
            if self._stop.is_set():
                if isinstance(job, Result):
                    self._forget(job.claim)
                continue
            try:
                if isinstance(job, Result):
                    self._fetch(job)
                else:
                    self._show()
            except Exception as error:  # noqa: BLE001  # as above
                self._log.exception("carrying_failed")
                self._go_alone(str(error))
        self._forget(self.id, stored=self._uploaded)

    def _show(self) -> None:
        """Put the files into the storage, and say so."""
        self._uploaded = True
        begun = time.monotonic()
        try:
            for name, stored in self._files.items():
                if self._stop.is_set():
                    return
                self._put(Path(self._paths[name]), stored)
            self._call(scripts.SHOW_READY)
        except (StorageError, OSError, redis.RedisError) as error:
            self._log.warning("parts_not_shown", offer=self.id, reason=str(error))
            return
        seconds = round(time.monotonic() - begun, 3)
        self._log.info("parts_offered", offer=self.id, parts=self._count, files=len(self._files), seconds=seconds)

    def _put(self, path: Path, stored: str) -> None:
        """Store a file that stays where it is."""
        place = self._directory / "shown"
        place.mkdir(parents=True, exist_ok=True)
        second = place / stored
        try:
            os.link(path, second)
        except OSError:
            shutil.copyfile(path, second)
        try:
            self._storage.put(self.id, stored, second, media_type_of(stored))
        finally:
            second.unlink(missing_ok=True)

    def _fetch(self, result: Result) -> None:
        """Read a result out of the storage; one that cannot be read leaves its part free again."""
        place = self._directory / "fruits" / result.claim
        files: dict[str, str] = {}
        try:
            place.mkdir(parents=True, exist_ok=True)
            for name, size in result.files.items():
                files[name] = str(place / name)
                copied(self._storage, result.claim, name, place / name, self._stop.is_set)
                if (place / name).stat().st_size != size:
                    raise StorageError(name, f"it does not have {size} bytes")
        except (StorageError, OSError) as error:
            if not self._stop.is_set():
                self._log.warning("part_not_read", offer=self.id, number=result.number, reason=str(error))
                with contextlib.suppress(redis.RedisError):
                    self._call(scripts.FREE_PART, result.number, result.claim)
        else:
            with self._lock:
                wanted = result.number not in self._given and result.number not in self._read
                if wanted:
                    self._read[result.number] = result.claim
                    self._fruits.append(Fruit(result.number, result.value, files))
                    self.helped[result.worker] = self.helped.get(result.worker, 0) + 1
        finally:
            self._forget(result.claim)

    def _forget(self, key: str, *, stored: bool = True) -> None:
        """Delete temporary files in the storage; if that fails, another worker does it later."""
        try:
            if stored:
                self._storage.delete(key)
            self._courier.call(scripts.FORGET, [], [key])
        except (StorageError, OSError, redis.RedisError) as error:
            self._log.warning("temporary_files_left", storage_key=key, reason=str(error))

    def _call(self, script: str, *arguments: Any) -> Any:
        return self._courier.call(script, [], [self.id, *arguments])


def _suffix(path: str) -> str:
    suffix = Path(path).suffix
    return suffix if len(suffix) <= 10 and suffix[1:].isalnum() and suffix.isascii() else ".bin"
