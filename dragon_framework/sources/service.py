"""`Sources`: one door for every URL that a task was given.

Dispatch by the URL's form: the service's own files come from the storage, `data:` URLs
are decoded, http and https go through the guard, local paths only where the operator
runs the task at home. The network libraries are imported with the first remote URL.
"""

import base64
import binascii
import contextlib
import errno
import os
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from dragon_framework.errors import (
    FileMissingError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceUnavailableError,
    StorageError,
    UnreadableSourceError,
)
from dragon_framework.keys import KEY
from dragon_framework.notes import note, shown_url
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.guard import parse_networks
from dragon_framework.storage.base import Storage
from dragon_framework.tasks import Origin

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
MAX_NAME = 80

SIDE_BY_SIDE = 8
"""How many files are fetched at a time for one task."""

AHEAD = 2 * SIDE_BY_SIDE
"""How many files lie ready, or are on their way, before they are asked for."""


def _never() -> bool:
    return False


class Sources:
    """Fetches what clients name. One for each thread; keeps connections open.

    Args:
        settings: Limits.
        cache_directory: Of the disk cache; None for none.
        allow: Networks (CIDR) that may be reached although they are not public.
        storage: Where the service's own files are.
        own_urls: URLs by which clients know this service.
        local_files: Whether paths and `file:` URLs are read: only for `dragon run`.
        policy: A further check of each connection: (url, host, address), raises to refuse.
    """

    def __init__(
        self,
        settings: SourcesSettings,
        *,
        cache_directory: Path | None,
        allow: Sequence[str] = (),
        storage: Storage | None = None,
        own_urls: Sequence[str] = (),
        local_files: bool = False,
        policy: Callable[[str, str, str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._cache_directory = cache_directory
        self._allowed = parse_networks(allow)
        self._storage = storage
        self._own = tuple(f"{alias.rstrip('/')}/storage/" for url in own_urls for alias in _aliases(url))
        self._local_files = local_files
        self._policy = policy
        self._lazy_fetcher: Any = None
        self._lazy_cache: Any = None
        self._count = 0
        self._bytes_elsewhere = 0
        self._lock = threading.Lock()

    @property
    def bytes_fetched(self) -> int:
        """Bytes of bodies that came over the network so far."""
        own = int(self._lazy_fetcher.bytes_received) if self._lazy_fetcher is not None else 0
        return own + self._bytes_elsewhere

    def close(self) -> None:
        """Close kept connections."""
        if self._lazy_fetcher is not None:
            self._lazy_fetcher.close()

    def fetch(self, url: str, into: Path, *, cancelled: Callable[[], bool] = _never) -> Path:
        """Return the path in the directory *into* of a whole, read-only copy of the file at *url*.

        Raises:
            SourceError: If it is refused, unavailable or too large.
            TaskCancelledError: If *cancelled* became true.
        """
        return self.fetch_with_origin(url, into, cancelled=cancelled)[0]

    def fetch_with_origin(
        self, url: str, into: Path, *, max_bytes: int | None = None, cancelled: Callable[[], bool] = _never
    ) -> tuple[Path, Origin]:
        """Return the path of a copy in the directory *into* of the file at *url*, and where it came from.

        Args:
            url: What to fetch.
            into: Directory for the copy.
            max_bytes: Most bytes that are accepted; None for the service's own limit.
            cancelled: Asked again and again; when true the transfer ends.

        Raises:
            SourceError: If it is refused, unavailable or too large.
            TaskCancelledError: If *cancelled* became true.
        """
        into.mkdir(parents=True, exist_ok=True)
        target = self._target(url, into)
        return target, self._fetch_to(url, target, self._fetcher, cancelled, max_bytes)

    def fetch_all(
        self, urls: Sequence[str], into: Path, *, cancelled: Callable[[], bool] = _never
    ) -> Generator[Path, None, None]:
        """Yield a path as `fetch` returns it for each of *urls*, in their order; some are fetched ahead, side by side.

        A URL that is named again is not fetched again: its path is the same. When the
        iterator is closed, or an error ends it, transfers that still run are ended.

        Raises:
            SourceError: What `fetch` raises, when the turn of that file comes.
            TaskCancelledError: If *cancelled* became true.
        """
        into.mkdir(parents=True, exist_ok=True)
        distinct = iter(dict.fromkeys(urls))
        done: dict[str, Path] = {}
        ended = threading.Event()
        fetchers = _FetcherOfEachThread(self._new_fetcher)
        coming: deque[tuple[str, Future[Path]]] = deque()

        def fetch_one(url: str, target: Path) -> Path:
            self._fetch_to(url, target, fetchers.get, lambda: ended.is_set() or cancelled())
            return target

        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="fetch") as pool:
            try:
                for url in urls:
                    while len(coming) < AHEAD and (ahead := next(distinct, None)) is not None:
                        coming.append((ahead, pool.submit(fetch_one, ahead, self._target(ahead, into))))
                    if url not in done:
                        first, future = coming.popleft()
                        done[first] = future.result()
                    yield done[url]
            finally:
                ended.set()
                pool.shutdown(wait=True, cancel_futures=True)
                self._bytes_elsewhere += fetchers.close()

    def _fetch_to(
        self,
        url: str,
        target: Path,
        fetcher: Callable[[], Any],
        cancelled: Callable[[], bool],
        max_bytes: int | None = None,
    ) -> Origin:
        begun = time.monotonic()
        origin, place = self._copied_to(url, target, fetcher, cancelled, max_bytes)
        seconds = round(time.monotonic() - begun, 4)
        size = target.stat().st_size
        note("fetched", {"url": shown_url(url), "from": place, "bytes": size, "seconds": seconds})
        return origin

    def _copied_to(
        self,
        url: str,
        target: Path,
        fetcher: Callable[[], Any],
        cancelled: Callable[[], bool],
        max_bytes: int | None,
    ) -> tuple[Origin, str]:
        if _scheme(url) == "data":
            target.write_bytes(self._decoded(url))
            origin, place = Origin(url, url[5:].partition(",")[0].removesuffix(";base64")), "data"
        elif (path := self._local_path(url)) is not None:
            _link_or_copy(url, path, target)
            origin, place = Origin(path.absolute().as_uri()), "file"
        elif (own := self._own_file(url)) is not None:
            self._from_storage(url, own, target)
            origin, place = Origin(url), "storage"
        elif self._cache_directory is not None:
            by = fetcher()
            before = by.bytes_received
            origin = self._cache().fetch(url, target, by, cancelled, max_bytes=max_bytes)
            place = "network" if by.bytes_received > before else "cache"
        else:
            origin, place = self._download(url, target, fetcher(), cancelled, max_bytes), "network"
        if max_bytes is not None and target.stat().st_size > max_bytes:
            target.unlink()
            raise SourceTooLargeError(url, max_bytes)
        return origin, place

    def open(self, url: str, *, into: Path, cancelled: Callable[[], bool] = _never) -> IO[bytes]:
        """Return the file at *url*, seekable; a remote one loads what is read.

        Raises:
            SourceError: If it is refused, unavailable or too large; reading may raise it too.
            TaskCancelledError: If *cancelled* became true.
        """
        if _scheme(url) == "data":
            return self.fetch(url, into).open("rb")
        if (path := self._local_path(url)) is not None:
            return _opened(url, path)
        if (own := self._own_file(url)) is not None:
            try:
                assert self._storage is not None  # _own_file says so
                note("fetched", {"url": shown_url(url), "from": "storage"})
                return self._storage.open(*own)
            except StorageError as error:
                raise _unstored(url, error) from error
        cached: Path | None = self._cache().fresh(url) if self._cache_directory is not None else None
        if cached is not None:
            with contextlib.suppress(OSError):
                opened = cached.open("rb")
                note("fetched", {"url": shown_url(url), "from": "cache"})
                return opened
        from dragon_framework.sources.ranged import RangedFile

        note("fetched", {"url": shown_url(url), "from": "ranges"})  # what is read is in `bytes_fetched`
        file: Any = RangedFile(url, self._fetcher(), self._target(url, into), cancelled)  # no IO by its type
        return cast("IO[bytes]", file)

    def _fetcher(self) -> Any:
        if self._lazy_fetcher is None:
            self._lazy_fetcher = self._new_fetcher()
        return self._lazy_fetcher

    def _new_fetcher(self) -> Any:
        from dragon_framework.sources.fetcher import Fetcher

        return Fetcher(self._settings, self._allowed, self._policy)

    def _cache(self) -> Any:
        with self._lock:
            if self._lazy_cache is None:
                from dragon_framework.sources.cache import SourceCache

                assert self._cache_directory is not None  # the callers have looked
                self._lazy_cache = SourceCache(self._cache_directory, self._settings.cache_bytes)
            return self._lazy_cache

    def _download(
        self, url: str, target: Path, fetcher: Any, cancelled: Callable[[], bool], max_bytes: int | None
    ) -> Origin:
        from dragon_framework.sources.answer import Answer, bounded, refuse_bad_status

        try:
            with target.open("wb") as file:

                def on_answer(answer: Answer) -> Callable[[bytes], Any]:
                    refuse_bad_status(url, answer)
                    return bounded(url, answer, file.write, max_bytes)

                answer = fetcher.get(url, on_answer, cancelled=cancelled)
            target.chmod(0o444)
            return Origin(answer.url, answer.headers.get("content-type", ""))
        except OSError as error:
            target.unlink(missing_ok=True)
            raise SourceUnavailableError(url, f"no room to keep it ({error.strerror})") from error
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _target(self, url: str, into: Path) -> Path:
        """Return a fresh path in *into* whose name is a safe form of the URL's last part."""
        self._count += 1
        path = url.partition("?")[0].partition("#")[0]
        name = "data" if _scheme(url) == "data" else unquote(path.rpartition("/")[2])
        name = _UNSAFE.sub("_", name)[-MAX_NAME:].lstrip("._-") or "source"
        return into / f"{self._count:03d}-{name}"

    def _local_path(self, url: str) -> Path | None:
        """Return the path that *url* is, where local files are allowed."""
        if not self._local_files:
            return None
        if _scheme(url) == "file":
            parts = urlsplit(url)
            if parts.netloc not in {"", "localhost"}:
                raise SourceRefusedError(url, "it names a file of another machine")
            return Path(unquote(parts.path))
        return None if "://" in url else Path(url).expanduser()

    def _own_file(self, url: str) -> tuple[str, str] | None:
        """Return (key, filename) if *url* names a file of this service."""
        if self._storage is None:
            return None
        for prefix in self._own:
            if url.startswith(prefix):
                key, _, filename = url[len(prefix) :].partition("?")[0].partition("#")[0].partition("/")
                filename = unquote(filename)
                if not KEY.fullmatch(key) or not filename or "/" in filename or filename.startswith("."):
                    raise SourceRefusedError(url, "it is not the URL of a file of this service")
                return key, filename
        return None

    def _from_storage(self, url: str, own: tuple[str, str], target: Path) -> None:
        assert self._storage is not None  # _own_file says so
        try:
            path = self._storage.local_path(*own)
            if path is not None:
                _link_or_copy(url, path, target)
                return
            with self._storage.open(*own) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1024 * 1024)
        except StorageError as error:
            raise _unstored(url, error) from error

    def _decoded(self, url: str) -> bytes:
        """Return the bytes of a `data:` URL (RFC 2397)."""
        head, comma, data = url[5:].partition(",")
        if not comma:
            raise UnreadableSourceError(url, "a data: URL", "it has no comma")
        limit = self._settings.max_data_url_bytes
        if len(data) > 4 * limit:
            raise SourceTooLargeError(url, limit)
        raw = unquote_to_bytes(data)
        if head.lower().endswith(";base64"):
            try:
                raw = base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
            except (binascii.Error, ValueError) as error:
                raise UnreadableSourceError(url, "a data: URL", "its base64 is broken") from error
        if len(raw) > limit:
            raise SourceTooLargeError(url, limit)
        return raw


class _FetcherOfEachThread:
    """Gives each thread a fetcher of its own, made by *make* when it first needs one."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._local = threading.local()
        self._made: list[Any] = []

    def get(self) -> Any:
        """Return the fetcher of the thread that asks."""
        if not hasattr(self._local, "fetcher"):
            self._local.fetcher = self._make()
            self._made.append(self._local.fetcher)
        return self._local.fetcher

    def close(self) -> int:
        """Close all connections; return how many bytes of bodies came over them."""
        for fetcher in self._made:
            fetcher.close()
        return sum(int(fetcher.bytes_received) for fetcher in self._made)


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower() if ":" in url else ""


def _unstored(url: str, error: StorageError) -> SourceUnavailableError:
    if isinstance(error, FileMissingError):
        return SourceUnavailableError(url, "it has expired or never was", 404)
    return SourceUnavailableError(url, "the storage does not answer")


def _aliases(url: str) -> list[str]:
    """Return a URL of this service, and what else its client may call it: on one machine, each name of it."""
    parts = urlsplit(url)
    if parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        return [url]
    port = f":{parts.port}" if parts.port is not None else ""
    return [f"{parts.scheme}://{name}{port}{parts.path}" for name in ("localhost", "127.0.0.1", "[::1]")]


def _opened(url: str, path: Path) -> IO[bytes]:
    try:
        _check_regular(url, path)
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise _unreadable(url, error) from error


def _check_regular(url: str, path: Path) -> None:
    if not path.is_file():
        raise SourceUnavailableError(url, "it is not a regular file" if path.exists() else "there is no such file", 404)


def _link_or_copy(url: str, path: Path, target: Path) -> None:
    try:
        _check_regular(url, path)
        try:
            os.link(path.resolve(), target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target)
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise _unreadable(url, error) from error


def _unreadable(url: str, error: Exception) -> SourceUnavailableError:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return SourceUnavailableError(url, f"no room to keep it ({error.strerror})")  # worth another try
    reason = (error.strerror or "") if isinstance(error, OSError) else ""
    return SourceUnavailableError(url, reason or "it cannot be read", 404)
