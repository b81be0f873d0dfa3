"""Equal tasks share one execution: always for create_file, for create when asked."""

import asyncio
import re
import time
from urllib.parse import urlencode

import pytest

ONE = {"task_name": "probe.one"}


def test_with_share_an_equal_task_serves(client):
    task = ONE | {"content": f"share {time.time()}"}

    (first,) = client.create(task, share=True)
    (second,) = client.create(task, share=True)
    (alone,) = client.create(task)

    assert second == first
    assert alone["key"] != first["key"]


def test_equal_tasks_of_one_request_are_one(client):
    task = ONE | {"content": f"twins {time.time()}"}

    statuses = client.create([task, task | {"content": "other"}, task], share=True)

    assert statuses[0] == statuses[2] != statuses[1]
    assert [status["status"] for status in statuses] == ["success"] * 3


def test_a_task_that_is_not_cacheable_runs_each_time(client):
    task = {"task_name": "probe.echo", "text": "each"}

    statuses = client.create([task, task], share=True)

    assert statuses[0]["key"] != statuses[1]["key"]


def test_a_task_with_a_callback_is_its_own(client, receiver):
    task = ONE | {"content": f"called {time.time()}"}

    statuses = client.create([task | {"url_callback": receiver.url}] * 2, share=True)

    assert statuses[0]["key"] != statuses[1]["key"]


def test_wrong_parameters_are_told_as_ever(client):
    (status,) = client.create(ONE | {"nonsense": 1}, share=True)

    assert status["error"]["code"] == "invalid_parameters"


@pytest.mark.parametrize(
    ("share", "headers", "named"), [(True, {"Idempotency-Key": "a"}, "share"), ("perhaps", {}, "share")]
)
def test_what_cannot_be_is_400(client, share, headers, named):
    body = {"tasks": ONE, "share": share}

    answer = client.post("/v1/create", json=body, headers=client.auth_headers | headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == named


def test_a_request_with_a_callback_can_be_repeated_with_its_idempotency_key(client, receiver):
    task = ONE | {"content": "again", "url_callback": receiver.url}
    headers = {"Idempotency-Key": f"callback-{time.time_ns()}"}

    (first,) = client.create(task, headers=headers)
    (second,) = client.create(task, headers=headers)

    assert first == second
    assert first["status"] == "success"


def test_a_thousand_gets_of_one_file_run_one_task(make_service):
    with make_service(concurrency=2) as client:
        query = urlencode({"task_name": "probe.one", "content": "popular", "secret": client.secret})
        request = f"GET /v1/create_file/a.txt?{query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()

        async def get():
            reader, writer = await asyncio.open_connection("127.0.0.1", client.dragon.port)
            writer.write(request)
            answer = await reader.read()
            writer.close()
            return answer.decode()

        async def ask():
            return await asyncio.gather(*(get() for _ in range(1000)))

        answers = asyncio.run(ask())
        metrics = client.get("/metrics").text

    assert {answer.partition("\r\n")[0] for answer in answers} == {"HTTP/1.1 302 Found"}
    assert len({re.search(r"(?i)location: (\S+)", answer)[1] for answer in answers}) == 1
    (line,) = [line for line in metrics.splitlines() if line.startswith("dragon_tasks_total") and "probe.one" in line]
    assert line.endswith(" 1")
