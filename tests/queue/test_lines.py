"""Whose task is next: lines of accounts, priorities, tasks that wait for a time."""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from dragon_framework.keys import new_key
from dragon_framework.queue import scripts
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.queue.courier import Courier
from dragon_framework.status import scripts as status_scripts
from dragon_framework.status.model import Events, Status, encode_status, now
from dragon_framework.status.store import TaskStore
from dragon_framework.status.submission import Submission, Verdict


@pytest.fixture
def broker(client):
    courier = Courier(client, [*scripts.MESSAGES, *status_scripts.LIFE])
    broker = DragonBroker(client, courier, slots=2)
    broker.announce(["acme"])
    broker.heartbeat()
    yield broker
    courier.close()


@pytest.fixture
def submit(redis_url):
    """Submit tasks of an account, as the API does; return the verdict and their keys."""

    def submit(count=1, account="A", priority=0, queue="acme", queue_tasks=1000, keys=()):
        keys = keys or [new_key() for _ in range(count)]
        tasks = [
            Submission(key, encode_status(Status("queued", key, Events(queued=now()))), b"{}", queue) for key in keys
        ]

        async def story():
            store = TaskStore.connect(redis_url, queue_tasks=queue_tasks)
            try:
                return await store.submit(tasks, account_id=account, priority=priority)
            finally:
                await store.close()

        return asyncio.run(story()), keys

    return submit


def take(broker, most=1, queue="acme"):
    return [answer.decode() for answer in broker.call(scripts.TAKE, queue, most, broker.broker_id)[::6]]


def test_an_account_with_ten_thousand_tasks_waiting_does_not_keep_another_waiting(broker, submit):
    submit(10_000, "BIG", queue_tasks=20_000)
    _, small = submit(3, "SMALL", queue_tasks=20_000)

    taken = [take(broker)[0] for _ in range(7)]

    places = [taken.index(key) for key in small]
    assert places[0] <= 1  # one task of the other account at most comes before
    assert [later - earlier for earlier, later in pairwise(places)] == [2, 2]


def test_accounts_take_turns_and_each_gets_its_tasks_in_their_order(broker, submit):
    keys = {account: submit(20, account)[1] for account in "ABC"}
    owner = {key: account for account, own in keys.items() for key in own}

    taken = [take(broker, 4) for _ in range(15)]
    order = [key for four in taken for key in four]

    for number in range(20):
        assert Counter(owner[key] for key in order[3 * number : 3 * number + 3]) == Counter("ABC")
    for account, own in keys.items():
        assert [key for key in order if owner[key] == account] == own


def test_a_higher_priority_goes_first_within_its_account_alone(broker, submit):
    _, normal = submit(2, "A")
    _, low = submit(1, "A", priority=-1)
    _, high = submit(2, "A", priority=1)
    _, other = submit(3, "B", priority=-1)

    order = take(broker, 8)

    assert [key for key in order if key not in other] == high + normal + low
    assert [order.index(key) for key in other] == [1, 3, 5]


def test_what_was_given_back_goes_first_of_its_priority_in_its_line(broker, submit, client, lines):
    _, high = submit(2, "A", priority=1)
    _, normal = submit(2, "A")
    assert take(broker, 3) == [*high, normal[0]]

    broker.call(scripts.GIVE_BACK, "acme", *high, normal[0])

    assert lines.waiting(client, "acme") == [*high, *normal]


def test_nothing_remains_of_a_line_that_is_empty(broker, submit, client):
    submit(2, "A")
    submit(1, "B")

    take(broker, 5)

    assert client.keys("dragon:q:*") + client.keys("dragon:w:*") == []


def retry(client, broker, key, seconds):
    status = encode_status(Status("queued", key, Events(queued=now())))
    return client.register_script(status_scripts.RETRY)(
        keys=[f"dragon:t:{key}", broker.unacknowledged("acme"), broker.messages("acme"), status_scripts.METRICS],
        args=[key, key, status, 60, int(seconds * 1000), "acme", "acme.echo"],
    )


def test_a_task_that_waits_for_a_time_is_taken_after_it_and_not_before(broker, submit, client):
    _, (key,) = submit()
    take(broker)

    written = retry(client, broker, key, 0.3)
    before = take(broker)
    client.eval("local t = redis.call('TIME') redis.call('ZADD', 'dragon:r:acme', t[1] * 1000 - 1, ARGV[1])", 0, key)
    answer = broker.call(scripts.TAKE, "acme", 1, broker.broker_id)

    assert written == 1
    assert before == []
    assert answer[0].decode() == key
    assert (answer[4], answer[5]) == (b"0", b"1")  # no death, one retry
    assert not client.exists("dragon:r:acme")


def test_a_task_that_another_worker_has_got_meanwhile_is_not_queued_again(broker, submit, client):
    _, (key,) = submit()
    take(broker)
    client.srem(broker.unacknowledged("acme"), key)  # as the reaper does

    assert retry(client, broker, key, 0.1) == 0
    assert not client.exists("dragon:r:acme")


def test_a_task_that_was_cancelled_meanwhile_is_not_queued_again(broker, submit, client):
    _, (key,) = submit()
    take(broker)
    client.register_script(status_scripts.CANCEL)(
        keys=[f"dragon:t:{key}", status_scripts.METRICS, status_scripts.CANCELLATIONS], args=[key, now(), 60]
    )

    assert retry(client, broker, key, 0.1) == 0
    assert client.get(f"dragon:t:{key}").startswith(b'{"status":"error"')
    assert not client.exists("dragon:r:acme", "dramatiq:acme.msgs")


def test_a_full_queue_takes_nothing_more_and_other_queues_do(broker, submit, client):
    assert submit(5, queue_tasks=5)[0] is Verdict.ACCEPTED

    refused, keys = submit(1, "B", queue_tasks=5)
    elsewhere, _ = submit(5, queue="other", queue_tasks=5)
    take(broker, 2)  # what runs counts, too
    still, _ = submit(1, "B", queue_tasks=5)

    assert (refused, elsewhere, still) == (Verdict.QUEUE_FULL, Verdict.ACCEPTED, Verdict.QUEUE_FULL)
    assert not client.exists(f"dragon:t:{keys[0]}")


def test_a_request_that_passes_the_limit_is_refused_whole_and_one_that_repeats_itself_is_not(submit, client, lines):
    _, keys = submit(4, queue_tasks=5)

    too_many, _ = submit(2, queue_tasks=5)
    again, _ = submit(keys=keys, queue_tasks=4)

    assert too_many is Verdict.QUEUE_FULL
    assert again is Verdict.ACCEPTED
    assert lines.waiting(client, "acme") == keys
