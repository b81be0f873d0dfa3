"""What surrounds the tasks: accounts and their limits, pages, health, metrics, and Redis going away."""

import json

import pytest

ECHO = {"task_name": "probe.echo", "text": "hello"}


def test_the_list_of_tasks_has_their_schemas(client):
    tasks = {task["name"]: task for task in client.get("/v1/tasks").json()}

    assert {"probe.echo", "probe.files"} <= set(tasks)
    assert tasks["probe.echo"]["parameters"]["properties"]["number"]["maximum"] == 10
    assert tasks["probe.files"]["files"][0] == {"name": "small", "description": "The first."}
    assert client.get("/v1/tasks/probe.echo").json() == tasks["probe.echo"]
    assert client.get("/v1/tasks/probe.none").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/docs/probe.echo", "/openapi.json", "/metrics", "/health", "/v1/tasks", "/v1/tasks/probe.one"],
)
def test_what_can_be_read_can_be_asked_for_without_its_body(client, path):
    """GET and HEAD are the two methods that all servers of general purpose have (RFC 9110, 9.1)."""
    answer = client.head(path)

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0
    assert answer.content == b""


def test_pages_come_with_the_package_and_run_no_scripts_from_elsewhere(client):
    for path in ("/", "/docs", "/docs/probe.echo", "/static/playground.js", "/static/playground.css"):
        answer = client.get(path)

        assert answer.status_code == 200, path
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "Return what was given." in client.get("/docs/probe.echo").text
    assert client.get("/docs/probe.none").status_code == 404
    assert client.get("/static/nothing.js").status_code == 404


def test_the_openapi_document_has_the_schemas_of_the_tasks(client):
    document = client.get("/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    definition = document["components"]["schemas"]["probe.echo.definition"]
    assert definition["properties"]["mood"]["enum"] == ["calm", "wild"]
    assert {"/v1/create", "/v1/create_stream", "/v1/status", "/v1/file/{filename}"} <= set(document["paths"])


def test_health(client):
    assert client.get("/health").json() == {"status": "ok"}


def test_metrics_count_tasks_by_name_and_outcome(client):
    def value(text, line):
        return sum(float(found.rpartition(" ")[2]) for found in text.splitlines() if found.startswith(line))

    before = client.get("/metrics").text
    client.create([ECHO, {"task_name": "probe.fail"}])
    after = client.get("/metrics").text

    for line in (
        'dragon_tasks_total{task="probe.echo",status="success"}',
        'dragon_tasks_total{task="probe.fail",status="error"}',
        'dragon_api_requests_total{status="200"}',
    ):
        assert value(after, line) >= value(before, line) + 1
    assert 'dragon_queue_tasks{queue="probe"} 0' in after


def test_a_limit_on_tasks_is_401_and_names_the_limit(limited):
    client, add = limited
    secret = add("acme", "--tasks-per-day", "3")

    answers = [client.post("/v1/create", json={"tasks": [ECHO] * 2, "secret": secret}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 401]
    (error,) = answers[1].json()["errors"]
    assert error["name"] == "tasks_per_day"
    assert "3" in error["description"]
    assert int(answers[1].headers["retry-after"]) > 0


def test_a_limit_on_tasks_under_way_gives_places_back(limited):
    client, add = limited
    secret = add("acme", "--concurrent-tasks", "2")
    work = {"task_name": "probe.work", "seconds": 1}

    first = client.post("/v1/create", json={"tasks": [work] * 2, "secret": secret})
    second = client.post("/v1/create", json={"tasks": work, "secret": secret})
    keys = [status["key"] for status in first.json()]
    client.post("/v1/status", json={"tasks": keys, "block": True})
    third = client.post("/v1/create", json={"tasks": work, "secret": secret})

    assert [answer.status_code for answer in (first, second, third)] == [200, 401, 200]


def test_details_are_for_the_account_that_created_the_task(limited):
    client, add = limited
    other = add("other")
    (status,) = client.create(ECHO)

    mine = client.post("/v1/status", json={"tasks": [status["key"]], "details": True, "secret": client.secret})
    theirs = client.post("/v1/status", json={"tasks": [status["key"]], "details": True, "secret": other})

    assert "details" in mine.json()[0]
    assert "details" not in theirs.json()[0]


def test_a_result_is_not_shared_between_accounts(limited):
    client, add = limited
    task = {"task_name": "probe.one", "content": "mine"}

    urls = [
        client.post("/v1/create_file", json={"task": task, "secret": secret}).headers["location"]
        for secret in (client.secret, add("other"))
    ]

    assert urls[0] != urls[1]


def test_the_urls_of_outputs_are_those_the_client_reaches_the_service_by(client):
    task = {"task_name": "probe.one", "content": "x"}
    answer = client.post(
        "/v1/create",
        content=json.dumps({"tasks": task, "block": True}),
        headers=client.auth_headers | {"Host": "media.example:8080"},
    )

    assert answer.json()[0]["result"]["output"].startswith("http://media.example:8080/storage/")


@pytest.mark.parametrize("host", ["", "a b", "evil/path", "x@y", "[::1", "a\x7fb"])
def test_a_host_header_that_is_none_is_refused(client, host):
    import socket

    body = json.dumps({"tasks": ECHO, "secret": client.secret}).encode()
    head = f"POST /v1/create HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(head.encode("latin-1") + body)
        answer = connection.makefile("rb").read()

    assert b" 400 " in answer.split(b"\r\n")[0]


def test_the_public_url_setting_wins(make_service):
    with make_service(public_url="https://dragon.example/") as client:
        (status,) = client.create({"task_name": "probe.one", "content": "x"})

    assert status["result"]["output"].startswith("https://dragon.example/storage/")
