"""`/v1/admin`: what operators see and do, over a service with tasks that succeed, fail, wait and are cancelled."""

import json
import os
import signal
import time

import httpx
import pytest

from dragon_framework.accounts import AccountStore
from dragon_framework.concealing import HIDDEN
from dragon_framework.status.connection import connect_sync

ECHO = {"task_name": "probe.echo", "text": "hello"}
WORK = {"task_name": "probe.work", "seconds": 20}
MARKUP = "<img src=x onerror=alert(1)> & \u202e\x07 \"'"


def wait_for(true, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return value


def see(client, path="overview", **query):
    answer = client.get(f"/v1/admin/{path}", params=query, headers=client.auth_headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(client, action, *keys):
    answer = client.post(f"/v1/admin/{action}", json={"tasks": list(keys)}, headers=client.auth_headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def accounts(watched):
    """The accounts of the service."""
    client = connect_sync((watched.dragon.data / "redis.url").read_text())
    yield AccountStore(client)
    client.close()


@pytest.fixture
def account(accounts):
    """Make an account that is no operator's, and return its secret."""
    return lambda name: accounts.add(name)[1]


ROUTES = [
    ("GET", "overview"),
    ("GET", "tasks"),
    ("GET", f"tasks/{'A' * 26}"),
    ("GET", "callbacks"),
    ("POST", "cancel"),
    ("POST", "retry"),
    ("POST", "callbacks/replay"),
]


def test_every_route_is_for_operators_by_their_secret_in_the_header_alone(watched, account):
    plain = account("plain")

    def statuses(headers, query="", **body):
        answers = [
            watched.request(
                method,
                f"/v1/admin/{path}{query}",
                headers=headers,
                json={"tasks": "A" * 26} | body if method == "POST" else None,
            )
            for method, path in ROUTES
        ]
        return {answer.status_code for answer in answers}, answers[0].json()["errors"][0]["description"]

    assert statuses({})[0] == {401}
    assert statuses({"Authorization": "Secret WRONG"})[0] == {401}
    assert statuses({}, f"?secret={watched.secret}", secret=watched.secret)[0] == {401}
    code, text = statuses({"Authorization": f"Secret {plain}"})
    assert code == {403}
    assert "`dragon accounts operator plain`" in text
    key = {"Authorization": f"Api-Key {watched.api_key}", "Referer": "http://localhost/"}
    code, text = statuses(key)
    assert code == {403}
    assert "api key" in text


def test_an_account_that_is_an_operator_s_sees_everything(watched, accounts):
    _, secret = accounts.add("boss", operator=True)

    answer = watched.get("/v1/admin/overview", headers={"Authorization": f"Secret {secret}"})

    assert answer.status_code == 200


def test_what_ended_is_counted_and_listed_with_messages_as_they_are(watched):
    before = {one["task_name"]: one for one in see(watched)["past"]["tasks"]}
    watched.create([ECHO, ECHO, ECHO | {"number": 99}, {"task_name": "probe.fail", "reason": MARKUP}])

    def counted(name, outcome):
        now = {one["task_name"]: one for one in see(watched)["past"]["tasks"]}
        return now.get(name, {}).get(outcome, 0) - before.get(name, {}).get(outcome, 0)

    wait_for(lambda: counted("probe.fail", "error") == 1)
    assert counted("probe.echo", "success") == 2
    assert counted("probe.echo", "error") == 1  # refused: 99 is above 10
    past = see(watched)["past"]
    errors = {(one["code"], one["task_name"]): one for one in past["errors"]}
    assert errors["probe_failed", "probe.fail"]["message"].split() == MARKUP.split()
    assert "number" in errors["invalid_parameters", "probe.echo"]["message"]
    (newest, *_) = see(watched, "tasks", task_name="probe.fail")["tasks"]
    assert (newest["status"], newest["code"], newest["account"]) == ("error", "probe_failed", "development")
    assert newest["key"] == errors["probe_failed", "probe.fail"]["example"]
    assert abs(newest["ended"] - time.time()) < 60
    hour = past["hours"][-1]
    assert hour["success"] >= 2
    assert hour["error"] >= 2


def test_lists_are_filtered_and_come_in_pages(watched):
    created = [status["key"] for status in watched.create([ECHO] * 5)]

    pages, after = [], None
    while True:
        page = see(
            watched, "tasks", status="success", task_name="probe.echo", limit=2, **{"after": after} if after else {}
        )
        pages.append([task["key"] for task in page["tasks"]])
        after = page["next"]
        if after is None:
            break

    keys = [key for page in pages for key in page]
    assert all(len(page) == 2 for page in pages[:-1])
    assert len(keys) == len(set(keys))
    assert set(created) <= set(keys)
    assert see(watched, "tasks", account="nobody") == {"tasks": [], "next": None}
    assert see(watched, "tasks", status="cancelled", code="probe_failed")["tasks"] == []


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("overview", {"hours": 0}, "hours"),
        ("overview", {"hours": "49"}, "hours"),
        ("tasks", {"limit": "many"}, "limit"),
        ("tasks", {"status": "lost"}, "status"),
        ("tasks", {"after": "1) or 1"}, "after"),
        ("tasks", {"after": "1-1", "status": "queued"}, "after"),
        ("tasks", {"after": "0-0"}, "after"),  # Redis takes no such place
        ("callbacks", {"limit": "\u0663"}, "limit"),
    ],
)
def test_a_wrong_query_is_named(watched, path, query, name):
    answer = watched.get(f"/v1/admin/{path}", params=query, headers=watched.auth_headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == name


def test_tasks_that_run_and_wait_are_seen_by_account_and_can_be_cancelled(watched, account):
    secret = account("busy")
    answer = watched.post(
        "/v1/create", json={"tasks": [WORK] * 3}, headers={"Authorization": f"Secret {secret}"}
    ).json()
    keys = [status["key"] for status in answer]
    try:
        running = wait_for(lambda: see(watched, "tasks", status="executing", account="busy")["tasks"])
        waiting = wait_for(
            lambda: (
                (found := see(watched, "tasks", status="queued", account="busy")["tasks"]) and len(found) == 2 and found
            )
        )
        seen = see(watched)
    finally:
        done = do(watched, "cancel", *keys, "nonsense")

    assert [task["key"] for task in running] == keys[:1]
    assert [task["key"] for task in waiting] == keys[1:]
    assert {task["task_name"] for task in running + waiting} == {"probe.work"}
    (queue,) = [queue for queue in seen["now"]["queues"].values() if queue["waiting"]]
    assert queue["lines"] == [{"account": "busy", "waiting": 2, "oldest_seconds": queue["oldest_seconds"]}]
    (worker,) = seen["now"]["workers"]
    assert worker["busy"] >= 1
    assert 0 < time.time() - worker["started"] < 600
    assert worker["heartbeat_seconds"] < 30
    assert [one["done"] for one in done] == [True, True, True, False]
    assert do(watched, "cancel", keys[0])[0]["reason"] == "it was over already"
    cancelled = see(watched, "tasks", status="cancelled", account="busy")["tasks"]
    assert {task["key"] for task in cancelled} == set(keys)
    assert see(watched, "tasks", status="error", account="busy")["tasks"] == []


def test_a_failed_task_is_tried_again_once_for_its_account(watched, account):
    secret = account("owner")
    body = {"tasks": [{"task_name": "probe.fail", "reason": "once"}], "block": True}
    (status,) = watched.post("/v1/create", json=body, headers={"Authorization": f"Secret {secret}"}).json()

    (first,) = do(watched, "retry", status["key"])
    (second,) = do(watched, "retry", status["key"])

    assert first["done"]
    assert (second["done"], second["reason"]) == (False, f"it was retried already, as {first['new_key']}")
    watched.get("/v1/status", params={"tasks": first["new_key"], "block": "true"})
    facts = see(watched, f"tasks/{first['new_key']}")
    assert (facts["account"], facts["task_name"]) == ("owner", "probe.fail")
    assert facts["parameters"] == {"reason": "once"}
    assert facts["status"]["result"] == "once"


def test_what_cannot_be_tried_again_says_why(watched, account, accounts):
    secret = account("leaver")
    headers = {"Authorization": f"Secret {secret}"}
    fine, wrong = watched.create([ECHO, ECHO | {"number": 99}])
    sealed, open_task = watched.create(
        [{"task_name": "probe.login", "token": "a-secret-token", "seconds": 20}, WORK], block=False
    )
    refused = do(watched, "retry", open_task["key"])[0]["reason"]
    do(watched, "cancel", sealed["key"], open_task["key"])
    (left,) = watched.post(
        "/v1/create", json={"tasks": [{"task_name": "probe.fail"}], "block": True}, headers=headers
    ).json()
    accounts.remove("leaver")

    answers = do(watched, "retry", fine["key"], wrong["key"], sealed["key"], left["key"], "A" * 26)

    assert refused == "it is not over"
    assert [one["done"] for one in answers] == [False] * 5
    reasons = [one["reason"] for one in answers]
    assert reasons[0] == "it succeeded"
    assert "parameters were refused" in reasons[1]
    assert "its credentials (spare, token) were erased" in reasons[2]
    assert reasons[3] == "there is no account 'leaver' any more"
    assert "no task with this key" in reasons[4]


def test_no_credential_is_ever_shown(watched):
    secret, password, signature = "a-token-to-hide", "a-password", "a-signature"
    address = "127.0.0.1:9"  # nobody listens there
    url = f"http://user:{password}@{address}/missing?X-Amz-Signature={signature}#{signature}"
    failed, login = watched.create(
        [{"task_name": "probe.copy", "url": url}, {"task_name": "probe.login", "token": secret}]
    )
    assert failed["status"] == "error"

    texts = [
        json.dumps(see(watched, path))
        for path in ("overview", "tasks", "callbacks", f"tasks/{failed['key']}", f"tasks/{login['key']}")
    ]

    for text in texts:
        for hidden in (secret, password, signature, watched.secret, "default-of-a-token"):
            assert hidden not in text
    assert see(watched, f"tasks/{login['key']}")["parameters"]["token"] == HIDDEN
    assert see(watched, f"tasks/{failed['key']}")["parameters"]["url"] == f"http://{HIDDEN}@{address}/missing?{HIDDEN}"


def test_callbacks_are_seen_and_sent_again(watched, receiver):
    receiver.answers = [410]
    (status,) = watched.create([ECHO | {"url_callback": f"{receiver.url}?token=a-token-to-hide"}])
    key = status["key"]

    (failed,) = wait_for(lambda: [one for one in see(watched, "callbacks")["failed"] if one["delivery"]["key"] == key])
    count = see(watched)["now"]["callbacks"]["failed"]
    receiver.answers = [200]
    (done,) = do(watched, "callbacks/replay", key)
    wait_for(lambda: see(watched, f"tasks/{key}")["callback"]["state"] == "delivered")

    assert (failed["task_name"], failed["account"]) == ("probe.echo", "development")
    assert failed["delivery"]["url"] == receiver.url
    assert count == 1
    assert done["done"]
    assert see(watched, "callbacks") == {"pending": [], "failed": []}
    assert do(watched, "callbacks/replay", watched.create([ECHO])[0]["key"])[0]["reason"] == "it has no callback"


def test_numbers_are_those_of_the_service_and_survive_its_parts(watched):
    watched.create([ECHO])
    before, api = see(watched), watched.dragon.api_pid
    for pid in (before["now"]["workers"][0]["pid"], api):
        os.kill(pid, signal.SIGKILL)

    def back():
        try:
            return watched.get("/health").is_success and watched.dragon.api_pid != api
        except (httpx.HTTPError, LookupError):
            return False

    wait_for(back)
    after = see(watched)

    assert after["past"] == before["past"]
    assert after["now"]["totals"] == before["now"]["totals"]


def test_memory_has_an_end_whatever_comes(redis_url):
    """The lists are cut at their ends, an hour holds at most so many fields, and all hours expire."""
    from dragon_framework.status import history

    client = connect_sync(redis_url)
    client.flushdb()
    note = client.register_script(
        history.NOTE
        + "for i = 1, ARGV[1] do note_ended(ARGV[2], ARGV[3] .. i, 't', 'a', 'error', '+Inf', 1 + i / 1000, "
        "'code' .. i) end"
    )
    for start in ("a", "b", "c"):
        note(args=[5000, 490000, start])

    assert client.xlen(history.ENDED) < history.MOST_ENDED + 200  # whole nodes of 100 are cut
    assert client.xlen(history.ERRORS) < history.MOST_ERRORS + 200
    assert client.hlen("dragon:o:490000") <= history.MOST_FIELDS + 2
    assert client.hget("dragon:o:490000", "t|other|errors")
    assert client.zcard("dragon:o:490000:slow") == history.MOST_SLOW
    assert client.zrange("dragon:o:490000:slow", -1, -1, withscores=True)[0][1] == 6000  # 1 s + 5000 ms
    for name in ("dragon:o:490000", "dragon:o:490000:slow"):
        assert 0 < client.ttl(name) <= history.KEPT_HOURS * 3600
    client.flushdb()
    client.close()
