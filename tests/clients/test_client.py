"""Both Python clients beside a service that runs."""

import pickle
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from PIL import Image

from dragon_client import ApiError, AsyncClient, Client, ConnectionLost, Status, TaskError
from dragon_client.protocol import Retries, retry_after


class Driven:
    """An `AsyncClient` in an event loop of its own, called as a `Client` is; streams come as lists."""

    def __init__(self, *arguments, **options):
        self._make = partial(AsyncClient, *arguments, **options)

    def __enter__(self):
        self._context = start_blocking_portal()
        self._portal = self._context.__enter__()
        self._client = self._portal.call(self._make)
        return self

    def __exit__(self, *raised):
        self._portal.call(self._client.close)
        self._context.__exit__(*raised)

    def __getattr__(self, name):
        return lambda *given, **options: self._portal.call(partial(getattr(self._client, name), *given, **options))

    def stream(self, keys):
        async def collected():
            return [status async for status in self._client.stream(keys)]

        return self._portal.call(collected)


@pytest.fixture(params=[Client, Driven], ids=["sync", "async"])
def kind(request):
    """One of the clients, called alike."""
    return request.param


@pytest.fixture
def client(kind, service, server):
    with kind(server, secret=service.secret) as client:
        yield client


@pytest.fixture
def answering():
    """Return a function that starts a web server; it answers as a function of (handler, number of the request) does."""
    started = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.server.asked.append(self)
                answer(self, len(self.server.asked))

            do_POST = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_):
                pass

            def say(self, body, status=200, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.asked, server.url = [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_an_uploaded_picture_is_measured_and_comes_back_whole(client, tmp_path):
    path = tmp_path / "a picture.png"
    Image.new("RGB", (40, 30)).save(path)
    url = client.upload(path)
    assert client.download(url) == path.read_bytes()
    copy = client.download_to(url, tmp_path / "copy.png")
    assert copy.read_bytes() == path.read_bytes()
    assert {each.name for each in tmp_path.iterdir()} == {path.name, copy.name}
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
def test_a_wrong_credential_is_an_error_with_its_status(kind, server, credential):
    with kind(server, **credential) as client, pytest.raises(ApiError) as caught:
        client.create({"task_name": "bench.noop"})
    assert caught.value.http_status == 401
    assert caught.value.problems[0]["name"] == next(iter(credential))


def test_an_api_key_is_good_from_its_page(kind, server, api_key):
    with kind(server, api_key=api_key, origin="http://127.0.0.1") as client:
        [status] = client.create({"task_name": "bench.noop"}, block=True)
    assert status.status == "success"
    with kind(server, api_key=api_key, origin="https://example.org") as client, pytest.raises(ApiError) as caught:
        client.create({"task_name": "bench.noop"})
    assert (caught.value.http_status, caught.value.code) == (401, "unauthorized")


def test_a_creation_that_breaks_off_is_repeated_under_its_key(kind, service):
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
        with kind(f"http://127.0.0.1:{relay.getsockname()[1]}", secret=service.secret) as client:
            [created] = client.create({"task_name": "bench.noop"})
        thread.join(10)
    assert len(answers) == 2
    assert all(created["key"].encode() in answer for answer in answers)


def test_a_service_that_is_not_there_is_told(kind):
    with kind("http://127.0.0.1:1", retries=1) as client, pytest.raises(ConnectionLost, match="cannot be reached"):
        client.status("x")


def test_run_returns_the_result_and_tells_of_changes(client):
    told = []
    result = client.run({"task_name": "bench.noop", "seconds": 0.2}, told.append)
    assert abs(result["finished_at"] - time.time()) < 60
    assert (told[-1].status, told[-1].percent, told[-1].error) == ("success", 100.0, None)
    assert told[-1].events.queued <= told[-1].events.started <= told[-1].events.completed
    assert len({str(status) for status in told}) == len(told)


def test_a_task_that_fails_raises_with_its_code(client):
    with pytest.raises(TaskError) as caught:
        client.run({"task_name": "bench.noop", "seconds": -1})
    assert (caught.value.code, caught.value.transient) == ("invalid_parameters", False)
    assert list(caught.value.result["parameters"]) == ["seconds"]


def test_blocking_ends_when_its_seconds_are_over(client):
    began = time.monotonic()
    [status] = client.create({"task_name": "bench.noop", "seconds": 60}, block=True, seconds=0.3)
    assert time.monotonic() - began < 30
    assert not status.final
    [cancelled] = client.cancel(status.key)
    assert cancelled.error.code == "cancelled"


def test_a_stream_that_breaks_after_each_line_is_taken_up_again_but_not_for_ever(kind, answering):
    line = '{"status": "executing", "key": "k", "progress": %d}\n'
    relay = answering(lambda handler, number: handler.say((line % number).encode()))
    with kind(relay.url, retries=2) as client, pytest.raises(ConnectionLost, match="before the tasks have ended"):
        list(client.stream("k"))
    assert len(relay.asked) == 3


def test_a_stream_that_is_taken_up_again_tells_nothing_twice(kind, answering):
    lines = [
        b'{"status": "executing", "key": "k"}\n',
        b'{"status": "executing", "key": "k"}\n{"status": "success", "key": "k"}\n',
    ]
    relay = answering(lambda handler, number: handler.say(lines[number - 1]))
    with kind(relay.url) as client:
        assert [status.status for status in client.stream("k")] == ["executing", "success"]


def test_retry_after_is_kept_and_a_long_one_is_told(kind, answering):
    def answer(handler, number):
        if number == 1:
            handler.say(b"", 503, Retry_After="1")
        elif number == 2:
            handler.say(b'[{"status": "success", "key": "k"}]')
        else:
            problem = b'{"errors": [{"name": "tasks_per_day", "location": "account", "description": "full"}]}'
            handler.say(problem, 401, Retry_After="3600")

    busy = answering(answer)
    with kind(busy.url) as client:
        began = time.monotonic()
        assert client.status("k")[0].key == "k"
        assert time.monotonic() - began >= 1
        with pytest.raises(ApiError) as caught:
            client.status("k")
    assert (caught.value.code, caught.value.retry_after, len(busy.asked)) == ("limit_reached", 3600, 3)


def test_a_download_follows_redirects_without_the_credential_and_is_repeated(kind, answering, tmp_path):
    def answer(handler, number):
        if handler.path == "/first":
            handler.say(b"", 302, Location="/second")
        else:
            handler.say(b"12345" if number == 2 else b"1234567890", Content_Length="10")

    storage = answering(answer)
    with kind("http://127.0.0.1:1", secret="s") as client:
        path = client.download_to(f"{storage.url}/first", tmp_path / "file")
    assert path.read_bytes() == b"1234567890"
    assert [handler.path for handler in storage.asked] == ["/first", "/second"] * 2
    assert not any("Authorization" in handler.headers for handler in storage.asked)


def test_a_download_that_fails_leaves_what_was_there(kind, answering, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    storage = answering(lambda handler, _: handler.say(b"12345", Content_Length="10"))
    with kind(storage.url, retries=1) as client, pytest.raises(ConnectionLost):
        client.download_to(storage.url, path)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"old")]


@pytest.mark.parametrize(
    ("progress", "percent", "phase"),
    [
        (40, 40.0, None),
        ({"percent": 12.5, "phase": "fetch"}, 12.5, "fetch"),
        ("half", None, None),
        (None, None, None),
        (140, 100.0, None),
    ],
)
def test_progress_is_a_number_an_object_or_nothing(progress, percent, phase):
    status = Status(status="executing", key="k", progress=progress)
    assert (status.percent, status.phase, status.progress) == (percent, phase, progress)


def test_waits_grow_with_jitter_and_end():
    retries, lost = Retries(5, 30.0), ConnectionLost("gone")
    waits = [[retries.seconds(failures, lost) for _ in range(50)] for failures in range(1, 6)]
    for failures, some in enumerate(waits, 1):
        usual = min(5.0, 0.1 * 2**failures)
        assert usual / 2 <= min(some) < max(some) <= usual
    with pytest.raises(ConnectionLost):
        retries.seconds(6, lost)


def test_retry_after_may_be_a_date():
    """RFC 9110, 10.2.3."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 95 < retry_after(soon) <= 100
    assert [retry_after(text) for text in ("7", "", "soon", "Fri, 31 Dec 1999 23:59:59 GMT")] == [7, None, None, 0]


@pytest.mark.parametrize(
    "error", [ApiError(503, [], "full", 2.0), TaskError("k", "cancelled", False, "x"), ConnectionLost("gone")]
)
def test_errors_can_be_pickled(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.__dict__) == (type(error), str(error), error.__dict__)


def test_wrong_options_say_so(kind):
    for server, options in [
        ("nowhere", {}),
        ("http://127.0.0.1", {"retries": -1}),
        ("http://127.0.0.1", {"secret": "a", "api_key": "b"}),
    ]:
        with pytest.raises(ValueError, match=r"server|retries|not both"), kind(server, **options):
            pass


def test_importing_the_client_loads_nothing_of_the_service():
    lines = "import sys, dragon_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout.split()
    assert not {"dragon_framework", "msgspec", "litestar", "dramatiq", "numpy", "PIL", "trio"} & set(loaded)


README = Path(__file__).parents[2] / "clients" / "python" / "README.md"


@pytest.mark.parametrize("block", re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL))
def test_the_lines_of_the_readme_run(service, server, tmp_path, monkeypatch, capsys, block):
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    lines = block.replace("http://127.0.0.1:8000", server)
    exec(lines.replace("the secret that `dragon serve` prints", service.secret), {})
    assert "40" in capsys.readouterr().out
