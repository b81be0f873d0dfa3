"""The head of an HTTP answer, and what its status means for a source. Pure: no network."""

import re
from collections.abc import Callable
from http import HTTPStatus

import msgspec

from dragon_framework.errors import SourceTooLargeError, SourceUnavailableError

Writer = Callable[[bytes], object]
"""Takes the next piece of a body; may raise to end the transfer."""


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
        return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else None

    @property
    def encoded(self) -> bool:
        """Whether the body was sent with a content coding, and is handed out without it."""
        return self.headers.get("content-encoding", "identity").lower() not in {"", "identity"}


def bounded(url: str, answer: Answer, write: Writer, max_bytes: int | None) -> Writer:
    """Return what writes the body of *answer* and raises once it has more than *max_bytes* bytes.

    Raises:
        SourceTooLargeError: If more are announced.
    """
    if max_bytes is None:
        return write
    allowed = max_bytes
    if answer.length is not None and answer.length > allowed and not answer.encoded:
        raise SourceTooLargeError(url, allowed)
    received = 0

    def write_bounded(data: bytes) -> None:
        nonlocal received
        received += len(data)
        if received > allowed:
            raise SourceTooLargeError(url, allowed)
        write(data)

    return write_bounded


class StopTransferError(Exception):
    """Raised inside a transfer that has read enough."""


def refuse_bad_status(url: str, answer: Answer, *, partial: bool = False) -> None:
    """Raise unless *answer* carries the file, or with *partial* a part of it.

    Raises:
        SourceUnavailableError: For any other status; has it.
    """
    if answer.status in {200, 203} or (partial and answer.status == 206):
        return
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    raise SourceUnavailableError(url, f"the server answered {answer.status}{phrase}", answer.status)
