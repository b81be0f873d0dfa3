"""Credentials among parameters: what Redis holds of them while a task waits, runs and is over."""

import base64
import hashlib

import pytest

from benchmarks.service import Service
from dragon_framework.status.connection import connect_sync
from tests.api.conftest import Client

CANARY = "canary-token-8d20"
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(scope="module")
def watched(probe_environ, redis_url):
    settings = {"redis": redis_url, "log_level": "debug", "log_format": "json"}
    environ = probe_environ | {"DRAGON_SECRET_KEY": KEY}
    with Service(environ=environ, concurrency=1, **settings) as dragon, Client(dragon) as client:
        yield client, connect_sync(redis_url), dragon


def login(client, *, seconds=0.0, block=True):
    (status,) = client.create({"task_name": "probe.login", "token": CANARY, "seconds": seconds}, block=block)
    return status


def values(redis):
    """Return all strings and hashes of Redis as one text."""
    readers = {b"string": redis.get, b"hash": redis.hgetall}
    return repr([readers[kind](key) for key in redis.scan_iter() if (kind := redis.type(key)) in readers])


def test_a_credential_reaches_the_task_and_nothing_else(watched):
    client, redis, dragon = watched
    status = login(client)

    assert status["result"] == {"digest": hashlib.sha256(CANARY.encode()).hexdigest(), "key_in_environment": False}
    asked = client.post("/v1/status", json={"tasks": [status["key"]], "details": True, "secret": client.secret})
    assert asked.json()[0]["details"]["parameters"] == {"token": "…", "spare": "…", "seconds": 0.0}
    told = asked.text + client.get("/metrics").text + values(redis)
    while not dragon._lines.empty():
        told += dragon._lines.get() or ""
    assert CANARY not in told
    assert base64.b64encode(CANARY.encode()).decode().rstrip("=")[:-2] not in told


@pytest.mark.parametrize("end", ["success", "cancel"])
def test_it_is_sealed_while_the_task_is_under_way_and_gone_afterwards(watched, end):
    client, redis, _ = watched
    key = login(client, seconds=0.5 if end == "success" else 30, block=False)["key"]
    before, lives = redis.get(f"dragon:d:{key}"), redis.ttl(f"dragon:d:{key}")
    if end == "cancel":
        client.post("/v1/cancel", json={"tasks": [key], "secret": client.secret})
    else:
        client.post("/v1/status", json={"tasks": [key], "block": True})
    after = redis.get(f"dragon:d:{key}")

    assert b'"sealed":"' in before
    assert CANARY.encode() not in before
    assert b"sealed" not in after
    assert after.startswith(before.partition(b',"sealed"')[0])
    assert lives - 30 <= redis.ttl(f"dragon:d:{key}") <= lives


def test_a_wrong_value_is_not_told_back(watched):
    client, _, _ = watched
    (status,) = client.create({"task_name": "probe.login", "token": CANARY * 1000})

    assert status["result"]["parameters"].keys() == {"token"}
    assert "canary" not in str(status)


def test_schemas_mark_it_and_tell_neither_example_nor_default(watched):
    client, _, _ = watched
    openapi, listed = client.get("/openapi.json"), client.get("/v1/tasks")
    docs = client.get("/docs")

    for schema in (
        openapi.json()["components"]["schemas"]["probe.login.definition"]["properties"],
        next(task for task in listed.json() if task["name"] == "probe.login")["parameters"]["properties"],
    ):
        for name in ("token", "spare"):
            assert (schema[name]["format"], schema[name]["writeOnly"]) == ("password", True)
    for text in (openapi.text, listed.text, docs.text):
        assert "example-of-a-token" not in text
        assert "default-of-a-token" not in text
