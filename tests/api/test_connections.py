"""What a client may do with a connection before, and instead of, asking something."""

import asyncio
import json
import socket

import pytest

from dragon_framework.api import connections
from dragon_framework.api.connections import MAX_HEAD_BYTES, BoundedHttpProtocol


def exchange(client, *parts):
    """Send *parts* and return all that comes until the connection is closed."""
    with socket.create_connection(("127.0.0.1", client.base_url.port), timeout=20) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except ConnectionError:
            pass  # the service need not listen to the end
        answer = b""
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:
            pass
        return answer


def test_a_request_whose_headers_never_end_is_refused_before_they_fill_the_memory(client):
    answer = exchange(client, b"GET /health HTTP/1.1\r\nHost: a\r\nX: ", b"a" * 4_000_000)

    assert not answer or answer.startswith(b"HTTP/1.1 431 ")  # a reset may overtake the answer
    assert client.get("/health").status_code == 200


def test_the_refusal_of_a_large_head_has_the_form_of_the_api(client):
    answer = exchange(client, b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * MAX_HEAD_BYTES)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["errors"][0]["name"] == "head"


@pytest.mark.parametrize(
    "sent",
    [b"nonsense\r\n\r\n", b"GET /\0 HTTP/1.1\r\n\r\n", b"GET /?" + b"a" * 66_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"],
)
def test_the_refusal_of_what_is_no_request_has_the_form_of_the_api(client, sent):
    head, _, body = exchange(client, sent).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["errors"][0]["name"] == "request"


def test_a_large_head_below_the_limit_is_taken(client):
    answer = client.get("/health", headers={"X-Large": "a" * (MAX_HEAD_BYTES - 2000)})

    assert answer.status_code == 200


def test_bodies_do_not_count_as_heads_on_a_kept_connection(client):
    for _ in range(3):
        url = client.put("/v1/inputs/a.bin", content=b"a" * 300_001, headers=client.auth_headers).json()["url"]
        assert len(client.get(url).content) == 300_001


@pytest.mark.parametrize("name", ["Upgrade", "upgrade", "UPGRADE"])
def test_a_body_is_read_although_http_2_is_offered(client, name):
    """Java's `HttpClient` offers h2c with each first request to an http: URL."""
    body = json.dumps({"secret": client.secret, "tasks": {"task_name": "probe.echo"}}).encode()
    offer = f"Connection: close, Upgrade, HTTP2-Settings\r\n{name}: h2c\r\nHTTP2-Settings: AAE\r\n"

    answer = exchange(
        client,
        f"POST /v1/create HTTP/1.1\r\nHost: a\r\n{offer}Content-Length: {len(body)}\r\n\r\n".encode() + body,
    )

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"this field is required" in answer


class Transport(asyncio.Transport):
    """A transport of a client that sends only what the test says."""

    def __init__(self):
        super().__init__()
        self.closed = False
        self.written = b""

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def write(self, data):
        self.written += data

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass


@pytest.fixture
def connect(monkeypatch):
    """Open a connection to an application that reads the whole body; `await connect(loop)`."""
    import uvicorn
    from uvicorn.server import ServerState

    monkeypatch.setattr(connections, "SILENT_SECONDS", 0.02)

    async def application(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def make():
        config = uvicorn.Config(application, http=BoundedHttpProtocol, lifespan="off", log_config=None)
        config.load()
        protocol = BoundedHttpProtocol(config, ServerState(), {})
        transport = Transport()
        protocol.connection_made(transport)
        return protocol, transport

    return make


async def closed(transport, tries=200):
    for _ in range(tries):
        if transport.closed:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"GET / HTTP/1.1\r\nHost:",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
    ],
)
def test_a_client_that_owes_something_and_sends_nothing_is_let_go(connect, sent):
    async def main():
        protocol, transport = connect()
        if sent:
            protocol.data_received(sent)
        try:
            return await closed(transport)
        finally:
            protocol.connection_lost(None)

    assert asyncio.run(main())


def test_a_head_that_comes_byte_by_byte_does_not_hold_a_connection(connect):
    async def main():
        protocol, transport = connect()
        protocol.data_received(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(200):
            if transport.closed:
                break
            protocol.data_received(b"a")
            await asyncio.sleep(0.01)
        protocol.connection_lost(None)
        return transport.closed

    assert asyncio.run(main())


def test_a_client_that_waits_between_requests_is_left_to_the_keep_alive_clock(connect):
    async def main():
        protocol, transport = connect()
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        closed_early = await closed(transport, tries=20)
        protocol.connection_lost(None)
        return transport.written, closed_early

    written, closed_early = asyncio.run(main())

    assert written.startswith(b"HTTP/1.1 200 ")
    assert not closed_early
