"""Hooks of plugins in the HTTP service: what they add, and what they cannot spoil."""

import pytest

from benchmarks.service import Service
from tests.api.conftest import Client

HOOKS = {
    "clashing": """
@get("/v1/status")
async def status() -> str:
    return "mine"

@hookimpl
def dragon_routes():
    return [status]

@hookimpl
def dragon_metrics():
    return {"acme_text": "many", "acme_huge": 10**400, 7: 7, "a b\\nc": 1, "acme_good": 4}
""",
    "no_list": """
@hookimpl
def dragon_routes():
    return 5

@hookimpl
def dragon_metrics():
    return [1, 2]
""",
    "sound": """
@get("/acme/{name:str}")
async def hello(name: str) -> str:
    return f"hello {name}"

@hookimpl
def dragon_routes():
    return [hello]
""",
}


@pytest.fixture(scope="module")
def client(probe_environ, tmp_path_factory):
    """A client of a service with three plugins, one of which is sound."""
    site = tmp_path_factory.mktemp("hooks")
    for name, source in HOOKS.items():
        (site / f"acme_{name}.py").write_text(
            f"from litestar import get\nfrom dragon_framework.hooks import hookimpl\n{source}"
        )
        metadata = site / f"acme_{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[dragon.hooks]\n{name} = acme_{name}\n")
    environ = probe_environ | {"PYTHONPATH": f"{site}:{probe_environ['PYTHONPATH']}"}
    with Service(environ=environ) as service, Client(service) as client:
        yield client


def test_routes_that_clash_or_are_none_do_not_cost_the_routes_of_others(client):
    assert client.get("/acme/fang").text == "hello fang"
    assert client.get("/v1/status").status_code == 400


def test_numbers_of_a_plugin_that_are_none_do_not_cost_the_page(client):
    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert [line for line in answer.text.splitlines() if line.startswith(("acme", "7", "a b"))] == ["acme_good 4.0"]
