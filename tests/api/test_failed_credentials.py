"""Failed credentials: counted by address, answered with 429 past the limit; good ones pass."""

import pytest

from dragon_framework.api.failures import bucket_of
from dragon_framework.api.server import serve
from dragon_framework.errors import SettingsError
from dragon_framework.settings import ApiSettings, Settings

TASKS = {"tasks": {"task_name": "probe.echo", "text": "a"}}
MOST = 5


@pytest.fixture(scope="module")
def guarded(probe_environ):
    from benchmarks.service import Service

    settings = {"api_failed_credentials": MOST, "api_trusted_proxies": "127.0.0.1"}
    with Service(environ=probe_environ, concurrency=1, **settings) as service:
        yield service


@pytest.fixture
def ask(guarded, client_of):
    def post(address, credential, **headers):
        headers = {"X-Forwarded-For": address, "Authorization": credential} | headers
        return client_of(guarded).post("/v1/create", json=TASKS, headers=headers)

    return post


@pytest.fixture
def client_of():
    import httpx

    return lambda service: httpx.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=30)


def test_wrong_secrets_are_refused_with_429_and_a_time_past_the_limit(ask):
    answers = [ask("192.0.2.1", f"Secret WRONG{n}") for n in range(MOST + 3)]

    assert [one.status_code for one in answers] == [401] * MOST + [429] * 3
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["errors"][0]["name"] == "secret"


def test_wrong_api_keys_count_too_and_missing_credentials_do_not(ask, guarded, client_of):
    for _ in range(MOST + 2):
        bare = client_of(guarded).post("/v1/create", json=TASKS, headers={"X-Forwarded-For": "192.0.2.2"})
        assert bare.status_code == 401
    assert [ask("192.0.2.2", "Api-Key NONE").status_code for _ in range(MOST + 1)] == [401] * MOST + [429]


def test_another_address_is_not_concerned(ask):
    for _ in range(MOST + 1):
        last = ask("192.0.2.3", "Secret WRONG")

    assert last.status_code == 429
    assert ask("192.0.2.4", "Secret WRONG").status_code == 401


def test_a_credential_that_was_good_before_passes_from_a_blocked_address(ask, guarded):
    assert ask("192.0.2.5", f"Secret {guarded.secret}").status_code == 200
    for _ in range(MOST + 1):
        last = ask("192.0.2.5", "Secret WRONG")

    assert last.status_code == 429
    assert ask("192.0.2.5", f"Secret {guarded.secret}").status_code == 200


def test_without_the_setting_no_header_tells_the_address(make_service):
    with make_service(api_failed_credentials=MOST, concurrency=1) as client:
        told = [
            client.post(
                "/v1/create", json=TASKS, headers={"X-Forwarded-For": f"192.0.2.{n}", "Authorization": "Secret W"}
            )
            for n in range(MOST + 1)
        ]

    assert told[-1].status_code == 429


@pytest.mark.parametrize("wrong", ["proxy.example.com", "*", "10.0.0.1/24"])
def test_a_trusted_proxy_is_an_address_or_a_network(wrong):
    settings = Settings(redis="redis://127.0.0.1:1", api=ApiSettings(trusted_proxies=("10.0.0.0/24", wrong)))

    with pytest.raises(SettingsError, match=r"trusted_proxies.*10\.0\.0\.0/24"):
        serve(settings, listener=object(), on_ready=None)


def test_one_customer_of_ipv6_has_one_bucket_and_mapped_addresses_are_those_of_ipv4():
    """A /64 is the least that a network gets (RFC 6177); `::ffff:0:0/96` is IPv4 (RFC 4291, 2.5.5.2)."""
    assert bucket_of("2001:db8:1:2::1") == bucket_of("2001:db8:1:2:ffff::9") != bucket_of("2001:db8:1:3::1")
    assert bucket_of("::ffff:192.0.2.9") == bucket_of("192.0.2.9")
