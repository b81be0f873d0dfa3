"""A disk cache of sources, shared by all processes of a machine.

    DIRECTORY/ab/abcd….data    the bytes
    DIRECTORY/ab/abcd….json    how to ask whether they still hold (`Entry`)
    DIRECTORY/ab/abcd….part    a download that has not ended
    DIRECTORY/ab/abcd….lock    held while one process looks or downloads

The name is the SHA-256 of the URL. A run gets a hard link, so eviction never takes a
file from under it. Those who ask for a URL while it is being downloaded wait and use
that download. Later ones use it while `Cache-Control: max-age` says so (at most an
hour), else ask the server with the ETag or the date. Nothing is kept of an answer with
`no-store`: of those who wait, each downloads for itself.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from dragon_framework.errors import SourceTooLargeError, SourceUnavailableError, TaskCancelledError
from dragon_framework.sources.answer import Answer, bounded, refuse_bad_status
from dragon_framework.sources.fetcher import Fetcher
from dragon_framework.tasks import Origin

MAX_FRESH_SECONDS = 3600.0
WAIT_SECONDS = 0.02


class Entry(msgspec.Struct):
    """What is known of a cached file.

    Args:
        etag: Entity tag; empty if the server gave none.
        modified: `Last-Modified`; empty if the server gave none.
        downloaded: Unix time at which its download ended, or was confirmed.
        fresh_until: Unix time until which nobody need ask.
        url: URL that answered, after redirects.
        content_type: `Content-Type`; empty if the server gave none.
    """

    etag: str
    modified: str
    downloaded: float
    fresh_until: float
    url: str = ""
    content_type: str = ""


class SourceCache:
    """The cache in *directory*, at most about *max_bytes* large.

    Args:
        directory: Where it is; made when first needed.
        max_bytes: Size above which the least recently used files go.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._added = max_bytes  # look once at start

    def fetch(
        self,
        url: str,
        target: Path,
        fetcher: Fetcher,
        cancelled: Callable[[], bool],
        *,
        max_bytes: int | None = None,
    ) -> Origin:
        """Put the file at *url*, of at most *max_bytes*, at the path *target*; return where it came from.

        Raises:
            SourceError: If it cannot be had.
            TaskCancelledError: If *cancelled* became true.
        """
        try:
            origin = self._fetch(url, target, fetcher, cancelled, max_bytes)
            if self._added > self._max_bytes / 16:
                self._added = 0
                self.evict()
            return origin
        except OSError as error:
            target.unlink(missing_ok=True)
            raise SourceUnavailableError(url, f"no room to keep it ({error.strerror})") from error

    def fresh(self, url: str) -> Path | None:
        """Return the cached file of *url* if nobody need ask whether it holds."""
        base = self._base(url, make=False)
        entry = _read(base.with_suffix(".json"))
        if entry is None or entry.fresh_until <= time.time():
            return None
        data = base.with_suffix(".data")
        try:
            _touch(data)
        except OSError:
            return None
        return data

    def evict(self) -> int:
        """Delete the least recently used files until the cache fits; return how many.

        Downloads that a process left behind when it was killed go too.
        """
        files = []
        total = 0
        for path in self._directory.glob("??/*.data"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
                total += stat.st_size
        removed = 0
        for _, size, path in sorted(files):
            if total <= self._max_bytes:
                break
            if _removed(path):
                total -= size
                removed += 1
        for path in self._directory.glob("??/*.part"):
            if not path.with_suffix(".data").exists():
                _removed(path)
        return removed

    def _fetch(
        self, url: str, target: Path, fetcher: Fetcher, cancelled: Callable[[], bool], max_bytes: int | None
    ) -> Origin:
        asked = time.time()
        base = self._base(url)
        data, facts, lock = base.with_suffix(".data"), base.with_suffix(".json"), base.with_suffix(".lock")
        with _locked(lock, cancelled):
            entry = _read(facts) if data.exists() else None
            try:
                keep = entry is not None and (entry.downloaded >= asked or entry.fresh_until > time.time())
                if not keep:
                    keep, entry = self._download(url, data, facts, entry, fetcher, cancelled, max_bytes)
                assert entry is not None  # it is kept only if there is one
                if max_bytes is not None and data.stat().st_size > max_bytes:
                    raise SourceTooLargeError(url, max_bytes)
                self._use(data, target)
                if not keep:
                    data.unlink()
                return Origin(entry.url or url, entry.content_type)
            finally:
                if not data.exists():
                    facts.unlink(missing_ok=True)
                    lock.unlink(missing_ok=True)

    def _download(  # noqa: PLR0917  # the parts of one transfer
        self,
        url: str,
        data: Path,
        facts: Path,
        entry: Entry | None,
        fetcher: Fetcher,
        cancelled: Callable[[], bool],
        max_bytes: int | None,
    ) -> tuple[bool, Entry]:
        """Bring *data* up to date; return whether it may be kept, and what is known of it."""
        headers = {}
        if entry is not None and entry.etag:
            headers["If-None-Match"] = entry.etag
        elif entry is not None and entry.modified:
            headers["If-Modified-Since"] = entry.modified
        part = data.with_suffix(".part")
        try:
            with part.open("wb") as file:

                def on_answer(answer: Answer) -> Callable[[bytes], object]:
                    if answer.status == 304 and headers:
                        return lambda _: None
                    refuse_bad_status(url, answer)
                    return bounded(url, answer, file.write, max_bytes)

                answer = fetcher.get(url, on_answer, headers=headers, cancelled=cancelled)
                self._added += file.tell()
            keep, fresh_until = _freshness(answer)
            if answer.status == 304 and entry is not None:
                etag, modified = entry.etag, entry.modified
                content_type = entry.content_type
            else:
                etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
                content_type = answer.headers.get("content-type", "")
                facts.unlink(missing_ok=True)  # whatever happens now, old facts never describe new data
                part.chmod(0o444)
                part.replace(data)
            known = Entry(etag, modified, time.time(), fresh_until, answer.url, content_type)
            facts.write_bytes(msgspec.json.encode(known))
            return keep, known
        finally:
            part.unlink(missing_ok=True)

    def _use(self, data: Path, target: Path) -> None:
        _touch(data)
        try:
            os.link(data, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(data, target)

    def _base(self, url: str, *, make: bool = True) -> Path:
        name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        directory = self._directory / name[:2]
        if make:
            directory.mkdir(parents=True, exist_ok=True)
        return directory / name


def _freshness(answer: Answer) -> tuple[bool, float]:
    """Return whether an answer may be kept, and until when nobody need ask (RFC 9111, 5.2.2)."""
    control = answer.headers.get("cache-control", "").lower()
    if "no-store" in control:
        return False, 0.0
    found = re.search(r"(?:^|[\s,])max-age=([0-9]{1,9})", control)
    if found is None or "no-cache" in control:
        return True, 0.0
    age = re.fullmatch(r"[0-9]{1,9}", answer.headers.get("age", ""))
    seconds = min(MAX_FRESH_SECONDS, int(found[1]) - (int(age[0]) if age else 0))
    return True, time.time() + max(0.0, seconds)


def _read(facts: Path) -> Entry | None:
    try:
        return msgspec.json.decode(facts.read_bytes(), type=Entry)
    except (OSError, msgspec.MsgspecError):
        return None


def _touch(data: Path) -> None:
    """Note that *data* is used now: the order of eviction. The system's own clock for this is coarse."""
    now = time.time_ns()
    os.utime(data, ns=(now, now))


def _removed(path: Path) -> bool:
    """Remove what belongs to *path* unless it is in use at this moment; return whether it was."""
    try:
        with _locked(path.with_suffix(".lock"), None):
            for suffix in (".data", ".json", ".part", ".lock"):
                path.with_suffix(suffix).unlink(missing_ok=True)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _locked(path: Path, cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """Hold the lock file *path*; without *cancelled*, raise BlockingIOError instead of waiting."""
    while True:
        with path.open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if cancelled is None:
                        raise
                    if cancelled():
                        raise TaskCancelledError from None
                    time.sleep(WAIT_SECONDS)
            try:
                current = path.stat().st_ino
            except FileNotFoundError:
                continue  # evicted while we waited: lock the new one
            if current == os.fstat(lock.fileno()).st_ino:
                yield
                return
