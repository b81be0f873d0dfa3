"""`create_file` by GET and POST, `file`, stored files and uploaded inputs."""

import re
import time

import pytest

ONE = {"task_name": "probe.one", "content": "dragon"}


def create_file(client, task, filename="", **options):
    path = f"/v1/create_file/{filename}" if filename else "/v1/create_file"
    return client.post(path, json={"task": task, "secret": client.secret}, **options)


@pytest.mark.parametrize("filename", ["", "output", "cat.jpg", "anything%20at%20all.x"])
def test_a_single_file_is_had_under_any_name(client, filename):
    answer = create_file(client, ONE, filename)

    assert answer.status_code == 302
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/storage/[A-Z2-7]{26}/output\.txt", answer.headers["location"])
    assert client.get(answer.headers["location"]).text == "dragon"


@pytest.mark.parametrize(
    ("filename", "which"), [("cat.jpg", "output"), ("", "output"), ("output.png", "output"), ("more.txt", "more")]
)
def test_any_name_means_the_one_file_that_is_always_written(client, filename, which):
    answer = create_file(client, ONE | {"task_name": "probe.extra"}, filename)

    assert answer.status_code == 302
    assert client.get(answer.headers["location"]).text == f"{which} dragon"


def test_by_get_with_the_secret_in_the_query(client):
    query = {"task_name": "probe.one", "content": "by get", "secret": client.secret}

    answer = client.get("/v1/create_file/a.txt", params=query, follow_redirects=True)

    assert (answer.status_code, answer.text) == (200, "by get")


def test_by_get_from_a_page_with_an_api_key(client):
    query = {"task_name": "probe.one", "content": "page", "api_key": client.api_key}

    good = client.get("/v1/create_file/a.txt", params=query, headers={"Referer": "http://localhost/"})
    bad = client.get("/v1/create_file/a.txt", params=query, headers={"Referer": "http://evil.example/"})

    assert (good.status_code, bad.status_code) == (302, 401)


def test_query_values_are_read_leniently_and_wrong_ones_are_named(client):
    query = {"task_name": "probe.echo", "text": "x", "number": "eleven", "secret": client.secret}
    files = {"task_name": "probe.files", "seconds": "nan", "only": "SMALL", "secret": client.secret}

    without_files = client.get("/v1/create_file/a", params=query)
    wrong = client.get("/v1/create_file/small", params=files)

    assert without_files.status_code == 404
    assert wrong.status_code == 400
    assert set(wrong.json()["result"]["parameters"]) == {"seconds", "only"}


@pytest.mark.parametrize("filename", ["small", "large", "small.txt", "large.anything"])
def test_one_of_several_files_is_chosen_by_name(client, filename):
    answer = create_file(client, {"task_name": "probe.files"}, filename)

    assert answer.status_code == 302
    assert client.get(answer.headers["location"]).text == f"{filename.partition('.')[0]} dragon"


def test_a_wrong_file_name_is_404_with_the_choices_as_in_the_reference(client):
    answer = create_file(client, {"task_name": "probe.files"}, "medium")

    assert answer.status_code == 404
    assert answer.json() == {
        "status": "error",
        "message": "'medium' is not a valid filename, choose one of: 'small', 'large'",
    }


def test_a_missing_file_name_is_404_for_a_task_with_several(client):
    answer = create_file(client, {"task_name": "probe.files"})

    assert answer.status_code == 404
    assert "choose one of: 'small', 'large'" in answer.json()["message"]


def test_a_file_that_was_not_written_is_404(client):
    answer = create_file(client, {"task_name": "probe.files", "only": "small"}, "large")

    assert answer.status_code == 404
    assert "'large'" in answer.json()["message"]


def test_a_task_without_files_is_404(client):
    answer = create_file(client, {"task_name": "probe.echo", "text": "x"}, "a.jpg")

    assert answer.status_code == 404


def test_a_failed_task_is_400_with_its_status(client):
    answer = create_file(client, {"task_name": "probe.fail", "reason": "no luck"}, "a.jpg")

    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    assert answer.json()["result"] == "no luck"
    assert set(answer.json()["events"]) >= {"queued", "completed"}


def test_wrong_parameters_are_400_with_the_status_of_the_task(client):
    answer = create_file(client, {"task_name": "probe.one"}, "a.jpg")

    assert answer.status_code == 400
    assert answer.json()["result"] == {"parameters": {"content": ["this field is required"]}}


def test_an_unknown_task_is_400(client):
    answer = create_file(client, {"task_name": "probe.none"}, "a.jpg")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "task_name"


def test_a_file_that_is_ready_early_is_redirected_to_at_once(client):
    task = {"task_name": "probe.files", "seconds": 2.0}
    begin = time.monotonic()

    answer = create_file(client, task, "small")
    waited = time.monotonic() - begin

    assert answer.status_code == 302
    assert waited < 2.0  # the task alone takes as long
    assert client.get(answer.headers["location"]).text == "small dragon"


def test_equal_definitions_of_a_cacheable_task_share_a_result(client):
    task = ONE | {"content": f"shared {time.time()}"}

    first, second = create_file(client, task), create_file(client, task)
    other = create_file(client, task | {"content": "other"})

    assert first.headers["location"] == second.headers["location"] != other.headers["location"]


def test_file_waits_for_a_task_and_redirects(client):
    (status,) = client.create(ONE | {"seconds": 0.5}, block=False)

    answer = client.get("/v1/file/cat.txt", params={"task": status["key"]}, follow_redirects=True)

    assert answer.text == "dragon"


@pytest.mark.parametrize("key", ["A" * 26, "nonsense", "\x00", "é"])
def test_file_of_an_unknown_task_is_404(client, key):
    answer = client.get("/v1/file/cat.txt", params={"task": key})

    assert answer.status_code == 404
    assert "there is no task with this ID" in answer.json()["result"]


def test_file_without_a_task_is_400(client):
    answer = client.get("/v1/file/cat.txt")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "task"


def test_file_of_a_failed_task_is_400_with_its_status(client):
    (status,) = client.create({"task_name": "probe.fail"})

    answer = client.get("/v1/file/cat.txt", params={"task": status["key"]})

    assert (answer.status_code, answer.json()) == (400, status)


def test_file_of_a_refused_task_is_400_with_its_status(client):
    (status,) = client.create({"task_name": "probe.one"})

    answer = client.get("/v1/file", params={"task": status["key"]})

    assert (answer.status_code, answer.json()) == (400, status)


@pytest.fixture
def stored(client):
    """The URL of a stored file of 300,000 bytes, and its text."""
    text = "".join(f"{number:06d}" for number in range(50_000))
    (status,) = client.create(ONE | {"content": text})
    return status["result"]["output"], text


def test_a_stored_file_has_type_length_ranges_and_a_tag(client, stored):
    url, text = stored

    answer = client.get(url)
    head = client.head(url)

    assert answer.text == text
    assert answer.headers["content-length"] == head.headers["content-length"] == str(len(text))
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert head.content == b""
    assert client.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert client.get(url, headers={"If-Modified-Since": answer.headers["last-modified"]}).status_code == 304
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=299990-", 206, 299_990, 300_000),
        ("bytes=-10", 206, 299_990, 300_000),
        ("bytes=10-9999999", 206, 10, 300_000),
        ("bytes=-9999999", 206, 0, 300_000),
        ("bytes=5-4", 200, 0, 300_000),
        ("bytes=0-1,5-6", 200, 0, 300_000),
        ("pages=1-2", 200, 0, 300_000),
        ("bytes=-", 200, 0, 300_000),
    ],
)
def test_ranges_of_a_stored_file(client, stored, asked, status, start, stop):
    url, text = stored

    answer = client.get(url, headers={"Range": asked})

    assert answer.status_code == status
    assert answer.text == text[start:stop]
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/300000"


@pytest.mark.parametrize("asked", ["bytes=300000-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(client, stored, asked):
    answer = client.get(stored[0], headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */300000"


def test_a_range_of_a_file_that_has_changed_is_not_given(client, stored):
    url, text = stored

    assert client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).text == text


@pytest.mark.parametrize("suffix", [".html", ".svg"])
def test_a_file_that_a_browser_would_run_is_only_downloaded(client, suffix):
    (status,) = client.create(ONE | {"content": "<script>alert(1)</script>", "suffix": suffix})

    answer = client.get(status["result"]["output"])

    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/storage/{key}/../../development-account.json",
        "/storage/{key}/..%2f..%2fdevelopment-account.json",
        "/storage/{key}/%2e%2e%2foutput.txt",
        "/storage/{key}/.hidden",
        "/storage/{key}/output.txt%00.png",
        "/storage/{key}/nothing.txt",
        "/storage/AAAAAAAAAAAAAAAAAAAAAAAAAA/output.txt",
        "/storage/..%2f/output.txt",
        "/storage/%2e%2e/output.txt",
        "/static/..%2fapp.py",
        "/static/../app.py",
    ],
)
def test_path_tricks_find_nothing(client, path):
    import http.client

    (status,) = client.create(ONE)
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port)
    connection.request("GET", path.format(key=status["key"]))  # httpx would tidy the path up
    answer = connection.getresponse()
    connection.close()

    assert answer.status in {400, 404}


def test_an_uploaded_input_is_a_source_for_tasks(client):
    data = bytes(range(256)) * 5000

    answer = client.post("/v1/inputs/my%20photo.jpg", content=data, headers=client.auth_headers)
    (status,) = client.create({"task_name": "probe.copy", "url": answer.json()["url"]})

    assert answer.status_code == 201
    assert answer.json()["size"] == len(data)
    assert answer.json()["content_type"] == "image/jpeg"
    assert answer.json()["url"].endswith("/my_photo.jpg")
    assert status["result"]["size"] == len(data)
    assert client.get(status["result"]["output"]).content == data


def test_an_upload_by_put_and_in_chunks(client):
    def body():
        for _ in range(40):
            yield b"x" * 65_537

    answer = client.put("/v1/inputs/a.bin", content=body(), headers=client.auth_headers)

    assert answer.json()["size"] == 40 * 65_537


@pytest.mark.parametrize(
    ("name", "kept"), [("..%2f..%2fetc%2fpasswd", "etc_passwd"), ("%00", "input"), ("日本.png", "png"), (".", "input")]
)
def test_hostile_names_of_uploads_are_made_harmless(client, name, kept):
    answer = client.post(f"/v1/inputs/{name}", content=b"x", headers=client.auth_headers)

    if answer.status_code == 404:  # a path of more parts, or none: no such method
        return
    assert answer.status_code == 201
    assert answer.json()["url"].rpartition("/")[2] == kept


def test_uploads_need_credentials_a_body_and_no_form(client):
    assert client.post("/v1/inputs/a.txt", content=b"x").status_code == 401
    assert client.post("/v1/inputs/a.txt", content=b"", headers=client.auth_headers).status_code == 400
    assert client.post("/v1/inputs/a.txt", files={"file": b"x"}, headers=client.auth_headers).status_code == 415


def test_an_upload_above_the_limit_is_refused_and_leaves_nothing(make_service):
    with make_service(api_max_upload_bytes=1_000_000) as client:

        def body():
            for _ in range(30):
                yield b"x" * 100_000

        announced = client.post("/v1/inputs/a.bin", content=b"x" * 1_000_001, headers=client.auth_headers)
        chunked = client.post("/v1/inputs/a.bin", content=body(), headers=client.auth_headers)
        left = [path for path in (client.dragon.data / "uploads").glob("**/*") if path.is_file()]

    assert (announced.status_code, chunked.status_code) == (413, 413)
    assert left == []
