"""Files in a bucket of any service that speaks S3: `s3://BUCKET/PREFIX`.

    PREFIX/KEY/output.jpg

Credentials, region and endpoint come from the usual variables (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`), else from
the machine's role; the query of the URL can say `endpoint`, `region`, `path_style` and
`sweep` (below). Stands on `base`, `s3_errors`, `s3_file` and obstore, which is imported
when a storage is made and starts its threads with the first request.

Headers are given with the upload, for a presigned URL cannot change them. A file that
is older than the retention is missing, swept or not; a lifecycle rule can do the sweeping.
"""

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.keys import KEY
from dragon_framework.media_types import media_type_of
from dragon_framework.settings import WEEK_SECONDS
from dragon_framework.storage.base import FILENAME, Storage, StoredFile, check_name, retention_of, surplus
from dragon_framework.storage.headers import CACHE_CONTROL, content_disposition
from dragon_framework.storage.s3_errors import bucket_missing, problem_of

MAX_LINK_SECONDS = 604_800
"""Longest life of a presigned URL: seven days (AWS Signature Version 4, query parameters)."""

PART_BYTES = 8 * 2**20
MAX_PARTS = 10_000
"""Most parts of one upload (Amazon S3, multipart upload limits)."""

PAGE = 1000
"""Objects in one answer of a listing, and in one request that deletes (Amazon S3 API)."""

CONNECT_SECONDS = 5
REQUEST_SECONDS = 60
"""Longest time of one request, which moves at most `PART_BYTES`."""

WHOLE_SECONDS = 3600
"""Longest time of a whole download, from a server that knows no ranges."""

RETRIES = 3
RETRY_SECONDS = 30

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
"""Amazon S3, bucket naming rules."""

_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()\-]+(/[A-Za-z0-9!_.*'()\-]+)*")
"""Amazon S3, object key naming guidelines: safe characters."""

_OPTIONS = ("endpoint", "region", "path_style", "sweep")


class S3Storage(Storage):
    """Keeps files in a bucket.

    Args:
        bucket: Its name.
        prefix: Where in the bucket, without slashes at the ends; may be empty.
        endpoint: URL of the service; empty: that of AWS in the region.
        region: Region of the bucket; empty: as the environment says, else `us-east-1`.
        path_style: Whether the bucket stands in the path rather than in the host name.
        sweep: Whether `sweep` deletes; False where a lifecycle rule does.
        retention_seconds: Age at which files expire.

    Raises:
        SettingsError: If the client library refuses one of them.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str = "",
        region: str = "",
        path_style: bool = True,
        sweep: bool = True,
        retention_seconds: float = WEEK_SECONDS,
    ) -> None:
        self._location = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = prefix
        self._config: dict[str, Any] = {"virtual_hosted_style_request": not path_style}
        if endpoint and not path_style:
            scheme, _, host = endpoint.partition("://")
            endpoint = f"{scheme}://{bucket}.{host}"  # obstore wants the whole host name
        if endpoint:
            self._config |= {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint}  # the second wins in obstore
        if region:
            self._config["region"] = region
        self._allow_http = endpoint.startswith("http://")
        self._sweeps = sweep
        self._retention_seconds = retention_seconds
        self._store = self._connected(REQUEST_SECONDS)

    @classmethod
    def from_url(cls, url: str, options: dict[str, Any]) -> "S3Storage":
        """Return the storage at `s3://BUCKET/PREFIX?region=...`; the rest as the environment says."""
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise SettingsError("storage", "an s3:// URL has no credentials; set AWS_ACCESS_KEY_ID and the like")
        if not _BUCKET.fullmatch(parts.netloc):
            raise SettingsError("storage", f"{parts.netloc[:100]!r} is not the name of a bucket; s3://BUCKET/PREFIX")
        prefix = parts.path.strip("/")
        if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
            raise SettingsError("storage", f"{prefix[:100]!r} is not a prefix for S3: letters, digits, - _ . and /")
        query = _query_of(parts.query)
        endpoint = query.get("endpoint") or _environment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
        _check_endpoint(endpoint)
        return cls(
            parts.netloc,
            prefix,
            endpoint=endpoint,
            region=query.get("region", ""),
            # Services of one's own rarely have a host name for each bucket. On AWS, TLS
            # certificates do not cover the names of buckets with dots.
            path_style=_flag(query, "path_style", default=bool(endpoint) or "." in parts.netloc),
            sweep=_flag(query, "sweep", default=True),
            retention_seconds=retention_of(options, WEEK_SECONDS),
        )

    def check(self) -> None:
        """Ask for an empty listing: it tells whether server, bucket and credentials are right."""
        try:
            # Keys are upper case, so that nothing comes after a tilde.
            next(iter(self._store.list(offset="~", chunk_size=1)), None)
        except Exception as error:  # noqa: BLE001  # obstore raises several types
            raise SettingsError("storage", f"{self._location}: {problem_of(error)}") from None

    def put(self, key: str, filename: str, source: Path, media_type: str) -> StoredFile:
        """Upload the file at *source*, in parts if it is large, and delete it."""
        check_name(self._location, key, filename)
        path = f"{key}/{filename}"
        try:
            found = source.lstat()
            if not stat.S_ISREG(found.st_mode):
                raise StorageError(self._location, f"{path} was not stored: it is not a regular file")
            source.open("rb").close()
        except OSError as error:
            raise StorageError(self._location, f"{path} was not stored: {error.strerror or error}") from error
        attributes = {
            "Content-Type": media_type,
            "Content-Disposition": content_disposition(filename, media_type),
            "Cache-Control": CACHE_CONTROL,
        }
        with self._failing(f"{path} was not stored"):
            answer = self._store.put(
                path,
                source,
                attributes=attributes,
                chunk_size=max(PART_BYTES, -(-found.st_size // MAX_PARTS)),
                max_concurrency=4,
            )
        source.unlink(missing_ok=True)
        return StoredFile(
            size=found.st_size, modified=time.time(), media_type=media_type, etag=_quoted(answer["e_tag"])
        )

    def stat(self, key: str, filename: str) -> StoredFile:
        """Ask for the headers of a file."""
        check_name(self._location, key, filename)
        with self._failing(f"{key}/{filename} cannot be read", missing=(key, filename)):
            answer = self._store.get(f"{key}/{filename}", options={"head": True})
            meta, attributes = answer.meta, answer.attributes
        modified = meta["last_modified"].timestamp()
        if time.time() - modified > self._retention_seconds:
            raise FileMissingError(self._location, key, filename)
        return StoredFile(
            size=meta["size"],
            modified=modified,
            media_type=attributes.get("Content-Type") or media_type_of(filename),
            etag=_quoted(meta["e_tag"]),
        )

    def open(self, key: str, filename: str) -> IO[bytes]:
        """Open a file that loads what is read, by range requests."""
        from dragon_framework.storage.s3_file import S3File

        facts = self.stat(key, filename)
        path = f"{key}/{filename}"

        def block(start: int, stop: int) -> bytes | None:
            """Return part of the file; None if the server knows no ranges."""
            options: Any = {"range": (start, stop), "if_match": facts.etag}
            with self._failing(f"{path} cannot be read", missing=(key, filename)):
                try:
                    return bytes(self._store.get(path, options=options).bytes())
                except Exception as error:
                    if "NotPartial" in str(error):
                        return None
                    raise

        def whole() -> Iterator[bytes]:
            """Yield the whole file in blocks."""
            options: Any = {"if_match": facts.etag}
            with self._failing(f"{path} cannot be read", missing=(key, filename)):
                for piece in self._connected(WHOLE_SECONDS).get(path, options=options).stream(PART_BYTES):
                    yield bytes(piece)

        return S3File(filename, self._location, facts.size, block, whole)

    def local_path(self, key: str, filename: str) -> None:
        """Return None, if there is such a file."""
        self.stat(key, filename)

    def link(self, key: str, filename: str, seconds: float) -> str:
        """Return a presigned URL; it works for at most seven days, and for as long as the credentials do."""
        import obstore

        check_name(self._location, key, filename)
        life = timedelta(seconds=max(1, min(int(seconds), MAX_LINK_SECONDS)))
        with self._failing(f"{key}/{filename} has no link"):
            return obstore.sign(self._store, "GET", f"{key}/{filename}", life)

    def delete(self, key: str) -> int:
        """Delete all files of *key*."""
        if not KEY.fullmatch(key):
            return 0
        return self._deleted(key, lambda _: True, f"{key} was not deleted")

    def sweep(self, older_than_seconds: float) -> int:
        """Delete files that are older, page by page; 0 where a lifecycle rule does it."""
        if not self._sweeps:
            return 0
        oldest = time.time() - older_than_seconds
        return self._deleted("", lambda meta: meta["last_modified"].timestamp() < oldest, "was not swept")

    def shrink(self, most_bytes: int) -> int:
        """Delete the oldest files until the others fit; all files are listed for it."""
        with self._failing("was not shrunk"):
            found = (
                (meta["last_modified"].timestamp(), meta["size"], meta["path"])
                for page in self._store.list(None, chunk_size=PAGE)
                for meta in page
                if _is_ours(meta["path"])
            )
            chosen = surplus(found, most_bytes)
            for start in range(0, len(chosen), PAGE):
                self._store.delete(chosen[start : start + PAGE])
        return len(chosen)

    def _deleted(self, prefix: str, wanted: Any, problem: str) -> int:
        removed = 0
        with self._failing(problem):
            for page in self._store.list(prefix or None, chunk_size=PAGE):
                paths = [meta["path"] for meta in page if _is_ours(meta["path"]) and wanted(meta)]
                if paths:
                    self._store.delete(paths)
                    removed += len(paths)
        return removed

    def _connected(self, request_seconds: int) -> Any:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store

        config: Any = self._config
        try:
            return S3Store(
                self._bucket,
                prefix=self._prefix or None,
                config=config,
                client_options={
                    "allow_http": self._allow_http,
                    "connect_timeout": f"{CONNECT_SECONDS}s",
                    "timeout": f"{request_seconds}s",
                },
                retry_config={
                    "max_retries": RETRIES,
                    "retry_timeout": timedelta(seconds=RETRY_SECONDS),
                    "backoff": {
                        "init_backoff": timedelta(milliseconds=100),
                        "max_backoff": timedelta(seconds=2),
                        "base": 2,
                    },
                },
            )
        except (BaseError, ValueError, TypeError) as error:
            raise SettingsError("storage", f"{self._location}: {problem_of(error)}") from None

    @contextmanager
    def _failing(self, what: str, missing: tuple[str, str] | None = None) -> Iterator[None]:
        """Turn what obstore raises into one sentence; its own text may carry tokens."""
        try:
            yield
        except StorageError:
            raise
        except FileNotFoundError as error:
            if missing is not None and not bucket_missing(error):
                raise FileMissingError(self._location, *missing) from None
            raise StorageError(self._location, f"{what}: {problem_of(error)}") from None
        except Exception as error:  # noqa: BLE001  # obstore raises several types
            raise StorageError(self._location, f"{what}: {problem_of(error)}") from None


def _is_ours(path: str) -> bool:
    """Whether the object is a stored file: a bucket may hold other things under the prefix."""
    key, _, filename = path.partition("/")
    return KEY.fullmatch(key) is not None and FILENAME.fullmatch(filename) is not None


def _quoted(tag: str | None) -> str:
    return tag if tag and tag.startswith('"') else f'"{tag or ""}"'


def _query_of(text: str) -> Mapping[str, str]:
    query = dict(parse_qsl(text, keep_blank_values=True))
    for name in query:
        if name not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise SettingsError("storage", f"an s3:// URL has no option {name[:60]!r}; there are: {known}")
    return query


def _flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = query.get(name, "yes" if default else "no")
    if value not in {"yes", "no"}:
        raise SettingsError("storage", f"{name} of an s3:// URL must be yes or no, got {value[:60]!r}")
    return value == "yes"


def _environment(*names: str) -> str:
    return next((value for name in names if (value := os.environ.get(name, ""))), "")


def _check_endpoint(endpoint: str) -> None:
    """Raise `SettingsError` if *endpoint* is given and is no plain http or https URL."""
    if not endpoint:
        return
    try:
        parts = urlsplit(endpoint)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        right = right and not parts.query and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise SettingsError("storage", "the endpoint (AWS_ENDPOINT_URL) must be a URL such as https://s3.example.com")
