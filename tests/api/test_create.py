"""`POST /v1/create` (v1 reference 1.4 to 1.7) and the habits of real clients (api-notes 1.7)."""

import re
import threading
import time

import pytest

ECHO = {"task_name": "probe.echo", "text": "hello"}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


def post(client, body, path="/v1/create", **headers):
    content = body if isinstance(body, bytes | str) else None
    json = None if content is not None else body
    return client.post(path, content=content, json=json, headers=headers)


def errors_of(answer, status=400):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == "error"
    for error in body["errors"]:
        assert set(error) == {"name", "location", "description"}
    return body["errors"]


def test_a_queued_task_has_the_form_of_the_reference(client):
    (status,) = client.create(ECHO, block=False)

    assert list(status) == ["status", "key", "events"]
    assert status["status"] == "queued"
    assert re.fullmatch(r"[A-Z2-7]{26}", status["key"])
    assert list(status["events"]) == ["queued"]
    assert DATE.fullmatch(status["events"]["queued"])


def test_a_blocked_create_answers_with_the_final_statuses_in_order(client):
    statuses = client.create([ECHO | {"number": number} for number in range(1, 6)])

    assert [status["result"]["number"] for status in statuses] == [1, 2, 3, 4, 5]
    for status in statuses:
        assert status["status"] == "success"
        assert status["progress"] is None
        assert set(status["events"]) == {"queued", "started", "completed"}
        assert status["events"]["queued"] <= status["events"]["started"] <= status["events"]["completed"]


def test_a_wrong_task_ends_as_error_at_once_with_every_wrong_field_named(client):
    wrong, right = client.create([{"task_name": "probe.echo", "number": 11, "mood": "sad", "zzz": 1}, ECHO])

    assert right["status"] == "success"
    assert wrong["status"] == "error"
    assert wrong["progress"] is None
    assert set(wrong["events"]) == {"queued", "completed"}
    assert wrong["result"] == {
        "parameters": {
            "text": ["this field is required"],
            "number": ["must be at most 10, got 11"],
            "mood": ["must be one of 'calm', 'wild', got 'sad'"],
            "zzz": ["unknown parameter"],
        }
    }
    assert wrong["error"] == {"code": "invalid_parameters", "transient": False}


def test_a_wrong_task_can_be_asked_for_later(client):
    (status,) = client.create({"task_name": "probe.echo"}, block=False)

    assert client.get("/v1/status", params={"tasks": status["key"]}).json() == [status]


def test_a_failed_task_carries_its_sentence_and_code(client):
    (status,) = client.create({"task_name": "probe.fail", "reason": "no luck"})

    assert status["status"] == "error"
    assert status["result"] == "no luck"
    assert status["error"] == {"code": "probe_failed", "transient": False}


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json"])
def test_a_body_is_json_whatever_its_content_type_says(client, content_type):
    body = f'{{"secret":"{client.secret}","tasks":{{"task_name":"probe.echo","text":"é"}},"block":true}}'
    headers = {"Content-Type": content_type} if content_type else {}

    answer = client.post("/v1/create", content=body.encode(), headers=headers)

    assert answer.json()[0]["result"]["text"] == "é"
    assert answer.headers["content-type"] == "application/json"


def test_a_base_url_that_ends_in_a_slash_works(client):
    url = f"http://{client.base_url.host}:{client.base_url.port}//v1/create"

    assert post(client, {"tasks": ECHO, "secret": client.secret}, url).status_code == 200


def test_one_object_a_list_and_a_json_text_are_all_answered_by_a_list(client):
    for tasks in (ECHO, [ECHO], '{"task_name": "probe.echo", "text": "hello"}'):
        assert len(client.create(tasks)) == 1


def test_task_metas_of_the_javascript_client_are_accepted(client):
    (status,) = client.create(ECHO | {"task_metas": {"page": 1}})

    assert status["status"] == "success"


@pytest.mark.parametrize("block", [True, "true", "True", 1])
def test_block_is_a_boolean_in_any_form(client, block):
    assert client.create(ECHO, block=block)[0]["status"] == "success"


@pytest.mark.parametrize("header", ["Secret {0}", "SECRET {0}", "secret   {0}", "{0}", "Bearer {0}"])
def test_forms_of_the_authorization_header(client, header):
    answer = post(client, {"tasks": ECHO}, Authorization=header.format(client.secret))

    assert answer.status_code == 200


def test_a_good_secret_in_the_body_counts_beside_a_wrong_header(client):
    answer = post(client, {"tasks": ECHO, "secret": client.secret}, Authorization="Secret WRONG")

    assert answer.status_code == 200


def test_no_credentials(client):
    answer = post(client, {"tasks": ECHO})

    (error,) = errors_of(answer, 401)
    assert error["name"] == "secret"
    assert "missing" in error["description"]
    assert "www-authenticate" in answer.headers


def test_wrong_credentials(client):
    (error,) = errors_of(post(client, {"tasks": ECHO}, Authorization="Secret WRONG"), 401)

    assert error == {"name": "secret", "location": "header", "description": "the secret is not valid"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Referer": "http://localhost/page"}, 200),
        ({"Referer": "http://127.0.0.1:3000/page"}, 200),
        ({"Origin": "http://localhost:8080"}, 200),
        ({"Referer": "http://evil.example/localhost"}, 401),
        ({"Referer": "http://localhost.evil.example/"}, 401),
        ({}, 401),
    ],
)
def test_an_api_key_is_good_only_from_pages_on_the_list(client, headers, status):
    in_body = post(client, {"tasks": ECHO, "api_key": client.api_key}, **headers)
    in_header = post(client, {"tasks": ECHO}, Authorization=f"Api-Key {client.api_key}", **headers)

    assert (in_body.status_code, in_header.status_code) == (status, status)


def test_an_api_key_is_no_secret(client):
    errors_of(post(client, {"tasks": ECHO}, Authorization=f"Secret {client.api_key}"), 401)


def test_missing_tasks_as_the_reference_shows_it(client):
    answer = post(client, {"secret": client.secret})

    assert answer.status_code == 400
    assert answer.json() == {
        "status": "error",
        "errors": [{"name": "tasks", "location": "body", "description": "tasks is missing"}],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b"[]", "must be a JSON object, got a list"),
        (b"null", "got null"),
        (b'{"tasks": "\xff"}', "not valid JSON"),
        (b"\xff\xfe{\x00}\x00", "not valid JSON"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too deep"),
        (b"[" * 100_000, "too deep"),
    ],
)
def test_a_body_that_is_no_json_object(client, body, words):
    (error,) = errors_of(post(client, body, Authorization=f"Secret {client.secret}"))

    assert error["name"] == "body"
    assert words in error["description"]


@pytest.mark.parametrize(
    ("tasks", "name", "words"),
    [
        ([], "tasks", "empty"),
        (7, "tasks", "got a number"),
        ([7], "tasks", "must be an object, got 7"),
        ([ECHO, None], "tasks[1]", "must be an object, got null"),
        ("nonsense", "tasks", "got a string"),
        ({}, "task_name", "task_name is missing"),
        ([ECHO, {}], "tasks[1].task_name", "task_name is missing"),
        ({"task_name": "probe.ecko"}, "task_name", "did you mean 'probe.echo'"),
        ({"task_name": {}}, "task_name", "must be a string, got an object"),
        ({"task_name": "x" * 10_000}, "task_name", "not a task"),
        ({"task_name": "\ud800"}, "body", "not valid JSON"),
    ],
)
def test_tasks_that_are_no_definitions(client, tasks, name, words):
    import json

    body = json.dumps({"tasks": tasks, "secret": client.secret})

    (error,) = errors_of(post(client, body))

    assert error["name"] == name
    assert words in error["description"]
    assert len(error["description"]) < 400


def test_every_wrong_definition_is_named_and_nothing_is_queued(client):
    body = {"tasks": [{"task_name": "a.b"}, ECHO, {"task_name": "c.d"}, 1], "secret": client.secret}

    errors = errors_of(post(client, body))

    assert [error["name"] for error in errors] == ["tasks[0].task_name", "tasks[2].task_name", "tasks[3]"]


def test_ten_thousand_tasks_in_one_request_are_too_many(client):
    body = {"tasks": [ECHO] * 10_000, "secret": client.secret}

    (error,) = errors_of(post(client, body))

    assert error["description"] == "tasks has 10000 definitions; one request takes at most 5000"


def test_a_body_of_a_hundred_megabytes_is_refused_without_reading_it(client):
    def body():
        for _ in range(100):
            yield b" " * 1_000_000

    answer = client.post("/v1/create", content=body(), headers={"Content-Length": "100000000"} | client.auth_headers)

    (error,) = errors_of(answer, 413)
    assert "8388608 bytes" in error["description"]


def test_a_chunked_body_is_bounded_too(client):
    def body():
        for _ in range(20):
            yield b" " * 1_000_000

    errors_of(client.post("/v1/create", content=body(), headers=client.auth_headers), 413)


def test_parameters_at_the_edge_of_unicode_come_back_whole(client):
    text = "\U0001f409 \u0000 \u2028 \u202e é"

    (status,) = client.create(ECHO | {"text": text})

    assert status["result"]["text"] == text


def test_a_path_that_is_not_there_and_a_method_that_is_not_one(client):
    (error,) = errors_of(client.get("/v1/nothing"), 404)
    assert "/v1/nothing" in error["description"]

    answer = client.get("/v1/create")
    errors_of(answer, 405)
    assert "POST" in answer.headers["allow"]


def test_a_browser_on_another_site_may_call(client):
    origin = {"Origin": "https://app.example"}

    plain = post(client, {"tasks": ECHO, "secret": client.secret}, **origin)
    asked = client.options(
        "/v1/create",
        headers=origin
        | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"},
    )

    assert plain.headers["access-control-allow-origin"] == "*"
    assert asked.status_code in {200, 204}
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()


def test_a_refused_request_can_be_read_by_a_browser_too(client):
    answer = post(client, {"tasks": ECHO}, Origin="https://app.example")

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"


def test_an_idempotency_key_makes_a_repeated_request_safe(client):
    key = {"Idempotency-Key": "order-1"}
    task = {"task_name": "probe.one", "content": "once"}

    first = client.create(task, headers=key)
    second = client.create(task, headers=key)

    assert first == second


def test_an_idempotency_key_cannot_be_used_for_another_request(client):
    key = {"Idempotency-Key": "order-2"} | client.auth_headers
    client.post("/v1/create", json={"tasks": ECHO}, headers=key)

    (error,) = errors_of(client.post("/v1/create", json={"tasks": ECHO | {"text": "other"}}, headers=key))

    assert error["name"] == "Idempotency-Key"


def test_requests_at_once_with_one_idempotency_key_create_one_task(client):
    keys = set()

    def ask():
        (status,) = client.create(ECHO, block=False, headers={"Idempotency-Key": "order-3"})
        keys.add(status["key"])

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 1


def test_a_block_ends_after_its_time_with_the_statuses_as_they_are(make_service):
    with make_service(api_block_seconds=0.5) as client:
        (status,) = client.create({"task_name": "probe.work", "seconds": 5})

    assert status["status"] in {"queued", "executing"}


def test_a_priority_that_is_none_is_refused(client):
    for given in ("urgent", 3, [], "HIGH"):
        (error,) = errors_of(post(client, {"tasks": ECHO, "priority": given}, **client.auth_headers))
        assert (error["name"], error["location"]) == ("priority", "body")
        assert error["description"].startswith("priority must be one of low, normal, high, got ")


def test_tasks_of_an_account_run_in_the_order_of_their_priority(make_service):
    nap = {"task_name": "probe.work", "seconds": 0.6}
    with make_service(concurrency=1) as client:
        client.create(nap, block=False)
        keys = [
            client.create(nap | {"seconds": 0}, block=False, priority=name)[0]["key"]
            for name in ("low", "normal", "high")
        ]
        statuses = client.post("/v1/status", json={"tasks": keys, "block": True}).json()

    low, normal, high = (status["events"]["started"] for status in statuses)
    assert high < normal < low


def test_a_full_queue_is_a_503_that_names_the_limit_and_when_to_come_back(make_service):
    with make_service(concurrency=1, api_queue_tasks=3) as client:
        slow = {"task_name": "probe.work", "seconds": 30}
        client.create([slow, slow], block=False)

        whole = post(client, {"tasks": [slow, slow]}, **client.auth_headers)
        client.create(slow, block=False)
        file = client.post("/v1/create_file/x.txt", json={"task": slow}, headers=client.auth_headers)
        other = client.create(ECHO)

    (error,) = errors_of(whole, 503)
    assert error["location"] == "service"
    assert "probe_slow takes 3 tasks (queue_tasks)" in error["description"]
    assert whole.headers["retry-after"] == "10"
    assert file.status_code == 404  # it has no files: that is told first
    assert other[0]["status"] == "success"


def test_tasks_that_found_no_room_do_not_count(make_service, run_dragon):
    with make_service(concurrency=1, api_queue_tasks=3) as client:
        where = ("--data-dir", str(client.dragon.data), "--json")
        secret = json_of(run_dragon("accounts", "add", "acme", "--tasks-per-day", "4", *where))["secret"]
        slow = {"task_name": "probe.work", "seconds": 20}

        def create():
            return client.post("/v1/create", json={"tasks": slow, "secret": secret})

        accepted = [create() for _ in range(3)]
        full = create()
        keys = [answer.json()[0]["key"] for answer in accepted]
        client.post("/v1/cancel", json={"tasks": keys, "secret": secret})
        deadline = time.monotonic() + 30
        while (again := create()).status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
        fifth = create()

    assert [answer.status_code for answer in (*accepted, full, again, fifth)] == [200, 200, 200, 503, 200, 401]
    assert "tasks_per_day is 4" in fifth.text


def json_of(ran):
    """Return what a command has printed as JSON."""
    import json

    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
