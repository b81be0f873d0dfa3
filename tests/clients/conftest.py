"""One service for the tests of all clients."""

import re

import pytest

from benchmarks.service import Service


@pytest.fixture(scope="package")
def service():
    with Service(workers=1, concurrency=2) as running:
        yield running


@pytest.fixture(scope="package")
def server(service):
    """The URL of the service."""
    return f"http://127.0.0.1:{service.port}"


@pytest.fixture(scope="package")
def api_key(service):
    """The api key of the development account: for pages on this machine."""
    return re.search(r"api key: (\S+)", service.said)[1]
