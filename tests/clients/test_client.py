"""The client beside a service that runs."""

import re
import socket
import threading
from pathlib import Path

import pytest
from PIL import Image

from dragon_client import ApiError, Client, ConnectionLost


@pytest.fixture
def client(service):
    with Client(f"http://127.0.0.1:{service.port}", secret=service.secret) as client:
        yield client


def test_an_uploaded_picture_is_measured_and_comes_back_whole(client, tmp_path):
    path = tmp_path / "a picture.png"
    Image.new("RGB", (40, 30)).save(path)
    url = client.upload(path)
    assert client.download(url) == path.read_bytes()
    task = {"task_name": "image.info", "url": url}
    statuses = client.create(task, task, block=True)
    assert [(status["status"], status["result"]["width"], status["result"]["height"]) for status in statuses] == [
        ("success", 40, 30)
    ] * 2


def test_a_stream_ends_with_the_final_status(client):
    [created] = client.create({"task_name": "bench.noop"})
    *_, last = client.stream(created["key"])
    assert (last["key"], last["status"]) == (created["key"], "success")
    assert client.cancel(created["key"])[0]["status"] == "success"


def test_an_unknown_key_beside_a_known_one_ends_the_waiting(client):
    [created] = client.create({"task_name": "bench.noop"})
    statuses = client.block([created["key"], "nobody-has-this-key"])
    assert [status["status"] for status in statuses] == ["success", "error"]
    with pytest.raises(ApiError) as caught:
        client.status("nobody-has-this-key")
    assert caught.value.http_status == 404


def test_an_idempotency_key_creates_once(client):
    first, second = (client.create({"task_name": "bench.noop"}, idempotency_key="once") for _ in range(2))
    assert first[0]["key"] == second[0]["key"]


@pytest.mark.parametrize("credential", [{"secret": "wrong"}, {"api_key": "wrong", "origin": "https://example.org"}])
def test_a_wrong_credential_is_an_error_with_its_status(service, credential):
    with Client(f"http://127.0.0.1:{service.port}", **credential) as client, pytest.raises(ApiError) as caught:
        client.create({"task_name": "bench.noop"})
    assert caught.value.http_status == 401
    assert caught.value.problems[0]["name"] == next(iter(credential))


def test_a_creation_that_breaks_off_is_repeated_under_its_key(service):
    """The first connection goes through a relay that hangs up when the request has been answered."""
    with socket.create_server(("127.0.0.1", 0)) as relay:
        answers = []

        def run():
            for delivers in (False, True):
                near, _ = relay.accept()
                with near, socket.create_connection(("127.0.0.1", service.port)) as far:
                    request = near.recv(65536)
                    while b"\r\n\r\n{" not in request:
                        request += near.recv(65536)
                    far.sendall(request)
                    answer = far.recv(65536)
                    while not answer.endswith(b"]"):
                        answer += far.recv(65536)
                    answers.append(answer)
                    if delivers:
                        near.sendall(answers[-1])

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        with Client(f"http://127.0.0.1:{relay.getsockname()[1]}", secret=service.secret) as client:
            [created] = client.create({"task_name": "bench.noop"})
        thread.join(10)
    assert len(answers) == 2
    assert all(created["key"].encode() in answer for answer in answers)


def test_a_service_that_is_not_there_is_told():
    with Client("http://127.0.0.1:1", retries=1) as client, pytest.raises(ConnectionLost, match="cannot be reached"):
        client.status("x")


def test_the_lines_of_the_readme_run(service, tmp_path, monkeypatch, capsys):
    readme = Path(__file__).parents[2] / "clients" / "python" / "README.md"
    [block] = re.findall(r"^```python\n(.*?)^```$", readme.read_text(), re.MULTILINE | re.DOTALL)
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    lines = block.replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    exec(lines.replace("the secret that `dragon serve` prints", service.secret), {})
    assert capsys.readouterr().out.startswith("success {")
