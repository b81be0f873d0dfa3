"""`url_callback`: the final status, sent to a receiver for real, whatever goes wrong on the way."""

import base64
import hmac
import json
import os
import signal
import time
from pathlib import Path

import pytest

from dragon_framework.status.connection import connect_sync

ECHO = {"task_name": "probe.echo", "text": "hello"}
WORK = {"task_name": "probe.work", "seconds": 20}


def delivery(client, key, *states):
    """Return how a callback is doing, once it is in one of *states*."""
    deadline = time.monotonic() + 30
    while True:
        answer = client.get("/v1/callbacks", params={"tasks": key}, headers=client.auth_headers)
        if answer.status_code == 200 and (not states or answer.json()[0]["state"] in states):
            return answer.json()[0]
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.02)


def worker_of(api):
    """Return the process id of the worker beside an API process."""
    parent = int(Path(f"/proc/{api}/stat").read_text().rpartition(")")[2].split()[1])
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise LookupError("there is no worker")


def test_the_final_status_is_posted_as_the_status_method_has_it(calling, receiver):
    (status,) = calling.create([ECHO | {"url_callback": f"{receiver.url}?a=1"}])

    told = delivery(calling, status["key"], "delivered")

    ((path, headers, body),) = receiver.requests
    assert path == "/hook?a=1"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == status == calling.get("/v1/status", params={"tasks": status["key"]}).json()[0]
    assert told["url"] == receiver.url  # a query may hold a credential
    assert [attempt["answer"] for attempt in told["attempts"]] == [200]
    assert told["due"] is None


def test_a_repeated_request_whose_first_broke_off_in_between_calls_too(calling, receiver):
    task, key = ECHO | {"url_callback": receiver.url}, {"Idempotency-Key": "broken-off"}
    (first,) = calling.create([task], headers=key)
    delivery(calling, first["key"], "delivered")
    redis = connect_sync((calling.dragon.data / "redis.url").read_text())
    names = [f"dragon:{kind}:{first['key']}" for kind in "tdk"]
    assert redis.delete(*names) == 3  # as if the API had died when it had kept the keys, and written nothing yet

    (second,) = calling.create([task], headers=key)

    assert second["key"] == first["key"]
    assert second["status"] == "success"
    delivery(calling, second["key"], "delivered")
    assert len(receiver.requests) == 2
    redis.close()


def test_it_is_signed_with_the_account_s_key(calling, receiver, run_dragon):
    shown = run_dragon("accounts", "signing", "development", "--data-dir", str(calling.dragon.data), "--json")
    key = base64.b64decode(json.loads(shown.stdout)["signing_key"].removeprefix("whsec_"))

    (status,) = calling.create([ECHO | {"url_callback": receiver.url}])
    delivery(calling, status["key"], "delivered")

    ((_, headers, body),) = receiver.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == f"msg_{status['key']}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_a_failed_task_calls_too(calling, receiver):
    (status,) = calling.create([{"task_name": "probe.fail", "url_callback": receiver.url}])

    delivery(calling, status["key"], "delivered")

    assert json.loads(receiver.requests[0][2])["status"] == "error"


def test_a_receiver_that_fails_is_called_again_with_the_same_id(calling, receiver):
    receiver.answers = [500, 0.9, 204]

    (status,) = calling.create([ECHO | {"url_callback": receiver.url}])
    told = delivery(calling, status["key"], "delivered")

    assert [attempt.get("answer") for attempt in told["attempts"]] == [500, None, 204]
    assert told["attempts"][0]["problem"] == "the receiver answered 500"
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1


def test_after_all_attempts_it_has_failed_and_can_be_replayed(calling, receiver):
    receiver.answers = [500]
    (status,) = calling.create([ECHO | {"url_callback": receiver.url}])
    failed = delivery(calling, status["key"], "failed")

    receiver.answers = [200]
    answer = calling.post("/v1/callbacks/replay", json={"tasks": status["key"]}, headers=calling.auth_headers)
    replayed = delivery(calling, status["key"], "delivered")

    assert len(failed["attempts"]) == 3
    assert answer.json()[0]["state"] == "pending"
    assert [attempt["answer"] for attempt in replayed["attempts"]] == [500, 500, 500, 200]


@pytest.mark.parametrize(("answer", "problem"), [(410, "410"), (302, "do not follow redirects")])
def test_gone_ends_it_and_redirects_are_not_followed(calling, receiver, answer, problem):
    receiver.answers = [answer]
    receiver.headers = {"Location": receiver.url}

    (status,) = calling.create([ECHO | {"url_callback": receiver.url}])
    told = delivery(calling, status["key"], "failed")

    assert problem in told["attempts"][0]["problem"]
    assert len(told["attempts"]) == (1 if answer == 410 else 3)
    assert {path for path, _, _ in receiver.requests} == {"/hook"}


def test_a_private_address_is_never_called(calling):
    (status,) = calling.create([ECHO | {"url_callback": "http://10.1.2.3/hook"}])

    told = delivery(calling, status["key"], "failed")

    assert told["attempts"][0]["problem"] == "the address 10.1.2.3 is a private address"


@pytest.mark.parametrize("url", ["ftp://example.com/", "example.com", "", 7, "http://u:p@example.com/", "http://h\\i"])
def test_a_url_that_cannot_be_called_is_refused_beside_the_other_fields(calling, url):
    (status,) = calling.create([ECHO | {"url_callback": url, "nonsense": 1}])

    assert status["status"] == "error"
    assert set(status["result"]["parameters"]) == {"url_callback", "nonsense"}


def test_a_slow_receiver_keeps_nobody_else_waiting(calling, receiver, new_receiver):
    receiver.answers = [0.9]
    calling.create([ECHO | {"url_callback": receiver.url}] * 30)
    with new_receiver() as quick:
        (status,) = calling.create([ECHO | {"url_callback": quick.url}])
        told = delivery(calling, status["key"], "delivered")

    assert [attempt["answer"] for attempt in told["attempts"]] == [200]
    assert receiver.most_open == 4  # a quarter of 16


def test_cancel_drops_a_callback_that_is_not_delivered(calling, receiver):
    receiver.answers = [503]
    receiver.headers = {"Retry-After": "3600"}
    (status,) = calling.create([ECHO | {"url_callback": receiver.url}])
    while not (waiting := delivery(calling, status["key"], "pending"))["attempts"]:
        time.sleep(0.02)

    answer = calling.post("/v1/cancel", json={"tasks": status["key"]}, headers=calling.auth_headers)

    assert waiting["due"] - time.time() > 3000
    assert answer.json() == [status]
    assert delivery(calling, status["key"])["state"] == "cancelled"


def test_a_cancelled_task_has_no_callback(calling, receiver):
    (status,) = calling.create([WORK | {"url_callback": receiver.url}], block=False)

    calling.post("/v1/cancel", json={"tasks": status["key"]}, headers=calling.auth_headers)
    (other,) = calling.create([ECHO | {"url_callback": receiver.url}])
    delivery(calling, other["key"], "delivered")

    assert [json.loads(body)["key"] for _, _, body in receiver.requests] == [other["key"]]
    assert (
        calling.get("/v1/callbacks", params={"tasks": status["key"]}, headers=calling.auth_headers).status_code == 404
    )


def test_deliveries_are_for_the_account_alone(calling):
    assert calling.get("/v1/callbacks", params={"tasks": "A" * 26}).status_code == 401
    unknown = calling.get("/v1/callbacks", params={"tasks": "A" * 26}, headers=calling.auth_headers)
    assert unknown.status_code == 404
    assert "no callback is known" in unknown.text


def test_a_worker_killed_while_it_sends_leaves_the_callback_to_another(make_service, receiver):
    receiver.answers = [5.0, 200]
    with make_service(callbacks_timeout_seconds=0.5, concurrency=1) as client:
        (status,) = client.create([ECHO | {"url_callback": receiver.url}])
        while not receiver.requests:
            time.sleep(0.01)
        os.kill(worker_of(client.dragon.api_pid), signal.SIGKILL)

        told = delivery(client, status["key"], "delivered")

    assert told["attempts"][-1]["answer"] == 200
    assert len(receiver.requests) == 2
