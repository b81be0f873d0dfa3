"""Sends callbacks that are due: one thread that leases them, and some that make the requests.

Tasks never wait for receivers: these threads are not the ones that run tasks, and of one
receiver's host a worker has only so many requests open that a slow one leaves room for
others. Stands on `ledger`, `signing` and the guarded fetcher of `sources`.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import msgspec
import redis
import structlog

from dragon_framework.callbacks import ledger
from dragon_framework.callbacks.ledger import Attempt
from dragon_framework.errors import SourceRefusedError, SourceUnavailableError, TaskCancelledError, public_url
from dragon_framework.settings import CallbackSettings, SourcesSettings
from dragon_framework.signing import SigningKeys, callback_headers, keys_of
from dragon_framework.sources.answer import Answer
from dragon_framework.sources.fetcher import Fetcher
from dragon_framework.sources.guard import Network
from dragon_framework.sources.transfer import Policy
from dragon_framework.status.model import decode_definition, now

log = structlog.get_logger("dragon.callbacks")

LOOK_SECONDS = 1.0
"""How often is looked for what is due, when nothing wakes the sender."""
LEASED_AT_ONCE = 50
LEASE_SLACK_SECONDS = 15.0
CROWDED_SECONDS = 1.0
"""When a callback is tried again whose host has its share of requests open."""
GROWTH = 4
LONGEST_WAIT_SECONDS = 6 * 3600.0
SPREAD = 0.25
STOP_SECONDS = 3.0

GONE = 410
_NOT_NOW = {429, 503}


class _Leased(msgspec.Struct, frozen=True):
    """One callback to be sent."""

    key: str
    tries: int
    attempt: int
    status: bytes
    account: str
    url: str


class Sender:
    """Sends the callbacks of finished tasks, of this worker and of others.

    Args:
        client: Redis client of this process.
        settings: How often, how long, how many.
        sources: Limits of the fetcher.
        allowed: Networks the operator has opened.
        policy: A further check of each request; raises to refuse it.
    """

    def __init__(
        self,
        client: "redis.Redis",
        settings: CallbackSettings,
        sources: SourcesSettings,
        allowed: tuple[Network, ...] = (),
        policy: Policy | None = None,
    ) -> None:
        self._client: Any = client
        self._settings = settings
        limits = msgspec.structs.replace(
            sources,
            timeout_seconds=settings.timeout_seconds,
            connect_timeout_seconds=min(sources.connect_timeout_seconds, settings.timeout_seconds),
            max_redirects=0,
        )
        self._new_fetcher: Callable[[], Fetcher] = lambda: Fetcher(limits, allowed, policy)
        self._of_thread = threading.local()
        self._fetchers: list[Fetcher] = []
        self._lease: Any = client.register_script(ledger.LEASE)
        self._settle: Any = client.register_script(ledger.SETTLE)
        self._postpone: Any = client.register_script(ledger.POSTPONE)
        self._per_host = max(1, settings.concurrency // 4)
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="callback")
        self._places = threading.Semaphore(settings.concurrency)
        self._thread = threading.Thread(target=self._run, name="callbacks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: a callback has become due."""
        self._wake.set()

    def stop(self) -> None:
        """Send no more; requests that are open are given up and made again by another worker, or later."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=STOP_SECONDS)
        self._threads.shutdown(wait=True, cancel_futures=True)
        for fetcher in self._fetchers:
            fetcher.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                found = self._send_due()
            except redis.RedisError as error:
                log.warning("redis_unreachable", reason=str(error))
                found = 0
            except Exception:  # without this thread no callback would be sent
                log.exception("callbacks_not_read")
                found = 0
            if not found:
                self._wake.wait(LOOK_SECONDS)

    def _send_due(self) -> int:
        """Lease what is due and hand it to the threads; return how much was."""
        self._places.acquire()  # no lease without a thread that is free
        self._places.release()
        lease = int((self._settings.timeout_seconds + LEASE_SLACK_SECONDS) * 1000)
        raw = self._lease(args=[LEASED_AT_ONCE, lease])
        for at in range(0, len(raw), 5):
            key, tries, attempt, status, definition = raw[at : at + 5]
            try:
                facts = decode_definition(definition)
            except msgspec.MsgspecError:
                facts = None
            if facts is None or not facts.callback:
                self._settled(key.decode(), attempt, Attempt(now(), 0.0, problem="its URL cannot be read"), "failed")
                continue
            item = _Leased(key.decode(), tries, attempt, status, facts.account, facts.callback)
            host = urlsplit(item.url).netloc
            with self._lock:
                crowded = self._open[host] >= self._per_host
                if not crowded:
                    self._open[host] += 1
            if crowded or self._stop.is_set():
                if not crowded:
                    self._leave(host)
                self._postpone(args=[item.key, item.attempt, int(CROWDED_SECONDS * 1000)])
                continue
            self._places.acquire()
            self._threads.submit(self._send, item, host)
        return len(raw)

    def _send(self, item: _Leased, host: str) -> None:
        try:
            self._attempt(item)
        except redis.RedisError as error:  # the lease runs out, and it is sent again
            log.warning("redis_unreachable", reason=str(error))
        except Exception:
            log.exception("callback_broke", key=item.key)
        finally:
            self._leave(host)
            self._places.release()

    def _leave(self, host: str) -> None:
        with self._lock:
            self._open[host] -= 1
            if self._open[host] <= 0:
                del self._open[host]

    def _attempt(self, item: _Leased) -> None:
        begun, clock = now(), time.monotonic()
        wait = self._wait(item.tries)
        state = "pending" if item.tries < self._settings.attempts else "failed"
        answer: int | None = None
        try:
            told = self._post(item, keys_of(self._client, item.account))
        except TaskCancelledError:  # the worker stops
            self._postpone(args=[item.key, item.attempt, 0])
            return
        except SourceRefusedError as error:
            problem, state = error.reason, "failed"
        except SourceUnavailableError as error:
            problem = error.reason
        else:
            answer = told.status
            problem = _problem_of(told)
            if not problem:
                state = "delivered"
            elif answer == GONE:
                state = "failed"
            elif answer in _NOT_NOW:
                wait = max(wait, _asked_wait(told))
        attempt = Attempt(begun, round(time.monotonic() - clock, 4), answer, problem)
        self._settled(item.key, item.attempt, attempt, state, wait)
        log.info(
            "callback_attempted",
            key=item.key,
            url=public_url(item.url),
            attempt=item.attempt,
            state=state,
            answer=answer,
            problem=problem,
        )

    def _settled(self, key: str, number: int, attempt: Attempt, state: str, wait: float = 0.0) -> None:
        self._settle(args=[key, number, ledger.encode_attempt(attempt), state, int(wait * 1000)])

    def _post(self, item: _Leased, keys: SigningKeys) -> Answer:
        fetcher: Fetcher | None = getattr(self._of_thread, "fetcher", None)
        if fetcher is None:
            fetcher = self._of_thread.fetcher = self._new_fetcher()
            with self._lock:
                self._fetchers.append(fetcher)
        headers = callback_headers(keys, f"msg_{item.key}", item.status)
        return fetcher.post(item.url, item.status, headers=headers, cancelled=self._stop.is_set)

    def _wait(self, tries: int) -> float:
        """Return how long to wait after so many tries, in seconds."""
        seconds: float = min(self._settings.retry_seconds * GROWTH ** (tries - 1), LONGEST_WAIT_SECONDS)
        return seconds * (1 + SPREAD * (2 * random.random() - 1))  # noqa: S311  # no secret


def _problem_of(answer: Answer) -> str:
    """Return what is wrong with an answer; empty if it is a 2xx."""
    if 200 <= answer.status < 300:
        return ""
    if 300 <= answer.status < 400:
        return f"the receiver answered {answer.status}; callbacks do not follow redirects"
    return f"the receiver answered {answer.status}"


def _asked_wait(answer: Answer) -> float:
    """Return the seconds of `Retry-After`; 0 if there are none."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT_SECONDS) if text.isdecimal() else 0.0
