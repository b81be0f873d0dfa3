"""Requests meant to exhaust: each is answered with a 4xx, and the API process stays as small as it was."""

# ruff: noqa: UP031  (bodies are easier to read so)

import json
import os
import socket
from pathlib import Path

import httpx
import pytest

from benchmarks.service import Service

MAX_BODY = 1_000_000


@pytest.fixture(scope="module")
def dragon():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    with Service(environ=environ, concurrency=1, api_max_body_bytes=MAX_BODY, api_failed_credentials=0) as service:
        yield service


def peak_bytes(pid):
    """The most memory that a process has had resident (proc(5), VmHWM)."""
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def sent(port, parts):
    """Send *parts* until the service has enough of it; return the head of its answer and how many bytes it took."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                taken += len(part)
        except OSError:
            pass
        try:
            return connection.recv(65536), taken
        except OSError:  # reset, while bytes of ours were on their way
            return b"", taken


def head(*fields):
    return "\r\n".join(["POST /v1/create HTTP/1.1", "Host: a", *fields, "", ""]).encode()


def endless(piece, times=2000):
    for _ in range(times):
        yield piece


CHUNK = b"10000\r\n" + b" " * 65536 + b"\r\n"
EXHAUSTING = {
    "a body of 100 MB": lambda: [head("Content-Length: 100000000"), *endless(b" " * 65536, 1500)],
    "chunks without end": lambda: [head("Transfer-Encoding: chunked"), *endless(CHUNK)],
    "a chunk of 2^60 bytes": lambda: [
        head("Transfer-Encoding: chunked"),
        b"1000000000000000\r\n",
        *endless(b" " * 65536),
    ],
    "headers without end": lambda: [head()[:-2], *endless(b"X-A: " + b"a" * 8000 + b"\r\n")],
    "100,000 headers": lambda: [head()[:-2], *endless(b"X-A: a\r\n", 100_000)],
    "one header of 100 MB": lambda: [head()[:-2] + b"X-A: ", *endless(b"a" * 65536)],
    "a query string of 100 MB": lambda: [b"GET /v1/status?tasks=", *endless(b"a" * 65536)],
    "a chunk extension without end": lambda: [head("Transfer-Encoding: chunked"), b"1;a=", *endless(b"a" * 65536)],
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("name", EXHAUSTING)
def test_what_never_ends_is_refused_early_and_memory_stays_flat(dragon, name):
    sent(dragon.port, [head("Content-Length: 2"), b"{}"])
    before = peak_bytes(dragon.api_pid)

    answer, _ = sent(dragon.port, EXHAUSTING[name]())

    assert answer[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 431"}
    assert peak_bytes(dragon.api_pid) - before < 24 * 2**20
    assert httpx.get(f"http://127.0.0.1:{dragon.port}/health").status_code == 200


DEEP = {
    "lists": "[" * 100_000 + "]" * 100_000,
    "objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "lists that do not end": "[" * 400_000,
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("path", ["/v1/create", "/v1/create_stream", "/v1/status", "/v1/create_file/a"])
def test_json_that_is_too_deep_is_a_400(dragon, name, path):
    body = '{"tasks": %s, "secret": "%s"}' % (DEEP[name], dragon.secret)

    answer = httpx.post(f"http://127.0.0.1:{dragon.port}{path}", content=body, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["location"] == "body"


def test_json_within_json_that_is_too_deep_is_a_400(dragon):
    """`tasks` may be a text that is JSON (api-notes): it is as bounded as the body."""
    body = json.dumps({"tasks": DEEP["lists"], "secret": dragon.secret})

    answer = httpx.post(f"http://127.0.0.1:{dragon.port}/v1/create", content=body, timeout=30)

    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["1" * 100_000, "1e999999", "-" + "9" * 5000, "0." + "0" * 100_000 + "1"])
def test_numbers_of_any_length_are_no_server_error(dragon, number):
    definition = '{"task_name":"image.thumb","url":"http://a.test/","width":%s}' % number
    body = '{"tasks":[%s],"secret":"%s"}' % (definition, dragon.secret)

    answer = httpx.post(f"http://127.0.0.1:{dragon.port}/v1/create", content=body, timeout=30)

    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json()[0]["status"] == "error"
