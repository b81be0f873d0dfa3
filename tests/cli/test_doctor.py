"""`dragon doctor`: what it finds, and what it makes of it."""

import json

import pytest


@pytest.fixture
def doctor(dragon):
    """Return the exit status and the findings by name, without the plugin that is broken."""

    def look(*words, disable="acme-lame"):
        done = dragon("doctor", "--json", "--disable", disable, *words)
        found = {}
        for finding in json.loads(done.stdout):
            found.setdefault(finding["name"], []).append(finding)
        return done.returncode, found

    return look


def test_a_sound_installation_has_no_errors(doctor, tmp_path):
    status, found = doctor("--data-dir", "data")

    assert status == 0
    assert {"python", "dragon-framework", "acme-cli 1.2.3", "redis", "data directory", "storage"} <= set(found)
    assert "valkey-server 9" in found["redis"][0]["text"] or "embedded" in found["redis"][0]["text"]
    assert not (tmp_path / "data").exists()


def test_a_broken_plugin_is_an_error_with_its_reason(doctor):
    status, found = doctor(disable="nothing")

    assert status == 1
    (finding,) = found["acme-lame 4.5"]
    assert finding["state"] == "error"
    assert "a_library_that_is_not_there" in finding["text"]
    assert finding["help"]


def test_an_unknown_storage_and_an_absent_redis_are_errors(doctor):
    status, found = doctor("--storage", "gopher://h/x", "--redis", "redis://127.0.0.1:1")

    assert status == 1
    assert found["storage"][0]["state"] == "error"
    assert found["redis"][0]["state"] == "error"


def test_a_storage_is_tried_and_left_as_it_was(doctor, tmp_path):
    (tmp_path / "store").mkdir()

    status, found = doctor("--storage", tmp_path / "store")

    assert status == 0
    assert "written, read and deleted" in found["storage"][0]["text"]
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_redis_is_asked_for_its_version_and_its_settings(doctor, redis_url):
    _, found = doctor("--redis", redis_url)

    assert [finding["state"] for finding in found["redis"]] == ["ok"]


def test_a_data_directory_that_cannot_be_written_is_an_error(doctor, tmp_path):
    (tmp_path / "a-file").touch()

    status, found = doctor("--data-dir", "a-file/data")

    assert status == 1
    assert found["data directory"][0]["state"] == "error"


def test_people_get_lines_with_the_state_first(dragon):
    done = dragon("doctor")

    lines = done.stdout.splitlines()
    assert all(line.split()[0] in {"ok", "warning", "error"} or line.startswith("          ") for line in lines)
    assert any(line.startswith("error   acme-lame 4.5: acme.lame is not available") for line in lines)
