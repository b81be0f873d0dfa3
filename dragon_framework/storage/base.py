"""The storage interface.

A file is named by (key, filename): the key of its task, 26 characters of base32, and
`name.ext`. It is written once, whole or not at all, and expires by age. Every method
is synchronous and thread-safe; the API calls them in a thread.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from dragon_framework.errors import SettingsError


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
    """Keeps output files under (key, filename)."""

    @classmethod
    @abstractmethod
    def from_url(cls, url: str, options: dict[str, Any]) -> "Storage":
        """Return the storage at *url*.

        Raises:
            SettingsError: If the URL or an option is unusable.
        """

    @abstractmethod
    def put(self, key: str, filename: str, source: Path, media_type: str) -> StoredFile:
        """Store the file at *source*, which is consumed (moved or deleted).

        A file that is already there is replaced whole: readers see the old or the new.

        Raises:
            StorageError: If it cannot be written; nothing is left behind.
        """

    @abstractmethod
    def stat(self, key: str, filename: str) -> StoredFile:
        """Return what is known of a file.

        Raises:
            FileMissingError: If there is none, or it has expired.
        """

    @abstractmethod
    def open(self, key: str, filename: str) -> IO[bytes]:
        """Open a file for reading: seekable, closed by the caller.

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

        Does not look whether the file is there.
        """

    @abstractmethod
    def delete(self, key: str) -> int:
        """Delete all files of *key* and return how many there were."""

    @abstractmethod
    def sweep(self, older_than_seconds: float) -> int:
        """Delete all files older than that and return how many there were."""


def open_storage(url: str, options: dict[str, Any] | None = None) -> Storage:
    """Return the storage at *url*: a path, `file://…`, `s3://…`, or a third driver's scheme.

    Raises:
        SettingsError: If no driver knows the scheme, or the driver refuses the URL.
    """
    from stevedore.driver import DriverManager
    from stevedore.exception import NoMatches

    scheme = urlsplit(url).scheme
    name = "local" if scheme in {"", "file"} else scheme
    try:
        driver = DriverManager("dragon.storage", name, warn_on_missing_entrypoint=False).driver
    except NoMatches as error:
        raise SettingsError("storage", f"no driver for {scheme}:// is installed, got {url!r}") from error
    storage: Storage = driver.from_url(url, options or {})
    return storage
