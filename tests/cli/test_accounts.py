"""`dragon accounts`, on a server of its own and beside a running service."""

import json
import re

import pytest

from dragon_framework.accounts import AccountStore, digest_of
from dragon_framework.embedded import EmbeddedServer
from dragon_framework.status.connection import connect_sync


@pytest.fixture
def accounts(dragon):
    """Run `dragon accounts ...` on the data directory of the test."""
    return lambda action, *words: dragon("accounts", action, *words, "--data-dir", "data")


def test_the_secret_is_shown_once_and_only_its_hash_is_kept(accounts, tmp_path):
    added = accounts("add", "acme", "--referrer", "www.acme.example", "--tasks-per-day", "9")

    secret = re.search(r"^secret: (\S+)$", added.stdout, re.MULTILINE)[1]
    api_key = re.search(r"^api key: (\S+)$", added.stdout, re.MULTILINE)[1]
    with EmbeddedServer(tmp_path / "data") as server:
        client = connect_sync(server.url)
        (account,) = AccountStore(client).list()
        client.close()
    assert account.secret_digest == digest_of(secret)
    assert account.api_key == api_key
    assert account.referrers == ("www.acme.example",)
    assert account.limits.tasks_per_day == 9
    assert secret not in accounts("list").stdout


def test_limits_change_those_that_are_given_and_keep_the_others(accounts):
    accounts("add", "acme", "--tasks-per-day", "9", "--concurrent-tasks", "2")

    accounts("limits", "acme", "--tasks-per-minute", "600", "--concurrent-tasks", "none")

    (account,) = json.loads(accounts("list", "--json").stdout)
    assert account["limits"] == {
        "tasks_per_minute": 600,
        "tasks_per_day": 9,
        "concurrent_tasks": None,
        "upload_bytes_per_day": None,
    }
    assert "tasks per minute 600, tasks per day 9" in accounts("limits", "acme").stdout


def test_an_account_is_made_an_operator_s_and_no_longer_one(accounts):
    added = json.loads(accounts("add", "boss", "--operator", "--json").stdout)

    off = accounts("operator", "boss", "--off")

    assert added["operator"] is True
    assert off.stdout == "boss: not an operator's account\n"
    assert json.loads(accounts("operator", "boss", "--json").stdout)["operator"] is True


def test_a_removed_account_is_gone(accounts):
    accounts("add", "acme")

    done = accounts("remove", "acme")

    assert done.returncode == 0
    assert json.loads(accounts("list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "acme"], "there is an account 'acme' already"),
        (["add", "A B"], "'A B' is not a name"),
        (["add", "b", "--referrer", "http://x/y z"], "'http://x/y z' is not a host"),
        (["remove", "nobody"], "there is no account 'nobody'"),
        (["limits", "nobody"], "there is no account 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_1(accounts, words, told):
    accounts("add", "acme")

    done = accounts(*words)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"dragon: {told}")


def test_a_limit_that_is_no_number_is_refused(accounts):
    assert accounts("add", "acme", "--tasks-per-day", "-1").returncode == 2
    assert accounts("add", "acme", "--tasks-per-day", "many").returncode == 2


@pytest.mark.parametrize(
    "url", ["create_file/a.jpg", "ftp://host/v1/a", "http:///v1/a", "http://[::1/v1/a", "//host/v1/a", "/v1/a\n", ""]
)
def test_what_is_no_url_is_not_signed(accounts, tmp_path, url):
    ran = accounts("sign", "acme", url)

    assert ran.returncode == 2
    assert "http://..., https://... or a path that begins with /" in ran.stderr
    assert not (tmp_path / "data").exists()


def test_looking_for_accounts_makes_no_data_directory(accounts, tmp_path):
    done = accounts("list")

    assert done.returncode == 1
    assert "there is no data directory" in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_server_that_runs_on_the_data_directory_is_used(accounts, tmp_path):
    with EmbeddedServer(tmp_path / "data") as server:
        added = accounts("add", "acme", "--json")

        client = connect_sync(server.url)
        ids = [account.id for account in AccountStore(client).list()]
        client.close()

    assert added.returncode == 0, added.stderr
    assert ids == ["acme"]


def test_an_address_that_a_killed_server_left_behind_is_no_obstacle(accounts, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "redis.url").write_text("unix:///nowhere/redis.sock")

    assert accounts("add", "acme").returncode == 0


def test_a_redis_can_be_named(dragon, redis_url):
    name = "of-test-accounts"

    added = dragon("accounts", "add", name, "--redis", redis_url, "--json")
    dragon("accounts", "remove", name, settings={"DRAGON_REDIS": redis_url})
    left = dragon("accounts", "list", "--json", settings={"DRAGON_REDIS": redis_url})

    assert json.loads(added.stdout)["id"] == name
    assert name not in [account["id"] for account in json.loads(left.stdout)]


def test_a_redis_that_does_not_answer_is_one_line(dragon):
    done = dragon("accounts", "list", "--redis", "redis://127.0.0.1:1/0")

    assert done.returncode == 2
    assert done.stderr.startswith("dragon: redis: the server cannot be used")
    assert done.stderr.count("\n") == 1
