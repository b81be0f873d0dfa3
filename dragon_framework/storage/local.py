"""Files in a directory of this machine: renamed into place, expired by age.

    DIRECTORY/KE/KEY/output.jpg      the first two characters of the key spread the directories
    DIRECTORY/KE/KEY/.output.jpg.type    its media type, where its suffix says another
    DIRECTORY/KE/KEY/.output.jpg.*.part  on its way from another file system

The entity tag follows from size and time of writing. A file that is older than the
retention is missing, swept or not. Owner and group may read the files, nobody else.

Files are not synced to disk one by one, which would cost more than most tasks: a
process that dies loses nothing, a power cut may lose or shorten the files of the last
seconds. Stands on `base` and `media_types`.
"""

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.keys import KEY
from dragon_framework.media_types import media_type_of
from dragon_framework.settings import WEEK_SECONDS
from dragon_framework.storage.base import FILENAME, Storage, StoredFile, check_name, retention_of, surplus

PART_SECONDS = 3600.0
"""A half-written file that has not grown for so long has lost its writer."""

STALLED_SECONDS = 2.0
"""As above, when another writer has just stored the same file."""

_FILE_MODE = 0o640
_DIRECTORY_MODE = 0o750
_TRIES = 10
"""A directory may be swept between its making and the file's arrival: try again."""


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
        path = url
        if url.startswith("file:"):
            parts = urlsplit(url)
            if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
                raise SettingsError("storage", f"expected a directory of this machine, file:///path, got {url!r}")
            path = unquote(parts.path)
        if not path or "\0" in path:
            raise SettingsError("storage", f"expected a directory, got {url!r}")
        return cls(Path(path).expanduser().resolve(), retention_of(options, WEEK_SECONDS))

    def check(self) -> None:
        """Make the directory, and a file in it."""
        probe = self._directory / f".check.{secrets.token_hex(8)}"
        try:
            self._directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise SettingsError("storage", f"{self._directory} cannot be written: {error.strerror or error}") from error

    def put(self, key: str, filename: str, source: Path, media_type: str) -> StoredFile:
        """Move the file at *source* into place."""
        check_name("local", key, filename)
        target = self._directory / key[:2] / key / filename
        try:
            return self._put(target, source, media_type)
        except OSError as error:
            with contextlib.suppress(OSError):
                if not target.exists():
                    _note_of(target).unlink(missing_ok=True)
                target.parent.rmdir()  # only when empty
            raise StorageError("local", f"{key}/{filename} was not stored: {error.strerror or error}") from error
        finally:
            _remove_dead_parts_of(target)

    def stat(self, key: str, filename: str) -> StoredFile:
        """Return what is known of a file."""
        path, found = self._existing(key, filename)
        return _facts(found, _media_type(path))

    def open(self, key: str, filename: str) -> IO[bytes]:
        """Open a file for reading."""
        path, _ = self._existing(key, filename)
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise FileMissingError("local", key, filename) from None
        except OSError as error:
            raise StorageError("local", f"{key}/{filename} cannot be read: {error.strerror or error}") from error

    def local_path(self, key: str, filename: str) -> Path:
        """Return the path of a file."""
        return self._existing(key, filename)[0]

    def link(self, key: str, filename: str, seconds: float) -> None:
        """Return None: the service itself serves the files."""

    def delete(self, key: str) -> int:
        """Delete all files of *key*."""
        if not KEY.fullmatch(key):
            return 0
        directory = self._directory / key[:2] / key
        count = 0
        try:
            for path in _entries(directory):
                if not path.is_dir():
                    count += _unlinked(path) and FILENAME.fullmatch(path.name) is not None
        except OSError as error:
            raise StorageError("local", f"{key} was not deleted: {error.strerror or error}") from error
        with contextlib.suppress(OSError):
            directory.rmdir()  # not when a file has just come
        return count

    def sweep(self, older_than_seconds: float) -> int:
        """Delete files that are older, and what their writers left half-written."""
        try:
            return sum(
                self._swept(directory, older_than_seconds)
                for spread in _entries(self._directory)
                if len(spread.name) == 2
                for directory in _entries(spread)
                if KEY.fullmatch(directory.name) and directory.name.startswith(spread.name)
            )
        except OSError as error:
            raise StorageError("local", f"was not swept: {error.strerror or error}") from error

    def shrink(self, most_bytes: int) -> int:
        """Delete the oldest files until the others fit."""
        try:
            chosen = surplus(self._stored(), most_bytes)
            removed = 0
            for path in chosen:
                if _unlinked(path):
                    _note_of(path).unlink(missing_ok=True)
                    removed += 1
                with contextlib.suppress(OSError):
                    path.parent.rmdir()  # only when empty
        except OSError as error:
            raise StorageError("local", f"was not shrunk: {error.strerror or error}") from error
        return removed

    def _stored(self) -> Iterator[tuple[float, int, Path]]:
        """Yield time of writing, bytes and path of every stored file."""
        for spread in _entries(self._directory):
            for directory in _entries(spread) if len(spread.name) == 2 else ():
                for path in _entries(directory) if KEY.fullmatch(directory.name) else ():
                    if FILENAME.fullmatch(path.name):
                        with contextlib.suppress(FileNotFoundError):
                            found = path.lstat()
                            yield found.st_mtime, found.st_size, path

    def _swept(self, directory: Path, older_than_seconds: float) -> int:
        now = time.time()
        removed = 0
        for path in _entries(directory):
            limit = older_than_seconds
            if path.name.startswith("."):
                if path.name.endswith(".part"):
                    limit = min(PART_SECONDS, limit)
                elif path.with_name(path.name[1:].removesuffix(".type")).exists():
                    continue  # a note goes with its file
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                if now - path.lstat().st_mtime > limit and _unlinked(path) and FILENAME.fullmatch(path.name):
                    _note_of(path).unlink(missing_ok=True)
                    removed += 1
        with contextlib.suppress(OSError):
            directory.rmdir()  # only when empty
        return removed

    def _put(self, target: Path, source: Path, media_type: str) -> StoredFile:
        before = source.lstat()
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "what the task wrote is not a regular file")
        for left in reversed(range(_TRIES)):
            try:
                target.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
                # A file with other names is copied: its time and mode are not ours to change,
                # and renaming one onto another of its names does nothing (POSIX, rename).
                if before.st_nlink > 1:
                    return self._copied(source, target, media_type)
                try:
                    return self._moved(source, target, media_type)
                except OSError as error:
                    if error.errno != errno.EXDEV:  # not another file system
                        raise
                    return self._copied(source, target, media_type)
            except (FileNotFoundError, FileExistsError):  # swept after, or while, mkdir found it there
                if not left or not source.exists():
                    raise
        raise AssertionError  # the last try returns or raises

    def _moved(self, source: Path, target: Path, media_type: str) -> StoredFile:
        source.chmod(_FILE_MODE)
        now = time.time_ns()  # finer than the kernel's own clock for files
        os.utime(source, ns=(now, now))  # its age begins now
        found = source.stat()
        _note_media_type(target, media_type)
        source.replace(target)
        return _facts(found, media_type)

    def _copied(self, source: Path, target: Path, media_type: str) -> StoredFile:
        part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        try:
            shutil.copyfile(source, part)
            facts = self._moved(part, target, media_type)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        source.unlink(missing_ok=True)
        return facts

    def _existing(self, key: str, filename: str) -> tuple[Path, os.stat_result]:
        check_name("local", key, filename)
        path = self._directory / key[:2] / key / filename
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            raise FileMissingError("local", key, filename) from None
        except OSError as error:
            raise StorageError("local", f"{key}/{filename} cannot be read: {error.strerror or error}") from error
        if not stat.S_ISREG(found.st_mode) or time.time() - found.st_mtime > self._retention_seconds:
            raise FileMissingError("local", key, filename)
        return path, found


def _entries(directory: Path) -> Iterator[Path]:
    """Yield what lies in a directory; nothing if it is gone or none."""
    try:
        yield from list(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return


def _unlinked(path: Path) -> bool:
    """Delete a file; False if somebody else did."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _note_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.type")


def _remove_dead_parts_of(target: Path) -> None:
    """Delete what a writer that died left of the same file; one that was only slow writes it again."""
    with contextlib.suppress(OSError):
        for part in target.parent.glob(f".{target.name}.*.part"):
            if time.time() - part.stat().st_mtime > STALLED_SECONDS:
                part.unlink(missing_ok=True)


def _note_media_type(target: Path, media_type: str) -> None:
    """Write the media type beside the file, if its suffix stands for another."""
    note = _note_of(target)
    if media_type == media_type_of(target.name):
        note.unlink(missing_ok=True)
        return
    part = note.with_name(f"{note.name}.{secrets.token_hex(8)}.part")
    try:
        part.write_text(media_type, encoding="utf-8")
        part.replace(note)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _media_type(path: Path) -> str:
    try:
        return _note_of(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return media_type_of(path.name)


def _facts(found: os.stat_result, media_type: str) -> StoredFile:
    return StoredFile(
        size=found.st_size,
        modified=found.st_mtime,
        media_type=media_type,
        etag=f'"{found.st_mtime_ns:x}-{found.st_size:x}"',
    )
