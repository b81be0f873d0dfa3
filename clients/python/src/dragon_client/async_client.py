"""The same client for programs on asyncio or trio. Stands on `protocol`, and on anyio, which httpx brings."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx

from dragon_client import protocol
from dragon_client.errors import ApiError, ConnectionLost
from dragon_client.protocol import BLOCK_SECONDS, CONNECT_SECONDS, SILENCE_SECONDS, Call, Following, Retries
from dragon_client.status import Status

T = TypeVar("T")

CHUNK_BYTES = 256 * 1024


class AsyncClient:
    """Talks to one service; an asynchronous context manager that closes its connections.

    Args:
        server: URL of the service, such as `http://127.0.0.1:8000`.
        secret: Secret of an account, for programs that keep it to themselves.
        api_key: Api key of an account, instead; it counts together with *origin*.
        origin: The page that the api key is for, such as `https://example.org`.
        timeout: Seconds that the service may be silent, > 0.
        retries: How often in a row a request that may be repeated is tried again, >= 0.
        longest_wait: Longest `Retry-After` that is waited for, in seconds, >= 0; a longer one is an error at once.

    Every method raises `ApiError` if the service refuses, and `ConnectionLost` if it stays away.
    """

    def __init__(
        self,
        server: str,
        *,
        secret: str = "",
        api_key: str = "",
        origin: str = "",
        timeout: float = SILENCE_SECONDS,
        retries: int = 5,
        longest_wait: float = 30.0,
    ) -> None:
        self._headers = protocol.credentials(secret, api_key, origin)
        self._retries = Retries(retries, longest_wait)
        self._timeout = timeout
        limits = httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        self._http = httpx.AsyncClient(base_url=protocol.checked_server(server), timeout=limits)

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def create(
        self,
        *tasks: dict[str, Any],
        block: bool = False,
        seconds: float | None = BLOCK_SECONDS,
        idempotency_key: str = "",
    ) -> list[Status]:
        """Create tasks and return their statuses, in order.

        Args:
            tasks: Definitions: `task_name` and the parameters of the task.
            block: Wait until all are final.
            seconds: Longest wait of *block*; then the current statuses. None for no limit.
            idempotency_key: 1 to 255 characters that name this request; a fresh one by default. A request that is
                repeated under its key creates nothing twice, so this one is tried again when the network fails.
        """
        call = protocol.create(tasks, idempotency_key)
        statuses = await self._repeated(lambda: self._statuses(call))
        if not block or all(status.final for status in statuses):
            return statuses
        return await self.block([status.key for status in statuses], seconds=seconds)

    async def run(self, task: dict[str, Any], on_status: Callable[[Status], object] | None = None) -> Any:
        """Create one task, wait for its end and return its result; *on_status* is told of every change.

        Raises:
            TaskError: If the task ends as `error`.
        """
        [created] = await self.create(task)
        status = created
        if on_status:
            on_status(status)
        async for status in self._follow(Following(created.key, self._retries, known=[created])):
            if on_status:
                on_status(status)
        return status.or_error()

    async def status(self, keys: str | Sequence[str]) -> list[Status]:
        """Return the statuses of tasks, in the order of *keys*; a 404 if none is known."""
        call = protocol.ask("status", keys)
        return await self._repeated(lambda: self._statuses(call))

    async def block(self, keys: str | Sequence[str], *, seconds: float | None = BLOCK_SECONDS) -> list[Status]:
        """Wait until tasks are final and return their statuses, in the order of *keys*.

        Args:
            keys: Keys of tasks.
            seconds: Longest wait, by default that of the service itself; then the current statuses. None for no limit.
        """
        async for _ in self._follow(Following(keys, self._retries, seconds)):
            pass
        return await self.status(keys)

    def stream(self, keys: str | Sequence[str]) -> AsyncIterator[Status]:
        """Yield statuses of tasks as they change, until all are final; a stream that breaks off is taken up again."""
        return self._follow(Following(keys, self._retries))

    async def cancel(self, keys: str | Sequence[str]) -> list[Status]:
        """Cancel tasks of this account and return their statuses; not tried again."""
        return await self._statuses(protocol.ask("cancel", keys))

    async def upload(self, path: Path) -> str:
        """Upload a local file and return its URL for tasks; not tried again."""
        call = protocol.upload(path)
        async with await anyio.open_file(path, "rb") as file:
            with protocol.network_errors():
                content = _chunks(file)
                response = await self._http.post(call.path, content=content, headers=self._headers | call.headers)
        if not response.is_success:
            raise protocol.refusal(response)
        with protocol.network_errors():
            return str(response.json()["url"])

    async def download(self, url: str) -> bytes:
        """Return the file at the URL of an output, in memory; the credential is not sent there."""
        return await self._repeated(lambda: self._content(url))

    async def download_to(self, url: str, path: Path) -> Path:
        """Write the file at the URL of an output to *path*, which appears, or is replaced, when it is whole."""
        part = protocol.part_of(path)
        try:
            await self._repeated(lambda: self._write(url, part))
            return part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    async def _follow(self, following: Following) -> AsyncIterator[Status]:
        while not following.is_over():
            error: ApiError | ConnectionLost = ConnectionLost(protocol.ENDED_EARLY)
            call, silence = following.begin(self._timeout)
            limits = httpx.Timeout(silence, connect=min(silence, CONNECT_SECONDS))
            headers = self._headers | call.headers
            try:
                with protocol.network_errors():
                    async with self._http.stream(
                        "POST", call.path, json=call.body, headers=headers, timeout=limits
                    ) as response:
                        if not response.is_success:
                            await response.aread()
                            raise protocol.refusal(response)
                        async for line in response.aiter_lines():
                            for status in following.take(line):
                                yield status
                            if following.is_over():
                                return
            except (ApiError, ConnectionLost) as caught:
                error = caught
            await anyio.sleep(following.broken(error))

    async def _statuses(self, call: Call) -> list[Status]:
        with protocol.network_errors():
            response = await self._http.post(call.path, json=call.body, headers=self._headers | call.headers)
            if not response.is_success:
                raise protocol.refusal(response)
            return protocol.statuses_in(response.content)

    async def _content(self, url: str) -> bytes:
        with protocol.network_errors():
            response = await self._http.get(url, follow_redirects=True)
        if not response.is_success:
            raise protocol.refusal(response)
        return response.content

    async def _write(self, url: str, path: Path) -> None:
        with protocol.network_errors():
            async with self._http.stream("GET", url, follow_redirects=True) as response:
                if not response.is_success:
                    await response.aread()
                    raise protocol.refusal(response)
                async with await anyio.open_file(path, "wb") as file:
                    async for chunk in response.aiter_bytes():
                        await file.write(chunk)

    async def _repeated(self, action: Callable[[], Awaitable[T]]) -> T:
        failures = 0
        while True:
            try:
                return await action()
            except (ConnectionLost, ApiError) as error:
                failures += 1
                await anyio.sleep(self._retries.seconds(failures, error))


async def _chunks(file: anyio.AsyncFile[bytes]) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK_BYTES):
        yield chunk
