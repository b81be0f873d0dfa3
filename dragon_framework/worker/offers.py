"""What owners and helpers of parts say to each other, and how files come to them.

Stands on msgspec and the storage.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from dragon_framework.storage import Storage

_BLOCK_BYTES = 2**20


class OfferFacts(msgspec.Struct, frozen=True):
    """What other workers must know of an offer.

    Args:
        task_name: The task.
        queue: Its queue.
        base: URL of the service as the client knows it.
        likeness: Who makes the same (`likeness.likeness`).
        machine: Where the owner is.
        worker: The owner.
        secret: Whether the values are sealed.
        files: Names in the storage, under the offer's id, of the files that the parts read.
    """

    task_name: str
    queue: str
    base: str
    likeness: str
    machine: str
    worker: str
    secret: bool
    files: dict[str, str]


class Result(msgspec.Struct, frozen=True):
    """What a helper has made of a part: its value, and files under the key of its claim."""

    number: int
    claim: str
    worker: str
    value: msgspec.Raw
    files: dict[str, int]
    """Bytes of each file, by name."""


class GivenUp(OSError):
    """Nobody wants the file any more."""


def copied(storage: Storage, key: str, filename: str, target: Path, given_up: Callable[[], bool]) -> None:
    """Copy a stored file to *target*.

    Raises:
        StorageError: If it cannot be read.
        OSError: If it cannot be written; `GivenUp` if *given_up* said so meanwhile.
    """
    with storage.open(key, filename) as source:  # which knows what a file may be called
        target.unlink(missing_ok=True)  # of a try that failed
        with target.open("xb") as file:
            _copy(source, file, given_up)


def _copy(source: IO[bytes], file: IO[bytes], given_up: Callable[[], bool]) -> None:
    while block := source.read(_BLOCK_BYTES):
        if given_up():
            raise GivenUp
        file.write(block)
