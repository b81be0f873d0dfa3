"""`POST /v1/cancel`: beyond v1."""

import time

import pytest

WORK = {"task_name": "probe.work", "seconds": 20}
ECHO = {"task_name": "probe.echo", "text": "hello"}


def cancel(client, keys, **headers):
    return client.post("/v1/cancel", json={"tasks": keys}, headers=client.auth_headers | headers)


def executing(client, key):
    while client.get("/v1/status", params={"tasks": key}).json()[0]["status"] == "queued":
        time.sleep(0.01)


def test_an_executing_task_ends_as_cancelled_and_its_process_is_free_again(make_service):
    with make_service(concurrency=1) as client:
        (status,) = client.create(WORK, block=False)
        executing(client, status["key"])
        begin = time.monotonic()

        answer = cancel(client, status["key"])
        (next_one,) = client.create(ECHO)
        waited = time.monotonic() - begin

    (cancelled,) = answer.json()
    assert cancelled["status"] == "error"
    assert cancelled["result"] == "the task was cancelled"
    assert cancelled["error"] == {"code": "cancelled", "transient": False}
    assert set(cancelled["events"]) == {"queued", "started", "completed"}
    assert next_one["status"] == "success"
    assert waited < 20  # the task alone takes as long


def test_a_queued_task_never_runs(make_service):
    with make_service(concurrency=1) as client:
        first, second = client.create([WORK | {"seconds": 1}, WORK | {"seconds": 2}], block=False)

        (cancelled,) = cancel(client, [second["key"]]).json()
        client.post("/v1/status", json={"tasks": first["key"], "block": True})
        (later,) = client.post("/v1/status", json={"tasks": second["key"]}).json()

    assert cancelled["error"]["code"] == "cancelled"
    assert "started" not in cancelled["events"]
    assert later == cancelled


def test_those_who_wait_hear_of_it(client):
    (status,) = client.create(WORK, block=False)
    executing(client, status["key"])
    with client.stream("GET", "/v1/stream", params={"tasks": status["key"]}) as response:
        lines = response.iter_lines()
        next(lines)
        cancel(client, status["key"])
        rest = [line for line in lines if line.strip()]

    assert '"code":"cancelled"' in rest[-1]


def test_a_task_that_is_over_stays_as_it_is(client):
    (status,) = client.create(ECHO)

    assert cancel(client, status["key"]).json() == [status]


def test_an_unknown_task_is_404(client):
    answer = cancel(client, ["A" * 26, "nonsense"])

    assert answer.status_code == 404
    assert [status["error"]["code"] for status in answer.json()] == ["unknown_key"] * 2


@pytest.mark.parametrize("body", [{}, {"tasks": []}, {"tasks": [1]}, {"tasks": {}}])
def test_keys_that_are_none_are_400(client, body):
    assert client.post("/v1/cancel", json=body, headers=client.auth_headers).status_code == 400


def test_cancelling_needs_credentials(client):
    assert client.post("/v1/cancel", json={"tasks": "A" * 26}).status_code == 401


def test_another_account_cannot_cancel_a_task(limited):
    client, add = limited
    (status,) = client.create(WORK | {"seconds": 1}, block=False)

    answer = client.post("/v1/cancel", json={"tasks": status["key"], "secret": add("other")})
    (ended,) = client.post("/v1/status", json={"tasks": status["key"], "block": True}).json()

    assert answer.status_code == 404
    assert ended["status"] == "success"


def test_a_cancelled_task_gives_its_place_back(limited):
    client, add = limited
    secret = add("acme", "--concurrent-tasks", "1")
    first = client.post("/v1/create", json={"tasks": WORK, "secret": secret}).json()[0]

    refused = client.post("/v1/create", json={"tasks": ECHO, "secret": secret})
    client.post("/v1/cancel", json={"tasks": first["key"], "secret": secret})
    accepted = client.post("/v1/create", json={"tasks": ECHO, "secret": secret})

    assert (refused.status_code, accepted.status_code) == (401, 200)
