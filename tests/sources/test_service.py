"""`Sources`: which way each kind of URL goes, and which way none goes."""

import base64
import contextlib
import os
import resource
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragon_framework.errors import (
    SettingsError,
    SourceError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceUnavailableError,
    StorageError,
    TaskCancelledError,
    UnreadableSourceError,
)
from dragon_framework.keys import new_key
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources
from dragon_framework.sources.service import AHEAD
from dragon_framework.storage.local import LocalStorage

OWN = "https://dragon.example/api"


@pytest.fixture
def make_sources():
    """Make sources: `make_sources(allow=..., max_bytes=...)`; nothing is allowed by default."""
    made = []
    names = set(SourcesSettings.__struct_fields__)

    def make(**options):
        settings = {name: options.pop(name) for name in names & options.keys()}
        made.append(Sources(SourcesSettings(**settings), **{"cache_directory": None, **options}))
        return made[-1]

    yield make
    for sources in made:
        sources.close()


@pytest.fixture
def into(tmp_path):
    return tmp_path / "into"


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "storage")


def stored(storage, tmp_path, body=b"stored", filename="output.bin"):
    key = new_key()
    (tmp_path / "new").write_bytes(body)
    storage.put(key, filename, tmp_path / "new", "application/octet-stream")
    return f"{OWN}/storage/{key}/{filename}"


@pytest.mark.parametrize("cached", [False, True])
def test_a_remote_file_is_fetched_whole_and_not_to_be_written_to(server, make_sources, reply, into, tmp_path, cached):
    sources = make_sources(allow=["127.0.0.1"], cache_directory=tmp_path / "cache" if cached else None)
    url = server.page("/a.png", reply(b"a" * 999))

    path = sources.fetch(url, into)

    assert (path.parent, path.read_bytes()) == (into, b"a" * 999)
    assert path.stat().st_mode & 0o777 == 0o444
    assert sources.bytes_fetched == 999


@pytest.mark.parametrize("cached", [False, True])
def test_nothing_private_is_reached_by_default(server, make_sources, reply, into, tmp_path, cached):
    sources = make_sources(cache_directory=tmp_path / "cache" if cached else None)
    url = server.page("/a", reply(b"a"))

    for action in (lambda: sources.fetch(url, into), lambda: sources.open(url, into=into)):
        with pytest.raises(SourceRefusedError, match=r"127.0.0.1 is on this machine"):
            action()

    assert server.connections == 0
    assert list(into.glob("*")) == []


@pytest.mark.parametrize("cached", [False, True])
def test_a_failed_fetch_leaves_no_file(server, make_sources, reply, into, tmp_path, cached):
    sources = make_sources(allow=["127.0.0.1"], max_bytes=500, cache_directory=tmp_path / "cache" if cached else None)
    server.page("/404", reply(b"no", 404))
    server.page("/206", reply(b"part", 206))
    server.page("/cut", lambda _, send: send(reply(b"half", content_length="8")))
    server.page("/big", lambda _, send: send(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(501)))

    for path in ("/404", "/206", "/cut", "/big"):
        with pytest.raises((SourceUnavailableError, SourceTooLargeError)):
            sources.fetch(f"{server.url}{path}", into)
    with pytest.raises(TaskCancelledError):
        sources.fetch(server.page("/slow", lambda *_: server.closing.wait(5)), into, cancelled=lambda: True)

    assert list(into.glob("*")) == []


@pytest.mark.parametrize("cached", [False, True])
def test_a_disk_without_room_is_an_error_that_may_pass(server, make_sources, reply, into, tmp_path, cached):
    sources = make_sources(allow=["127.0.0.1"], cache_directory=tmp_path / "cache" if cached else None)
    url = server.page("/a", reply(bytes(300_000)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        for action in (lambda: sources.fetch(url, into), lambda: sources.open(url, into=into)):
            with pytest.raises(SourceUnavailableError, match="no room to keep it") as caught:
                action()
            assert caught.value.transient
            assert str(tmp_path) not in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(into.glob("*")) == []
    assert list(tmp_path.glob("cache/??/*")) == []


def test_a_fresh_file_is_opened_from_the_cache(server, make_sources, reply, into, tmp_path):
    sources = make_sources(allow=["127.0.0.1"], cache_directory=tmp_path / "cache")
    url = server.page("/a", reply(b"kept", cache_control="max-age=60"))
    sources.fetch(url, into)

    with sources.open(url, into=into) as file:
        assert file.read() == b"kept"

    assert len(server.asked) == 1


def test_a_policy_is_asked(server, make_sources, reply, into):
    def policy(url, host, address):
        raise SourceRefusedError(url, "not on the list")

    with pytest.raises(SourceRefusedError, match="not on the list"):
        make_sources(allow=["127.0.0.1"], policy=policy).fetch(server.page("/a", reply(b"a")), into)


def test_a_wrong_network_is_a_settings_error(make_sources):
    with pytest.raises(SettingsError, match="allow_source"):
        make_sources(allow=["everything"])


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("data:,A%20brief%20note", b"A brief note"),  # the example of RFC 2397
        ("data:text/plain;charset=iso-8859-7,%be%d3%be", b"\xbe\xd3\xbe"),  # another one of it
        ("data:;base64,AAEC/w==", b"\x00\x01\x02\xff"),
        ("data:;base64,AAEC/w", b"\x00\x01\x02\xff"),
        ("data:;base64,AAEC%2Fw%3D%3D", b"\x00\x01\x02\xff"),
        ("DATA:text/plain;BASE64,YQ==", b"a"),
        ("data:image/svg+xml,<svg/>", b"<svg/>"),
        ("data:,", b""),
        ("data:,a,b", b"a,b"),
    ],
)
def test_a_data_url_is_its_own_file(make_sources, into, url, body):
    sources = make_sources()

    with sources.open(url, into=into) as file:
        assert file.read() == body
    assert sources.fetch(url, into).read_bytes() == body
    assert sources.bytes_fetched == 0


@pytest.mark.parametrize(
    "url", ["data:", "data:text/plain", "data:;base64,a", "data:;base64,§§§§", "data:;base64,YQ==YQ=="]
)
def test_a_broken_data_url_is_an_error(make_sources, into, url):
    with pytest.raises(UnreadableSourceError, match="is not a data: URL"):
        make_sources().fetch(url, into)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_data_url_has_a_limit_of_its_own(make_sources, into, extra):
    body = os.urandom(1000 + extra)
    sources = make_sources(max_data_url_bytes=1000)
    urls = [
        f"data:;base64,{base64.b64encode(body).decode()}",
        "data:," + "".join(f"%{byte:02x}" for byte in body),
    ]

    for url in urls:
        if extra:
            with pytest.raises(SourceTooLargeError):
                sources.fetch(url, into)
        else:
            assert sources.fetch(url, into).read_bytes() == body


def test_files_of_the_service_come_from_its_storage(make_sources, storage, into, tmp_path):
    url = stored(storage, tmp_path)
    sources = make_sources(storage=storage, own_urls=[f"{OWN}/"])

    assert sources.fetch(f"{url}?download=1#x", into).read_bytes() == b"stored"
    with sources.open(url, into=into) as file:
        assert file.read() == b"stored"
    assert sources.bytes_fetched == 0


def test_a_storage_elsewhere_is_copied_from(make_sources, storage, into, tmp_path, monkeypatch):
    url = stored(storage, tmp_path)
    monkeypatch.setattr(storage, "local_path", lambda *_: None)

    path = make_sources(storage=storage, own_urls=[OWN]).fetch(url, into)

    assert path.read_bytes() == b"stored"


@pytest.mark.parametrize("named", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
@pytest.mark.parametrize("own", ["http://localhost:8000", "http://127.0.0.1:8000"])
def test_on_one_machine_a_file_of_the_service_is_found_under_every_name_of_it(make_sources, storage, into, own, named):
    key, data = new_key(), into.parent / "data"
    data.write_bytes(b"ours")
    storage.put(key, "a.bin", data, "application/octet-stream")

    path = make_sources(storage=storage, own_urls=[own]).fetch(f"{named}/storage/{key}/a.bin", into)

    assert path.read_bytes() == b"ours"


def test_a_file_that_has_expired_is_told_as_missing(make_sources, storage, into):
    sources = make_sources(storage=storage, own_urls=[OWN])
    url = f"{OWN}/storage/{new_key()}/output.bin"

    for action in (lambda: sources.fetch(url, into), lambda: sources.open(url, into=into)):
        with pytest.raises(SourceUnavailableError, match="it has expired or never was") as caught:
            action()
        assert (caught.value.http_status, caught.value.transient) == (404, False)
    assert list(into.glob("*")) == []


def test_a_storage_that_fails_is_worth_another_try(make_sources, storage, into, tmp_path, monkeypatch):
    def fail(key, filename):
        raise StorageError("local", "/srv/secret/path is on fire")

    url = stored(storage, tmp_path)
    monkeypatch.setattr(storage, "local_path", fail)
    monkeypatch.setattr(storage, "open", fail)
    sources = make_sources(storage=storage, own_urls=[OWN])

    for action in (lambda: sources.fetch(url, into), lambda: sources.open(url, into=into)):
        with pytest.raises(SourceUnavailableError, match=r"the storage does not answer$") as caught:
            action()
        assert caught.value.transient


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "x/output.bin",
        f"{'A' * 26}/",
        f"{'A' * 26}",
        f"{'A' * 26}/../{'B' * 26}/a",
        f"{'A' * 26}/..%2f{'B' * 26}%2fa",
        f"{'A' * 26}/..",
        f"{'A' * 26}/%2e%2e",
        f"{'A' * 26}/.hidden",
        f"{'A' * 26}//etc/passwd",
        f"{'A' * 26}/%2fetc%2fpasswd",
        f"{'a' * 26}/a.png",
        f"../../{'A' * 26}/a.png",
    ],
)
def test_no_other_path_leads_into_the_storage(make_sources, storage, into, rest):
    with pytest.raises(SourceRefusedError, match="not the URL of a file of this service"):
        make_sources(storage=storage, own_urls=[OWN]).fetch(f"{OWN}/storage/{rest}", into)


def test_another_service_with_a_like_address_is_another_service(server, make_sources, storage, reply, into, tmp_path):
    path = stored(storage, tmp_path).removeprefix(OWN)
    server.page(path, reply(b"theirs"))
    sources = make_sources(storage=storage, own_urls=[server.url[:-1], OWN], allow=["127.0.0.1"])

    assert sources.fetch(f"{server.url}{path}", into).read_bytes() == b"theirs"


def test_local_files_are_read_where_they_are_allowed(make_sources, into, tmp_path, monkeypatch):
    (tmp_path / "a b.txt").write_bytes(b"local")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    sources = make_sources(local_files=True)

    for name in (str(tmp_path / "a b.txt"), "a b.txt", "~/a b.txt", f"file://{tmp_path}/a%20b.txt"):
        assert sources.fetch(name, into).read_bytes() == b"local"
        with sources.open(name, into=into) as file:
            assert file.read() == b"local"
    assert sources.fetch(f"file://localhost{tmp_path}/a%20b.txt", into).read_bytes() == b"local"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system, from where no link can be made")
def test_a_local_file_that_finds_no_room_is_an_error_that_may_pass(make_sources, into):
    sources = make_sources(local_files=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(bytes(300_000))
        file.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            with pytest.raises(SourceUnavailableError, match="no room to keep it") as caught:
                sources.fetch(file.name, into)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert caught.value.transient


@pytest.mark.parametrize("name", ["{}", "file://{}", "FILE://{}", "file:{}", "file://localhost{}"])
def test_local_files_are_not_read_where_they_are_not_allowed(make_sources, into, tmp_path, name):
    (tmp_path / "a.txt").write_bytes(b"local")
    sources = make_sources()
    url = name.format(tmp_path / "a.txt")

    for action in (lambda: sources.fetch(url, into), lambda: sources.open(url, into=into)):
        with pytest.raises(SourceRefusedError, match="not fetched"):
            action()


def test_a_directory_is_not_called_missing(make_sources, into, tmp_path):
    sources = make_sources(local_files=True)

    for action in (lambda: sources.fetch(str(tmp_path), into), lambda: sources.open(str(tmp_path), into=into)):
        with pytest.raises(SourceUnavailableError, match="not a regular file"):
            action()


def test_what_is_no_readable_file_is_an_error_without_more(make_sources, into, tmp_path):
    sources = make_sources(local_files=True)
    os.mkfifo(tmp_path / "pipe")

    for name in (tmp_path / "missing", tmp_path, tmp_path / "pipe", "\0", "a" * 5000, "/dev/zero"):
        for action in (
            lambda name=name: sources.fetch(str(name), into),
            lambda name=name: sources.open(str(name), into=into),
        ):
            with pytest.raises(SourceUnavailableError) as caught:
                action()
            assert not caught.value.transient


def test_only_files_of_this_machine_are_local(make_sources, into):
    sources = make_sources(local_files=True)

    with pytest.raises(SourceRefusedError, match="another machine"):
        sources.fetch("file://server/share/a.txt", into)
    with pytest.raises(SourceRefusedError, match="ftp: URLs are not fetched"):
        sources.fetch("ftp://server/a.txt", into)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/photo.JPG?x=/../y", "001-photo.JPG"),
        ("/", "001-source"),
        ("/..", "001-source"),
        ("/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "001-etc_passwd"),
        ("/..%5c..%5cboot.ini", "001-boot.ini"),
        ("/a%00b%0ac", "001-a_b_c"),
        ("/-rf%20*", "001-rf_"),
        ("/.hidden", "001-hidden"),
        ("/%E2%80%AEgpj.exe", "001-gpj.exe"),
        ("/$(touch%20x);`id`|%22'", "001-touch_x_id_"),
        (f"/{'a' * 500}.png", f"001-{'a' * 76}.png"),
        ("/a%3Fb%23c", "001-a_b_c"),
    ],
)
def test_a_file_has_a_safe_name_that_begins_with_a_number(server, make_sources, reply, into, path, name):
    sources = make_sources(allow=["127.0.0.1"])
    server.otherwise = reply(b"a")

    assert sources.fetch(server.url + path, into).name == name


def test_equal_names_do_not_meet(server, make_sources, reply, into):
    sources = make_sources(allow=["127.0.0.1"])
    urls = [server.page(path, reply(path.encode())) for path in ("/a/x", "/b/x")]

    paths = [sources.fetch(url, into) for url in urls]

    assert [path.read_bytes() for path in paths] == [b"/a/x", b"/b/x"]


@settings(deadline=None)
@given(st.text(max_size=60).map(lambda text: f"data:{text}") | st.text(max_size=60))
def test_any_text_gives_a_file_in_its_place_or_an_error_for_clients(tmp_path_factory, text):
    """Nothing is on the network here: what begins with http is refused for its form."""
    into = tmp_path_factory.getbasetemp() / "any"
    sources = Sources(SourcesSettings(), cache_directory=None)

    with contextlib.suppress(SourceError):
        path = sources.fetch(text, into)
        assert path.resolve().parent == into.resolve()


def test_a_fetched_file_tells_which_url_answered_and_what_its_content_type_is(make_sources, server, reply, into):
    page = server.page("/b/page", reply(b"<p>", content_type="text/html; charset=koi8-r"))
    url = server.page("/a", reply(b"", 302, location="/b/page"))
    sources = make_sources(allow=["127.0.0.1"])

    path, origin = sources.fetch_with_origin(url, into)

    assert path.read_bytes() == b"<p>"
    assert (origin.url, origin.content_type) == (page, "text/html; charset=koi8-r")


def test_the_cache_keeps_where_a_file_came_from(make_sources, server, reply, into, tmp_path):
    page = server.page("/b", reply(b"x", content_type="text/html", cache_control="max-age=60"))
    url = server.page("/a", reply(b"", 301, location="/b"))
    sources = make_sources(allow=["127.0.0.1"], cache_directory=tmp_path / "cache")

    origins = [sources.fetch_with_origin(url, into)[1] for _ in range(2)]

    assert [asked.path for asked in server.asked] == ["/a", "/b"]  # the second came from the cache
    assert {(origin.url, origin.content_type) for origin in origins} == {(page, "text/html")}


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("announced", [False, True])
def test_a_file_above_the_limit_of_the_one_who_asks_is_refused(
    make_sources, server, reply, into, tmp_path, cached, announced
):
    body = bytes(100_001)
    whole = reply(body) if announced else b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
    url = server.page("/a", whole if announced else lambda _, send: send(whole))
    sources = make_sources(allow=["127.0.0.1"], cache_directory=tmp_path / "cache" if cached else None)

    with pytest.raises(SourceTooLargeError, match="100000 bytes"):
        sources.fetch_with_origin(url, into, max_bytes=100_000)

    assert list(into.iterdir()) == []
    assert sources.fetch_with_origin(url, into, max_bytes=100_001)[0].stat().st_size == 100_001
    with pytest.raises(SourceTooLargeError):  # it may come from the cache now
        sources.fetch_with_origin(url, into, max_bytes=100_000)


def test_many_files_come_in_the_order_of_their_urls_and_each_once(server, make_sources, reply, into):
    sources = make_sources(allow=["127.0.0.1"])
    urls = [server.page(f"/{number}", reply(b"%d" % number)) for number in range(40)]
    urls += [urls[3], urls[39], urls[3]]

    paths = list(sources.fetch_all(urls, into))

    assert [path.read_bytes() for path in paths] == [b"%d" % number for number in (*range(40), 3, 39, 3)]
    assert len(set(paths)) == 40
    assert sources.bytes_fetched == 10 + 2 * 30


@pytest.mark.parametrize("cached", [False, True])
def test_files_are_fetched_side_by_side(server, make_sources, reply, into, tmp_path, cached):
    """Each answer waits until all three have been asked for."""
    together = threading.Barrier(3, timeout=20)

    def answer(asked, send):
        together.wait()
        send(reply(b"a"))

    sources = make_sources(allow=["127.0.0.1"], cache_directory=tmp_path / "cache" if cached else None)
    urls = [server.page(f"/{number}", answer) for number in range(3)]

    assert [path.read_bytes() for path in sources.fetch_all(urls, into)] == [b"a"] * 3


def test_what_is_wrong_with_one_of_many_files_is_told_when_its_turn_comes(server, make_sources, reply, into):
    sources = make_sources(allow=["127.0.0.1"])
    urls = [server.page("/a", reply(b"a")), server.page("/b", reply(b"", status=404)), server.page("/c", reply(b"c"))]

    paths = sources.fetch_all(urls, into)

    assert next(paths).read_bytes() == b"a"
    with pytest.raises(SourceUnavailableError, match="/b could not be downloaded"):
        next(paths)
    assert list(paths) == []


def test_only_some_of_many_files_are_fetched_ahead(make_sources, into, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    sources = make_sources(local_files=True)
    urls = [f"{tmp_path}/./{'./' * number}a" for number in range(100)]

    paths = sources.fetch_all(urls, into)
    next(paths)
    paths.close()

    assert 1 <= len(list(into.iterdir())) <= AHEAD


def test_nothing_private_is_reached_by_a_list_of_urls_either(server, make_sources, reply, into):
    url = server.page("/a", reply(b"a"))

    with pytest.raises(SourceRefusedError):
        list(make_sources().fetch_all([url], into))
