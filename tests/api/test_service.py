"""What surrounds the tasks: accounts and their limits, pages, health, metrics, and Redis going away."""

import json
import re
import time

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
    [
        "/",
        "/docs",
        "/docs/probe.echo",
        "/docs/settings",
        "/docs/openapi",
        "/openapi.json",
        "/metrics",
        "/health",
        "/v1/tasks",
        "/v1/tasks/probe.one",
    ],
)
def test_what_can_be_read_can_be_asked_for_without_its_body(client, path):
    """GET and HEAD are the two methods that all servers of general purpose have (RFC 9110, 9.1)."""
    answer = client.head(path)

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0
    assert answer.content == b""


@pytest.mark.parametrize("path", ["/", "/static/playground.js", "/static/playground/form.js", "/v1/tasks"])
def test_what_a_browser_has_is_not_sent_again_and_the_rest_is_packed(client, path):
    """RFC 9110, 8.8.3 and 13.1.2 (ETag, If-None-Match) and 12.5.3 (Accept-Encoding)."""
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    refused = client.get(path, headers={"Accept-Encoding": "br, gzip;q=0"})
    again = client.get(path, headers={"If-None-Match": f'"other", {plain.headers["etag"]}'})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in refused.headers
    assert packed.content == plain.content == refused.content
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "name", ["../pages.py", "..%2fpages.py", "playground", "playground/", "/etc/passwd", "%2e%2e/pages.py"]
)
def test_only_the_files_of_the_pages_are_sent(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_pages_come_with_the_package_and_run_no_scripts_from_elsewhere(client):
    for path in (
        "/",
        "/docs",
        "/docs/probe.echo",
        "/docs/openapi",
        "/static/reference.js",
        "/static/playground.js",
        "/static/playground.css",
    ):
        answer = client.get(path)

        assert answer.status_code == 200, path
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "Return what was given." in client.get("/docs/probe.echo").text
    assert client.get("/docs/probe.none").status_code == 404
    assert client.get("/static/nothing.js").status_code == 404


def test_the_examples_of_the_reference_have_the_address_that_the_client_asked(client):
    def told(host):
        return client.get("/docs", headers={"Host": host}).text

    assert "DRAGON=http://dragon.example:81\n" in told("dragon.example:81")
    assert "DRAGON=http://other.example\n" in told("other.example")
    assert client.get("/docs", headers={"Host": 'a"><script>'}).status_code == 400


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
        'dragon_api_requests_total{status="200",route="/v1/create"}',
        'dragon_task_seconds_bucket{task="probe.echo",status="success",le="+Inf"}',
        'dragon_task_seconds_count{task="probe.echo",status="success"}',
        'dragon_task_errors_total{task="probe.fail"',
    ):
        assert value(after, line) >= value(before, line) + 1
    assert 'dragon_queue_tasks{queue="probe"} 0' in after


def test_metrics_tell_of_workers_queues_and_streams(client):
    def values():
        lines = client.get("/metrics").text.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[:1] != "#"}

    work = {"task_name": "probe.work", "seconds": 4}
    body = {"tasks": [work] * 8}  # twice as many as there are places
    with client.stream("POST", "/v1/create_stream", json=body, headers=client.auth_headers) as answer:
        lines = answer.iter_lines()  # kept: without it the answer is closed
        keys = [status["key"] for status in json.loads(next(lines))]
        deadline = time.monotonic() + 20
        seen = values()
        while not any(name.startswith("dragon_worker_busy") and value >= 4 for name, value in seen.items()):
            assert time.monotonic() < deadline, seen
            time.sleep(0.2)
            seen = values()
        queued = seen['dragon_queue_tasks{queue="probe_slow"}']
        assert seen["dragon_api_streams"] == 1
        client.post("/v1/cancel", json={"tasks": keys}, headers=client.auth_headers)

    assert seen["dragon_workers"] == 1
    assert [value for name, value in seen.items() if name.startswith("dragon_worker_places")] == [4]
    assert queued == 4
    assert seen['dragon_queue_oldest_seconds{queue="probe_slow"}'] > 0
    while not (after := values()).get('dragon_task_process_deaths_total{reason="cancelled"}'):
        assert time.monotonic() < deadline, after
        time.sleep(0.2)
    assert after["dragon_api_streams"] == 0


def test_metrics_are_what_prometheus_reads(client):
    """Text format 0.0.4: one TYPE for a family, before its samples; buckets never fall and end at the count."""
    client.create(ECHO)

    types, buckets = {}, {}
    for line in client.get("/metrics").text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            types[name] = kind
        elif not line.startswith("#"):
            found = re.fullmatch(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"]*",?)*)\})? (\S+)', line)
            name, value = found[1], float(found[3])
            family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in types else name
            assert family in types, line
            if name.endswith("_bucket"):
                labels, _, end = found[2].rpartition(",le=")
                buckets.setdefault(labels, []).append((float(end.strip('"')), value))
    for steps in buckets.values():
        assert steps == sorted(steps)
        assert steps[-1][0] == float("inf")
        assert [value for _, value in steps] == sorted(value for _, value in steps)
    assert buckets


def test_a_limit_on_tasks_is_401_and_names_the_limit(limited):
    client, add = limited
    secret = add("acme", "--tasks-per-day", "3")

    answers = [client.post("/v1/create", json={"tasks": [ECHO] * 2, "secret": secret}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 401]
    (error,) = answers[1].json()["errors"]
    assert error["name"] == "tasks_per_day"
    assert "3" in error["description"]
    assert int(answers[1].headers["retry-after"]) > 0


def test_an_idempotency_key_is_no_way_around_a_limit(limited):
    client, add = limited
    headers = {"Authorization": f"Secret {add('again', '--tasks-per-day', '1')}", "Idempotency-Key": "again"}

    two = [client.post("/v1/create", json={"tasks": [ECHO, ECHO]}, headers=headers) for _ in range(2)]
    one = [client.post("/v1/create", json={"tasks": ECHO}, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in two + one] == [401, 401, 200, 200]
    assert one[0].json()[0]["key"] == one[1].json()[0]["key"]


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
