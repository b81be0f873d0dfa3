"""`POST /v1/inputs/{filename}`: a file without a public URL becomes one that any task accepts. Beyond v1.

The body is the file itself. It lives as long as outputs do, and who holds its URL may
read it. `PUT` does the same, for `curl -T`.
"""

import asyncio
import contextlib
import fcntl
import os
import re
import time
from pathlib import Path
from typing import IO, cast

import msgspec
from litestar import HttpMethod, Response, route

from dragon_framework.accounts import Account, AccountLimitError
from dragon_framework.api.authentication import authenticate
from dragon_framework.api.creation import limit_reached
from dragon_framework.api.problems import RequestError, bad_request, unavailable
from dragon_framework.api.requests import AnyRequest, base_url, header, query_of
from dragon_framework.api.service import Service, log
from dragon_framework.api.v1.envelope import json_response
from dragon_framework.errors import StorageError
from dragon_framework.keys import new_key
from dragon_framework.media_types import media_type_of

BLOCK_BYTES = 1024 * 1024
MAX_NAME = 80

JUST_OPENED_SECONDS = 60.0
"""A file younger than that may not be locked yet."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@route("/v1/inputs/{filename:str}", http_method=[HttpMethod.POST, HttpMethod.PUT], status_code=201)
async def upload_input(request: AnyRequest, filename: str) -> Response[bytes]:
    """Keep the body as a file and return its URL."""
    service: Service = request.app.state.service
    account = await authenticate(service, request, query_of(request), "query")
    if (header(request, b"content-type") or "").startswith("multipart/"):
        text = "send the file itself as the body (curl --data-binary @FILE), not a multipart form"
        raise bad_request("Content-Type", "header", text, 415)
    base = base_url(request, service.settings.public_url)
    key, name = new_key(), safe_name(filename)
    path = service.uploads_directory / key
    try:
        with await asyncio.to_thread(_opened, path) as file:
            size = await _receive(service, request, file, account)
            stored = await asyncio.to_thread(service.storage.put, key, name, path, media_type_of(name))
    except OSError as error:
        log.error("upload_not_kept", reason=str(error))
        raise unavailable("there is no room to keep the file", 60) from error
    except StorageError as error:
        log.error("upload_not_stored", reason=str(error))
        raise unavailable("the file could not be stored", 60) from error
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    url = f"{base}/storage/{key}/{name}"
    answer = {"url": url, "size": size, "content_type": stored.media_type}
    return json_response(msgspec.json.encode(answer), 201, {"Location": url})


def safe_name(filename: str) -> str:
    """Return a file name that any storage can hold and that says what it is: letters, digits, `.`, `_`, `-`."""
    name = _UNSAFE.sub("_", filename)[-MAX_NAME:].lstrip("._-")
    return name or "input"


async def _receive(service: Service, request: AnyRequest, file: IO[bytes], account: Account) -> int:
    """Write the body to *file* and return its size in bytes."""
    most = service.settings.api.max_upload_bytes
    announced = header(request, b"content-length") or ""
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    size, waiting = 0, bytearray()
    while True:
        event = await request.receive()
        if event["type"] == "http.disconnect":
            raise bad_request("body", "body", "the connection was closed before the file was whole")
        waiting += cast(bytes, event.get("body", b""))
        more = event.get("more_body", False)
        if size + len(waiting) > most:
            raise _too_large(most)
        if len(waiting) >= BLOCK_BYTES or not more:
            size += len(waiting)
            await asyncio.to_thread(file.write, waiting)
            waiting = bytearray()
        if not more:
            break
    if size == 0:
        raise bad_request("body", "body", "the body is empty; send the file as the body")
    await asyncio.to_thread(file.flush)
    try:
        await service.accounts.count_upload(account, size)
    except AccountLimitError as error:
        raise limit_reached(error) from None
    return size


def sweep_uploads(directory: Path) -> None:
    """Remove what API processes that were killed have left in *directory*; uploads under way are locked."""
    for path in directory.glob("*"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            if time.time() - path.stat().st_mtime > JUST_OPENED_SECONDS:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def _opened(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb")
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _too_large(most: int) -> RequestError:
    return bad_request("body", "body", f"the file is larger than the {most} bytes that are accepted", 413)
