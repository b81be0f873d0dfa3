"""Output files as rows of one SQLite database: `--storage sqlite:///var/lib/dragon/files.db`.

For a few small files on one machine: a file is read into memory whole, and one writer
writes at a time. Each call has a connection of its own, so that threads share nothing.
"""

import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.storage.base import Storage, StoredFile, check_name, retention_of

WEEK_SECONDS = 7 * 24 * 3600.0
_TABLE = """
CREATE TABLE IF NOT EXISTS files (
    key TEXT, filename TEXT, media_type TEXT, modified REAL, data BLOB, PRIMARY KEY (key, filename)
)
"""


class SqliteStorage(Storage):
    """Keeps files in the database *path*.

    Args:
        path: Made when first needed; its directory must exist.
        retention_seconds: Age at which files expire.
    """

    def __init__(self, path: Path, retention_seconds: float = WEEK_SECONDS) -> None:
        self._path = path
        self._retention_seconds = retention_seconds

    @classmethod
    def from_url(cls, url: str, options: dict[str, Any]) -> "SqliteStorage":
        """Return the storage at `sqlite:///path`."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        if parts.netloc or parts.query or not path.strip("/") or "\0" in path:
            raise SettingsError("storage", f"expected sqlite:///path/of/a/file.db, got {url!r}")
        return cls(Path(path), retention_of(options, WEEK_SECONDS))

    def put(self, key: str, filename: str, source: Path, media_type: str) -> StoredFile:
        """Store the file at *source*, and delete it there."""
        check_name("sqlite", key, filename)
        try:
            data = source.read_bytes()
        except OSError as error:
            raise StorageError("sqlite", f"{key}/{filename} cannot be read: {error.strerror}") from error
        now = time.time()
        with self._connected() as database:
            row = (key, filename, media_type, now, data)
            database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", row)
        source.unlink(missing_ok=True)
        return _facts(len(data), now, media_type)

    def stat(self, key: str, filename: str) -> StoredFile:
        """Return what is known of a file."""
        size, modified, media_type = self._row("length(data), modified, media_type", key, filename)
        return _facts(size, modified, media_type)

    def open(self, key: str, filename: str) -> IO[bytes]:
        """Return a file, in memory."""
        return io.BytesIO(self._row("data", key, filename)[0])

    def local_path(self, key: str, filename: str) -> None:
        """Return None: there is no file of its own."""
        self.stat(key, filename)

    def link(self, key: str, filename: str, seconds: float) -> None:
        """Return None: the service itself serves the files."""

    def delete(self, key: str) -> int:
        """Delete all files of *key*."""
        with self._connected() as database:
            return database.execute("DELETE FROM files WHERE key = ?", (key,)).rowcount

    def sweep(self, older_than_seconds: float) -> int:
        """Delete files that are older."""
        with self._connected() as database:
            oldest = time.time() - older_than_seconds
            return database.execute("DELETE FROM files WHERE modified < ?", (oldest,)).rowcount

    def _row(self, columns: str, key: str, filename: str) -> tuple[Any, ...]:
        check_name("sqlite", key, filename)
        question = f"SELECT {columns} FROM files WHERE key = ? AND filename = ? AND modified >= ?"  # noqa: S608
        with self._connected() as database:
            oldest = time.time() - self._retention_seconds
            found: tuple[Any, ...] | None = database.execute(question, (key, filename, oldest)).fetchone()
        if found is None:
            raise FileMissingError("sqlite", key, filename)
        return found

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction, which is undone if the block raises."""
        try:
            database = sqlite3.connect(self._path, timeout=30.0)
            try:
                with database:
                    database.execute(_TABLE)
                    yield database
            finally:
                database.close()
        except sqlite3.Error as error:
            raise StorageError("sqlite", f"{self._path.name}: {error}") from error


def _facts(size: int, modified: float, media_type: str) -> StoredFile:
    return StoredFile(size=size, modified=modified, media_type=media_type, etag=f'"{modified:.6f}-{size:x}"')
