"""The fetcher against real servers that redirect, drip, lie and never end."""

import gzip
import time
import zlib

import pytest

from dragon_framework.errors import (
    SourceRefusedError,
    SourceTooLargeError,
    SourceUnavailableError,
    TaskCancelledError,
)
from dragon_framework.sources.answer import refuse_bad_status
from dragon_framework.sources.transfer import REDIRECT_BODY_BYTES


class Taken:
    """Takes answers and bodies as a caller does."""

    def __init__(self) -> None:
        self.answers = []
        self.body = bytearray()

    def __call__(self, answer):
        self.answers.append(answer)
        return self.body.extend


def get(fetcher, url, **options):
    taken = Taken()
    fetcher.get(url, taken, **options)
    return bytes(taken.body)


def get_file(fetcher, url):
    refuse_bad_status(url, fetcher.get(url, Taken()))


def redirect(location, status=302):
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def endless(head, piece=b"x" * 65536, seconds=0.0):
    def script(asked, send):
        send(head)
        while True:
            send(piece)
            time.sleep(seconds)

    return script


def test_a_file_arrives_whole_with_its_head(server, fetcher, reply):
    body = bytes(range(251)) * 1001
    url = server.page("/a.bin", reply(body, etag='"1"', Content_Type="image/png", X_Twice="1"))
    taken = Taken()

    answer = fetcher.get(url, taken)

    assert taken.body == body
    assert taken.answers == [answer]
    assert (answer.status, answer.url, answer.length, answer.encoded) == (200, url, len(body), False)
    assert answer.headers == {
        "content-length": str(len(body)),
        "etag": '"1"',
        "content-type": "image/png",
        "x-twice": "1",
    }
    assert fetcher.bytes_received == len(body)


def test_the_request_says_little_and_asks_for_the_file_as_it_is(server, fetcher, reply, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("HOME", str(tmp_path))
    url = server.page("/a", reply(b"a", Set_Cookie="a=b; Path=/"))

    get(fetcher, url)
    get(fetcher, url)

    assert [set(asked.headers) for asked in server.asked] == [{"host", "user-agent", "accept", "accept-encoding"}] * 2
    assert server.asked[0].headers["accept-encoding"] == "identity"
    assert server.connections == 1


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_not_used(server, serve_on, fetcher, reply, monkeypatch, variable):
    proxy = serve_on("127.0.0.1")
    monkeypatch.setenv(variable, proxy.url)
    url = server.page("/a", reply(b"straight"))

    assert get(fetcher, url) == b"straight"
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "a.localhost",
        "１２７.0.0.1",
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::1]",
        "[::]",
        "127.0.0.1.",
    ],
)
def test_this_machine_is_not_reached_however_it_is_spelled(server, make_fetcher, reply, host):
    server.page("/a", reply(b"secret"))

    with pytest.raises((SourceRefusedError, SourceUnavailableError)) as caught:
        get(make_fetcher(allow=()), f"http://{host}:{server.port}/a")

    assert server.connections == 0
    if not isinstance(caught.value, SourceRefusedError):  # the resolver may not know the spelling
        assert "cannot be resolved" in str(caught.value)


def test_another_address_of_the_host_is_used_when_one_is_refused(server, make_fetcher, reply):
    """libcurl knows `localhost` as ::1 and 127.0.0.1."""
    server.page("/a", reply(b"a"))

    assert get(make_fetcher(allow=["127.0.0.0/8"]), f"http://localhost:{server.port}/a") == b"a"


def test_an_ipv6_address_is_fetched_from(serve_on, fetcher, reply):
    try:
        server = serve_on("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")

    assert get(fetcher, server.page("/a", reply(b"six"))) == b"six"


def test_a_kept_connection_is_vetted_again(server, make_fetcher, reply):
    """A connection that was good when it was made is not good for ever."""
    answers = [None, SourceRefusedError("http://x/", "no longer")]
    seen = []

    def policy(url, host, address):
        seen.append((url, host, address))
        if len(server.asked) >= 2:
            raise answers[1]

    url = server.page("/a", reply(b"a"))
    fetcher = make_fetcher(policy=policy)
    get(fetcher, url)
    get(fetcher, url)

    with pytest.raises(SourceRefusedError, match="no longer"):
        get(fetcher, url)

    assert seen == [(url, "127.0.0.1", "127.0.0.1")] * 3
    assert (server.connections, len(server.asked)) == (1, 2)


def test_a_policy_refuses_before_anything_is_connected_to(server, make_fetcher, reply):
    def policy(url, host, address):
        raise SourceRefusedError(url, f"{host} at {address} is not on the list")

    with pytest.raises(SourceRefusedError, match=r"127.0.0.1 at 127.0.0.1 is not on the list"):
        get(make_fetcher(policy=policy), server.page("/a", reply(b"a")))

    assert server.connections == 0


def test_a_broken_policy_is_not_taken_for_leave(server, make_fetcher, reply):
    def policy(url, host, address):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        get(make_fetcher(policy=policy), server.page("/a", reply(b"a")))

    assert server.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server, fetcher, reply, status):
    url = server.page("/a/b", redirect("../c?d=e", status))
    server.page("/c", reply(b"there"))
    taken = Taken()

    answer = fetcher.get(url, taken, headers={"Range": "bytes=0-"})

    assert taken.body == b"there"
    assert answer.url == f"{server.url}/c?d=e"
    assert [answer.status for answer in taken.answers] == [200]
    assert [asked.headers["range"] for asked in server.asked] == ["bytes=0-"] * 2
    assert server.connections == 1


def test_the_body_of_a_redirect_is_not_the_file(server, fetcher, reply):
    url = server.page("/a", reply(b"moved", 302, location="/b"))
    server.page("/b", reply(b"there"))

    assert get(fetcher, url) == b"there"


def test_a_redirect_that_goes_on_talking_is_cut_short(server, fetcher, reply):
    url = server.page("/a", endless(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n"))
    server.page("/b", reply(b"there"))

    assert get(fetcher, url) == b"there"
    assert fetcher.bytes_received < 32 * REDIRECT_BODY_BYTES


def test_a_redirect_to_an_address_that_is_not_allowed_is_refused(server, serve_on, make_fetcher, reply):
    inside = server.page("/internal", reply(b"secret"))
    url = serve_on("127.0.0.2").page("/a", redirect(inside))

    with pytest.raises(SourceRefusedError) as caught:
        get(make_fetcher(allow=["127.0.0.2/32"]), url)

    message = f"{url} is refused: it redirects to {inside}, and the address 127.0.0.1 is on this machine"
    assert str(caught.value) == message
    assert server.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/a",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "dict://127.0.0.1:11211/stats",
        "data:text/plain,x",
        "javascript:alert(1)",
        "http://user:hunter2@127.0.0.1/",
        "http://127.0.0.1:22/",
        "http://[::1",
        "//\\127.0.0.1/",
    ],
)
def test_a_redirect_to_what_is_not_fetched_is_refused(server, fetcher, location):
    url = server.page("/a", redirect(location))

    with pytest.raises(SourceRefusedError, match="it redirects to") as caught:
        get(fetcher, url)

    assert "hunter2" not in str(caught.value)
    assert len(server.asked) == 1


def test_redirects_in_a_circle_end(server, make_fetcher):
    url = server.page("/a", redirect("/b"))
    server.page("/b", redirect("/a"))

    with pytest.raises(SourceUnavailableError, match="redirects more than 3 times") as caught:
        get(make_fetcher(max_redirects=3), url)

    assert len(server.asked) == 4
    assert not caught.value.transient


def test_a_redirect_to_nowhere_is_an_answer_like_any_other(server, fetcher, reply):
    taken = Taken()

    answer = fetcher.get(server.page("/a", reply(b"", 302)), taken)

    with pytest.raises(SourceUnavailableError, match="302 Found"):
        refuse_bad_status("http://example.com/", answer)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"])
def test_an_endless_body_ends_at_the_limit(server, make_fetcher, head):
    taken = Taken()

    with pytest.raises(SourceTooLargeError):
        make_fetcher(max_bytes=300_000).get(server.page("/a", endless(head)), taken)

    assert len(taken.body) <= 300_000


def test_an_endless_chunked_body_ends_at_the_limit(server, make_fetcher):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = server.page("/a", endless(head, b"10000\r\n" + b"x" * 65536 + b"\r\n"))
    taken = Taken()

    with pytest.raises(SourceTooLargeError):
        make_fetcher(max_bytes=300_000).get(url, taken)

    assert len(taken.body) <= 300_000


def test_a_file_that_announces_too_much_is_not_begun(server, fetcher, reply):
    taken = Taken()

    with pytest.raises(SourceTooLargeError, match="larger than the 4294967296 bytes"):
        fetcher.get(server.page("/a", reply(content_length=str(10 * 10**9))), taken)

    assert taken.answers == []


@pytest.mark.parametrize("extra", [0, 1])
def test_the_limit_is_exact(server, make_fetcher, reply, extra):
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (1000 + extra, b"x" * (1000 + extra))
    url = server.page("/a", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)
    fetcher = make_fetcher(max_bytes=1000)

    if extra:
        with pytest.raises(SourceTooLargeError):
            get(fetcher, url)
    else:
        assert len(get(fetcher, url)) == 1000


def test_a_drip_ends_when_the_time_is_over(server, make_fetcher):
    url = server.page("/a", endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.05))

    with pytest.raises(SourceUnavailableError, match=r"took longer than 0\.4 s") as caught:
        get(make_fetcher(timeout_seconds=0.4), url)

    assert caught.value.transient


def test_a_stall_ends_the_transfer(server, make_fetcher):
    url = server.page("/a", endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.2))

    with pytest.raises(SourceUnavailableError, match="next to nothing for 1 s") as caught:
        get(make_fetcher(stall_seconds=1), url)

    assert caught.value.transient


def test_the_time_is_for_all_redirects_together(server, make_fetcher):
    def slow(asked, send):
        time.sleep(0.2)
        send(redirect("/a"))

    with pytest.raises(SourceUnavailableError, match=r"does not answer in time|took longer than"):
        get(make_fetcher(timeout_seconds=0.5, max_redirects=50), server.page("/a", slow))

    assert len(server.asked) <= 4


def test_a_server_that_says_nothing_is_given_up(server, make_fetcher):
    def silent(asked, send):
        server.closing.wait(10)

    with pytest.raises(SourceUnavailableError, match=r"127.0.0.1 does not answer in time") as caught:
        get(make_fetcher(timeout_seconds=0.3), server.page("/a", silent))

    assert caught.value.transient


def test_a_closed_port_is_said(server, fetcher):
    server.stop()

    with pytest.raises(SourceUnavailableError, match=r"127.0.0.1 does not accept a connection") as caught:
        get(fetcher, f"{server.url}/a")

    assert caught.value.transient


def test_a_coding_that_nobody_asked_for_is_undone(server, fetcher, reply):
    body = bytes(range(256)) * 99
    url = server.page("/a", reply(gzip.compress(body), content_encoding="gzip"))
    taken = Taken()

    answer = fetcher.get(url, taken)

    assert taken.body == body
    assert answer.encoded


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_ends_at_the_limit(server, make_fetcher, reply, layers):
    """64 MB of zeros are 64 kB of gzip, and less when compressed twice."""
    bomb = bytes(64_000_000)
    for _ in range(layers):
        bomb = gzip.compress(bomb, 9)
    url = server.page("/a", reply(bomb, content_encoding=", ".join(["gzip"] * layers)))
    taken = Taken()

    with pytest.raises(SourceTooLargeError):
        make_fetcher(max_bytes=1_000_000).get(url, taken)

    assert len(taken.body) <= 1_000_000


def test_many_codings_on_top_of_each_other_are_not_undone(server, fetcher, reply):
    bomb = b"x"
    for _ in range(20):
        bomb = gzip.compress(bomb)

    with pytest.raises(SourceUnavailableError, match="compressed it in a way") as caught:
        get(fetcher, server.page("/a", reply(bomb, content_encoding=", ".join(["gzip"] * 20))))

    assert not caught.value.transient


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"not gzip at all"), ("unheard-of", b"a")],
)
def test_a_broken_coding_is_an_error(server, fetcher, reply, coding, body):
    with pytest.raises(SourceUnavailableError, match="compressed it in a way"):
        get(fetcher, server.page("/a", reply(body, content_encoding=coding)))


def test_deflate_is_undone_too(server, fetcher, reply):
    assert get(fetcher, server.page("/a", reply(zlib.compress(b"abc" * 99), content_encoding="deflate"))) == b"abc" * 99


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nonly this",
        b"",
    ],
)
def test_a_body_that_is_cut_off_is_an_error(server, fetcher, answer):
    url = server.page("/a", lambda _, send: send(answer))

    with pytest.raises(SourceUnavailableError, match="closed the connection before the end") as caught:
        get(fetcher, url)

    assert caught.value.transient


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n" * 20, b"-ERR unknown command\r\n" * 20, b"\x00" * 999])
def test_what_is_not_http_is_said_and_not_shown(server, fetcher, answer):
    url = server.page("/a", lambda _, send: send(answer))

    with pytest.raises(SourceUnavailableError, match="does not speak HTTP") as caught:
        get(fetcher, url)

    assert "SSH" not in str(caught.value)
    assert "ERR" not in str(caught.value)


def test_an_endless_head_is_an_error(server, fetcher):
    url = server.page("/a", endless(b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 1000 + b"\r\n"))

    with pytest.raises(SourceUnavailableError):
        get(fetcher, url)

    assert server.bytes_sent < 5_000_000


@pytest.mark.parametrize(
    ("status", "transient"),
    [
        *((status, False) for status in (400, 401, 403, 404, 410)),
        *((status, True) for status in (408, 425, 429, 500, 502, 503, 204, 206, 304)),
    ],
)
def test_a_status_without_the_file_is_an_error_that_says_whether_to_try_again(
    server, fetcher, reply, status, transient
):
    url = server.page("/a", reply(b"" if status in {204, 304} else b"<html>", status))

    def on_answer(answer):
        refuse_bad_status(url, answer)

    with pytest.raises(SourceUnavailableError, match=f"the server answered {status} ") as caught:
        fetcher.get(url, on_answer)

    assert (caught.value.http_status, caught.value.transient) == (status, transient)


def test_a_part_is_the_file_only_for_those_who_asked_for_parts(server, fetcher, reply):
    answer = fetcher.get(server.page("/a", reply(b"part", 206)), Taken())

    refuse_bad_status("http://example.com/", answer, partial=True)
    with pytest.raises(SourceUnavailableError):
        refuse_bad_status("http://example.com/", answer)


def test_an_unknown_status_is_told_as_its_number(server, fetcher):
    url = server.page("/a", b"HTTP/1.1 799 Whatever\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(SourceUnavailableError, match=r"the server answered 799$"):
        refuse_bad_status(url, fetcher.get(url, Taken()))


def test_early_hints_and_trailers_are_not_the_head(server, fetcher):
    early = b"HTTP/1.1 103 Early Hints\r\nETag: early\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = server.page("/a", early + head + b"1\r\na\r\n0\r\nETag: late\r\nContent-Length: 5\r\n\r\n")
    taken = Taken()

    answer = fetcher.get(url, taken)

    assert taken.body == b"a"
    assert answer.headers == {"transfer-encoding": "chunked"}


@pytest.mark.parametrize("announced", ["-1", "1e3", "٣", "0x10", "9" * 30, ""])
def test_a_length_that_is_none_is_not_believed(fetcher, announced):
    from dragon_framework.sources.answer import Answer

    assert Answer(200, {"content-length": announced}, "http://a/").length is None


def test_a_caller_that_has_seen_enough_ends_the_transfer(server, fetcher, reply):
    endless_url = server.page("/endless", endless(b"HTTP/1.1 200 OK\r\n\r\n"))
    url = server.page("/a", reply(b"next"))

    answer = fetcher.get(endless_url, lambda _: None)

    assert answer.status == 200
    assert get(fetcher, url) == b"next"


def test_an_empty_file_is_a_file(server, fetcher, reply):
    taken = Taken()

    answer = fetcher.get(server.page("/a", reply(b"")), taken)

    assert (answer.status, taken.body, len(taken.answers)) == (200, b"", 1)


def test_what_the_caller_raises_comes_out_as_it_is(server, fetcher, reply):
    def on_answer(answer):
        def write(data):
            raise KeyboardInterrupt

        return write

    with pytest.raises(KeyboardInterrupt):
        fetcher.get(server.page("/a", reply(b"a")), on_answer)


def test_a_transfer_is_cancelled_while_bytes_come(server, fetcher):
    taken = Taken()

    with pytest.raises(TaskCancelledError):
        fetcher.get(
            server.page("/a", endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100, 0.01)),
            taken,
            cancelled=lambda: len(taken.body) > 300,
        )


def test_a_transfer_is_cancelled_while_the_server_is_silent(server, fetcher):
    def silent(asked, send):
        server.closing.wait(20)

    with pytest.raises(TaskCancelledError):
        fetcher.get(server.page("/a", silent), Taken(), cancelled=lambda: bool(server.asked))


def test_secrets_of_a_url_are_in_no_message(server, make_fetcher, reply):
    secret = "?token=hunter2&x=1#hunter2"
    server.page("/404", reply(b"", 404))
    server.page("/loop", redirect("/loop?again=hunter2"))
    server.page("/inside", redirect(f"http://10.0.0.1/{secret}"))
    server.page("/cut", lambda _, send: send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"))
    server.page("/slow", lambda *_: server.closing.wait(5))
    server.page("/big", reply(content_length="99999"))
    server.page("/auth", redirect("http://hunter2:hunter2@127.0.0.1/"))
    fetcher = make_fetcher(max_bytes=1000, timeout_seconds=0.3)
    messages = []

    for path in ("/404", "/loop", "/inside", "/cut", "/slow", "/big", "/auth"):
        with pytest.raises((SourceUnavailableError, SourceRefusedError, SourceTooLargeError)) as caught:
            get_file(fetcher, f"{server.url}{path}{secret}")
        messages.append(str(caught.value))

    assert not [message for message in messages if "hunter2" in message]
    assert all(server.url in message for message in messages)


def test_a_closed_fetcher_opens_anew(server, fetcher, reply):
    url = server.page("/a", reply(b"a"))
    get(fetcher, url)
    fetcher.close()

    assert get(fetcher, url) == b"a"
    assert server.connections == 2
