"""The client: tasks are created, followed and cancelled, files go up and down.

In: the URL of a service and a credential. Out: statuses as the v1 reference describes them. Stands on `protocol`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx

from dragon_client import protocol
from dragon_client.errors import ApiError, ConnectionLost
from dragon_client.protocol import BLOCK_SECONDS, CONNECT_SECONDS, SILENCE_SECONDS, Call, Following, Retries
from dragon_client.status import Status

T = TypeVar("T")


class Client:
    """Talks to one service; a context manager that closes its connections.

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
        self._http = httpx.Client(base_url=protocol.checked_server(server), timeout=limits)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def create(
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
        statuses = self._repeated(lambda: self._statuses(call))
        if not block or all(status.final for status in statuses):
            return statuses
        return self.block([status.key for status in statuses], seconds=seconds)

    def run(self, task: dict[str, Any], on_status: Callable[[Status], object] | None = None) -> Any:
        """Create one task, wait for its end and return its result; *on_status* is told of every change.

        Raises:
            TaskError: If the task ends as `error`.
        """
        [created] = self.create(task)
        status = created
        if on_status:
            on_status(status)
        for status in self._follow(Following(created.key, self._retries, known=[created])):
            if on_status:
                on_status(status)
        return status.or_error()

    def status(self, keys: str | Sequence[str]) -> list[Status]:
        """Return the statuses of tasks, in the order of *keys*; a 404 if none is known."""
        call = protocol.ask("status", keys)
        return self._repeated(lambda: self._statuses(call))

    def block(self, keys: str | Sequence[str], *, seconds: float | None = BLOCK_SECONDS) -> list[Status]:
        """Wait until tasks are final and return their statuses, in the order of *keys*.

        Args:
            keys: Keys of tasks.
            seconds: Longest wait, by default that of the service itself; then the current statuses. None for no limit.
        """
        for _ in self._follow(Following(keys, self._retries, seconds)):
            pass
        return self.status(keys)

    def stream(self, keys: str | Sequence[str]) -> Iterator[Status]:
        """Yield statuses of tasks as they change, until all are final; a stream that breaks off is taken up again."""
        return self._follow(Following(keys, self._retries))

    def cancel(self, keys: str | Sequence[str]) -> list[Status]:
        """Cancel tasks of this account and return their statuses; not tried again."""
        return self._statuses(protocol.ask("cancel", keys))

    def upload(self, path: Path) -> str:
        """Upload a local file and return its URL for tasks; not tried again."""
        call = protocol.upload(path)
        with path.open("rb") as file, protocol.network_errors():
            response = self._http.post(call.path, content=file, headers=self._headers | call.headers)
        if not response.is_success:
            raise protocol.refusal(response)
        with protocol.network_errors():
            return str(response.json()["url"])

    def download(self, url: str) -> bytes:
        """Return the file at the URL of an output, in memory; the credential is not sent there."""
        return self._repeated(lambda: self._content(url))

    def download_to(self, url: str, path: Path) -> Path:
        """Write the file at the URL of an output to *path*, which appears, or is replaced, when it is whole."""
        part = protocol.part_of(path)
        try:
            self._repeated(lambda: self._write(url, part))
            return part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _follow(self, following: Following) -> Iterator[Status]:
        while not following.is_over():
            error: ApiError | ConnectionLost = ConnectionLost(protocol.ENDED_EARLY)
            call, silence = following.begin(self._timeout)
            limits = httpx.Timeout(silence, connect=min(silence, CONNECT_SECONDS))
            headers = self._headers | call.headers
            try:
                with (
                    protocol.network_errors(),
                    self._http.stream("POST", call.path, json=call.body, headers=headers, timeout=limits) as response,
                ):
                    if not response.is_success:
                        response.read()
                        raise protocol.refusal(response)
                    for line in response.iter_lines():
                        yield from following.take(line)
                        if following.is_over():
                            return
            except (ApiError, ConnectionLost) as caught:
                error = caught
            time.sleep(following.broken(error))

    def _statuses(self, call: Call) -> list[Status]:
        with protocol.network_errors():
            response = self._http.post(call.path, json=call.body, headers=self._headers | call.headers)
            if not response.is_success:
                raise protocol.refusal(response)
            return protocol.statuses_in(response.content)

    def _content(self, url: str) -> bytes:
        with protocol.network_errors():
            response = self._http.get(url, follow_redirects=True)
        if not response.is_success:
            raise protocol.refusal(response)
        return response.content

    def _write(self, url: str, path: Path) -> None:
        with protocol.network_errors(), self._http.stream("GET", url, follow_redirects=True) as response:
            if not response.is_success:
                response.read()
                raise protocol.refusal(response)
            with path.open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)

    def _repeated(self, action: Callable[[], T]) -> T:
        failures = 0
        while True:
            try:
                return action()
            except (ConnectionLost, ApiError) as error:
                failures += 1
                time.sleep(self._retries.seconds(failures, error))
