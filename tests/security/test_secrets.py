"""Secrets that clients use are told nowhere: not in the log at its most talkative, not in answers, not in Redis."""

import json
import os
import time

import httpx
import pytest

from benchmarks.service import Service
from dragon_framework.status.connection import connect_sync

PASSWORD = "canary-password-7f3a"
TOKEN = "canary-token-91bc"
WRONG = "canary-wrong-secret-55d0"


@pytest.fixture(scope="module")
def everything(redis_url):
    """Requests with secrets in each place, then all that was answered, logged and kept."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    settings = {"log_level": "debug", "log_format": "json", "allow_source": "127.0.0.1/32", "worker_retries": 0}
    answers = []
    with Service(environ=environ, concurrency=2, redis=redis_url, **settings) as dragon:
        base = f"http://127.0.0.1:{dragon.port}"
        private = {
            "image.info": {"url": f"http://user:{PASSWORD}@127.0.0.1:9/a.png"},
            "image.thumb": {"url": f"http://127.0.0.1:9/a.png?token={TOKEN}", "width": 9},
            "video.info": {"url": f"http://127.0.0.1:{dragon.port}/none?access_token={TOKEN}"},
        }
        tasks = [{"task_name": name, **parameters} for name, parameters in private.items()]
        with httpx.Client(base_url=base, timeout=60) as client:
            good = {"Authorization": f"Secret {dragon.secret}"}
            answers += [
                client.post("/v1/create", json={"tasks": tasks, "block": True}, headers=good),
                client.post("/v1/create", json={"tasks": tasks, "secret": dragon.secret, "block": True}),
                client.post("/v1/create", json={"tasks": tasks, "secret": WRONG}),
                client.post("/v1/create", json={"tasks": tasks}, headers={"Authorization": f"Secret {WRONG}"}),
                client.get("/v1/create_file/a", params={"task_name": "image.thumb", "secret": dragon.secret}),
                client.get("/v1/create_file/a", params={"task_name": "image.thumb", "secret": WRONG, "url": "x"}),
                client.post("/v1/create", content=b'{"secret": "' + dragon.secret.encode() + b'", "tasks": [}'),
                client.post("/v1/create", json={"tasks": {"task_name": dragon.secret}, "secret": dragon.secret}),
                client.get("/metrics"),
                client.get("/openapi.json"),
            ]
            keys = [one["key"] for one in answers[0].json()]
            answers.append(client.post("/v1/status", json={"tasks": keys, "details": True}, headers=good))
        time.sleep(0.5)  # the log of what was answered last
        kept = iter_lines(dragon)
        secret = dragon.secret
    told = [f"{one.status_code} {one.headers} {one.text}" for one in answers]
    return secret, told, kept, dump(connect_sync(redis_url))


def iter_lines(dragon):
    """What the service has written since its start banner, which shows the development account on purpose."""
    lines = []
    while not dragon._lines.empty():
        lines.append(dragon._lines.get() or "")
    return lines


def dump(client):
    """Return each key and value of Redis as text."""
    kept = []
    for key in client.scan_iter(count=1000):
        read = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"list": lambda name: client.lrange(name, 0, -1),
            b"zset": lambda name: client.zrange(name, 0, -1),
        }.get(client.type(key))
        kept.append(f"{key!r} {read(key) if read else ''!r}")
    return kept


@pytest.mark.parametrize("what", ["the account's secret", WRONG])
def test_credentials_are_in_no_log_and_not_in_redis(everything, what):
    secret, _, log, redis = everything
    looked_for = secret if what != WRONG else WRONG

    assert [line for line in log if looked_for in line] == []
    assert [line for line in redis if looked_for in line] == []


def test_a_wrong_secret_is_not_told_back(everything):
    _, answers, _, _ = everything

    assert [one for one in answers if WRONG in one] == []


@pytest.mark.parametrize("private", [PASSWORD, TOKEN])
def test_what_is_private_in_the_url_of_a_source_is_in_no_log_and_no_answer(everything, private):
    _, answers, log, _ = everything

    assert [line for line in log if private in line] == []
    # The last answer has `details`, which show an account the parameters that it gave itself, and to no other.
    assert [one for one in answers[:-1] if private in one] == []


def test_there_was_something_to_look_at(everything):
    _, answers, log, redis = everything

    assert len(answers) == 11
    assert redis
    assert any("task" in json.loads(line).get("event", "") for line in log if line.startswith("{")), log[-5:]
