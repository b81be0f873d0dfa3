"""One request and its answer with libcurl: every connection vetted, everything bounded.

libcurl asks for a socket for each connection it makes and tells the address it is about
to connect to; that address is vetted there, so what was vetted is what is connected to.
Before a request is sent, the address at the other end is looked at again, on kept-alive
connections too. Redirects are reported, not followed.
"""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pycurl

from dragon_framework.errors import (
    SourceError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceUnavailableError,
    TaskCancelledError,
    public_url,
)
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.answer import Answer, StopTransferError, Writer

LOOK_SECONDS = 0.1
REDIRECT_BODY_BYTES = 64 * 1024
"""A redirect's body is read up to here, so that the connection can be kept."""

Policy = Callable[[str, str, str], None]
"""Called with (url, host, address) before each request; raises to refuse it."""

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_MILLISECONDS = 2**31 - 1  # libcurl's limit
_SAFE_TEXT = 160
_BAD_CERTIFICATE = {pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT, pycurl.E_SSL_ISSUER_ERROR}
_CUT_OFF = {pycurl.E_PARTIAL_FILE, pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR, pycurl.E_GOT_NOTHING, pycurl.E_HTTP2}
_NOT_HTTP = {pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY}  # HTTP/0.9; a head that is none


class Request(msgspec.Struct, frozen=True):
    """What is asked, and by whose leave.

    Args:
        named: URL that the client named, for messages.
        url: URL of this request, vetted.
        redirected: Whether an answer, not the client, gave that URL.
        headers: Header fields.
        on_answer: Called once with the answer's head; returns what takes the body, or
            None to end the transfer there. It may raise.
        refusal: Returns why an address may not be connected to; None if it may.
        policy: A further check.
        cancelled: Asked again and again; when true the transfer ends.
        body: What to POST; None for a GET.
    """

    named: str
    url: str
    redirected: bool
    headers: Mapping[str, str]
    on_answer: Callable[[Answer], Writer | None]
    refusal: Callable[[str], str | None]
    policy: Policy | None
    cancelled: Callable[[], bool]
    body: bytes | None = None


class Transfer:
    """One request and its answer: what libcurl's callbacks share.

    Args:
        request: What is asked.
        settings: Limits.

    Attributes:
        location: Where the answer redirects to, as it says; empty if it does not.
    """

    def __init__(self, request: Request, settings: SourcesSettings) -> None:
        self.location = ""
        self._request = request
        self._settings = settings
        self._host = urlsplit(request.url).hostname or ""
        self._headers: dict[str, str] = {}
        self._status = 0
        self._in_head = False
        self._answer: Answer | None = None
        self._write: Writer | None = None
        self._received = 0
        self._approved: set[str] = set()
        self._refused: SourceError | None = None
        self._error: BaseException | None = None
        self._next_look = 0.0

    def run(self, curl: Any, seconds: float) -> Answer | None:
        """Make the request with the handle *curl* in at most *seconds*.

        Returns:
            The answer, or None if it is a redirect.

        Raises:
            SourceError: If the URL is refused, not available or too large.
            TaskCancelledError: If the transfer was cancelled.
        """
        request = self._request
        curl.setopt(pycurl.URL, request.url)
        curl.setopt(pycurl.TIMEOUT_MS, milliseconds(seconds))
        if request.body is not None:
            curl.setopt(pycurl.POSTFIELDS, request.body)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in request.headers.items()])
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        curl.setopt(pycurl.PREREQFUNCTION, self._before_request)
        curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        curl.setopt(pycurl.XFERINFOFUNCTION, self._on_progress)
        try:
            curl.perform()
        except pycurl.error as error:
            if not isinstance(self._error, StopTransferError):
                raise (self._error or self._translated(error)) from None
        if self.location:
            return None
        if self._answer is None:  # an answer without a body
            try:
                return self._begin()
            except StopTransferError:
                pass
        return self._answer

    @property
    def status(self) -> int:
        """The answer's HTTP status, that of a redirect too; 0 before there is one."""
        return self._status

    def _open_socket(self, purpose: int, address: Any) -> Any:
        """Return a socket for libcurl to connect to *address* with, or refuse."""
        family, kind, protocol, where = address
        if purpose != pycurl.SOCKTYPE_IPCXN or family not in {socket.AF_INET, socket.AF_INET6}:
            return pycurl.SOCKET_BAD
        try:
            self._vet(where[0])
            return socket.socket(family, kind, protocol)
        except SourceError as error:
            self._refused = error  # another address of the same host may do
        except OSError:
            pass  # such as a machine without IPv6: another address may do
        except BaseException as error:  # noqa: BLE001  (raised again when libcurl has returned)
            self._error = error
        return pycurl.SOCKET_BAD

    def _before_request(self, address: str, *_rest: object) -> int:
        """Look at the address at the other end, also of a connection made earlier."""
        try:
            if self._error is None:
                self._vet(address)
        except BaseException as error:  # noqa: BLE001  (raised again when libcurl has returned)
            self._error = error
        return int(pycurl.PREREQFUNC_OK if self._error is None else pycurl.PREREQFUNC_ABORT)

    def _vet(self, address: str) -> None:
        if address in self._approved:
            return
        if (reason := self._request.refusal(address)) is not None:
            raise SourceRefusedError(self._request.named, f"{self._by_way_of()}{reason}")
        if self._request.policy is not None:
            self._request.policy(self._request.url, self._host, address)
        self._approved.add(address)

    def _by_way_of(self) -> str:
        """Return what to say of the redirect that led here."""
        return f"it redirects to {public_url(self._request.url)}, and " if self._request.redirected else ""

    def _on_header(self, line: bytes) -> None:
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            text = line.decode("iso-8859-1").strip()
        if text.startswith("HTTP/"):
            words = text.split(None, 2)
            self._status = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
            self._headers = {}
            self._in_head = True
        elif not self._in_head:
            return  # trailers say nothing that is needed
        elif ":" in text:
            name, _, value = text.partition(":")
            name, value = name.strip().lower(), value.strip()
            self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value
        elif not text:
            self._in_head = False
            if self._status in _REDIRECTS:
                self.location = self._headers.get("location", "")

    def _begin(self) -> Answer:
        self._answer = Answer(self._status, self._headers, self._request.url)
        self._write = self._request.on_answer(self._answer)
        if self._write is None:
            raise StopTransferError
        return self._answer

    def _on_body(self, data: bytes) -> int:
        length = len(data)
        self._received += length
        try:
            if self._write is None:
                if self.location:
                    if self._received > REDIRECT_BODY_BYTES:
                        raise StopTransferError
                    return length
                self._begin()
            if self._received > self._settings.max_bytes:  # as libcurl does itself since 8.4
                raise SourceTooLargeError(self._request.named, self._settings.max_bytes)
            self._write(data)  # type: ignore[misc]  # set by _begin
        except BaseException as error:  # noqa: BLE001  (raised again when libcurl has returned)
            self._error = error
            return -1
        return length

    def _on_progress(self, *_numbers: float) -> int:
        now = time.monotonic()
        if now < self._next_look:
            return 0
        self._next_look = now + LOOK_SECONDS
        try:
            if self._request.cancelled():
                raise TaskCancelledError
        except BaseException as error:  # noqa: BLE001  (raised again when libcurl has returned)
            self._error = error
            return 1
        return 0

    def _translated(self, error: "pycurl.error") -> SourceError:
        """Return what a failed transfer means to the client."""
        code, text = error.args[0], str(error.args[1])[:_SAFE_TEXT] if len(error.args) > 1 else ""
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return SourceTooLargeError(self._request.named, self._settings.max_bytes)
        if code == pycurl.E_URL_MALFORMAT:
            return SourceRefusedError(self._request.named, "it is not a URL that can be fetched")
        connecting = code == pycurl.E_COULDNT_CONNECT or (code == pycurl.E_OPERATION_TIMEDOUT and not self._status)
        if connecting and self._refused is not None:
            return self._refused
        reason = self._reason(code, text)
        permanent = code in _BAD_CERTIFICATE or code == pycurl.E_BAD_CONTENT_ENCODING
        return SourceUnavailableError(self._request.named, f"{self._by_way_of()}{reason}", permanent=permanent)

    def _reason(self, code: int, text: str) -> str:
        if code in _BAD_CERTIFICATE or code == pycurl.E_SSL_CONNECT_ERROR:
            return f"the secure connection failed ({text})"
        if code in _NOT_HTTP:
            return f"{self._host} does not speak HTTP"
        if code in _CUT_OFF:
            return "the server closed the connection before the end"
        if code == pycurl.E_OPERATION_TIMEDOUT:
            if "too slow" in text:
                return f"it sent next to nothing for {self._settings.stall_seconds} s"
            if self._status:
                return f"it took longer than {self._settings.timeout_seconds:g} s"
        sentences = {
            pycurl.E_COULDNT_CONNECT: f"{self._host} does not accept a connection",
            pycurl.E_COULDNT_RESOLVE_HOST: f"the name {self._host!r} cannot be resolved",
            pycurl.E_OPERATION_TIMEDOUT: f"{self._host} does not answer in time",
            pycurl.E_BAD_CONTENT_ENCODING: "the server compressed it in a way that cannot be undone",
        }
        return sentences.get(code) or text or f"libcurl error {code}"


def milliseconds(seconds: float) -> int:
    """Return *seconds* as libcurl takes them: at least one millisecond, for 0 means for ever."""
    return max(1, min(_MAX_MILLISECONDS, int(seconds * 1000)))
