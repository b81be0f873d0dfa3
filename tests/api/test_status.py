"""`/v1/status` by GET and POST, with `block` and `details` (v1 reference 1.7, api-notes 1.2)."""

import pytest

from dragon_framework.testing.file_server import FileServer

ECHO = {"task_name": "probe.echo", "text": "hello"}
NOBODY = "A" * 26


def test_a_finished_task_by_get_and_by_post(client):
    statuses = client.create([ECHO, ECHO | {"number": 2}])
    keys = [status["key"] for status in statuses]

    by_get = client.get("/v1/status", params={"tasks": keys})
    by_post = client.post("/v1/status", json={"tasks": keys})

    assert by_get.json() == by_post.json() == statuses


def test_one_key_as_a_string_is_answered_by_a_list(client):
    (status,) = client.create(ECHO)

    assert client.post("/v1/status", json={"tasks": status["key"]}).json() == [status]


def test_a_key_asked_twice_is_answered_twice(client):
    (status,) = client.create(ECHO)

    assert client.post("/v1/status", json={"tasks": [status["key"]] * 2, "block": True}).json() == [status] * 2


@pytest.mark.parametrize("block", ["true", "True", "1"])
def test_a_blocked_status_waits_for_the_end(client, block):
    (status,) = client.create({"task_name": "probe.work", "seconds": 0.4}, block=False)

    answer = client.get("/v1/status", params={"tasks": status["key"], "block": block})

    assert answer.json()[0]["status"] == "success"


def test_a_block_that_is_no_boolean_is_refused(client):
    answer = client.get("/v1/status", params={"tasks": NOBODY, "block": "perhaps"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "block"


@pytest.mark.parametrize("key", [NOBODY, "nonsense", "../../etc/passwd", "\x00", "é" * 1000, ""])
def test_an_unknown_key_alone_is_404_with_an_error_status(client, key):
    answer = client.post("/v1/status", json={"tasks": [key]})

    (status,) = answer.json()
    assert answer.status_code == 404
    assert status["status"] == "error"
    assert "there is no task with this ID" in status["result"]


def test_an_unknown_key_among_known_ones_is_an_error_in_its_place(client):
    (known,) = client.create(ECHO)

    answer = client.post("/v1/status", json={"tasks": [NOBODY, known["key"]], "block": True})

    assert answer.status_code == 200
    assert [status["status"] for status in answer.json()] == ["error", "success"]


@pytest.mark.parametrize(
    ("body", "words"),
    [({}, "missing"), ({"tasks": []}, "empty"), ({"tasks": [1]}, "a task key"), ({"tasks": {}}, "a task key")],
)
def test_keys_that_are_none(client, body, words):
    answer = client.post("/v1/status", json=body)

    assert answer.status_code == 400
    assert words in answer.json()["errors"][0]["description"]


def test_more_keys_than_one_request_takes(client):
    answer = client.post("/v1/status", json={"tasks": [NOBODY] * 5001})

    assert answer.status_code == 400
    assert "at most 5000" in answer.json()["errors"][0]["description"]


def test_status_needs_no_credentials_but_details_do(client):
    (status,) = client.create(ECHO | {"token": "hush"})

    assert client.get("/v1/status", params={"tasks": status["key"]}).status_code == 200
    assert client.get("/v1/status", params={"tasks": status["key"], "details": "true"}).status_code == 401


def test_details_show_name_and_parameters_and_mask_credentials(client):
    (status,) = client.create(ECHO | {"token": "hush"})

    asked = {"tasks": [status["key"]], "details": True, "secret": client.secret}
    (detailed,) = client.post("/v1/status", json=asked).json()

    assert detailed["details"]["task_name"] == "probe.echo"
    assert detailed["details"]["parameters"]["text"] == "hello"
    assert detailed["details"]["parameters"]["token"] == "…"
    assert "hush" not in str(detailed)


def test_details_tell_what_the_worker_did(client, tmp_path):
    (tmp_path / "source.bin").write_bytes(b"x" * 3001)
    with FileServer() as server:
        url = server.serve(tmp_path / "source.bin")
        (status,) = client.create({"task_name": "probe.copy", "url": url})

    (detailed,) = client.post(
        "/v1/status", json={"tasks": [status["key"]], "details": True, "secret": client.secret}
    ).json()

    (delivery,) = detailed["details"]["deliveries"]
    assert status["status"] == delivery["outcome"] == "success", status
    (fetched,) = delivery["fetched"]
    assert delivery["began"] == status["events"]["started"]
    assert delivery["seconds"].keys() == {"run", "store"}
    assert delivery["bytes_fetched"] == 3001
    assert (fetched["url"], fetched["from"], fetched["bytes"]) == (url, "network", 3001)


def test_details_tell_the_memory_of_a_task_long_enough_to_be_looked_at(client):
    (status,) = client.create({"task_name": "probe.work", "seconds": 0.5})

    asked = {"tasks": [status["key"]], "details": True, "secret": client.secret}
    (detailed,) = client.post("/v1/status", json=asked).json()

    assert detailed["details"]["deliveries"][0]["memory_bytes"] > 10_000_000  # an interpreter with its libraries
    assert detailed["details"]["queued_seconds"] >= 0


def test_progress_is_seen_while_a_task_runs(client):
    (status,) = client.create({"task_name": "probe.work", "seconds": 2}, block=False)
    key = status["key"]

    seen = set()
    while status["status"] not in {"success", "error"}:
        (status,) = client.get("/v1/status", params={"tasks": key}).json()
        seen.add(status.get("progress"))

    assert len(seen - {None}) >= 2
    assert status["progress"] is None
