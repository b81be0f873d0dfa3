"""Files in a directory of this machine: renamed into place, expired by age.

    DIRECTORY/KE/KEY/output.jpg      the first two characters of the key spread the directories

The media type follows from the suffix (`media_types`), the entity tag from size and
time of writing. A file that is older than the retention is missing, swept or not.
"""

import contextlib
import os
import re
import shutil
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.keys import KEY
from dragon_framework.media_types import media_type_of
from dragon_framework.settings import WEEK_SECONDS
from dragon_framework.storage.base import Storage, StoredFile

FILENAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
"""Names of stored files: no separators, no leading dot, at most 100 characters."""


class LocalStorage(Storage):
    """Keeps files under *directory*.

    Args:
        directory: Made when first needed.
        retention_seconds: Age at which files expire.
    """

    def __init__(self, directory: Path, retention_seconds: float = WEEK_SECONDS) -> None:
        self._directory = directory
        self._retention_seconds = retention_seconds

    @classmethod
    def from_url(cls, url: str, options: dict[str, Any]) -> "LocalStorage":
        """Return the storage in a directory: a path, or `file:///path`."""
        path = unquote(urlsplit(url).path) if url.startswith("file:") else url
        if not path:
            raise SettingsError("storage", f"expected a directory, got {url!r}")
        return cls(Path(path).expanduser().resolve(), float(options.get("retention_seconds", WEEK_SECONDS)))

    def put(self, key: str, filename: str, source: Path, media_type: str) -> StoredFile:
        """Move the file at *source* into place."""
        target = self._path(key, filename)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.utime(source)  # its age begins now
            try:
                source.replace(target)
            except OSError:  # another file system
                self._copy(source, target)
            return _facts(target)
        except OSError as error:
            raise StorageError("local", error.strerror or str(error)) from error

    def stat(self, key: str, filename: str) -> StoredFile:
        """Return what is known of a file."""
        return _facts(self._existing(key, filename))

    def open(self, key: str, filename: str) -> IO[bytes]:
        """Open a file for reading."""
        try:
            return self._existing(key, filename).open("rb")
        except FileNotFoundError:
            raise FileMissingError("local", key, filename) from None

    def local_path(self, key: str, filename: str) -> Path:
        """Return the path of a file."""
        return self._existing(key, filename)

    def link(self, key: str, filename: str, seconds: float) -> None:
        """Return None: the service itself serves the files."""

    def delete(self, key: str) -> int:
        """Delete all files of *key*."""
        if not KEY.fullmatch(key):
            return 0
        directory = self._directory / key[:2] / key
        try:
            count = sum(1 for _ in directory.iterdir())
        except OSError:
            return 0
        shutil.rmtree(directory, ignore_errors=True)
        return count

    def sweep(self, older_than_seconds: float) -> int:
        """Delete files, and half-written ones, that are older."""
        oldest = time.time() - older_than_seconds
        removed = 0
        for directory in self._directory.glob("??/*"):
            for path in list(directory.iterdir()) if directory.is_dir() else []:
                with contextlib.suppress(OSError):
                    if path.stat().st_mtime < oldest:
                        path.unlink()
                        removed += 1
            with contextlib.suppress(OSError):
                directory.rmdir()  # only when empty
        return removed

    def _copy(self, source: Path, target: Path) -> None:
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        source.unlink(missing_ok=True)

    def _path(self, key: str, filename: str) -> Path:
        if not KEY.fullmatch(key) or not FILENAME.fullmatch(filename):
            raise FileMissingError("local", key[:26], filename[:100])
        return self._directory / key[:2] / key / filename

    def _existing(self, key: str, filename: str) -> Path:
        path = self._path(key, filename)
        try:
            expired = time.time() - path.stat().st_mtime > self._retention_seconds
        except OSError:
            expired = True
        if expired:
            raise FileMissingError("local", key, filename)
        return path


def _facts(path: Path) -> StoredFile:
    stat = path.stat()
    return StoredFile(
        size=stat.st_size,
        modified=stat.st_mtime,
        media_type=media_type_of(path.name),
        etag=f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"',
    )
