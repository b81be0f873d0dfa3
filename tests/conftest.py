"""Shared by all tests of the core: a real Redis-compatible server for each test process, and a look at its queues."""

from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from dragon_framework.queue.lines import JOIN, LINE, TURNS

SEND = f"""
{JOIN}
redis.call('HSET', 'dramatiq:' .. ARGV[1] .. '.msgs', ARGV[2], ARGV[3])
join_line(ARGV[1], ARGV[4], tonumber(ARGV[5]), ARGV[2], false)
"""


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a private server; tests share it, so they use keys of their own."""
    from dragon_framework.embedded import EmbeddedServer

    with EmbeddedServer(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


def _send(client: Any, queue: str, key: str, message: bytes, line: str = "", priority: int = 0) -> None:
    """Put a message, which may be any bytes, into a line of a queue."""
    client.eval(SEND, 0, queue, key, message, line, priority)


def _waiting(client: Any, queue: str) -> list[str]:
    """Return what waits in a queue, in the order in which workers would take it."""
    lines = deque(client.lrange(TURNS + queue, 0, -1))
    left = {line: deque(client.zrange(f"{LINE}{queue}:{line.decode()}", 0, -1)) for line in lines}
    order = []
    while lines:
        line = lines.popleft()
        order.append(left[line].popleft().decode())
        if left[line]:
            lines.append(line)
    return order


@pytest.fixture(scope="session")
def lines() -> SimpleNamespace:
    """`send(client, queue, key, message, line, priority)` and `waiting(client, queue)`."""
    return SimpleNamespace(send=_send, waiting=_waiting)
