"""The disk cache: downloads once, asks before it uses an old file, never grows without end."""

import contextlib
import os
import subprocess
import sys
import threading
import time

import pytest

from dragon_framework.errors import SourceUnavailableError, TaskCancelledError
from dragon_framework.sources import cache as cache_module
from dragon_framework.sources.cache import SourceCache

# Fetches argv[1] through the cache in argv[2] to argv[3]; says "waiting" when it waits for another.
OTHER_PROCESS = """
import sys
from pathlib import Path
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.cache import SourceCache
from dragon_framework.sources.fetcher import Fetcher
from dragon_framework.sources.guard import parse_networks

def cancelled():
    print("waiting", flush=True)
    return False

fetcher = Fetcher(SourcesSettings(), parse_networks(["127.0.0.0/8"]))
SourceCache(Path(sys.argv[2]), 10**6).fetch(sys.argv[1], Path(sys.argv[3]), fetcher, cancelled)
"""


@pytest.fixture
def cache(tmp_path):
    return SourceCache(tmp_path / "cache", 1_000_000)


@pytest.fixture
def fetch(cache, fetcher, tmp_path):
    """Return the bytes at a URL: `fetch(url)`."""
    count = iter(range(100))

    def fetch(url, cancelled=lambda: False, cache=cache):
        target = tmp_path / f"target-{next(count)}"
        cache.fetch(url, target, fetcher, cancelled)
        return target.read_bytes()

    return fetch


def kept(tmp_path, suffix="*"):
    return sorted(path.name for path in (tmp_path / "cache").glob(f"??/*.{suffix}"))


def versioned(server, path, reply, condition, **validators):
    """Serve version after version at *path*; 304 to those who have the present one."""
    state = {"body": b"one", "tag": "1"}

    def script(asked, send):
        fields = {name: text.format(state["tag"]) for name, text in validators.items()}
        held = asked.headers.get(condition)
        if held is not None and held in fields.values():
            send(reply(b"", 304, **fields))
        else:
            send(reply(state["body"], **fields))

    return server.page(path, script), state


def test_a_file_that_still_holds_is_not_sent_again(server, fetch, reply):
    url, _ = versioned(server, "/a", reply, "if-none-match", etag='"{}"')

    assert [fetch(url), fetch(url), fetch(url)] == [b"one"] * 3
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"1"', '"1"']


def test_a_file_that_has_changed_is_fetched_anew(server, fetch, reply):
    url, state = versioned(server, "/a", reply, "if-none-match", etag='"{}"')
    fetch(url)

    state |= {"body": b"two", "tag": "2"}

    assert [fetch(url), fetch(url)] == [b"two"] * 2
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"1"', '"2"']


def test_without_a_tag_the_date_is_asked_about(server, fetch, reply):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    url, _ = versioned(server, "/a", reply, "if-modified-since", last_modified=date)

    assert [fetch(url), fetch(url)] == [b"one"] * 2
    assert server.asked[1].headers["if-modified-since"] == date


def test_without_a_tag_or_date_it_is_fetched_each_time(server, fetch, reply):
    url = server.page("/a", reply(b"one"))

    assert [fetch(url), fetch(url)] == [b"one"] * 2
    assert len(server.asked) == 2


@pytest.mark.parametrize("control", ["max-age=60", "public, max-age=60", "MAX-AGE=60", "max-age=99999999"])
def test_nobody_asks_while_a_file_is_fresh(server, fetch, cache, reply, control):
    url = server.page("/a", reply(b"one", cache_control=control))

    assert [fetch(url), fetch(url)] == [b"one"] * 2
    assert len(server.asked) == 1
    assert cache.fresh(url).read_bytes() == b"one"


@pytest.mark.parametrize(
    "fields",
    [
        {"cache_control": "max-age=0"},
        {"cache_control": "no-cache, max-age=60"},
        {"cache_control": "max-age=60", "age": "60"},
        {"cache_control": "x-max-age=60"},
        {"cache_control": "max-age=-60"},
        {},
    ],
)
def test_a_file_that_is_not_fresh_is_asked_about(server, fetch, cache, reply, fields):
    url = server.page("/a", reply(b"one", **fields))

    fetch(url)
    fetch(url)

    assert len(server.asked) == 2
    assert cache.fresh(url) is None


def test_a_file_is_fresh_for_an_hour_at_most(server, fetch, cache, reply, monkeypatch):
    url = server.page("/a", reply(b"one", cache_control="max-age=31536000"))
    fetch(url)
    now = time.time()

    monkeypatch.setattr(cache_module.time, "time", lambda: now + 3500)
    assert cache.fresh(url) is not None
    monkeypatch.setattr(cache_module.time, "time", lambda: now + 3601)
    assert cache.fresh(url) is None


def test_nothing_is_kept_of_what_is_not_to_be_stored(server, fetch, reply, tmp_path):
    url = server.page("/a", reply(b"one", cache_control="private, no-store, max-age=60"))

    assert [fetch(url), fetch(url)] == [b"one"] * 2
    assert len(server.asked) == 2
    assert kept(tmp_path) == []


def test_a_file_that_is_no_longer_to_be_stored_goes(server, fetch, reply, tmp_path):
    url = server.page("/a", reply(b"one", etag='"1"'))
    fetch(url)
    server.page("/a", reply(b"", 304, cache_control="no-store"))

    assert fetch(url) == b"one"
    assert kept(tmp_path) == []


def test_equal_urls_in_flight_are_fetched_once_by_all_processes(server, reply, tmp_path):
    begun, release = threading.Event(), threading.Event()

    def script(asked, send):
        begun.set()
        release.wait(30)
        send(reply(b"x" * 99_999))

    url = server.page("/a", script)
    processes = []
    for number in range(3):
        arguments = [url, tmp_path / "cache", tmp_path / f"target-{number}"]
        processes.append(
            subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, *arguments], stdout=subprocess.PIPE, text=True)
        )
        if number == 0:
            assert begun.wait(30)
    for process in processes[1:]:
        assert process.stdout.readline() == "waiting\n"
    release.set()

    for process in processes:
        process.communicate(timeout=30)

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [(tmp_path / f"target-{number}").stat().st_size for number in range(3)] == [99_999] * 3
    assert len(server.asked) == 1


def test_who_waits_for_another_download_can_be_cancelled(server, make_fetcher, reply, cache, tmp_path):
    begun, release = threading.Event(), threading.Event()

    def script(asked, send):
        begun.set()
        release.wait(30)
        send(reply(b"one"))

    url = server.page("/a", script)
    arguments = (url, tmp_path / "first", make_fetcher(), lambda: False)
    first = threading.Thread(target=cache.fetch, args=arguments)
    first.start()
    assert begun.wait(30)

    with pytest.raises(TaskCancelledError):
        cache.fetch(url, tmp_path / "second", make_fetcher(), lambda: True)

    release.set()
    first.join(30)
    assert (tmp_path / "first").read_bytes() == b"one"


def test_a_failed_download_leaves_nothing(server, fetch, reply, tmp_path):
    for path, answer in {"/404": reply(b"no", 404), "/cut": reply(b"half", content_length="8")}.items():
        url = server.page(path, lambda _, send, answer=answer: send(answer))
        with pytest.raises(SourceUnavailableError):
            fetch(url)

    assert kept(tmp_path) == []
    assert list(tmp_path.glob("target-*")) == []


def test_a_cancelled_download_leaves_nothing_and_the_next_one_is_whole(server, fetch, reply, tmp_path):
    def drip(asked, send):
        send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            send(b"x" * 1000)
            time.sleep(0.01)

    url = server.page("/a", drip)

    with pytest.raises(TaskCancelledError):
        fetch(url, cancelled=lambda: server.bytes_sent > 1000)

    server.page("/a", reply(b"whole"))
    assert kept(tmp_path) == []
    assert fetch(url) == b"whole"


def test_an_error_of_the_server_does_not_cost_the_file_that_is_there(server, fetch, reply):
    url = server.page("/a", reply(b"one", etag='"1"'))
    fetch(url)
    server.page("/a", reply(b"", 503))

    with pytest.raises(SourceUnavailableError):
        fetch(url)

    server.page("/a", reply(b"", 304))
    assert fetch(url) == b"one"


@pytest.mark.parametrize("use", ["fetched", "opened"])
def test_the_least_recently_used_files_go_first(server, fetch, reply, tmp_path, use):
    cache = SourceCache(tmp_path / "cache", 250_000)
    urls = [server.page(f"/{name}", reply(name.encode() * 100_000, cache_control="max-age=60")) for name in "abc"]
    fetch(urls[0], cache=cache)
    fetch(urls[1], cache=cache)
    if use == "fetched":
        fetch(urls[0], cache=cache)
    else:
        cache.fresh(urls[0])

    fetch(urls[2], cache=cache)

    assert [cache.fresh(url) is not None for url in urls] == [True, False, True]
    assert len(kept(tmp_path, "data")) == len(kept(tmp_path, "lock")) == len(kept(tmp_path, "json")) == 2


def test_a_lock_that_was_removed_and_made_anew_is_waited_for_again(tmp_path):
    """Who waits for a lock file that is evicted must not enter beside the holder of the next one."""
    path = tmp_path / "a.lock"
    waits, entered, leave = threading.Semaphore(0), threading.Event(), threading.Event()

    def cancelled():
        waits.release()
        return False

    def wait():
        with cache_module._locked(path, cancelled):
            entered.set()
            leave.wait(30)

    second = threading.Thread(target=wait, daemon=True)
    with contextlib.ExitStack() as next_holder:
        with cache_module._locked(path, None):
            second.start()
            assert waits.acquire(timeout=30)
            path.unlink()
            next_holder.enter_context(cache_module._locked(path, None))
        for _ in range(3):
            assert entered.is_set() or waits.acquire(timeout=30)
        assert not entered.is_set()
    assert entered.wait(30)
    assert path.exists()
    leave.set()
    second.join(30)


def test_a_run_keeps_its_file_when_the_cache_loses_it(server, cache, fetcher, reply, tmp_path):
    url = server.page("/a", reply(b"x" * 1000, cache_control="max-age=60"))
    target = tmp_path / "target"
    cache.fetch(url, target, fetcher, lambda: False)
    assert target.samefile(next((tmp_path / "cache").glob("??/*.data")))

    removed = SourceCache(tmp_path / "cache", 10).evict()

    assert removed == 1
    assert kept(tmp_path) == []
    assert target.read_bytes() == b"x" * 1000


def test_a_file_larger_than_the_cache_is_fetched_all_the_same(server, fetch, reply, tmp_path):
    cache = SourceCache(tmp_path / "cache", 1000)
    url = server.page("/a", reply(b"x" * 5000, cache_control="max-age=60"))

    assert len(fetch(url, cache=cache)) == 5000
    assert kept(tmp_path) == []


def test_a_file_in_use_is_not_evicted(server, cache, fetch, reply, tmp_path):
    url = server.page("/a", reply(b"x" * 1000, cache_control="max-age=60"))
    fetch(url)

    with cache_module._locked(next((tmp_path / "cache").glob("??/*.lock")), None):
        assert SourceCache(tmp_path / "cache", 10).evict() == 0

    assert cache.fresh(url) is not None


def test_what_a_killed_process_left_behind_goes(cache, tmp_path):
    (tmp_path / "cache" / "ab").mkdir(parents=True)
    (tmp_path / "cache" / "ab" / f"ab{'0' * 62}.part").write_bytes(b"half")

    cache.evict()

    assert kept(tmp_path) == []


@pytest.mark.parametrize("rubbish", [b"", b"{", b'{"etag": 5}', b"\x00\xff"])
def test_facts_that_cannot_be_read_are_no_facts(server, fetch, reply, tmp_path, rubbish):
    url = server.page("/a", reply(b"one", cache_control="max-age=60"))
    fetch(url)
    next((tmp_path / "cache").glob("??/*.json")).write_bytes(rubbish)

    assert fetch(url) == b"one"
    assert len(server.asked) == 2


def test_a_copy_is_made_where_links_cannot_be(server, fetch, reply, monkeypatch):
    def no_links(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_links)

    assert fetch(server.page("/a", reply(b"one"))) == b"one"


def test_a_cache_that_cannot_be_written_is_an_error_without_paths(server, fetcher, reply, tmp_path):
    (tmp_path / "cache").write_bytes(b"a file, no directory")
    cache = SourceCache(tmp_path / "cache", 1000)

    with pytest.raises(SourceUnavailableError, match="no room to keep it") as caught:
        cache.fetch(server.page("/a", reply(b"one")), tmp_path / "target", fetcher, lambda: False)

    assert str(tmp_path) not in str(caught.value)
    assert caught.value.transient


def test_urls_that_differ_in_anything_are_different_files(server, fetch, reply):
    def script(asked, send):
        send(reply(asked.path.encode(), cache_control="max-age=60"))

    url = server.page("/a", script)

    assert [fetch(f"{url}?{query}") for query in ("x", "y", "x")] == [b"/a?x", b"/a?y", b"/a?x"]
    assert len(server.asked) == 2
