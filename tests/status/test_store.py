"""The status store over a real server: submitting, reading, waiting."""

import asyncio

import pytest
import redis
import uvloop

from dragon_framework.keys import new_key
from dragon_framework.status import scripts
from dragon_framework.status.connection import connect_async, connect_sync
from dragon_framework.status.model import ErrorFacts, Events, Status, decode_status, encode_status, now
from dragon_framework.status.store import Submission, TaskStore


def queued(key: str) -> bytes:
    return encode_status(Status("queued", key, Events(queued=now())))


def done(key: str, result: object = "x") -> bytes:
    return encode_status(Status("success", key, Events(queued=now()), progress=None, result=result))


def submission(key: str) -> Submission:
    return Submission(key, queued(key), b'{"task_name":"bench.noop","parameters":{}}', "bench")


def run(url, story):
    """Run the coroutine function *story* with a store of its own."""

    async def with_store():
        store = TaskStore.connect(url)
        try:
            return await asyncio.wait_for(story(store), 20)
        finally:
            await store.close()

    return asyncio.run(with_store())


def finish(client, key: str, blob: bytes) -> int:
    finish_script = client.register_script(scripts.FINISH)
    return finish_script(
        keys=[scripts.STATUS + key, "dramatiq:__acks__.w.bench", "dramatiq:bench.msgs", scripts.METRICS],
        args=[key, blob, 60, key, "bench.noop|success", "0.5", ""],
    )


def test_a_submitted_task_has_status_definition_and_message(redis_url, lines):
    key = new_key()
    client = connect_sync(redis_url)

    accepted = run(redis_url, lambda store: store.submit([submission(key)]))

    assert accepted
    assert client.get(f"dragon:t:{key}").startswith(b'{"status":"queued"')
    assert client.get(f"dragon:d:{key}") == submission(key).definition
    assert lines.waiting(client, "bench").count(key) == 1
    assert client.hexists("dramatiq:bench.msgs", key)
    assert 0 < client.ttl(f"dragon:t:{key}") <= 7 * 24 * 3600


def test_submitting_the_same_task_twice_enqueues_it_once(redis_url, lines):
    key = new_key()

    async def story(store):
        await store.submit([submission(key)])
        await store.submit([submission(key)])

    run(redis_url, story)

    assert lines.waiting(connect_sync(redis_url), "bench").count(key) == 1


def test_a_status_that_is_final_from_the_start_is_not_enqueued(redis_url):
    key = new_key()
    run(redis_url, lambda store: store.submit([Submission(key, done(key))]))

    client = connect_sync(redis_url)
    assert client.exists(f"dragon:t:{key}")
    assert not client.exists(f"dragon:d:{key}")
    assert not client.exists("dragon:q:", "dramatiq:.msgs")


def test_an_account_at_its_limit_of_tasks_under_way_is_refused_until_one_ends(redis_url):
    keys = [new_key() for _ in range(4)]
    account = new_key()

    async def story(store):
        first = await store.submit([submission(keys[0]), submission(keys[1])], account_id=account, most_tasks=2)
        second = await store.submit([submission(keys[2])], account_id=account, most_tasks=2)
        client = connect_sync(redis_url)
        client.register_script(scripts.FINISH)(
            keys=[scripts.STATUS + keys[0], "a", "b", scripts.METRICS],
            args=[keys[0], done(keys[0]), 60, keys[0], "bench.noop|success", "0.5", account],
        )
        third = await store.submit([submission(keys[3])], account_id=account, most_tasks=2)
        return first, second, third, await store.get([keys[2]])

    first, second, third, refused = run(redis_url, story)

    assert (first, second, third) == (True, False, True)
    assert refused == [None]


def test_reading_keeps_the_order_and_tells_unknown_keys(redis_url):
    keys = [new_key() for _ in range(5)]

    async def story(store):
        await store.submit([submission(key) for key in keys])
        return await store.get([keys[3], "A" * 26, keys[0], keys[3]])

    blobs = run(redis_url, story)

    assert [blob and keys[3].encode() in blob for blob in blobs] == [True, None, False, True]


def test_waiting_returns_when_the_last_task_is_final(redis_url):
    keys = [new_key() for _ in range(3)]
    client = connect_sync(redis_url)

    async def story(store):
        await store.submit([submission(key) for key in keys])
        waiting = asyncio.create_task(store.wait(keys, 10))
        await asyncio.sleep(0.1)
        for key in keys:
            assert not waiting.done()
            await asyncio.to_thread(finish, client, key, done(key))
        return await waiting

    assert run(redis_url, story) == [client.get(f"dragon:t:{key}") for key in keys]


def test_waiting_ends_in_time_with_what_there_is(redis_url):
    key = new_key()

    async def story(store):
        await store.submit([submission(key)])
        return await store.wait([key, "B" * 26], 0.1)

    first, second = run(redis_url, story)

    assert first.startswith(b'{"status":"queued"')
    assert second is None


def test_a_slow_reader_gets_the_newest_status_alone(redis_url):
    key = new_key()
    client = connect_sync(redis_url)

    async def story(store):
        await store.submit([submission(key)])
        async with store.watch([key]) as watch:
            for value in range(50):
                blob = encode_status(Status("executing", key, Events(queued=now()), progress=value))
                await asyncio.to_thread(client.publish, f"dragon:t:{key}", blob)
            await asyncio.sleep(0.2)
            return await watch.changes(1)

    changed = run(redis_url, story)

    assert len(changed) == 1
    assert b'"progress":49' in changed[0]


def test_a_watch_ended_and_begun_again_at_once_misses_nothing(redis_url):
    client = connect_sync(redis_url)

    async def story(store):
        for _ in range(30):
            key = new_key()
            await store.submit([submission(key)])
            async with store.watch([key]):
                pass
            async with store.watch([key]) as watch:
                await asyncio.to_thread(finish, client, key, done(key))
                assert await watch.finished(3)

    run(redis_url, story)


def test_those_who_wait_survive_the_loss_of_the_connection(redis_url):
    key = new_key()
    client = connect_sync(redis_url)

    async def story(store):
        await store.submit([submission(key)])
        async with store.watch([key]) as watch:
            client.client_kill_filter(_type="pubsub")
            finish(client, key, done(key))  # nobody is subscribed at this moment
            return await watch.finished(5), watch.current()

    finished, current = run(redis_url, story)

    assert finished
    assert current == [client.get(f"dragon:t:{key}")]


def test_a_final_status_is_never_overwritten(redis_url):
    key = new_key()
    client = connect_sync(redis_url)
    run(redis_url, lambda store: store.submit([submission(key)]))

    first = finish(client, key, done(key, "first"))
    second = finish(client, key, done(key, "second"))
    update = client.register_script(scripts.UPDATE)(
        keys=[scripts.STATUS + key], args=[encode_status(Status("executing", key, Events())), 60]
    )

    assert (first, second, update) == (1, 0, 0)
    assert b"first" in client.get(f"dragon:t:{key}")


def test_finishing_forgets_the_message_and_counts(redis_url):
    key = new_key()
    client = connect_sync(redis_url)
    run(redis_url, lambda store: store.submit([submission(key)]))
    client.sadd("dramatiq:__acks__.w.bench", key)
    before = float(client.hget(scripts.METRICS, "bench.noop|success|seconds") or 0)

    finish(client, key, done(key))

    assert not client.sismember("dramatiq:__acks__.w.bench", key)
    assert not client.hexists("dramatiq:bench.msgs", key)
    assert float(client.hget(scripts.METRICS, "bench.noop|success|seconds")) == pytest.approx(before + 0.5)


def test_beginning_again_keeps_the_task_executing_and_a_final_one_final(redis_url):
    key = new_key()
    client = connect_sync(redis_url)
    run(redis_url, lambda store: store.submit([submission(key)]))
    begin = client.register_script(scripts.BEGIN)

    def begun() -> int:
        return begin(keys=[scripts.STATUS + key], args=[key, now(), 60])

    answers = [begun(), begun()]
    executing = client.get(f"dragon:t:{key}")
    finish(client, key, done(key))
    answers.append(begun())

    assert answers == [1, 1, 0]
    assert executing.startswith(b'{"status":"executing"')
    assert client.get(f"dragon:t:{key}").startswith(b'{"status":"success"')


def test_an_expired_task_is_never_brought_back(redis_url):
    key = new_key()
    client = connect_sync(redis_url)

    assert finish(client, key, done(key)) == 0
    assert client.register_script(scripts.BEGIN)(keys=[scripts.STATUS + key], args=[key, now(), 60]) == 0
    assert not client.exists(f"dragon:t:{key}")


def test_cancelling_ends_a_task_once_gives_its_place_back_and_tells_workers(redis_url):
    key, account = new_key(), new_key()
    client = connect_sync(redis_url)
    definition = f'{{"task_name":"bench.noop","parameters":{{}},"account":"{account}","counted":true}}'.encode()
    item = Submission(key, queued(key), definition, "bench")
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(scripts.CANCELLATIONS)
        subscription.get_message(timeout=1)

        async def story(store):
            await store.submit([item], account_id=account, most_tasks=1)
            async with store.watch([key]) as watch:
                answers = [await store.cancel(key), await store.cancel(key), await store.cancel("A" * 26)]
                assert await watch.finished(5)
                return answers, watch.current()

        answers, (blob,) = run(redis_url, story)

        assert subscription.get_message(timeout=2)["data"] == key.encode()
    assert answers == [True, False, None]
    status = decode_status(blob)
    assert (status.status, status.result) == ("error", "the task was cancelled")
    assert status.error == ErrorFacts("cancelled", transient=False)
    assert client.get(f"dragon:c:{account}") == b"0"
    assert finish(client, key, done(key)) == 0


def test_a_connection_that_was_reset_is_an_error_of_redis_on_uvloop_too(redis_url):
    async def use_what_was_reset():
        client = connect_async(redis_url)
        connection = client.connection_pool.make_connection()
        await connection.connect()
        connection._writer.transport.abort()
        await asyncio.sleep(0.01)
        try:
            await connection.send_command("PING")
        finally:
            await connection.disconnect(nowait=True)
            await client.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, pytest.raises(redis.ConnectionError):
        runner.run(use_what_was_reset())
