"""Transfers over http and https, from the URL that a client named to the final answer.

Redirects are followed here, each as vetted as the first URL; single requests are made
by `transfer`, which vets every connection. No proxy, no cookie, no credentials; content
codings are refused in the request and undone, within the limit, where a server uses
one nevertheless. Connections are kept open between transfers.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import certifi
import pycurl

from dragon_framework.errors import SourceRefusedError, SourceUnavailableError, public_url
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.answer import Answer, Writer
from dragon_framework.sources.guard import Network, refusal, vet_url
from dragon_framework.sources.transfer import Policy, Request, Transfer, milliseconds

USER_AGENT = "Dragon (media task service)"
SLOW_BYTES_PER_SECOND = 1000
MAX_KNOWN_ADDRESSES = 1000

_HTTP = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS


class Fetcher:
    """Makes transfers one at a time; keeps connections open between them.

    Args:
        settings: Limits.
        allowed: Networks the operator has opened.
        policy: A further check of each request.

    Attributes:
        bytes_received: Bytes of bodies that came over the network so far.
    """

    def __init__(
        self, settings: SourcesSettings, allowed: tuple[Network, ...] = (), policy: Policy | None = None
    ) -> None:
        self.settings = settings
        self.policy = policy
        self.bytes_received = 0
        self._allowed = allowed
        self._authorities = os.environ.get("SSL_CERT_FILE") or certifi.where()
        self._refusals: dict[str, str | None] = {}
        self._curl: Any = None
        self._lock = threading.Lock()

    def get(
        self,
        url: str,
        on_answer: Callable[[Answer], Writer | None],
        *,
        headers: Mapping[str, str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        named: str = "",
    ) -> Answer:
        """Make one GET request, and those it is redirected to.

        Args:
            url: What to get.
            on_answer: Called once with the head of the final answer; returns what takes
                the body, or None to end the transfer there. It may raise.
            headers: Request headers.
            cancelled: Asked again and again; when true the transfer ends.
            named: URL for messages, where *url* is not the one the client knows.

        Raises:
            SourceError: If the URL is refused, not available or too large.
            TaskCancelledError: If *cancelled* became true.
        """
        named = named or url
        target = vet_url(url)
        deadline = time.monotonic() + self.settings.timeout_seconds
        fields = {"Accept": "*/*", **(headers or {})}
        with self._lock:
            for hop in range(self.settings.max_redirects + 1):
                request = Request(named, target, hop > 0, fields, on_answer, self._refusal, self.policy, cancelled)
                transfer = Transfer(request, self.settings)
                curl = self._handle()
                try:
                    answer = transfer.run(curl, deadline - time.monotonic())
                finally:
                    self.bytes_received += int(curl.getinfo(pycurl.SIZE_DOWNLOAD_T))
                    curl.reset()  # the handle is kept, and must not keep this transfer alive
                if answer is not None:
                    return answer
                target = _redirected(named, target, transfer.location)
        reason = f"it redirects more than {self.settings.max_redirects} times"
        raise SourceUnavailableError(named, reason, permanent=True)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """POST a JSON body and return the head of the answer, whatever its status; redirects are not followed.

        Args:
            url: Where to.
            body: The JSON text.
            headers: Further request headers.
            cancelled: Asked again and again; when true the transfer ends.

        Raises:
            SourceError: If the URL is refused or does not answer.
            TaskCancelledError: If *cancelled* became true.
        """
        target = vet_url(url)
        fields = {"Accept": "*/*", "Content-Type": "application/json", "Expect": "", **headers}
        request = Request(url, target, False, fields, _no_body, self._refusal, self.policy, cancelled, body)
        transfer = Transfer(request, self.settings)
        with self._lock:
            curl = self._handle()
            try:
                answer = transfer.run(curl, self.settings.timeout_seconds)
            finally:
                curl.reset()
        return answer or Answer(transfer.status, {"location": transfer.location}, target)

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            if self._curl is not None:
                self._curl.close()
                self._curl = None

    def _handle(self) -> Any:
        """Return the libcurl handle, set up for any transfer."""
        if self._curl is None:
            self._curl = pycurl.Curl()
        settings = self.settings
        curl = self._curl  # was reset: that keeps connections, TLS sessions and resolved names
        curl.setopt(pycurl.PROTOCOLS, _HTTP)
        curl.setopt(pycurl.REDIR_PROTOCOLS, _HTTP)
        curl.setopt(pycurl.FOLLOWLOCATION, 0)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds(settings.connect_timeout_seconds))
        curl.setopt(pycurl.LOW_SPEED_LIMIT, SLOW_BYTES_PER_SECOND)
        curl.setopt(pycurl.LOW_SPEED_TIME, settings.stall_seconds)
        curl.setopt(pycurl.MAXFILESIZE_LARGE, settings.max_bytes)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROXY, "")  # whatever the environment says
        curl.setopt(pycurl.CAINFO, self._authorities)
        curl.setopt(pycurl.USERAGENT, USER_AGENT)
        curl.setopt(pycurl.ACCEPT_ENCODING, "identity")  # libcurl undoes another coding all the same
        curl.setopt(pycurl.NOPROGRESS, 0)
        curl.setopt(pycurl.BUFFERSIZE, 256 * 1024)
        return curl

    def _refusal(self, address: str) -> str | None:
        """Return why *address* may not be connected to; None if it may."""
        if address not in self._refusals:
            if len(self._refusals) >= MAX_KNOWN_ADDRESSES:
                self._refusals.clear()
            self._refusals[address] = refusal(address, self._allowed)
        return self._refusals[address]


def _no_body(_answer: Answer) -> None:
    """End a transfer at the answer's head."""


def _redirected(named: str, url: str, location: str) -> str:
    """Return the URL that the answer to *url* redirects to, vetted."""
    try:
        return vet_url(urljoin(url, location))
    except SourceRefusedError as error:
        raise SourceRefusedError(named, f"it redirects to {public_url(error.url)}: {error.reason}") from None
    except ValueError:
        raise SourceRefusedError(named, "it redirects to something that is not a URL") from None
