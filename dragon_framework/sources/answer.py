"""The head of an HTTP answer, and what its status means for a source. Pure: no network."""

import re
from collections.abc import Callable
from http import HTTPStatus

import msgspec

from dragon_framework.errors import SourceUnavailableError

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
