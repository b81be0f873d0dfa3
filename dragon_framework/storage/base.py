"""The storage interface.

A file is named by (key, filename): the key of its task, 26 characters of base32, and
`name.ext`. It is written once, whole or not at all, and expires by age. Every method
is synchronous and thread-safe; the API calls them in a thread. No driver opens a
connection or starts a thread before its first method is called.
"""

import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from dragon_framework.errors import FileMissingError, PluginError, SettingsError, StorageError, public_url
from dragon_framework.keys import KEY, new_key

GROUP = "dragon.storage"

KEPT_SECONDS = 60.0
"""A file so young is never crowded out: its task may still be writing others."""

T = TypeVar("T")

FILENAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
"""Names of stored files: no separators, no leading dot, at most 100 characters."""


class StoredFile(msgspec.Struct, frozen=True):
    """What is known of a stored file.

    Args:
        size: Bytes.
        modified: Unix time of its writing, in seconds.
        media_type: Its media type.
        etag: Strong entity tag, quotes included.
    """

    size: int
    modified: float
    media_type: str
    etag: str


class Storage(ABC):
    """Keeps output files under (key, filename).

    Every method but `from_url` and `check` raises `StorageError` when the storage fails.
    A key or filename that no stored file can have is one that is missing.
    """

    @classmethod
    @abstractmethod
    def from_url(cls, url: str, options: dict[str, Any]) -> "Storage":
        """Return the storage at *url*, without talking to it.

        Args:
            url: Where it is; the form is the driver's.
            options: What the service tells every driver: `retention_seconds`, the age
                at which files expire.

        Raises:
            SettingsError: If the URL or an option is unusable.
        """

    def check(self) -> None:
        """Look whether the storage can be used; called once when a service starts.

        Raises:
            SettingsError: If it cannot; the sentence says what to change.
        """
        try:
            self.stat(new_key(), f"check-{secrets.token_hex(4)}")
        except FileMissingError:
            return
        except StorageError as error:
            raise SettingsError("storage", str(error)) from error

    @abstractmethod
    def put(self, key: str, filename: str, source: Path, media_type: str) -> StoredFile:
        """Store the file at *source*, which is consumed (moved or deleted).

        A file that is already there is replaced whole: readers see the old or the new.
        Of several that are stored at once, one stays, whole.

        Raises:
            FileMissingError: If key or filename are no names of stored files.
            StorageError: If it cannot be written; nothing is left behind, and the
                source may still be there.
        """

    @abstractmethod
    def stat(self, key: str, filename: str) -> StoredFile:
        """Return what is known of a file.

        Raises:
            FileMissingError: If there is none, or it has expired.
        """

    @abstractmethod
    def open(self, key: str, filename: str) -> IO[bytes]:
        """Open a file for reading: seekable, closed by the caller, used by one thread.

        Reading raises `StorageError` where the storage is elsewhere and fails, or where
        the file is replaced meanwhile and its bytes would be mixed.

        Raises:
            FileMissingError: If there is none, or it has expired.
        """

    @abstractmethod
    def local_path(self, key: str, filename: str) -> Path | None:
        """Return the path of a file on this machine; None if the storage is elsewhere.

        Raises:
            FileMissingError: If there is none, or it has expired.
        """

    @abstractmethod
    def link(self, key: str, filename: str, seconds: float) -> str | None:
        """Return a URL at which anyone can read the file for *seconds*; None if it has none.

        Does not look whether the file is there. A driver may allow less time than asked.
        """

    @abstractmethod
    def delete(self, key: str) -> int:
        """Delete all files of *key* and return how many there were, expired ones included."""

    @abstractmethod
    def sweep(self, older_than_seconds: float) -> int:
        """Delete all files older than that and return how many there were.

        What lies there and is no stored file by its name is left alone.
        """

    def shrink(self, most_bytes: int) -> int:
        """Delete the oldest files until at most *most_bytes* are left, and return how many went.

        Files of the last minute stay: their tasks may still be writing others.

        Raises:
            StorageError: If this storage cannot be bounded.
        """
        raise StorageError(type(self).__name__, "this storage driver cannot bound its size (storage_bytes)")


def surplus(files: Iterable[tuple[float, int, T]], most_bytes: int) -> list[T]:
    """Return the oldest of *files* (time of writing, bytes, name) that have to go for the rest to fit."""
    known = sorted(files, key=lambda file: file[0])
    over, newest = sum(size for _, size, _ in known) - most_bytes, time.time() - KEPT_SECONDS
    chosen = []
    for written, size, name in known:
        if over <= 0 or written > newest:
            break
        chosen.append(name)
        over -= size
    return chosen


def check_name(location: str, key: str, filename: str) -> None:
    """Raise `FileMissingError` if no stored file can have that name."""
    if not KEY.fullmatch(key) or not FILENAME.fullmatch(filename):
        raise FileMissingError(location, _printable(key, 26), _printable(filename, 100))


def _printable(text: str, length: int) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:length])


def retention_of(options: dict[str, Any], default: float) -> float:
    """Return the option `retention_seconds`.

    Raises:
        SettingsError: If it is no positive number.
    """
    try:
        seconds = float(options.get("retention_seconds", default))
    except (TypeError, ValueError):
        seconds = -1.0
    if not seconds > 0:
        raise SettingsError(
            "storage", f"retention_seconds must be a positive number, got {options['retention_seconds']!r}"
        )
    return seconds


def open_storage(url: str, options: dict[str, Any] | None = None) -> Storage:
    """Return the storage at *url*: a path, `file://…`, `s3://…`, or a third driver's scheme.

    Raises:
        SettingsError: If no driver knows the scheme, two do, it cannot be loaded, or the
            driver refuses the URL.
    """
    from dragon_framework.discovery import installed

    scheme = urlsplit(url).scheme
    name = "local" if scheme in {"", "file"} else scheme
    points, problems = installed(GROUP)
    found = [point for point in points if point.name == name]
    for problem in problems:
        if not found and problem.entry_point == name:
            raise SettingsError("storage", str(problem))
    if not found:
        known = ", ".join(sorted({point.name for point in points})) or "none"
        raise SettingsError(
            "storage", f"no driver for {scheme}:// is installed (there are: {known}), got {public_url(url)!r}"
        )
    if len(found) > 1:
        rivals = " and ".join(point.provider for point in found)
        raise SettingsError("storage", f"{scheme or 'file'}:// is provided by {rivals}; uninstall one of them")
    try:
        driver = found[0].load()
    except PluginError as error:
        raise SettingsError("storage", str(error)) from error
    if not (isinstance(driver, type) and issubclass(driver, Storage)):
        problem = found[0].problem(f"{found[0].entry_point.value} is no subclass of Storage")
        raise SettingsError("storage", str(problem))
    return driver.from_url(url, options or {})
