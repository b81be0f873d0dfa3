"""A thousand clients that wait in one API process, on real sockets; slow ones, and ones that vanish."""

import asyncio
import json
import resource
import time

import pytest

STREAMS, BLOCKED, VANISHING, SLOW = 1000, 1000, 300, 100
KEYS = 10


@pytest.fixture(autouse=True)
def _many_files():
    """Two thousand sockets need as many file descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip(f"only {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def gauges(client):
    lines = client.get("/metrics").text.splitlines()
    found = {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if line.startswith("dragon_api_")}
    return found["dragon_api_streams"], found["dragon_api_blocked"]


async def open_get(port, path, limit=2**16):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return reader, writer


async def until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not (value := await asyncio.to_thread(true)):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.1)
    return value


def test_a_thousand_streams_and_a_thousand_blocked_calls_hear_the_end(make_service):
    with make_service(workers=0) as client:  # nothing runs the tasks: they end when they are cancelled
        keys = [one["key"] for one in client.create([{"task_name": "probe.work"}] * KEYS, block=False)]

        async def wait_for_all():
            port = client.dragon.port
            streams = [await open_get(port, f"/v1/status_stream?tasks={keys[n % KEYS]}") for n in range(STREAMS)]
            blocked = [await open_get(port, f"/v1/status?block=true&tasks={keys[n % KEYS]}") for n in range(BLOCKED)]
            await until(lambda: gauges(client) == (STREAMS, BLOCKED))
            await asyncio.to_thread(client.post, "/v1/cancel", json={"tasks": keys}, headers=client.auth_headers)
            bodies = await asyncio.gather(*(reader.read() for reader, _ in [*streams, *blocked]))
            for _, writer in [*streams, *blocked]:
                writer.close()
            return bodies

        bodies = asyncio.run(wait_for_all())
        after = gauges(client)

    assert all(body.startswith(b"HTTP/1.1 200") for body in bodies)
    assert all(body.count(b'"code":"cancelled"') == 1 for body in bodies)  # each hears the end, and once
    assert after == (0, 0)


def test_clients_that_vanish_or_do_not_read_cost_nothing_lasting(make_service):
    with make_service(workers=0) as client:
        keys = [one["key"] for one in client.create([{"task_name": "probe.work"}] * KEYS, block=False)]

        async def come_and_go():
            port = client.dragon.port
            slow = [await open_get(port, f"/v1/status_stream?tasks={keys[0]}", limit=16) for _ in range(SLOW)]
            gone = []
            for number in range(VANISHING):
                kind = "status?block=true&" if number % 2 else "status_stream?"
                gone.append(await open_get(port, f"/v1/{kind}tasks={keys[1]}"))
            await until(lambda: gauges(client) == (SLOW + VANISHING / 2, VANISHING / 2))
            for _, writer in gone:
                writer.transport.abort()
            await until(lambda: gauges(client)[0] == SLOW)
            answer = await asyncio.to_thread(client.get, "/v1/status", params={"tasks": keys})
            await asyncio.to_thread(client.post, "/v1/cancel", json={"tasks": keys}, headers=client.auth_headers)
            await until(lambda: gauges(client) == (0, 0))  # the slow ones have not read yet, and hold nothing
            bodies = await asyncio.gather(*(reader.read() for reader, _ in slow))
            for _, writer in slow:
                writer.close()
            return json.loads(answer.content), bodies

        statuses, bodies = asyncio.run(come_and_go())

    assert [status["status"] for status in statuses] == ["queued"] * KEYS
    assert all(b'"code":"cancelled"' in body for body in bodies)
