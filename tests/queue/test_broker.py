"""The broker's consumer, the reaper and the courier over a real server."""

import contextlib
import threading
import time

import pytest
import redis
from dramatiq.errors import ConnectionClosed

from dragon_framework.keys import new_key
from dragon_framework.queue import scripts
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.queue.courier import Courier
from dragon_framework.queue.message import encode_message
from dragon_framework.queue.reaper import Reaper


@pytest.fixture
def courier(client):
    courier = Courier(client, scripts.MESSAGES)
    yield courier
    courier.close()


@pytest.fixture
def broker(client, courier):
    broker = DragonBroker(client, courier, slots=2)
    broker.declare_queue("acme")
    broker.announce(["acme"])
    broker.heartbeat()
    return broker


def consumer(broker, queue="acme"):
    return broker.consume(queue, prefetch=10, timeout=3000)


@pytest.fixture
def send(client, lines):
    def send(count=1, queue="acme", line="", priority=0):
        keys = [new_key() for _ in range(count)]
        for key in keys:
            lines.send(client, queue, key, encode_message(key, queue, line, priority), line, priority)
        return keys

    return send


@pytest.fixture
def waiting_in(client, lines):
    return lambda queue: lines.waiting(client, queue)


def members(client, name):
    return {member.decode() for member in client.smembers(name)}


def test_a_waiting_consumer_wakes_when_a_message_comes(broker, client, send, waiting_in):
    waiting = consumer(broker)
    answers = []

    def wait():
        answers.extend(next(waiting) for _ in range(2))  # nothing yet; then the message

    thread = threading.Thread(target=wait)
    thread.start()
    deadline = time.monotonic() + 10
    while not client.info("clients")["blocked_clients"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (key,) = send()
    thread.join(10)

    assert answers[0] is None
    assert answers[1].args == (key,)
    assert waiting_in("acme") == []


def test_no_more_messages_are_taken_than_threads_are_free_but_one_of_each_queue(broker, send, waiting_in):
    broker.declare_queue("other")
    send(5)
    send(5, "other")
    first, second = consumer(broker), broker.consume("other", prefetch=10, timeout=10)

    taken = [next(first), next(first)]
    refused = broker.reserve("acme", 0.01)
    always = next(second)
    refused_too = next(second)
    first.ack(taken[0])
    first.ack(taken[1])
    then = next(second)

    assert refused == 0
    assert always is not None
    assert refused_too is None
    assert then is not None
    assert len(waiting_in("acme")) + len(waiting_in("other")) == 6


def test_room_that_was_reserved_is_seen_by_others_and_comes_back(broker):
    assert broker.reserve("acme", 0.01) == 2
    assert broker.reserve("acme", 0.01) == 0
    assert broker.reserve("other", 0.01) == 1  # no queue waits for another

    broker.hold("acme", ["A"], reserved=2)
    broker.hold("other", [], reserved=1)
    assert broker.reserve("acme", 0.01) == 1


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [(0.06, 2), (0.03, 4), (0.02, 6), (0.0001, 18)],  # 2 threads, and for each as many as run in 50 ms, 8 at most
)
def test_while_tasks_are_short_some_are_held_ready_for_each_thread(broker, seconds, taken, send, waiting_in):
    for _ in range(60):
        broker.note_seconds("acme", seconds)
    send(20)

    assert next(consumer(broker))

    assert len(waiting_in("acme")) == 20 - taken


def test_messages_come_in_their_order(broker, client, send):
    keys = send(6)
    waiting = consumer(broker)

    seen = []
    for _ in range(6):
        message = next(waiting)
        seen.append(message.args[0])
        waiting.ack(message)

    assert seen == keys
    assert not client.exists("dramatiq:acme.msgs")


def test_what_redis_believes_we_hold_and_we_do_not_is_put_back(broker, client, send, waiting_in):
    keys = send()
    running = next(consumer(broker))
    keys += send()
    broker.call(scripts.TAKE, "acme", 1, broker.broker_id)  # an answer that never arrived

    consumer(broker)

    assert running.args == (keys[0],)
    assert members(client, broker.unacknowledged("acme")) == {keys[0]}
    assert waiting_in("acme") == [keys[1]]


def test_what_a_closed_consumer_had_not_handed_on_is_put_back_by_the_next(broker, send):
    keys = send(2)
    first = consumer(broker)
    next(first)  # takes both, hands one on

    first.close()
    second = consumer(broker)

    assert next(second).args == (keys[1],)
    assert broker.held("acme") == set(keys)


def test_what_reached_redis_after_the_consumer_had_looked_is_put_back_later(broker, client, send, waiting_in):
    consumer(broker)
    held, begun = send(2)
    client.delete("dragon:q:acme", "dragon:w:acme:")
    client.sadd(broker.unacknowledged("acme"), held, begun)
    broker.hold("acme", [held])
    client.set(f"dragon:t:{begun}", f'{{"status":"executing","key":"{begun}","events":{{"queued":"x"}}}}', ex=500)

    assert broker.return_stranded(60) == 0
    assert waiting_in("acme") == []

    assert broker.return_stranded(0) == 1
    assert waiting_in("acme") == [begun]
    assert members(client, broker.unacknowledged("acme")) == {held}
    assert client.hget(f"dragon:a:{begun}", "deaths") == b"1"
    assert b'"queued"' in client.get(f"dragon:t:{begun}")


def test_a_message_that_comes_back_while_its_task_runs_here_is_not_handed_on(broker, client, send):
    (key,) = send()
    consumers = consumer(broker)
    assert next(consumers).args == (key,)
    client.delete(broker.unacknowledged("acme"))  # a reaper took us for dead
    client.eval(SEND_AGAIN, 0, key)

    assert next(consumers) is None

    assert members(client, broker.unacknowledged("acme")) == {key}
    assert broker.held("acme") == {key}


def test_what_a_worker_takes_after_it_was_taken_for_dead_is_given_back_when_it_dies(broker, client, send, waiting_in):
    (key,) = send()
    client.zrem("dramatiq:__heartbeats__", broker.broker_id)  # a reaper took us for dead

    next(consumer(broker))
    given = client.register_script(scripts.REAP)(args=[-1000, 10**9])  # we have died

    assert given == [1, 1]
    assert waiting_in("acme") == [key]


SEND_AGAIN = """
redis.call('ZADD', 'dragon:w:acme:', 1, ARGV[1])
redis.call('RPUSH', 'dragon:q:acme', '')
"""


def test_an_id_without_a_message_is_skipped(broker, client, send):
    keys = send(2)
    client.hdel("dramatiq:acme.msgs", keys[0])

    message = next(consumer(broker))

    assert message.args == (keys[1],)
    assert members(client, broker.unacknowledged("acme")) == {keys[1]}


def test_a_draining_broker_takes_nothing(broker, send, waiting_in):
    send()
    broker.draining = True

    assert next(consumer(broker)) is None
    assert len(waiting_in("acme")) == 1


def test_given_back_messages_are_the_next(broker, send, waiting_in):
    keys = send(3)
    waiting = consumer(broker)
    message = next(waiting)

    waiting.requeue([message])

    assert waiting_in("acme") == [keys[0], keys[2]]  # the second is held ready
    assert message.args[0] not in broker.held("acme")


def test_an_unreachable_server_is_the_error_dramatiq_waits_for(broker, client):
    waiting = consumer(broker)
    broker.call(scripts.TAKE, "acme", 1, broker.broker_id)  # it is connected
    client.client_kill_filter(skipme=True)

    with pytest.raises(ConnectionClosed):
        next(waiting)


def test_the_reaper_gives_back_what_the_dead_held_and_counts_what_they_had_begun(broker, client, send, waiting_in):
    begun, waiting, over = send(3)
    client.delete("dragon:q:acme", "dragon:w:acme:")
    client.sadd("dramatiq:__acks__.dead.acme", begun, waiting, over)
    client.hdel("dramatiq:acme.msgs", over)
    client.zadd("dramatiq:__heartbeats__", {"dead": 1})
    events = '"events":{"queued":"2026-01-02T03:04:05.000006+00:00"'
    client.set(f"dragon:t:{begun}", f'{{"status":"executing","key":"{begun}",{events},"started":"x"}}}}', ex=500)
    client.set(f"dragon:t:{waiting}", f'{{"status":"queued","key":"{waiting}",{events}}}}}', ex=500)

    given, dead = Reaper(broker, 5).reap()

    assert (given, dead) == (2, 1)
    assert set(waiting_in("acme")) == {begun, waiting}
    assert client.get(f"dragon:t:{begun}").decode() == f'{{"status":"queued","key":"{begun}",{events}}}}}'
    assert client.hgetall(f"dragon:a:{begun}") == {b"deaths": b"1"}
    assert not client.exists(f"dragon:a:{waiting}")
    assert 0 < client.ttl(f"dragon:a:{begun}") <= 500
    assert members_of_heartbeats(client) == {broker.broker_id}


def members_of_heartbeats(client):
    return {member.decode() for member in client.zrange("dramatiq:__heartbeats__", 0, -1)}


def test_the_reaper_leaves_the_living_alone(broker, client, send):
    send()
    next(consumer(broker))

    assert Reaper(broker, 5).reap() == (0, 0)
    assert len(members(client, broker.unacknowledged("acme"))) == 1


def test_the_reaper_forgets_dead_letters_after_a_week(broker, client):
    week = 7 * 24 * 3600 * 1000
    now = int(time.time() * 1000)
    client.zadd("dramatiq:acme.XQ", {"old": now - week - 60_000, "new": now - week + 60_000})
    client.hset("dramatiq:acme.XQ.msgs", mapping={"old": "x", "new": "y"})

    Reaper(broker, 5).reap()

    assert client.zrange("dramatiq:acme.XQ", 0, -1) == [b"new"]
    assert client.hkeys("dramatiq:acme.XQ.msgs") == [b"new"]


def test_a_worker_that_resigns_leaves_nothing_stranded(broker, client, send, waiting_in):
    keys = send(2)
    next(consumer(broker))

    assert broker.resign() == 2

    assert set(waiting_in("acme")) == set(keys)
    assert not client.keys("dramatiq:__acks__*")
    assert broker.broker_id not in members_of_heartbeats(client)


ECHO = "return ARGV[1]"
FAIL = "return redis.error_reply('no ' .. ARGV[1])"


@pytest.fixture
def echo(client):
    courier = Courier(client, [ECHO, FAIL])
    yield courier
    courier.close()


def test_each_thread_gets_its_own_answer(echo):
    wrong = []

    def work(number):
        for step in range(200):
            word = f"{number}-{step}"
            if echo.call(ECHO, [], [word]) != word.encode():
                wrong.append(word)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_the_failure_of_one_call_is_not_that_of_its_neighbours(echo):
    answers = []

    def work(script):
        for _ in range(100):
            try:
                answers.append(echo.call(script, [], ["x"]))
            except redis.ResponseError as error:
                answers.append(str(error))

    threads = [threading.Thread(target=work, args=(script,)) for script in (ECHO, FAIL, ECHO, FAIL)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert answers.count(b"x") == 200
    assert answers.count("no x") == 200


def test_a_lost_connection_is_an_error_once_and_the_next_call_connects_again(echo, client):
    assert echo.call(ECHO, [], ["a"]) == b"a"
    client.client_kill_filter(skipme=True)

    with pytest.raises(redis.ConnectionError):
        echo.call(ECHO, [], ["b"])
    assert echo.call(ECHO, [], ["c"]) == b"c"


def test_after_the_scripts_were_flushed_they_are_loaded_again(echo, client):
    echo.call(ECHO, [], ["a"])
    client.script_flush()

    with contextlib.suppress(redis.ConnectionError):
        echo.call(ECHO, [], ["b"])
    assert echo.call(ECHO, [], ["c"]) == b"c"


def test_a_key_of_numbers_and_bytes_arrives_as_it_is(echo):
    assert echo.call(ECHO, [], [b"\xff\x00"]) == b"\xff\x00"
    assert echo.call(ECHO, [], [12.5]) == b"12.5"
