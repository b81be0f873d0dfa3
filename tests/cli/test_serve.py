"""`dragon serve` as a whole: starts, keeps itself alive, and leaves nothing running."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cli.conftest import DRAGON, Served, processes_with, wait_until

pytestmark = pytest.mark.xdist_group("serve")

API, WORKER, VALKEY = "cli.child api", "cli.child worker", "valkey-server"
BYSTANDERS = ("msgspec", "redis", "select", "acme_cli")


@pytest.fixture(scope="module")
def standing(environ, tmp_path_factory):
    """A service for tests that leave it running, started in a directory of bystanders."""
    directory = tmp_path_factory.mktemp("standing")
    for name in BYSTANDERS:
        (directory / f"{name}.py").write_text("raise RuntimeError('a bystander was imported')")
    served = Served(["--data-dir", directory / "data"], environ, directory)
    yield served
    served.stop(signal.SIGKILL)


def test_it_prints_where_it_listens_and_runs_tasks_of_the_development_account(standing):
    served = standing

    assert served.printed.startswith(f"Dragon is listening on {served.url}\n")
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d+", served.url)
    assert f"playground: {served.url}/#secret={served.secret}\n" in served.printed
    assert re.search(r"^api key: [A-Z2-7]{32}$", served.printed, re.MULTILINE)
    assert served.create("acme.wait", seconds=0.01)["status"] == "success"


def test_the_api_key_works_from_a_page_on_this_machine(standing):
    served = standing
    api_key = re.search(r"api key: (\S+)", served.printed)[1]
    body = json.dumps({"tasks": {"task_name": "acme.wait"}, "api_key": api_key}).encode()

    with urlopen(Request(f"{served.url}/v1/create", body, {"Referer": "http://localhost:3000/"})) as answer:
        (status,) = json.load(answer)

    assert status["status"] in {"queued", "executing", "success"}


def test_no_secret_is_in_a_command_line_or_an_environment(serve, redis_url):
    served = serve(settings={"DRAGON_REDIS": redis_url})

    (own, *others) = sorted(served.processes())
    assert own[0] == served.process.pid
    assert len(others) >= 3  # API, worker, nursery, task processes; no Valkey
    for pid, command in others:
        assert b"DRAGON_REDIS" not in Path(f"/proc/{pid}/environ").read_bytes(), command
        assert "redis" not in command
        assert served.secret not in command


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGTERM, 2), (signal.SIGINT, 1), (signal.SIGHUP, 1)])
def test_a_signal_ends_all_of_it_with_status_0(serve, tmp_path, number, workers):
    served = serve("--workers", workers)
    served.create("acme.wait")

    status = served.stop(number)

    assert status == 0
    assert served.processes() == []
    assert not (tmp_path / "data" / "redis.url").exists()
    assert served.events()[-1] == "service_stopped"


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.3, 0.45])
def test_a_signal_while_it_starts_ends_all_of_it(environ, tmp_path, seconds):
    process = subprocess.Popen(
        [DRAGON, "serve", "--port", "0", "--data-dir", "data"],
        env=environ | {"ACME_MARK": f"early-{seconds}-{os.getpid()}"},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((tmp_path / "data").exists)
    time.sleep(seconds)

    process.terminate()
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert processes_with(f"ACME_MARK=early-{seconds}-{os.getpid()}", str(tmp_path)) == []


def test_nobody_has_to_read_what_it_prints(environ, tmp_path):
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [DRAGON, "serve", "--port", "0", "--data-dir", "data", "--workers", "0", "--log-format", "json"],
        env=environ,
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(reader)
    os.close(writer)

    events = [json.loads(process.stderr.readline())["event"] for _ in range(2)]
    process.terminate()
    _, errors = process.communicate(timeout=30)

    assert events == ["api_started", "service_started"]
    assert process.returncode == 0, errors
    assert "service_stopped" in errors


def test_a_running_task_may_end_and_its_client_gets_the_result(serve, tmp_path):
    served = serve()
    marker = tmp_path / "marker"
    statuses = []
    client = threading.Thread(
        target=lambda: statuses.append(served.create("acme.wait", seconds=1.0, marker=str(marker)))
    )
    client.start()
    wait_until(marker.exists)

    status = served.stop()
    client.join()

    assert status == 0
    assert [one["status"] for one in statuses] == ["success"]


def test_a_second_signal_ends_it_at_once(serve, tmp_path):
    served = serve()
    marker = tmp_path / "marker"
    body = json.dumps({"tasks": {"task_name": "acme.wait", "seconds": 50, "marker": str(marker)}}).encode()
    urlopen(Request(f"{served.url}/v1/create", body, {"Authorization": f"Secret {served.secret}"})).close()
    wait_until(marker.exists)

    served.process.send_signal(signal.SIGINT)
    wait_until(lambda: "service_stopping" in served.events())
    served.process.send_signal(signal.SIGINT)
    status = served.process.wait(10)

    assert status == 130
    wait_until(lambda: served.processes() == [])


def test_when_the_supervisor_is_killed_all_the_rest_dies(serve):
    served = serve("--workers", 2)

    served.process.kill()
    served.process.wait()

    wait_until(lambda: served.processes() == [])


def test_tasks_of_a_killed_service_are_there_when_it_starts_again(serve):
    served = serve("--workers", 0)
    body = json.dumps({"tasks": {"task_name": "acme.wait"}}).encode()
    authorization = {"Authorization": f"Secret {served.secret}"}
    with urlopen(Request(f"{served.url}/v1/create", body, authorization)) as answer:
        (queued,) = json.load(answer)
    served.stop(signal.SIGKILL)

    again = serve()

    def status():
        with urlopen(Request(f"{again.url}/v1/status?tasks={queued['key']}", headers=authorization)) as answer:
            return json.load(answer)[0]["status"]

    assert again.secret == served.secret
    wait_until(lambda: status() == "success")


@pytest.mark.parametrize("words", [API, WORKER, VALKEY])
def test_a_part_that_is_killed_is_started_again_and_tasks_go_on(serve, words):
    served = serve()
    assert served.create("acme.wait")["status"] == "success"
    before = served.pid_of(words)

    os.kill(before, signal.SIGKILL)
    wait_until(lambda: [pid for pid, command in served.processes() if words in command and pid != before])

    def works():
        try:
            return served.create("acme.wait")["status"] == "success"
        except (HTTPError, ConnectionError):
            return False

    wait_until(works)
    assert ("redis_died" if words == VALKEY else "process_died") in served.events()
    assert served.stop() == 0
    assert served.processes() == []


def test_a_valkey_that_keeps_dying_ends_the_service_with_status_1(serve):
    served = serve("--workers", 0)

    def kill_and_ask():
        for pid, command in served.processes():
            if VALKEY in command:
                os.kill(pid, signal.SIGKILL)
        return served.process.poll() is not None

    wait_until(kill_and_ask)

    assert served.process.returncode == 1
    assert served.processes() == []
    assert served.events()[-2:] == ["api_stopped", "service_stopped"]


def test_clients_wait_while_the_api_is_started_again(serve):
    served = serve("--workers", 0)

    os.kill(served.pid_of(API), signal.SIGKILL)
    with urlopen(f"{served.url}/health", timeout=30) as answer:
        assert answer.status == 200


def test_an_address_in_use_is_one_line_and_nothing_is_started(dragon, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = dragon("serve", "--port", port, "--data-dir", "data")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"dragon: port: cannot listen on 127.0.0.1:{port}: address already in use; "
        "choose another with --port, or 0 for a free one\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_data_directory_in_use_is_one_line_and_leaves_nothing_running(serve, dragon):
    served = serve("--workers", 0)

    done = dragon("serve", "--port", 0, "--data-dir", "data", settings={"ACME_MARK": "second"})

    assert (done.returncode, done.stdout) == (2, "")
    assert "is used by another Dragon" in done.stderr
    assert done.stderr.count("\n") == 1
    served.mark, served.socket = "second", ""
    assert served.processes() == []


def test_a_setting_that_a_child_finds_wrong_ends_the_service_with_its_line(dragon):
    done = dragon("serve", "--port", 0, "--data-dir", "data", "--queues", "nowhere", "--log-level", "error")

    assert done.returncode == 2
    assert done.stderr.startswith("dragon: queues: no installed task waits in nowhere")
    assert done.stderr.count("\n") == 1


def test_a_network_that_is_none_is_told_before_the_service_starts(dragon, tmp_path):
    done = dragon("serve", "--port", 0, "--data-dir", "data", "--allow-source", "10.0.0.0/33", "--log-level", "error")

    assert done.returncode == 2
    assert done.stderr.startswith("dragon: allow_source: expected a network such as 10.0.0.0/8, got '10.0.0.0/33'")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()  # nothing was started


def test_elsewhere_than_on_loopback_there_is_no_account_and_it_says_how_to_make_one(serve, tmp_path):
    served = serve("--host", "0.0.0.0", "--workers", 0)

    assert "secret: " not in served.printed
    assert "There is no development account on 0.0.0.0: `dragon accounts add NAME --data-dir" in served.printed
    assert served.url.startswith("http://127.0.0.1:")
    assert not (tmp_path / "data" / "development-account.json").exists()


def test_modules_in_the_working_directory_are_not_imported(standing):
    directory = standing.log.parent

    assert {path.stem for path in directory.glob("*.py")} == set(BYSTANDERS)
    assert standing.create("acme.wait")["status"] == "success"


def test_without_tasks_it_says_so(serve):
    from importlib.metadata import entry_points

    installed = ",".join({entry.dist.name for entry in entry_points(group="dragon.tasks")} | {"acme-cli", "acme-lame"})

    served = serve(settings={"DRAGON_DISABLE": installed})

    assert "no task is installed" in served.printed.lower()


def test_an_account_added_beside_the_running_service_may_create_tasks(standing, dragon):
    added = dragon("accounts", "add", "acme", "--data-dir", standing.log.parent / "data", "--json")
    secret = json.loads(added.stdout)["secret"]

    assert secret != standing.secret
    assert standing.create("acme.wait", secret=secret)["status"] == "success"


def test_a_worker_beside_the_running_service_takes_its_tasks(serve, environ, tmp_path):
    served = serve("--workers", 0)
    worker = subprocess.Popen(
        [DRAGON, "worker", "--data-dir", "data", "--concurrency", "1"],
        env=environ,
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert served.create("acme.wait")["status"] == "success"
    finally:
        worker.terminate()

    assert worker.wait(30) == 0


def test_the_parts_of_a_cluster_are_started_one_by_one(environ, tmp_path, redis_url):
    shared = ["--redis", redis_url, "--storage", str(tmp_path / "store"), "--data-dir", str(tmp_path / "data")]
    api = subprocess.Popen(
        [DRAGON, "api", "--port", "0", *shared],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    line = api.stdout.readline()
    url = line.split()[-1]
    with urlopen(f"{url}/health") as answer:
        healthy = answer.status
    api.terminate()
    status = api.wait(30)
    api.stdout.close()

    assert line.startswith("Dragon is listening on http://127.0.0.1:")
    assert (healthy, status) == (200, 0)
