"""Files read by range requests: little is transferred, and what is wrong is noticed."""

import gzip
import io
import os
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragon_framework.errors import SourceTooLargeError, SourceUnavailableError, TaskCancelledError
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources.fetcher import Fetcher
from dragon_framework.sources.guard import parse_networks
from dragon_framework.sources.ranged import BLOCK_BYTES, MAX_AHEAD_BLOCKS, MAX_KEPT_BLOCKS, RangedFile
from dragon_framework.testing.file_server import FileServer

BODY = bytes(range(253)) * 1237  # 312 961 bytes: 19 blocks and a bit


def ranges(body, reply, *, note=None, **fields):
    """A page of *body* that knows ranges; `note` is called with (first, last)."""

    def script(asked, send):
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers["range"]).groups())
        if note is not None:
            note(first, last)
        last = min(last, len(body) - 1)
        send(reply(body[first : last + 1], 206, content_range=f"bytes {first}-{last}/{len(body)}", **fields))

    return script


@pytest.fixture
def open_url(fetcher, tmp_path):
    """Open a URL: `open_url(url)`; the file is closed at the end."""
    files = []

    def open_url(url, fetcher=fetcher, cancelled=lambda: False):
        files.append(RangedFile(url, fetcher, tmp_path / "sources" / f"spare-{len(files)}", cancelled))
        return files[-1]

    yield open_url
    for file in files:
        file.close()
    assert list(tmp_path.glob("sources/*")) == []


def test_reading_a_header_transfers_less_than_a_hundredth_of_a_large_file(serve_file, file_server, open_url, tmp_path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.write(b"header" + bytes(1000))
        file.truncate(20_000_000)
    before = file_server.bytes_sent

    file = open_url(serve_file(path))

    assert file.size == 20_000_000
    assert file.read(6) == b"header"
    assert file_server.bytes_sent - before <= 20_000_000 / 100
    file.seek(-10, os.SEEK_END)
    assert file.read() == bytes(10)
    assert file_server.bytes_sent - before <= 20_000_000 / 100


def test_a_reader_of_an_archive_takes_its_directory_and_one_member(serve_file, file_server, open_url, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}", os.urandom(500_000))
        archive.writestr("small", b"found")
    before = file_server.bytes_sent

    with zipfile.ZipFile(open_url(serve_file(tmp_path / "a.zip"))) as archive:
        assert archive.read("small") == b"found"

    assert file_server.bytes_sent - before < 200_000


def test_reading_on_asks_for_more_and_more_at_once(server, open_url, reply):
    asked = []
    body = bytes(10 * MAX_AHEAD_BLOCKS * BLOCK_BYTES)
    note = lambda first, last: asked.append((last + 1 - first) // BLOCK_BYTES)  # noqa: E731  (one line)
    url = server.page("/a", ranges(body, reply, note=note))
    file = open_url(url)

    while file.read(10_000):
        pass

    assert asked[:8] == [1, 2, 4, 8, 16, 32, 64, 64]
    assert max(asked) == MAX_AHEAD_BLOCKS


def test_a_jump_begins_small_again_and_what_was_read_is_not_asked_for_again(server, open_url, reply):
    asked = []
    url = server.page("/a", ranges(BODY, reply, note=lambda first, last: asked.append((first, last))))
    file = open_url(url)
    file.seek(10 * BLOCK_BYTES + 5)
    file.read(7)
    file.seek(3)
    file.read(BLOCK_BYTES - 3)
    file.seek(10 * BLOCK_BYTES)
    file.read(BLOCK_BYTES)

    assert asked == [(0, BLOCK_BYTES - 1), (10 * BLOCK_BYTES, 11 * BLOCK_BYTES - 1)]


def test_no_more_is_kept_in_memory_than_a_bound(server, open_url, reply, monkeypatch):
    monkeypatch.setattr("dragon_framework.sources.ranged.MAX_KEPT_BLOCKS", 4)
    monkeypatch.setattr("dragon_framework.sources.ranged.MAX_AHEAD_BLOCKS", 2)
    file = open_url(server.page("/a", ranges(BODY, reply)))

    assert file.read() == BODY
    assert len(file._blocks) <= 6
    assert MAX_KEPT_BLOCKS * BLOCK_BYTES == 32 * 2**20
    file.seek(0)
    assert file.read() == BODY


def test_a_server_without_ranges_is_read_from_disk(server, open_url, reply):
    file = open_url(server.page("/a", reply(BODY)))

    file.seek(300_000)
    assert file.read(5) == BODY[300_000:300_005]
    file.seek(0)
    assert file.read() == BODY
    assert (file.size, len(server.asked)) == (len(BODY), 1)


def test_a_server_that_compresses_is_read_from_disk(server, open_url, reply):
    file = open_url(server.page("/a", reply(gzip.compress(BODY), content_encoding="gzip")))

    assert file.read() == BODY
    assert len(server.asked) == 1


def test_ranges_of_a_compressed_answer_are_not_taken_for_ranges_of_the_file(server, open_url, reply):
    packed = gzip.compress(BODY)

    def script(asked, send):
        if "range" in asked.headers:
            part = packed[:BLOCK_BYTES]
            span = f"bytes 0-{len(part) - 1}/{len(packed)}"
            send(reply(part, 206, content_encoding="gzip", content_range=span))
        else:
            send(reply(packed, content_encoding="gzip"))

    file = open_url(server.page("/a", script))

    assert (file.size, file.read()) == (len(BODY), BODY)


@pytest.mark.parametrize("status", [200, 206, 416])
def test_an_empty_file_is_empty(server, open_url, reply, status):
    def script(asked, send):
        if "range" not in asked.headers:
            send(reply())
        elif status == 206:
            send(reply(b"", 206, content_range="bytes */0"))
        elif status == 416:
            send(reply(b"", 416, content_range="bytes */0"))
        else:
            send(reply())

    file = open_url(server.page("/a", script))

    assert (file.size, file.read(), file.seek(0, os.SEEK_END)) == (0, b"", 0)


def test_a_server_that_does_not_say_the_size_is_read_from_disk(server, open_url, reply):
    def script(asked, send):
        if "range" in asked.headers:
            send(reply(BODY[:BLOCK_BYTES], 206, content_range=f"bytes 0-{BLOCK_BYTES - 1}/*"))
        else:
            send(reply(BODY))

    assert open_url(server.page("/a", script)).read() == BODY


@pytest.mark.parametrize(
    ("content_range", "length"),
    [
        ("bytes 16384-32767/312961", BLOCK_BYTES),  # another one
        ("bytes 0-16383/312961", 100),  # fewer bytes than it says
        ("bytes 0-99/312961", 100),  # fewer than were asked for
        ("bytes 0-16382/16383", BLOCK_BYTES),  # more than it says
        ("bytes 0-16384/312961", BLOCK_BYTES + 1),  # more than were asked for
        ("bytes 5-2/312961", BLOCK_BYTES),
    ],
)
def test_an_answer_with_another_range_is_an_error(server, open_url, reply, content_range, length):
    url = server.page("/a", reply(BODY[:length], 206, content_range=content_range))

    with pytest.raises(SourceUnavailableError, match="another range than was asked for"):
        open_url(url)


def test_an_endless_answer_to_a_range_request_ends_at_the_range(server, open_url):
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-16383/312961\r\n\r\n"

    def script(asked, send):
        send(head)
        while True:
            send(bytes(65536))

    with pytest.raises(SourceUnavailableError, match="another range"):
        open_url(server.page("/a", script))

    assert server.bytes_sent < 20_000_000


@pytest.mark.parametrize("content_range", ["", "bytes", "bytes 16384-20000", "pages 1-2/3", "bytes x-y/z"])
def test_a_later_answer_without_a_range_is_an_error(server, open_url, reply, content_range):
    url = server.page("/a", ranges(BODY, reply))
    file = open_url(url)
    server.page("/a", reply(b"x", 206, content_range=content_range))

    with pytest.raises(SourceUnavailableError, match="has no range"):
        file.read()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"etag": '"1"'}, {"etag": '"2"'}),
        ({"etag": '"1"'}, {}),
        ({"last_modified": "Wed, 21 Oct 2015 07:28:00 GMT"}, {"last_modified": "Wed, 21 Oct 2015 07:28:01 GMT"}),
    ],
)
def test_a_file_that_changes_while_it_is_read_is_an_error(server, open_url, reply, before, after):
    url = server.page("/a", ranges(BODY, reply, **before))
    file = open_url(url)
    server.page("/a", ranges(BODY, reply, **after))

    with pytest.raises(SourceUnavailableError, match="it changed while it was read") as caught:
        file.read()

    assert caught.value.transient


def test_a_file_that_grows_while_it_is_read_is_an_error(server, open_url, reply):
    url = server.page("/a", ranges(BODY, reply))
    file = open_url(url)
    server.page("/a", ranges(BODY + b"more", reply))

    with pytest.raises(SourceUnavailableError, match="it changed while it was read"):
        file.read()


@pytest.mark.parametrize("status", [200, 416])
def test_a_server_that_sees_the_change_itself_is_understood(server, open_url, reply, status):
    """`If-Range` (RFC 9110, 13.1.5): the whole new file in place of a part of another one."""
    url = server.page("/a", ranges(BODY, reply, etag='"1"'))
    file = open_url(url)
    server.page("/a", reply(b"another one", status, etag='"2"'))

    with pytest.raises(SourceUnavailableError, match="it changed while it was read"):
        file.read()

    assert server.asked[-1].headers["if-range"] == '"1"'


def test_a_weak_tag_is_not_sent_as_a_condition(server, open_url, reply):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    file = open_url(server.page("/a", ranges(BODY, reply, etag='W/"1"', last_modified=date)))

    assert file.read() == BODY
    assert server.asked[-1].headers["if-range"] == date


def test_a_file_above_the_limit_is_refused_though_only_parts_are_read(server, open_url, make_fetcher, reply):
    url = server.page("/a", ranges(BODY, reply))

    with pytest.raises(SourceTooLargeError):
        open_url(url, make_fetcher(max_bytes=len(BODY) - 1))

    assert open_url(url, make_fetcher(max_bytes=len(BODY))).size == len(BODY)


def test_a_redirect_is_followed_once_and_asked_for_again_when_its_target_has_expired(server, open_url, reply):
    """As storages do it: a stable URL redirects to one that is signed for a minute."""
    url = server.page("/a", reply(b"", 302, location="/signed-1?secret=1"))
    server.page("/signed-1", ranges(BODY, reply, etag='"1"'))
    file = open_url(url)
    file.read(2 * BLOCK_BYTES)
    assert [asked.path for asked in server.asked] == ["/a", "/signed-1?secret=1", "/signed-1?secret=1"]

    server.page("/signed-1", reply(b"expired", 403))
    server.page("/signed-2", ranges(BODY, reply, etag='"1"'))
    server.page("/a", reply(b"", 302, location="/signed-2?secret=2"))
    file.seek(0)

    assert file.read() == BODY


def test_messages_name_the_url_that_the_client_knows(server, open_url, reply):
    url = server.page("/a", reply(b"", 302, location="/signed"))
    server.page("/signed", ranges(BODY, reply))
    file = open_url(url)
    wrong = {
        "it changed": ranges(BODY + b"more", reply),
        "has no range": reply(b"x", 206),
        "closed the connection": lambda _, send: send(reply(b"", 206, content_length="9")),
    }

    for reason, page in wrong.items():
        server.page("/signed", page)
        with pytest.raises(SourceUnavailableError, match=reason) as caught:
            file.read()
        assert caught.value.url == url


def test_a_missing_file_is_an_error_when_it_is_opened(server, open_url, reply):
    with pytest.raises(SourceUnavailableError, match="404 Not Found") as caught:
        open_url(server.page("/a", reply(b"", 404)))

    assert caught.value.http_status == 404


def test_reading_is_cancelled(server, open_url, reply):
    def slow(asked, send):
        send(
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 16384-32767/312961\r\nContent-Length: 16384\r\n\r\n"
        )
        server.closing.wait(10)

    file = open_url(server.page("/a", ranges(BODY, reply)), cancelled=lambda: len(server.asked) > 1)
    server.page("/a", slow)
    file.seek(BLOCK_BYTES)

    with pytest.raises(TaskCancelledError):
        file.read(1)


def test_a_closed_file_cannot_be_read_and_its_copy_is_gone(server, open_url, reply, tmp_path):
    file = open_url(server.page("/a", reply(BODY)))
    assert len(list(tmp_path.glob("sources/*"))) == 1

    file.close()
    file.close()

    assert list(tmp_path.glob("sources/*")) == []
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_a_file_without_its_query_is_what_a_library_may_show(server, open_url, reply):
    server.page("/a", ranges(BODY, reply))

    assert open_url(f"{server.url}/a?token=hunter2").name == f"{server.url}/a"


def test_a_position_before_the_beginning_is_refused(server, open_url, reply):
    file = open_url(server.page("/a", ranges(BODY, reply)))

    with pytest.raises(ValueError, match="before the beginning"):
        file.seek(-1)
    with pytest.raises(ValueError, match="whence"):
        file.seek(0, 9)
    assert file.seek(len(BODY) + 100) == len(BODY) + 100
    assert file.read(5) == b""


steps = st.lists(
    st.one_of(
        st.tuples(st.just("seek"), st.integers(0, len(BODY) + 10), st.just(os.SEEK_SET)),
        st.tuples(st.just("seek"), st.integers(-len(BODY), 10), st.just(os.SEEK_END)),
        st.tuples(st.just("read"), st.integers(-1, len(BODY)), st.none()),
        st.tuples(st.just("readinto"), st.integers(0, 40_000), st.none()),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The URL of BODY, a fetcher, and a directory, for many examples."""
    directory = tmp_path_factory.mktemp("served")
    (directory / "a.bin").write_bytes(BODY)
    fetcher = Fetcher(SourcesSettings(), parse_networks(["127.0.0.0/8"]))
    with FileServer() as files:
        yield files.serve(directory / "a.bin"), fetcher, directory
    fetcher.close()


@settings(deadline=None, max_examples=40)
@given(steps)
def test_it_reads_as_any_file_does(served, story):
    url, fetcher, directory = served
    model = io.BytesIO(BODY)

    with RangedFile(url, fetcher, directory / "spare", lambda: False) as file:
        for action, number, whence in story:
            if action == "seek":
                assert file.seek(number, whence) == model.seek(number, whence)
            elif action == "read":
                assert file.read(number) == model.read(number)
            else:
                ours, theirs = bytearray(number), bytearray(number)
                assert file.readinto(ours) == model.readinto(theirs)
                assert ours == theirs
            assert file.tell() == model.tell()
