"""`GET /storage/{key}/{filename}`: output files and uploaded inputs, from local storage or by redirect.

Files are written once, so they may be kept for as long as they live. Single ranges and
conditional requests are answered (RFC 9110, 13 and 14). Files that a browser would run
(HTML, SVG, ...) are handed out for download only, in a sandbox.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import IO

from litestar import HttpMethod, Response, route
from litestar.response import Stream

from dragon_framework.api.problems import RequestError, bad_request, unavailable
from dragon_framework.api.requests import AnyRequest, header
from dragon_framework.api.service import Service, log
from dragon_framework.errors import FileMissingError, StorageError
from dragon_framework.storage import CACHE_CONTROL, StoredFile, content_disposition

BLOCK_BYTES = 256 * 1024
SMALL_BYTES = 128 * 1024
LINK_SECONDS = 3600.0

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@route("/storage/{key:str}/{filename:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def stored_file(request: AnyRequest, key: str, filename: str) -> Response[bytes] | Stream:
    """Send a stored file, or redirect to where it is."""
    service: Service = request.app.state.service
    try:
        path = service.storage.local_path(key, filename)
        if path is not None:
            return await _answer(request, filename, service.storage.stat(key, filename), path)
        facts, link = await asyncio.to_thread(_elsewhere, service, key, filename)
        if link is None:  # a driver without URLs of its own: its bytes go through this process
            return await _answer(request, filename, facts, lambda: service.storage.open(key, filename))
        return Response(b"", status_code=302, headers={"Location": link, "Cache-Control": "no-store"})
    except (FileMissingError, FileNotFoundError):
        text = f"there is no file {filename[:100]!r} of that key; outputs expire after a while"
        raise bad_request("filename", "path", text, 404) from None
    except StorageError as error:
        log.error("storage_failed", reason=str(error))
        raise unavailable("the storage does not answer", 10) from error


def _elsewhere(service: Service, key: str, filename: str) -> tuple[StoredFile, str | None]:
    """Return (what is known of a file that is not on this machine, its URL if it has one), if it is there."""
    facts = service.storage.stat(key, filename)
    return facts, service.storage.link(key, filename, LINK_SECONDS)


async def _answer(
    request: AnyRequest, filename: str, facts: StoredFile, place: Path | Callable[[], IO[bytes]]
) -> Response[bytes] | Stream:
    """Return the file, or the part that is asked for; *place* is its path, or opens it."""
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": facts.etag,
        "Last-Modified": formatdate(facts.modified, usegmt=True),
        "Cache-Control": CACHE_CONTROL,
        "Content-Disposition": content_disposition(filename, facts.media_type),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if _unchanged(request, facts):
        return Response(b"", status_code=304, headers=headers)
    start, stop = 0, facts.size
    status = 200
    asked = header(request, b"range")
    if asked and _range_holds(request, facts):
        part = parse_range(asked, facts.size)
        if part is not None:
            start, stop = part
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{facts.size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        return Response(b"", status_code=status, headers=headers, media_type=facts.media_type)
    if isinstance(place, Path) and stop - start <= SMALL_BYTES:  # sooner read than handed to a thread
        body = _read(place, start, stop - start)
        return Response(body, status_code=status, headers=headers, media_type=facts.media_type)
    file: IO[bytes] = await asyncio.to_thread(lambda: place.open("rb") if isinstance(place, Path) else place())
    return Stream(_blocks(file, start, stop), status_code=status, headers=headers, media_type=facts.media_type)


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """Return (start, stop) of a single range of a file of *size* bytes; None to send it whole.

    Raises:
        RequestError: 416 if no byte of the file is in the range.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return None  # several ranges, or another unit: ignored (RFC 9110, 14.2)
    if found[1]:
        start = int(found[1])
        stop = min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    else:
        start, stop = max(0, size - int(found[2])), size
    if start >= stop:
        error = bad_request("Range", "header", f"the file has only {size} bytes", 416)
        raise RequestError(416, error.problems, {"Content-Range": f"bytes */{size}"})
    return start, stop


def _unchanged(request: AnyRequest, facts: StoredFile) -> bool:
    if (tags := header(request, b"if-none-match")) is not None:
        return tags.strip() == "*" or facts.etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = _date(header(request, b"if-modified-since"))
    return since is not None and int(facts.modified) <= since


def _range_holds(request: AnyRequest, facts: StoredFile) -> bool:
    condition = header(request, b"if-range")
    if condition is None:
        return True
    return condition.strip() == facts.etag or _date(condition) == int(facts.modified)


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def _read(path: Path, start: int, size: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.pread(descriptor, size, start)
    finally:
        os.close(descriptor)


async def _blocks(file: IO[bytes], start: int, stop: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, start)
        while start < stop:
            block = await asyncio.to_thread(file.read, min(BLOCK_BYTES, stop - start))
            if not block:
                return
            start += len(block)
            yield block
    finally:
        file.close()
