"""`create_stream` and `status_stream`: the wire format of api-notes 1.1."""

import json
import threading
import time

import httpx
import pytest

ECHO = {"task_name": "probe.echo", "text": "hello"}
WORK = {"task_name": "probe.work", "seconds": 0.5}


def stream(client, method, path, **options):
    """Return (headers, raw lines) of a stream read to its end."""
    with client.stream(method, path, **options) as response:
        assert response.status_code == 200, response.read()
        return response.headers, list(response.iter_lines())


def values(lines):
    return [json.loads(line) for line in lines if line.strip()]


def test_a_stream_is_the_list_of_statuses_then_every_change_until_the_end(client):
    headers, lines = stream(
        client, "POST", "/v1/create_stream", json={"tasks": [WORK, ECHO]}, headers=client.auth_headers
    )

    first, *rest = values(lines)
    assert headers["content-type"].startswith("application/x-ndjson")
    assert [status["status"] for status in first] == ["queued", "queued"]
    for status in first:
        own = [change for change in rest if change["key"] == status["key"]]
        assert own[-1]["status"] == "success"
        assert {change["status"] for change in own[:-1]} <= {"queued", "executing"}
    progress = [change.get("progress") for change in rest if change["key"] == first[0]["key"]]
    assert any(isinstance(value, int) for value in progress)


def test_tasks_with_wrong_parameters_are_final_in_the_first_line(client):
    _, lines = stream(
        client, "POST", "/v1/create_stream", json={"tasks": {"task_name": "probe.echo"}}, headers=client.auth_headers
    )

    ((status,),) = values(lines)
    assert status["status"] == "error"


@pytest.mark.parametrize("path", ["/v1/status_stream", "/v1/stream"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_status_stream_begins_with_the_current_statuses(client, method, path):
    keys = [status["key"] for status in client.create([WORK, ECHO], block=False)]
    asked = {"params": {"tasks": keys}} if method == "GET" else {"json": {"tasks": keys}}

    _, lines = stream(client, method, path, **asked)

    first, *rest = values(lines)
    assert [status["key"] for status in first] == keys
    ended = {status["key"] for status in [*first, *rest] if status["status"] == "success"}
    assert ended == set(keys)


def test_a_stream_of_finished_tasks_is_one_line(client):
    statuses = client.create([ECHO, ECHO])

    _, lines = stream(client, "GET", "/v1/stream", params={"tasks": [status["key"] for status in statuses]})

    assert values(lines) == [statuses]


def test_a_stream_of_unknown_tasks_alone_is_404(client):
    answer = client.get("/v1/stream", params={"tasks": ["A" * 26, "nonsense"]})

    assert answer.status_code == 404
    assert [status["status"] for status in answer.json()] == ["error", "error"]


def test_server_sent_events_on_request(client):
    headers, lines = stream(
        client,
        "POST",
        "/v1/create_stream",
        json={"tasks": [WORK]},
        headers=client.auth_headers | {"Accept": "text/event-stream"},
    )

    text = "\n".join(lines)
    events = [block.split("\n") for block in text.split("\n\n") if block and not block.startswith(":")]
    assert headers["content-type"].startswith("text/event-stream")
    assert events[0][0] == "event: statuses"
    (status,) = json.loads(events[0][1].removeprefix("data: "))
    for event in events[1:]:
        assert event[0] == "event: status"
        assert event[1] == f"id: {status['key']}"
    assert json.loads(events[-1][2].removeprefix("data: "))["status"] == "success"


def test_an_idle_stream_carries_blank_lines(client):
    body = {"tasks": [{"task_name": "probe.files", "seconds": 1.0}] * 8}

    _, lines = stream(client, "POST", "/v1/create_stream", json=body, headers=client.auth_headers)

    assert "" in lines


def test_the_first_line_comes_before_the_tasks_are_done(client):
    begin = time.monotonic()
    body = {"tasks": [{"task_name": "probe.work", "seconds": 3}]}
    with client.stream("POST", "/v1/create_stream", json=body, headers=client.auth_headers) as response:
        line = next(response.iter_lines())
        waited = time.monotonic() - begin

    assert json.loads(line)[0]["status"] == "queued"
    assert waited < 3  # the task alone takes as long


def test_a_client_that_goes_away_leaves_nothing_behind(client, dragon):
    body = {"tasks": [{"task_name": "probe.work", "seconds": 1}]}
    for _ in range(20):
        with (
            httpx.Client(base_url=client.base_url) as other,
            other.stream("POST", "/v1/create_stream", json=body, headers=client.auth_headers) as response,
        ):
            next(response.iter_lines())

    assert client.create(ECHO)[0]["status"] == "success"


def test_a_hundred_streams_at_once(client):
    keys = [status["key"] for status in client.create([WORK] * 10, block=False)]
    ends = []

    def listen(key):
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            _, lines = stream(own, "GET", "/v1/stream", params={"tasks": key})
        found = values(lines)
        last = found[-1][0] if isinstance(found[-1], list) else found[-1]
        ends.append(last["status"])

    threads = [threading.Thread(target=listen, args=(keys[number % 10],)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ends == ["success"] * 100


def test_the_service_ends_its_streams_when_it_is_stopped(make_service):
    with make_service(workers=0) as client:
        body = {"tasks": [WORK]}
        with client.stream("POST", "/v1/create_stream", json=body, headers=client.auth_headers) as response:
            lines = response.iter_lines()
            next(lines)
            client.dragon.terminate()
            rest = list(lines)

    assert [line for line in rest if line.strip()] == []
