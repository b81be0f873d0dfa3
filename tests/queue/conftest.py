"""A client of an empty server for each test."""

import pytest

from dragon_framework.status.connection import connect_sync


@pytest.fixture
def client(redis_url):
    client = connect_sync(redis_url)
    client.flushdb()
    yield client
    client.close()
