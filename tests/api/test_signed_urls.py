"""GET URLs that need no credentials: good until they expire, for what they say and nothing else."""

import json
import re
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

PATH = "/v1/create_file/a b.txt"
QUERY = [("task_name", "probe.one"), ("content", "größer & kleiner"), ("content", "1 + 1")]


@pytest.fixture(scope="module")
def sign():
    """Return the function that docs/how-to/signed-urls.md tells clients to use."""
    page = Path(__file__).parents[2] / "docs" / "how-to" / "signed-urls.md"
    code = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL)[1]
    names = {}
    exec(code, names)  # our own page
    return names["signed"]


@pytest.fixture
def key(client, run_dragon, dragon):
    shown = run_dragon("accounts", "signing", "development", "--data-dir", str(dragon.data), "--json")
    return json.loads(shown.stdout)["signing_key"]


def test_a_url_that_was_signed_as_the_docs_say_needs_no_credentials(client, sign, key):
    answer = client.get(sign("", PATH, QUERY[:2], "development", key))

    assert answer.status_code == 302, answer.text
    assert client.get(answer.headers["location"]).text == "größer & kleiner"


def test_the_order_of_the_query_does_not_matter(client, sign, key):
    url = sign("", PATH, QUERY[:2], "development", key)
    path, _, query = url.partition("?")

    assert client.get(f"{path}?{'&'.join(reversed(query.split('&')))}").status_code == 302


def test_the_command_signs_the_same_way(client, dragon, run_dragon):
    url = f"http://127.0.0.1:{dragon.port}/v1/create_file/a.txt?task_name=probe.one&content=from%20the%20command"

    ran = run_dragon("accounts", "sign", "development", url, "--seconds", "60", "--data-dir", str(dragon.data))
    answer = client.get(ran.stdout.strip())

    assert ran.returncode == 0, ran.stderr
    assert client.get(answer.headers["location"]).text == "from the command"
    assert 0 < int(dict(parse_qsl(urlsplit(ran.stdout.strip()).query))["expires"]) - time.time() <= 60


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("gr%C3%B6", "gro"),
        lambda url: url + "&content=more",
        lambda url: url.replace("/a%20b", "/b"),
        lambda url: re.sub(r"expires=\d+", "expires=99999999999", url),
        lambda url: url.replace("signed_by=development", "signed_by=nobody"),
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: re.sub(r"signature=\w+", "signature=%C3%B6", url),
        lambda url: re.sub(r"expires=\d+", "", url),
        lambda url: re.sub(r"expires=\d+", "expires=soon", url),
        lambda url: re.sub(r"&signed_by=\w+", "", url),
    ],
)
def test_a_url_that_was_changed_is_401(client, sign, key, change):
    answer = client.get(change(sign("", PATH, QUERY[:2], "development", key)))

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["name"] == "signature"


def test_a_url_that_has_expired_says_so(client, sign, key):
    answer = client.get(sign("", PATH, QUERY[:2], "development", key, -1))

    assert answer.status_code == 401
    assert answer.json()["errors"] == [
        {"name": "expires", "location": "query", "description": "the signed URL has expired; ask for a fresh one"}
    ]


def test_another_account_s_key_does_not_sign_for_this_one(client, sign, key, run_dragon, dragon):
    run_dragon("accounts", "add", "stranger", "--data-dir", str(dragon.data))
    other = run_dragon("accounts", "signing", "stranger", "--data-dir", str(dragon.data), "--json")

    url = sign("", PATH, QUERY[:2], "development", json.loads(other.stdout)["signing_key"])

    assert client.get(url).status_code == 401


def test_the_old_key_is_good_for_a_day_more(make_service, run_dragon, sign):
    with make_service() as client:
        where = ("--data-dir", str(client.dragon.data), "--json")
        old = json.loads(run_dragon("accounts", "signing", "development", *where).stdout)["signing_key"]
        new = json.loads(run_dragon("accounts", "signing", "development", "--rotate", *where).stdout)["signing_key"]

        answers = [client.get(sign("", PATH, QUERY[:2], "development", key)).status_code for key in (old, new)]

    assert old != new
    assert answers == [302, 302]


def test_parameters_of_a_task_may_be_called_expires_where_nothing_is_signed(client):
    answer = client.get(
        "/v1/create_file/a.txt", params={"secret": client.secret, "task_name": "probe.one", "expires": 1}
    )

    assert answer.status_code == 400
    assert "expires" in answer.json()["result"]["parameters"]
