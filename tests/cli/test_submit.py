"""`dragon submit`: a task through a service."""

import json
import os
import pty
import re
import signal
import socket
import socketserver
import subprocess
import threading
import time

import pytest

from tests.cli.conftest import DRAGON, Served, wait_until

pytestmark = pytest.mark.xdist_group("serve")


@pytest.fixture(scope="module")
def service(plugin_site, tmp_path_factory):
    """A service for all tests of this module."""
    directory = tmp_path_factory.mktemp("service")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    served = Served(["--data-dir", directory / "data"], kept | {"PYTHONPATH": str(plugin_site)}, directory)
    yield served
    served.stop()


@pytest.fixture
def submit(dragon, service):
    """Run `dragon submit ...` at the service with the secret of its development account."""
    settings = {"DRAGON_SERVER": service.url, "DRAGON_SECRET": service.secret}
    return lambda *words, **more: dragon("submit", *words, settings=settings | more.pop("settings", {}), **more)


def test_a_local_file_is_uploaded_and_the_result_is_printed(submit, tmp_path, service):
    (tmp_path / "a b.txt").write_text("hello")

    done = submit("acme.copy", "url=a b.txt", "times=2", "mode=upper")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["size"] == 10
    assert result["output"].startswith(f"{service.url}/storage/")


def test_wildcards_lists_numbers_booleans_and_files_of_text(submit, tmp_path):
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text(name[0])
    (tmp_path / "film.xml").write_text("<movie/>")

    done = submit("acme.join", "urls=*.txt", "labels=4", "labels=5", "definition=@film.xml", "loud=false", "--json")

    assert json.loads(done.stdout) == {"text": "12", "labels": [4, 5], "definition": "<movie/>"}


def test_a_text_that_looks_like_a_number_stays_a_text_where_the_schema_wants_one(submit, tmp_path):
    (tmp_path / "a.txt").write_text("a")

    done = submit("acme.join", "urls=a.txt", "definition=007", "labels=[1,2]", "--json")

    assert json.loads(done.stdout) == {"text": "a", "labels": [1, 2], "definition": "007"}


def test_wrong_parameters_come_back_from_the_service_with_status_1(submit):
    done = submit("acme.copy", "times=many", "--json")

    assert (done.returncode, done.stdout) == (1, "")
    error = json.loads(done.stderr)
    assert set(error["result"]["parameters"]) == {"url", "times"}
    assert error["error"] == {"code": "invalid_parameters", "transient": False}


def test_an_error_of_the_task_has_its_code(submit):
    done = submit("acme.broken", "--json")

    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "internal_error"


def test_an_unknown_task_is_an_error(submit):
    done = submit("acme.nothing", "--json")

    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "unknown_task"


def test_progress_is_a_bar_on_a_terminal(service, environ, tmp_path):
    leader, follower = pty.openpty()

    done = subprocess.run(
        [DRAGON, "submit", "acme.wait", "seconds=0.6", "--server", service.url, "--secret", service.secret, "--json"],
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=follower,
    )
    os.close(follower)
    shown = os.read(leader, 10000).decode()
    os.close(leader)

    assert json.loads(done.stdout) == {"waited": 0.6}
    assert "50 %" in shown


def test_the_secret_of_the_development_account_is_found_in_the_data_directory(dragon, service):
    data = service.log.parent / "data"

    done = dragon("submit", "acme.wait", "--server", service.url, "--data-dir", data, "--json")

    assert done.returncode == 0, done.stderr


def test_a_wrong_secret_is_one_line_and_status_1(submit):
    done = submit("acme.wait", settings={"DRAGON_SECRET": "wrong"})

    assert (done.returncode, done.stdout) == (1, "")
    assert " answers 401: " in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_secret_it_says_how_to_give_one(dragon, service):
    done = dragon("submit", "acme.wait", "--server", service.url)

    assert done.returncode == 1
    assert "DRAGON_SECRET" in done.stderr


def test_a_service_that_is_not_there_is_one_line_and_status_1(dragon):
    done = dragon("submit", "acme.wait", "--server", "http://127.0.0.1:1")

    assert done.returncode == 1
    assert done.stderr.startswith("dragon: http://127.0.0.1:1 cannot be reached: ")
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_no_url_is_refused(dragon):
    assert dragon("submit", "acme.wait", "--server", "ftp://h").returncode == 2


def test_ctrl_c_cancels_the_task(service, environ, tmp_path):
    marker = tmp_path / "marker"
    process = subprocess.Popen(
        [DRAGON, "submit", "acme.wait", "seconds=20", f"marker={marker}", "--server", service.url],
        env=environ | {"DRAGON_SECRET": service.secret},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(marker.exists)
    time.sleep(0.5)  # the task may begin before its key has been read

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)

    assert (process.returncode, output) == (130, "")
    assert re.fullmatch(r"dragon: the task [A-Z2-7]{26} was cancelled\n", errors)


def test_a_stream_that_breaks_off_is_taken_up_again(service, environ, tmp_path):
    marker = tmp_path / "marker"
    process = subprocess.Popen(
        [DRAGON, "submit", "acme.wait", "seconds=2", f"marker={marker}", "--server", service.url, "--json"],
        env=environ | {"DRAGON_SECRET": service.secret},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(marker.exists)

    os.kill(service.pid_of("cli.child api"), signal.SIGKILL)
    output, errors = process.communicate(timeout=40)

    assert process.returncode == 0, errors
    assert json.loads(output) == {"waited": 2.0}


class Lossy(socketserver.ThreadingTCPServer):
    """Hands requests on to a service; of those that create, the first loses its answer, the second is refused."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port):
        self.service_port, self.created = port, []
        super().__init__(("127.0.0.1", 0), LossyConnection)


class LossyConnection(socketserver.BaseRequestHandler):
    def handle(self):
        request = b""
        while b"\r\n\r\n" not in request:
            request += self.request.recv(65536)
        head, _, body = request.partition(b"\r\n\r\n")
        if length := re.search(rb"(?i)content-length: (\d+)", head):
            while len(body) < int(length[1]):
                body += self.request.recv(65536)
        with socket.create_connection(("127.0.0.1", self.server.service_port)) as service:
            if b"/v1/create_stream" in head:
                self.server.created.append(re.search(rb"(?i)idempotency-key: (\S+)", head)[1])
            number = len(self.server.created)
            if b"/v1/create_stream" in head and number == 2:
                self.request.sendall(b"HTTP/1.1 503 Full\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}")
                return
            service.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + b"\r\n\r\n" + body)
            while answer := service.recv(65536):
                if b"/v1/create_stream" in head and number == 1:
                    return
                self.request.sendall(answer)


def test_a_task_whose_creation_gets_no_answer_is_created_once(dragon, service, tmp_path):
    marker = tmp_path / "marker"
    with Lossy(int(service.url.rpartition(":")[2])) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        settings = {"DRAGON_SERVER": url, "DRAGON_SECRET": service.secret}

        done = dragon("submit", "acme.wait", "seconds=0.1", f"marker={marker}", "--json", settings=settings)
        server.shutdown()

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"waited": 0.1}
    assert (len(server.created), len(set(server.created))) == (3, 1)
