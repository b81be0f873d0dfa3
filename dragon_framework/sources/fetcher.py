"""Transfers over http and https with libcurl: every connection vetted, everything bounded.

libcurl asks for a socket for each connection it makes, redirects included, and tells
the address it is about to connect to; that address is vetted there, so that what was
vetted is what is connected to. Reusing a kept-alive connection needs no second look:
it was vetted when it was made. No proxy, no cookie, no credentials, no content coding.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import certifi
import msgspec
import pycurl

from dragon_framework.errors import (
    SourceError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceUnavailableError,
    TaskCancelledError,
)
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.guard import Network, refusal, vet_url

USER_AGENT = "Dragon (media task service)"
SLOW_BYTES_PER_SECOND = 1000

Policy = Callable[[str, str, str], None]
"""Called with (url, host, address) before a connection; raises to refuse it."""

_HTTP = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS


class Answer(msgspec.Struct):
    """The final answer's head, after redirects.

    Args:
        status: HTTP status.
        headers: Header fields, names in lower case; repeated ones joined by commas.
        url: URL that answered.
    """

    status: int
    headers: dict[str, str]
    url: str

    @property
    def length(self) -> int | None:
        """Bytes of the body as announced."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isdigit() else None


class StopTransfer(Exception):
    """Raised by a writer that has read enough."""


class Fetcher:
    """Makes transfers one at a time; keeps connections open between them.

    Args:
        settings: Limits.
        allowed: Networks the operator has opened.
        policy: A further check of each connection.
    """

    def __init__(
        self, settings: SourcesSettings, allowed: tuple[Network, ...] = (), policy: Policy | None = None
    ) -> None:
        self._settings = settings
        self._allowed = allowed
        self._policy = policy
        self._curl: Any = None
        self._lock = threading.Lock()
        self.bytes_received = 0

    def get(
        self,
        url: str,
        on_answer: Callable[[Answer], Callable[[bytes], None] | None],
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Make one GET request.

        Args:
            url: What to get.
            on_answer: Called once with the head of the final answer; returns what takes
                the body, or None to end the transfer there. It may raise.
            headers: Request headers.
            max_bytes: Most bytes of body; the setting's by default.
            cancelled: Asked again and again; when true the transfer ends.

        Raises:
            SourceError: If the URL is refused, not available or too large.
            TaskCancelledError: If *cancelled* became true.
        """
        vet_url(url)
        with self._lock:
            transfer = _Transfer(self, url, on_answer, max_bytes or self._settings.max_bytes, cancelled)
            return transfer.run(headers or {})

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            if self._curl is not None:
                self._curl.close()
                self._curl = None

    def handle(self) -> Any:
        """Return the libcurl handle, set up for any transfer."""
        if self._curl is None:
            self._curl = pycurl.Curl()
        else:
            self._curl.reset()  # keeps connections, TLS sessions and resolved names
        settings = self._settings
        curl = self._curl
        curl.setopt(pycurl.PROTOCOLS, _HTTP)
        curl.setopt(pycurl.REDIR_PROTOCOLS, _HTTP)
        curl.setopt(pycurl.FOLLOWLOCATION, 1)
        curl.setopt(pycurl.MAXREDIRS, settings.max_redirects)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, int(settings.connect_timeout_seconds * 1000))
        curl.setopt(pycurl.TIMEOUT_MS, int(settings.timeout_seconds * 1000))
        curl.setopt(pycurl.LOW_SPEED_LIMIT, SLOW_BYTES_PER_SECOND)
        curl.setopt(pycurl.LOW_SPEED_TIME, settings.stall_seconds)
        curl.setopt(pycurl.DNS_CACHE_TIMEOUT, 0)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.CAINFO, certifi.where())
        curl.setopt(pycurl.USERAGENT, USER_AGENT)
        curl.setopt(pycurl.NOPROGRESS, 0)
        curl.setopt(pycurl.BUFFERSIZE, 256 * 1024)
        return curl

    def vet(self, url: str, address: str) -> None:
        """Refuse to connect to *address* for *url*, or return.

        Raises:
            SourceRefusedError: If it is not to be reached.
        """
        reason = refusal(address, self._allowed)
        if reason is not None:
            raise SourceRefusedError(url, reason)
        if self._policy is not None:
            self._policy(url, urlsplit(url).hostname or "", address)


class _Transfer:
    """One transfer: what libcurl's callbacks share."""

    def __init__(
        self,
        fetcher: Fetcher,
        url: str,
        on_answer: Callable[[Answer], Callable[[bytes], None] | None],
        max_bytes: int,
        cancelled: Callable[[], bool],
    ) -> None:
        self._fetcher = fetcher
        self._url = url
        self._on_answer = on_answer
        self._max_bytes = max_bytes
        self._cancelled = cancelled
        self._headers: dict[str, str] = {}
        self._status = 0
        self._answer: Answer | None = None
        self._write: Callable[[bytes], None] | None = None
        self._received = 0
        self._error: BaseException | None = None
        self._next_look = 0.0
        self._curl: Any = None

    def run(self, headers: Mapping[str, str]) -> Answer:
        """Make the transfer."""
        curl = self._curl = self._fetcher.handle()
        curl.setopt(pycurl.URL, self._url.encode("utf-8"))
        lines = [f"{name}: {value}" for name, value in {"Accept": "*/*", **headers}.items()]
        curl.setopt(pycurl.HTTPHEADER, lines)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        curl.setopt(pycurl.XFERINFOFUNCTION, self._on_progress)
        try:
            curl.perform()
            if self._answer is None:
                with contextlib.suppress(StopTransfer):
                    self._begin()  # an answer without a body
        except pycurl.error as error:
            if not isinstance(self._error, StopTransfer):
                raise (self._error or self._translated(error)) from None
        finally:
            # The handle is kept; it must not keep this transfer alive.
            for option in (pycurl.OPENSOCKETFUNCTION, pycurl.HEADERFUNCTION, pycurl.XFERINFOFUNCTION):
                with contextlib.suppress(pycurl.error, TypeError):
                    curl.unsetopt(option)
        assert self._answer is not None  # noqa: S101  (set by _begin)
        self._answer.url = curl.getinfo(pycurl.EFFECTIVE_URL) or self._url
        return self._answer

    def _open_socket(self, purpose: int, address: Any) -> Any:
        family, kind, protocol, where = address
        if purpose != pycurl.SOCKTYPE_IPCXN or family not in {socket.AF_INET, socket.AF_INET6}:
            self._error = SourceRefusedError(self._url, "only internet addresses are connected to")
            return pycurl.SOCKET_BAD
        try:
            self._fetcher.vet(self._url, where[0])
        except BaseException as error:  # noqa: BLE001  (raised again when libcurl has returned)
            self._error = error
            return pycurl.SOCKET_BAD
        self._error = None  # another address of the same host may have been refused
        return socket.socket(family, kind, protocol)

    def _on_header(self, line: bytes) -> None:
        text = line.decode("iso-8859-1").strip()
        if text.startswith("HTTP/"):
            self._headers = {}
            words = text.split(None, 2)
            self._status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        elif ":" in text:
            name, _, value = text.partition(":")
            name = name.strip().lower()
            value = value.strip()
            self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value

    def _begin(self) -> None:
        self._answer = Answer(self._status, self._headers, self._url)
        length = self._answer.length
        if length is not None and length > self._max_bytes and self._status in {200, 206}:
            raise SourceTooLargeError(self._url, self._max_bytes)
        self._write = self._on_answer(self._answer)
        if self._write is None:
            raise StopTransfer

    def _on_body(self, data: bytes) -> int:
        try:
            if self._answer is None:
                if 300 <= self._status < 400 and "location" in self._headers:
                    return len(data)  # the body of a redirect
                self._begin()
            self._received += len(data)
            self._fetcher.bytes_received += len(data)
            if self._received > self._max_bytes:
                raise SourceTooLargeError(self._url, self._max_bytes)
            assert self._write is not None  # noqa: S101  (set by _begin)
            self._write(data)
        except BaseException as error:  # noqa: BLE001  (raised again when libcurl has returned)
            self._error = error
            return -1
        return len(data)

    def _on_progress(self, *_numbers: float) -> int:
        now = time.monotonic()
        if now < self._next_look:
            return 0
        self._next_look = now + 0.1
        if self._cancelled():
            self._error = TaskCancelledError()
            return 1
        return 0

    def _translated(self, error: "pycurl.error") -> SourceError:
        code, text = error.args[0], str(error.args[1]) if len(error.args) > 1 else ""
        host = urlsplit(self._url).hostname or "the host"
        settings = self._fetcher._settings  # noqa: SLF001  (the same module)
        if code == pycurl.E_TOO_MANY_REDIRECTS:
            return SourceUnavailableError(
                self._url, f"it redirects more than {settings.max_redirects} times", HTTPStatus.BAD_REQUEST
            )
        if code == pycurl.E_UNSUPPORTED_PROTOCOL:
            return SourceRefusedError(self._url, "it redirects to something that is not http or https")
        if code == pycurl.E_COULDNT_RESOLVE_HOST:
            return SourceUnavailableError(self._url, f"the name {host!r} cannot be resolved")
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return SourceUnavailableError(self._url, f"it took too long ({text[:120]})")
        if code in {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CONNECT_ERROR, pycurl.E_SSL_CACERT}:
            return SourceUnavailableError(self._url, f"the secure connection failed ({text[:120]})")
        if code == pycurl.E_PARTIAL_FILE:
            return SourceUnavailableError(self._url, "the server closed the connection before the end")
        if code == pycurl.E_URL_MALFORMAT:
            return SourceRefusedError(self._url, "it is not a URL that can be fetched")
        if code == pycurl.E_COULDNT_CONNECT:
            return SourceUnavailableError(self._url, f"{host} does not accept a connection")
        return SourceUnavailableError(self._url, text[:160] or f"libcurl error {code}")


def refuse_bad_status(url: str, answer: Answer) -> None:
    """Raise unless *answer* carries the file.

    Raises:
        SourceUnavailableError: For any status that is not 200 or 206; has the status.
    """
    if answer.status in {200, 206}:
        return
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    raise SourceUnavailableError(url, f"the server answered {answer.status}{phrase}", answer.status)
