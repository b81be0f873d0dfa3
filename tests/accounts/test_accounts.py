"""Accounts: who is let in, from where, and how often."""

import asyncio
import json
import re
import stat
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_framework import accounts
from dragon_framework.accounts import (
    DEVELOPMENT_FILE,
    AccountError,
    AccountLimitError,
    AccountLimits,
    AccountLookup,
    AccountStore,
    referrer_allowed,
)
from dragon_framework.keys import new_key
from dragon_framework.status.connection import connect_async, connect_sync


@pytest.fixture
def client(redis_url):
    client = connect_sync(redis_url)
    client.delete(accounts.ACCOUNTS, accounts.CREDENTIALS)
    yield client
    client.close()


@pytest.fixture
def store(client):
    return AccountStore(client)


def ask(redis_url, story):
    """Run the coroutine function *story* with a lookup of its own."""

    async def with_lookup():
        client = connect_async(redis_url)
        try:
            return await asyncio.wait_for(story(AccountLookup(client)), 20)
        finally:
            await client.aclose()

    return asyncio.run(with_lookup())


def test_a_secret_is_kept_as_a_digest_alone(store, client):
    account, secret = store.add("acme")

    assert re.fullmatch(r"[A-Z2-7]{32}", secret)  # 160 bits
    kept = b"".join(client.hgetall(accounts.ACCOUNTS).values()) + b"".join(client.hgetall(accounts.CREDENTIALS))
    assert secret.encode() not in kept
    assert account.secret_digest.encode() in kept


def test_an_account_is_found_by_its_secret_and_by_nothing_like_it(store, redis_url):
    account, secret = store.add("acme")

    async def story(lookup):
        tries = [secret, secret.lower(), secret + "A", "", account.secret_digest, account.api_key, "\ud800"]
        return [await lookup.by_secret(one) for one in tries]

    found = ask(redis_url, story)

    assert found[0].id == "acme"
    assert found[1:] == [None] * 6


def test_an_api_key_works_from_the_pages_on_its_list(store, redis_url):
    account, secret = store.add("acme", referrers=("example.com",))

    async def story(lookup):
        return [
            await lookup.by_api_key(account.api_key, "https://example.com/page?x=1"),
            await lookup.by_api_key(account.api_key, "https://evil.test/?example.com"),
            await lookup.by_api_key(account.api_key, ""),
            await lookup.by_api_key(secret, "https://example.com/"),
        ]

    allowed, other, none, with_secret = ask(redis_url, story)

    assert allowed.id == "acme"
    assert (other, none, with_secret) == (None, None, None)


@pytest.mark.parametrize(
    ("pattern", "referrer", "allowed"),
    [
        ("example.com", "http://example.com", True),
        ("example.com", "https://example.com:8443/a/b", True),
        ("example.com", "https://EXAMPLE.com./", True),
        ("example.com", "https://www.example.com/", False),
        ("example.com", "https://example.com.evil.test/", False),
        ("example.com", "https://evil.test/example.com", False),
        ("example.com", "https://example.com@evil.test/", False),
        ("example.com", "https://evil.test#example.com", False),
        ("example.com", "file:///example.com", False),
        ("example.com", "example.com", False),
        ("*.example.com", "https://a.b.example.com/", True),
        ("*.example.com", "https://example.com/", False),
        ("*.example.com", "https://notexample.com/", False),
        ("*.example.com", "https://.example.com/", False),
        ("https://example.com", "http://example.com/", False),
        ("https://example.com:8443", "https://example.com:8443/", True),
        ("https://example.com:8443", "https://example.com/", False),
        ("https://example.com:443", "https://example.com/", True),
        ("http://example.com:80", "http://example.com/", True),
        ("[::1]", "http://[::1]:3000/", True),
        ("127.0.0.1", "http://127.0.0.1:3000/", True),
        ("example.com", "http://[broken", False),
        ("example.com", "http://example.com:99999/", False),
    ],
)
def test_a_referrer_is_judged_by_scheme_host_and_port(pattern, referrer, allowed):
    assert referrer_allowed((pattern,), referrer) is allowed


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
paths = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20).map("/".__add__)


@given(pattern=hosts, host=hosts, path=paths, port=st.none() | st.integers(1, 65535))
def test_a_plain_pattern_holds_for_its_host_alone(pattern, host, path, port):
    referrer = f"https://{host}{'' if port is None else f':{port}'}{path}"

    assert referrer_allowed((pattern,), referrer) == (host == pattern)
    assert referrer_allowed((pattern,), f"https://{pattern}{path}")


@given(parent=hosts, child=hosts, path=paths)
def test_a_star_holds_for_everything_below_and_nothing_else(parent, child, path):
    assert referrer_allowed((f"*.{parent}",), f"http://{child}.{parent}{path}")
    assert not referrer_allowed((f"*.{parent}",), f"http://{parent}{path}")
    assert not referrer_allowed((f"*.{parent}",), f"http://x{parent}{path}")


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(text):
    allowed = referrer_allowed(("example.com", "*.example.org"), text)

    if allowed:
        host = urlsplit(text).hostname.rstrip(".")
        assert host == "example.com" or host.endswith(".example.org")


def test_limits_are_counted_and_the_whole_request_is_refused(store, redis_url):
    account, _ = store.add(f"a{new_key().lower()}", limits=AccountLimits(tasks_per_minute=5, tasks_per_day=7))

    async def story(lookup):
        await lookup.count_tasks(account, 4)
        with pytest.raises(AccountLimitError) as caught:
            await lookup.count_tasks(account, 2)
        await lookup.count_tasks(account, 1)  # the refused two were not counted
        return caught.value

    error = ask(redis_url, story)

    assert (error.limit, error.most) == ("tasks_per_minute", 5)
    assert 1 <= error.retry_seconds <= 60
    assert "tasks_per_minute is 5" in str(error)


def test_a_limit_of_nothing_refuses_and_no_limit_does_not(store, redis_url):
    closed, _ = store.add(f"c{new_key().lower()}", limits=AccountLimits(upload_bytes_per_day=0))
    free, _ = store.add(f"f{new_key().lower()}")

    async def story(lookup):
        with pytest.raises(AccountLimitError, match="upload_bytes_per_day is 0"):
            await lookup.count_upload(closed, 1)
        await lookup.count_upload(free, 2**40)
        await lookup.count_tasks(free, 10**6)

    ask(redis_url, story)


def test_a_removed_account_is_not_found_once_the_memory_of_it_is_gone(store, redis_url, monkeypatch):
    account, secret = store.add("acme", referrers=("example.com",))
    monkeypatch.setattr(accounts, "CACHE_SECONDS", 0.05)

    async def story(lookup):
        assert (await lookup.by_secret(secret)).id == "acme"
        await asyncio.to_thread(store.remove, "acme")
        await asyncio.sleep(0.1)
        return [await lookup.by_secret(secret), await lookup.by_api_key(account.api_key, "https://example.com/")]

    assert ask(redis_url, story) == [None, None]
    with pytest.raises(AccountError, match="no account 'acme'"):
        store.get("acme")


def test_changed_limits_take_effect(store, redis_url, monkeypatch):
    _, secret = store.add("acme")
    monkeypatch.setattr(accounts, "CACHE_SECONDS", 0.0)

    changed = store.set_limits("acme", AccountLimits(concurrent_tasks=3))

    assert changed.limits.concurrent_tasks == 3
    assert ask(redis_url, lambda lookup: lookup.by_secret(secret)) == changed


@pytest.mark.parametrize("name", ["", "Acme", "a b", "-a", "a" * 64, "a/b", "ä"])
def test_a_name_that_cannot_be_used_is_refused(store, name):
    with pytest.raises(AccountError, match="is not a name"):
        store.add(name)


@pytest.mark.parametrize("referrer", ["", "*", "https://example.com/path", "exa mple.com", "ftp://example.com", "*.*"])
def test_a_referrer_that_is_no_host_is_refused(store, referrer):
    with pytest.raises(AccountError, match="is not a host"):
        store.add("acme", referrers=(referrer,))


def test_a_name_is_given_once(store):
    first, _ = store.add("acme")

    with pytest.raises(AccountError, match="already"):
        store.add("acme")

    assert store.list() == [first]


def test_the_development_account_is_made_once_and_kept_for_its_owner(store, tmp_path, redis_url):
    first = store.ensure_development(tmp_path / "data")
    again = store.ensure_development(tmp_path / "data")

    assert first == again
    assert stat.S_IMODE((tmp_path / "data" / DEVELOPMENT_FILE).stat().st_mode) == 0o600
    secret, api_key = first

    async def story(lookup):
        return [
            await lookup.by_secret(secret),
            await lookup.by_api_key(api_key, "http://localhost:3000/"),
            await lookup.by_api_key(api_key, "https://example.com/"),
        ]

    by_secret, on_loopback, elsewhere = ask(redis_url, story)
    assert by_secret.id == on_loopback.id == "development"
    assert elsewhere is None


def test_the_development_account_follows_its_file(store, tmp_path, redis_url):
    store.ensure_development(tmp_path)
    path = tmp_path / DEVELOPMENT_FILE
    path.write_text(json.dumps({"secret": "S" * 32, "api_key": "K" * 32}))

    assert store.ensure_development(tmp_path) == ("S" * 32, "K" * 32)
    assert ask(redis_url, lambda lookup: lookup.by_secret("S" * 32)).id == "development"
    assert len(store.list()) == 1


def test_an_account_becomes_an_operator_s_and_stops_to_be_one(store):
    store.add("acme")

    made, unmade = store.set_operator("acme", operator=True), store.set_operator("acme", operator=False)

    assert (made.operator, unmade.operator) == (True, False)
    assert store.get("acme") == unmade
    assert store.add("boss", operator=True)[0].operator


def test_the_development_account_is_an_operator_s_and_stays_one(store, tmp_path):
    store.ensure_development(tmp_path)
    account = store.get("development")
    store._client.hset(  # as a Dragon wrote it that knew no operators
        "dragon:accounts", "development", msgspec.json.encode(msgspec.structs.replace(account, operator=False))
    )

    store.ensure_development(tmp_path)

    assert store.get("development") == account
    assert account.operator
    with pytest.raises(AccountError, match="as long as"):
        store.set_operator("development", operator=False)


def test_a_damaged_development_file_is_replaced(store, tmp_path):
    first = store.ensure_development(tmp_path)
    (tmp_path / DEVELOPMENT_FILE).write_text("{")

    second = store.ensure_development(tmp_path)

    assert first != second
    assert len(store.list()) == 1
