"""Whether the service answers: real requests to its listening socket, on plain sockets.

`HealthCheck` is driven by the supervisor's `select`. A connection is accepted by the
system before the API runs, so the first request simply waits for its answer.
"""

import contextlib
import socket
from typing import Any

from dragon_framework.cli.addresses import connection_address

RETRY_SECONDS = 0.05
REQUEST_SECONDS = 10.0


class HealthCheck:
    """Asks `GET /health` until the answer is 200.

    Args:
        listener: The listening socket of the service.
    """

    interval_seconds = RETRY_SECONDS * 4
    """How often `passed` should be called when nothing arrives."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._connection: socket.socket | None = None
        self._answer = b""

    @property
    def waiting(self) -> list[socket.socket]:
        """The sockets to wait for."""
        return [self._connection] if self._connection is not None else []

    def passed(self, ready: list[Any]) -> bool:
        """Whether the service has answered; *ready* are the sockets that can be read."""
        if self._connection is None:
            self._connection = _request(self._listener, "/health")
            self._answer = b""
            return False
        if self._connection not in ready:
            return False
        try:
            block = self._connection.recv(4096)
        except OSError:  # the API died over it
            block = b""
        self._answer += block
        if block and b"\r\n" not in self._answer:
            return False
        status = self._answer.partition(b"\r\n")[0].split(b" ")[1:2]
        self.close()
        return status == [b"200"]

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def installed_tasks(listener: socket.socket) -> int:
    """Return 0 if the service that answers at *listener* has no task, else a number above."""
    connection = _request(listener, "/v1/tasks")
    if connection is None:
        return 1
    answer = b""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(REQUEST_SECONDS)
        # The list is long; its beginning is enough.
        while len(answer.partition(b"\r\n\r\n")[2]) < 2 and (block := connection.recv(65536)):
            answer += block
    return 0 if answer.partition(b"\r\n\r\n")[2].lstrip().startswith(b"[]") else 1


def _request(listener: socket.socket, path: str) -> socket.socket | None:
    """Return a connection on which *path* was asked for; None if none can be made now."""
    host, port = connection_address(listener)
    connection = socket.socket(listener.family, socket.SOCK_STREAM)
    connection.settimeout(1)
    shown = f"[{host}]" if ":" in host else host
    try:
        connection.connect((host, port))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {shown}:{port}\r\nConnection: close\r\n\r\n".encode())
    except OSError:
        connection.close()
        return None
    return connection
