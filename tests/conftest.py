"""Shared by all tests of the core: a real Redis-compatible server for each test process."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a private server; tests share it, so they use keys of their own."""
    from dragon_framework.embedded import EmbeddedServer

    with EmbeddedServer(tmp_path_factory.mktemp("redis")) as server:
        yield server.url
