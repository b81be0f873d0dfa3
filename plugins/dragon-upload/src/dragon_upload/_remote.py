"""One HTTP client for one upload: bodies from disk, answers of bounded size, faults told apart.

httpx follows no redirect here: Google's 308 is "Resume Incomplete", and a token only goes to
hosts that are known (`vetted`). Whole URLs, which can hold keys, are not logged.
"""

import contextlib
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from dragon_framework import TaskContext
from dragon_upload._faults import PassingFault
from dragon_upload.errors import UploadRefusedError

BLOCK_BYTES = 1 << 20
ANSWER_BYTES = 1 << 20
"""Most bytes of an answer that are read; those of these APIs have a few thousand."""

_TAGS = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")


class Reply(msgspec.Struct, frozen=True):
    """An answer, whole.

    Args:
        status: HTTP status.
        headers: Its headers, names in lower case.
        body: Its body.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def text(self) -> str:
        """The body as a short plain text: no tags, at most 300 characters."""
        return plain(self.body[:4000].decode("utf-8", "replace"))

    @property
    def wait_seconds(self) -> float | None:
        """What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3)."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        with contextlib.suppress(ValueError, TypeError):
            date = parsedate_to_datetime(text)
            return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
        return None

    def whole(self, what: str, *names: str) -> dict[str, Any]:
        """Return the JSON object, if it has *names*.

        Raises:
            PassingFault: If it has not: cut off, or a page of a proxy.
        """
        values = self.json
        if missing := [name for name in names if not values.get(name)]:
            raise PassingFault(f"its answer to {what} (HTTP {self.status}) has no {missing[0]!r}")
        return values


def plain(text: str) -> str:
    """Return *text* without HTML tags and line breaks, at most 300 characters."""
    text = _SPACES.sub(" ", _TAGS.sub("", text)).strip()
    return text if len(text) <= 300 else f"{text[:299]}…"


class Remote:
    """The door to one provider.

    Args:
        ctx: The run.
        base: URL of the API.
        hosts: Ends of host names to which an answer may send us, beside the host of *base*.
    """

    def __init__(self, ctx: TaskContext, base: str, hosts: tuple[str, ...]) -> None:
        for name in ("httpx", "httpcore", "hpack"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._ctx = ctx
        self.base = base.rstrip("/")
        self._hosts = hosts
        settings = ctx.settings
        self._timeout = httpx.Timeout(settings.answer_timeout_seconds, connect=settings.connect_timeout_seconds)
        self._client = httpx.Client(
            timeout=self._timeout,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "dragon-upload", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(  # noqa: PLR0913  # the parts of a request, all by name
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        body: Iterable[bytes] | None = None,
        length: int = 0,
        timeout_seconds: float | None = None,
    ) -> Reply:
        """Return the answer to one request.

        Args:
            method: HTTP method.
            url: An absolute URL, or a path below the base.
            headers: Headers.
            params: Parameters of the query.
            json: A JSON body.
            form: A form as body.
            body: A body in blocks, of *length* bytes altogether.
            length: Bytes of *body*.
            timeout_seconds: Longest silence, where it is not the setting.

        Raises:
            PassingFault: If there is no answer.
            TaskCancelledError: If the task was cancelled while a body was sent.
        """
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Length"] = str(length)
        try:
            with self._client.stream(
                method,
                url if "://" in url else self.base + url,
                headers=headers,
                params=dict(params) if params else None,
                json=json,
                data=dict(form) if form is not None else None,
                content=body,
                timeout=httpx.Timeout(timeout_seconds) if timeout_seconds else self._timeout,
            ) as answer:
                read = bytearray()
                for block in answer.iter_bytes(65536):
                    read += block
                    if len(read) > ANSWER_BYTES:
                        break
                return Reply(answer.status_code, dict(answer.headers), bytes(read))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise PassingFault(f"it cannot be reached ({type(error).__name__})", sent=False) from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise PassingFault(f"the connection broke ({type(error).__name__})") from None

    def vetted(self, url: str, asked: str = "") -> str:
        """Return *url* as an absolute URL, if it is one that a token or a film may be sent to.

        Args:
            url: What the provider named.
            asked: The URL whose answer named it.

        Raises:
            UploadRefusedError: If it is on a foreign host, or not encrypted although the API is.
        """
        base = urlsplit(self.base)
        try:
            parts = urlsplit(urljoin(asked or self.base, url))
            host = (parts.hostname or "").lower()
            known = host == base.hostname or host.endswith(self._hosts)
            safe = parts.scheme == "https" or (parts.scheme == base.scheme == "http")
        except ValueError:
            known = safe = False
            host = ""
        if not (known and safe) or parts.username is not None:
            raise UploadRefusedError("unexpectedHost", f"the provider names {host or 'no host'!r} for the upload")
        return parts.geturl()

    def blocks(self, path: Path, offset: int, length: int, on_block: Callable[[int], None]) -> Iterator[bytes]:
        """Yield *length* bytes of a file from *offset* on; *on_block* is told of each before where it ends."""
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            left = length
            while left:
                self._ctx.check()
                block = file.read(min(BLOCK_BYTES, left))
                if not block:
                    raise OSError(f"{path.name} has become shorter")
                left -= len(block)
                on_block(offset + length - left)
                yield block


def multipart(
    fields: Mapping[str, str], name: str, blocks: Iterable[bytes], length: int
) -> tuple[dict[str, str], Iterator[bytes], int]:
    """Return headers, body and length of a form with one file (RFC 7578), which is not held in memory."""
    boundary = secrets.token_hex(16)
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="film"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    begin, end = head.encode(), f"\r\n--{boundary}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield begin
        yield from blocks
        yield end

    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return headers, body(), len(begin) + length + len(end)


def seconds_until(text: str, now: float | None = None) -> float | None:
    """Return how long it is until *text*, a date of ISO 8601 or a Unix time; None if it is neither."""
    now = time.time() if now is None else now
    with contextlib.suppress(ValueError):
        return max(0.0, float(text) - now)
    with contextlib.suppress(ValueError):
        date = datetime.fromisoformat(text)
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    return None
