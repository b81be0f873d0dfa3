"""What is particular about buckets: links, ranges, parts, failures and the words for them."""

import random
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.storage import open_storage

KEY = "C" * 26
BUCKET, SECRET_KEY = "dragon-tests", "a-secret-that-nobody-may-see"  # as in conftest


def fetched(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.headers, answer.read()


def status_of(url):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(url)
    caught.value.close()
    return caught.value.code


@pytest.mark.parametrize(
    ("filename", "media_type", "disposition"),
    [
        ("a.jpg", "image/jpeg", 'inline; filename="a.jpg"'),
        ("a.mp4", "video/mp4", 'inline; filename="a.mp4"'),
        ("a.ogg", "audio/ogg", 'inline; filename="a.ogg"'),
        ("a.svg", "image/svg+xml", 'attachment; filename="a.svg"'),
        ("a.html", "text/html; charset=utf-8", 'attachment; filename="a.html"'),
        ("a.xml", "application/xml", 'attachment; filename="a.xml"'),
        ("a.json", "application/json", 'attachment; filename="a.json"'),
        ("a.bin", "application/octet-stream", 'attachment; filename="a.bin"'),
    ],
)
def test_a_link_serves_the_file_with_its_type_and_a_safe_disposition(s3, made, filename, media_type, disposition):
    s3.storage.put(KEY, filename, made(b"12345"), media_type)

    headers, body = fetched(s3.storage.link(KEY, filename, 60))

    assert body == b"12345"
    assert headers["Content-Type"] == media_type
    assert headers["Content-Disposition"] == disposition
    assert headers["Cache-Control"] == "private, max-age=86400"


def test_a_link_is_refused_when_it_is_bent_to_another_file(s3_without_ranges, made):
    storage = s3_without_ranges.storage
    for filename in ("a.txt", "b.txt"):
        storage.put(KEY, filename, made(b"x"), "text/plain")
    link = storage.link(KEY, "a.txt", 60)

    assert status_of(link.replace("/a.txt?", "/b.txt?")) == 403
    assert status_of(link.replace("X-Amz-Expires=60", "X-Amz-Expires=600")) == 403
    assert fetched(link)[1] == b"x"


def test_a_link_is_refused_after_its_time(s3_without_ranges, made):
    s3_without_ranges.storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    link = s3_without_ranges.storage.link(KEY, "a.txt", 1)

    time.sleep(2.5)  # S3 counts whole seconds

    assert status_of(link) in {400, 403}  # rclone says 400, Amazon S3 403


@pytest.mark.parametrize(
    ("asked", "given"), [(60, "60"), (0, "1"), (-5, "1"), (0.5, "1"), (1e9, "604800"), (604_801, "604800")]
)
def test_a_link_lives_for_one_second_to_seven_days(s3, asked, given):
    """Seven days is the most that S3 accepts (AWS Signature Version 4, X-Amz-Expires)."""
    query = parse_qs(urlsplit(s3.storage.link(KEY, "a.txt", asked)).query)

    assert query["X-Amz-Expires"] == [given]


def test_a_link_of_a_name_that_no_file_can_have_is_not_made(s3):
    with pytest.raises(FileMissingError):
        s3.storage.link(KEY, "../other", 60)


def test_the_file_is_nowhere_on_this_machine(s3, made):
    s3.storage.put(KEY, "a.txt", made(b"x"), "text/plain")

    assert s3.storage.local_path(KEY, "a.txt") is None


def test_reading_a_header_loads_a_small_part_of_the_file(s3, s3_front, made):
    s3.storage.put(KEY, "film.mp4", made(bytes(5_000_001)), "video/mp4")
    s3_front.bytes_sent = 0

    with s3.storage.open(KEY, "film.mp4") as file:
        file.read(100)
        file.seek(-100, 2)
        file.read()

    assert s3_front.bytes_sent <= 256 * 1024 + 100


def test_reading_a_whole_file_takes_few_requests(s3, s3_front, made):
    data = random.Random(5).randbytes(20_000_003)
    s3.storage.put(KEY, "film.mp4", made(data), "video/mp4")
    s3_front.requests.clear()

    with s3.storage.open(KEY, "film.mp4") as file:
        read = b"".join(iter(lambda: file.read(100_000), b""))

    # 256 KiB, 512 KiB, ... 8 MiB, 8 MiB: seven ranges hold 20 MB; and one HEAD
    assert read == data
    assert len(s3_front.requests) <= 9


def test_a_large_file_goes_up_in_parts_and_comes_back_whole(s3, s3_front, made):
    data = random.Random(7).randbytes(50_000_003)

    s3.storage.put(KEY, "film.mp4", made(data), "video/mp4")

    parts = [line for line in s3_front.requests if "partNumber=" in line]
    facts = s3.storage.stat(KEY, "film.mp4")
    assert len(parts) == 6  # 50,000,003 / 8 MiB
    assert (facts.size, facts.media_type) == (50_000_003, "video/mp4")
    with s3.storage.open(KEY, "film.mp4") as file:
        assert file.read() == data


def test_an_upload_that_fails_in_the_middle_leaves_nothing_and_keeps_its_source(s3, s3_front, made):
    s3_front.failing = re.compile("partNumber=3")
    source = made(bytes(30_000_000))

    with pytest.raises(StorageError, match=r"film\.mp4 was not stored: the server answered 500"):
        s3.storage.put(KEY, "film.mp4", source, "video/mp4")

    s3_front.failing = None
    assert source.exists()
    assert any(line.startswith("DELETE") and "uploadId=" in line for line in s3_front.requests)  # aborted
    with pytest.raises(FileMissingError):
        s3.storage.stat(KEY, "film.mp4")


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_that_passes_is_not_seen(s3, s3_front, made, status):
    s3_front.answer_with = [status, status]

    s3.storage.put(KEY, "a.txt", made(b"x"), "text/plain")

    s3_front.answer_with = [status]
    assert s3.storage.stat(KEY, "a.txt").size == 1


def test_a_failure_in_the_middle_of_reading_is_an_error_and_not_a_short_read(s3, s3_front, made):
    s3.storage.put(KEY, "a.bin", made(bytes(1_000_001)), "application/octet-stream")

    with s3.storage.open(KEY, "a.bin") as file:
        file.read(10)
        s3_front.failing = re.compile("^GET")
        with pytest.raises(StorageError, match=r"a\.bin cannot be read: the server answered 500"):
            file.read()


def test_a_server_that_answers_with_less_than_the_range_is_an_error_and_not_a_short_read(s3, s3_front, made):
    s3.storage.put(KEY, "a.bin", made(bytes(1_000_001)), "application/octet-stream")
    s3_front.shorten = True

    with s3.storage.open(KEY, "a.bin") as file, pytest.raises(StorageError, match=r"a\.bin cannot be read"):
        file.read()


def test_a_server_without_ranges_is_asked_for_the_file_once(s3_without_ranges, s3_server, made):
    data = random.Random(9).randbytes(1_000_001)
    s3_without_ranges.storage.put(KEY, "a.bin", made(data), "application/octet-stream")

    with s3_without_ranges.storage.open(KEY, "a.bin") as file:
        file.seek(999_000)
        end = file.read()
        s3_without_ranges.path_of(KEY, "a.bin").unlink()
        file.seek(0)
        start = file.read(1000)

    assert end == data[999_000:]
    assert start == data[:1000]


METHODS = {
    "put": lambda storage, source: storage.put(KEY, "a.txt", source, "text/plain"),
    "stat": lambda storage, _: storage.stat(KEY, "a.txt"),
    "open": lambda storage, _: storage.open(KEY, "a.txt"),
    "local_path": lambda storage, _: storage.local_path(KEY, "a.txt"),
    "delete": lambda storage, _: storage.delete(KEY),
    "sweep": lambda storage, _: storage.sweep(1),
}


@pytest.fixture
def closed_port():
    with socket.socket() as taken:  # bound, never listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.timeout(20)
def test_a_server_that_is_away_is_a_storage_error(closed_port, made, method):
    storage = open_storage(f"s3://{BUCKET}?endpoint=http://127.0.0.1:{closed_port}")

    with pytest.raises(StorageError, match="the server cannot be reached; look at AWS_ENDPOINT_URL") as caught:
        METHODS[method](storage, made(b"x"))

    assert not isinstance(caught.value, FileMissingError)


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_secret_is_a_storage_error_that_shows_no_secret(s3_server, made, monkeypatch, method):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-secret-too")
    storage = open_storage(f"s3://{BUCKET}?endpoint=http://127.0.0.1:{s3_server.port}")

    with pytest.raises(StorageError) as caught:
        METHODS[method](storage, made(b"x"))

    assert not isinstance(caught.value, FileMissingError)
    assert "AWS_SECRET_ACCESS_KEY" in str(caught.value) or "403" in str(caught.value)
    assert "secret-too" not in f"{caught.value!r}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("variables", "bucket", "sentence"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, BUCKET, "the secret key is wrong; look at AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, BUCKET, "does not know the access key; look at AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, BUCKET, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"),
        ({}, "never-made", "the bucket does not exist; make it first"),
    ],
)
def test_the_check_at_the_start_says_what_to_change(s3_server, monkeypatch, variables, bucket, sentence):
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)

    with pytest.raises(SettingsError) as caught:
        open_storage(f"s3://{bucket}/p?endpoint=http://127.0.0.1:{s3_server.port}").check()

    assert sentence in str(caught.value)
    assert f"s3://{bucket}/p" in str(caught.value)
    assert SECRET_KEY not in str(caught.value)


def test_storing_in_a_bucket_that_is_gone_names_the_bucket(s3_server, made):
    storage = open_storage(f"s3://never-made?endpoint=http://127.0.0.1:{s3_server.port}")

    with pytest.raises(StorageError, match=r"s3://never-made: .* the bucket does not exist"):
        storage.put(KEY, "a.txt", made(b"x"), "text/plain")


def test_without_credentials_the_check_asks_for_them(monkeypatch, s3_server):
    """The machine's role is asked for at AWS_METADATA_ENDPOINT; here that server gives none."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    class NoRole(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.send_error(404)

        do_GET = do_PUT  # noqa: N815  # the base class's name

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), NoRole) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        storage = open_storage(f"s3://{BUCKET}?endpoint=http://127.0.0.1:{s3_server.port}")

        with pytest.raises(SettingsError, match="no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
            storage.check()
        server.shutdown()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("s3://", "is not the name of a bucket"),
        ("s3:///prefix", "is not the name of a bucket"),
        ("s3://Upper_Case", "is not the name of a bucket"),
        ("s3://b", "is not the name of a bucket"),
        ("s3://AKIA:hidden@bucket/p", "an s3:// URL has no credentials; set AWS_ACCESS_KEY_ID"),
        ("s3://bucket/a//b", "is not a prefix for S3"),
        ("s3://bucket/../b", "is not a prefix for S3"),
        ("s3://bucket/a b", "is not a prefix for S3"),
        ("s3://bucket/p?regoin=eu", "has no option 'regoin'; there are: endpoint, region, path_style, sweep"),
        ("s3://bucket/p?sweep=maybe", "sweep of an s3:// URL must be yes or no, got 'maybe'"),
        ("s3://bucket/p?endpoint=s3.example.com", "must be a URL such as https://s3.example.com"),
        ("s3://bucket/p?endpoint=ftp://s3.example.com", "must be a URL such as https://s3.example.com"),
        ("s3://bucket/p?endpoint=https://me:hidden@s3.example.com", "must be a URL such as https://s3.example.com"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_a_sentence(url, sentence):
    with pytest.raises(SettingsError) as caught:
        open_storage(url)

    assert sentence in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("retention", [0, -1, "soon", float("nan")])
def test_a_retention_that_is_no_time_is_refused(retention):
    with pytest.raises(SettingsError, match="retention_seconds must be a positive number"):
        open_storage("s3://bucket", {"retention_seconds": retention})


@pytest.mark.parametrize(
    ("variables", "url", "start"),
    [
        ({}, "s3://bucket/p", "https://bucket.s3.us-east-1.amazonaws.com/p/"),
        ({"AWS_REGION": "eu-west-3"}, "s3://bucket/p", "https://bucket.s3.eu-west-3.amazonaws.com/p/"),
        ({"AWS_DEFAULT_REGION": "eu-west-3"}, "s3://bucket/p", "https://bucket.s3.eu-west-3.amazonaws.com/p/"),
        ({"AWS_REGION": "eu-west-3"}, "s3://bucket?region=eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/"),
        ({}, "s3://my.bucket/p", "https://s3.us-east-1.amazonaws.com/my.bucket/p/"),
        ({"AWS_ENDPOINT_URL": "https://s3.example.com"}, "s3://bucket/p", "https://s3.example.com/bucket/p/"),
        ({"AWS_ENDPOINT_URL_S3": "http://10.0.0.1:9000"}, "s3://bucket/p", "http://10.0.0.1:9000/bucket/p/"),
        (
            {"AWS_ENDPOINT_URL_S3": "https://one.example.com", "AWS_ENDPOINT_URL": "https://two.example.com"},
            "s3://bucket/p?endpoint=https://three.example.com",
            "https://three.example.com/bucket/p/",
        ),
        (
            {"AWS_ENDPOINT_URL": "https://s3.example.com"},
            "s3://bucket/p?path_style=no",
            "https://bucket.s3.example.com/p/",
        ),
        ({"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"}, "s3://bucket?endpoint=https://e.com", "https://e.com/bucket/"),
    ],
)
def test_the_endpoint_is_that_of_the_url_else_of_the_environment_else_of_aws(monkeypatch, variables, url, start):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    link = open_storage(url).link(KEY, "a.txt", 60)

    assert link.startswith(f"{start}{KEY}/a.txt?")


def test_temporary_credentials_are_part_of_a_link(monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-session")

    query = parse_qs(urlsplit(open_storage("s3://bucket").link(KEY, "a.txt", 60)).query)

    assert query["X-Amz-Security-Token"] == ["of-the-session"]


def test_where_a_lifecycle_rule_sweeps_nothing_is_listed_or_deleted(s3, s3_front, made):
    s3.storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    s3.age(s3.path_of(KEY, "a.txt"), 500)
    storage = open_storage(f"{s3.url}&sweep=no")
    s3_front.requests.clear()

    assert storage.sweep(100) == 0
    assert s3_front.requests == []


def test_a_sweep_goes_through_every_page(s3, s3_front, made):
    """A page has at most 1,000 objects (Amazon S3, ListObjectsV2)."""
    for number in range(1103):
        path = s3.path_of(f"D{'A' * 25}", f"{number}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    s3.storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    s3.age(s3.path_of(KEY, "a.txt"), 1)
    time.sleep(1.1)

    assert s3.storage.sweep(0) == 1104

    assert sum(line.startswith("GET") for line in s3_front.requests) >= 2


@pytest.mark.skipif(sys.platform != "linux", reason="/proc counts the threads")
def test_a_storage_that_was_made_and_not_used_may_be_forked():
    """Task processes are forked: no thread of the client library may run before them."""
    program = (
        "import os, sys\n"
        "import dragon_framework.storage.s3 as s3\n"
        "assert 'obstore' not in sys.modules\n"
        "storage = s3.S3Storage('bucket', endpoint='http://127.0.0.1:9')\n"
        "print(len(os.listdir('/proc/self/task')))\n"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (answer.stdout, answer.stderr) == ("1\n", "")
