"""What every storage promises (`storage/base.py`), over a directory and over a bucket."""

import io
import os
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragon_framework.errors import FileMissingError, StorageError
from dragon_framework.keys import KEY, new_key
from dragon_framework.storage import FILENAME, StoredFile, open_storage

WEEK = 7 * 24 * 3600
SAME_BACKEND = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def contents(backend, key, filename):
    with backend.storage.open(key, filename) as file:
        return file.read()


@pytest.mark.parametrize("size", [0, 1, 70_001])
def test_a_stored_file_is_read_as_it_was_and_its_source_is_gone(backend, made, size):
    key, data = new_key(), random.Random(size).randbytes(size)
    source = made(data)

    backend.storage.put(key, "output.jpg", source, "image/jpeg")

    assert contents(backend, key, "output.jpg") == data
    assert not source.exists()


def test_its_facts_are_size_time_type_and_a_strong_tag(backend, made):
    key, before = new_key(), time.time()

    put = backend.storage.put(key, "output.jpg", made(b"12345"), "image/jpeg")

    facts = backend.storage.stat(key, "output.jpg")
    assert facts == StoredFile(5, facts.modified, "image/jpeg", put.etag)
    assert before - 2 <= facts.modified <= time.time() + 1  # HTTP dates have seconds
    assert re.fullmatch(r'"[\x21\x23-\x7e]+"', facts.etag)  # RFC 9110, 8.8.3


def test_the_media_type_is_the_one_given_whatever_the_suffix(backend, made):
    key = new_key()

    backend.storage.put(key, "sound.webm", made(b"x"), "audio/webm")

    assert backend.storage.stat(key, "sound.webm").media_type == "audio/webm"


def test_a_second_file_of_the_name_replaces_the_first_with_its_type_and_tag(backend, made):
    key = new_key()
    first = backend.storage.put(key, "sound.webm", made(b"first"), "audio/webm")

    backend.storage.put(key, "sound.webm", made(b"other"), "video/webm")

    facts = backend.storage.stat(key, "sound.webm")
    assert contents(backend, key, "sound.webm") == b"other"
    assert facts.media_type == "video/webm"
    assert facts.etag != first.etag


@pytest.mark.parametrize("method", ["stat", "open", "local_path"])
def test_a_file_that_never_was_is_missing(backend, made, method):
    key = new_key()
    backend.storage.put(key, "there.txt", made(b"x"), "text/plain")

    with pytest.raises(FileMissingError) as caught:
        getattr(backend.storage, method)(key, "elsewhere.txt")

    assert (caught.value.key, caught.value.filename) == (key, "elsewhere.txt")


@pytest.mark.parametrize("method", ["stat", "open", "local_path"])
def test_a_file_older_than_the_retention_is_missing_before_it_is_swept(backend, made, method):
    key = new_key()
    for filename in ("old.txt", "young.txt"):
        backend.storage.put(key, filename, made(b"x"), "text/plain")
    backend.age(backend.path_of(key, "old.txt"), 200)
    backend.age(backend.path_of(key, "young.txt"), 50)
    storage = open_storage(backend.url, {"retention_seconds": 100})

    getattr(storage, method)(key, "young.txt")
    with pytest.raises(FileMissingError):
        getattr(storage, method)(key, "old.txt")


def test_files_are_kept_for_a_week_if_nothing_else_is_said(backend, made):
    key = new_key()
    for filename in ("old.txt", "young.txt"):
        backend.storage.put(key, filename, made(b"x"), "text/plain")
    backend.age(backend.path_of(key, "old.txt"), WEEK + 60)
    backend.age(backend.path_of(key, "young.txt"), WEEK - 60)

    assert backend.storage.stat(key, "young.txt").size == 1
    with pytest.raises(FileMissingError):
        backend.storage.stat(key, "old.txt")


@pytest.mark.parametrize(
    ("key", "filename"),
    [
        ("A" * 26, "../x"),
        ("A" * 26, ".."),
        ("A" * 26, "."),
        ("A" * 26, ""),
        ("A" * 26, ".hidden"),
        ("A" * 26, "a/b"),
        ("A" * 26, "a\\b"),
        ("A" * 26, "a\0b"),
        ("A" * 26, "a\nb"),
        ("A" * 26, "x.txt\n"),
        ("A" * 26, "a%2fb"),
        ("A" * 26, "a b"),
        ("A" * 26, "é.txt"),
        ("A" * 26, "x" * 101),
        ("A" * 26 + "\n", "x.txt"),
        ("../" + "A" * 23, "x.txt"),
        ("a" * 26, "x.txt"),
        ("A" * 25, "x.txt"),
        ("", "x.txt"),
        ("..", "x.txt"),
    ],
)
def test_a_name_that_no_stored_file_can_have_is_missing_and_stores_nothing(backend, made, key, filename):
    source = made(b"x")

    for attempt in (
        lambda: backend.storage.put(key, filename, source, "text/plain"),
        lambda: backend.storage.stat(key, filename),
        lambda: backend.storage.open(key, filename),
        lambda: backend.storage.local_path(key, filename),
    ):
        with pytest.raises(FileMissingError):
            attempt()

    assert source.exists()
    assert not backend.root.exists() or not any(backend.root.rglob("*"))


@SAME_BACKEND
@given(key=st.text(max_size=40) | st.just("A" * 26), filename=st.text(max_size=120))
def test_any_text_as_a_name_is_missing_and_nothing_else(backend, key, filename):
    with pytest.raises(FileMissingError) as caught:
        backend.storage.stat(key, filename)

    assert str(caught.value).isprintable()


@SAME_BACKEND
@given(filename=st.from_regex(FILENAME, fullmatch=True))
def test_every_allowed_name_can_be_stored(backend, made, filename):
    key = new_key()

    backend.storage.put(key, filename, made(b"x"), "text/plain")

    assert contents(backend, key, filename) == b"x"


def test_deleting_a_key_deletes_its_files_and_no_others(backend, made):
    key, other = "A" * 26, "A" * 25 + "B"
    for filename in ("a.txt", "b.webm"):
        backend.storage.put(key, filename, made(b"x"), "text/plain")
    backend.storage.put(other, "c.txt", made(b"x"), "text/plain")

    assert backend.storage.delete(key) == 2

    assert backend.storage.delete(key) == 0
    with pytest.raises(FileMissingError):
        backend.storage.stat(key, "a.txt")
    assert backend.storage.stat(other, "c.txt").size == 1


@pytest.mark.parametrize("key", ["", ".", "..", "/", "A", "A" * 25, "*", "A" * 26 + "/", "../" * 8 + "AA"])
def test_deleting_what_is_no_key_deletes_nothing(backend, made, key):
    backend.storage.put("A" * 26, "a.txt", made(b"x"), "text/plain")

    assert backend.storage.delete(key) == 0

    assert backend.storage.stat("A" * 26, "a.txt").size == 1


def test_sweeping_deletes_old_files_and_counts_them(backend, made):
    old, young = new_key(), new_key()
    for key, filename in ((old, "a.txt"), (old, "b.webm"), (young, "a.txt"), (young, "b.txt")):
        backend.storage.put(key, filename, made(b"x"), "text/plain")
    for key, filename in ((old, "a.txt"), (old, "b.webm"), (young, "a.txt")):
        backend.age(backend.path_of(key, filename), 500)

    assert backend.storage.sweep(400) == 3

    assert backend.storage.sweep(400) == 0
    assert backend.storage.stat(young, "b.txt").size == 1
    assert not any(backend.root.rglob(f"{old}/*"))


def test_shrinking_deletes_the_oldest_until_the_others_fit(backend, made):
    keys = [new_key() for _ in range(4)]
    for age, key in zip((400, 300, 200, 100), keys, strict=True):
        backend.storage.put(key, "a.webm", made(b"x" * 100), "text/plain")
        backend.age(backend.path_of(key, "a.webm"), age)

    assert backend.storage.shrink(250) == 2

    assert backend.storage.shrink(250) == 0
    assert [backend.path_of(key, "a.webm").exists() for key in keys] == [False, False, True, True]
    assert not any(backend.root.rglob(f"{keys[0]}/*"))


def test_shrinking_leaves_what_is_young_or_no_stored_file(backend, made):
    key = new_key()
    backend.storage.put(key, "a.txt", made(b"x" * 100), "text/plain")
    backend.put_stranger("precious.txt")
    backend.age(backend.root / "precious.txt", 500)

    assert backend.storage.shrink(1) == 0

    assert backend.path_of(key, "a.txt").exists()
    assert (backend.root / "precious.txt").exists()


def test_sweeping_leaves_what_is_no_stored_file(backend, made):
    backend.storage.put(new_key(), "a.txt", made(b"x"), "text/plain")
    strangers = ["precious.txt", "AB/precious.txt", "CDE/x.txt", f"{'A' * 26}/deeper/x.txt"]
    for path in strangers:
        backend.put_stranger(path)
        backend.age(backend.root / path, 500)

    assert backend.storage.sweep(100) == 0

    assert all((backend.root / path).exists() for path in strangers)


def test_of_files_stored_at_once_under_one_name_one_stays_whole(backend, made):
    key = new_key()
    texts = [bytes([65 + number]) * (50_001 + number) for number in range(8)]
    sources = [made(text) for text in texts]
    start = threading.Barrier(len(texts))

    def store(source):
        start.wait()
        backend.storage.put(key, "same.txt", source, "text/plain")

    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(store, sources))

    facts = backend.storage.stat(key, "same.txt")
    assert contents(backend, key, "same.txt") in texts
    assert facts.size in {len(text) for text in texts}
    assert not any(source.exists() for source in sources)


def test_files_are_stored_and_read_by_many_threads(backend, made):
    names = [(new_key(), f"{number}.txt") for number in range(24)]
    sources = [made(filename.encode() * 1000) for _, filename in names]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name, source: backend.storage.put(*name, source, "text/plain"), names, sources))
        read = list(pool.map(lambda name: contents(backend, *name), names))

    assert read == [filename.encode() * 1000 for _, filename in names]


@SAME_BACKEND
@given(
    moves=st.lists(
        st.one_of(
            st.tuples(st.just("read"), st.integers(-1, 700_000)),
            st.tuples(st.just("set"), st.integers(0, 700_000)),
            st.tuples(st.just("from end"), st.integers(-600_001, 5)),
            st.tuples(st.just("on"), st.integers(0, 300_000)),
        ),
        max_size=12,
    )
)
def test_an_open_file_reads_as_any_file_does(backend, made, moves):
    """The model is `io.BytesIO`. The file is larger than the first blocks that are loaded."""
    data = random.Random(1).randbytes(600_001)
    key = "B" * 26
    try:
        backend.storage.stat(key, "big.bin")
    except FileMissingError:
        backend.storage.put(key, "big.bin", made(data), "application/octet-stream")
    model = io.BytesIO(data)

    with backend.storage.open(key, "big.bin") as file:
        for move, number in moves:
            if move == "read":
                assert file.read(number) == model.read(number)
            else:
                whence = {"set": os.SEEK_SET, "on": os.SEEK_CUR, "from end": os.SEEK_END}[move]
                assert file.seek(number, whence) == model.seek(number, whence)
            assert file.tell() == model.tell()
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)

    assert file.closed


@pytest.mark.parametrize("kind", ["missing", "directory", "link", "pipe"])
def test_what_is_no_regular_file_is_not_stored(backend, made, tmp_path, kind):
    key, source = new_key(), tmp_path / "source"
    if kind == "directory":
        source.mkdir()
    elif kind == "link":
        source.symlink_to(made(b"secret of somebody else"))
    elif kind == "pipe":
        os.mkfifo(source)

    with pytest.raises(StorageError, match=f"{key}/a.txt was not stored: ") as caught:
        backend.storage.put(key, "a.txt", source, "text/plain")

    assert str(tmp_path) not in str(caught.value)
    assert not backend.path_of(key, "a.txt").exists()


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed(backend, made):
    key, size = new_key(), 3_000_001
    backend.storage.put(key, "a.bin", made(b"a" * size), "application/octet-stream")

    with backend.storage.open(key, "a.bin") as file:
        start = file.read(10)
        backend.storage.put(key, "a.bin", made(b"b" * size), "application/octet-stream")
        try:
            rest = file.read()
        except StorageError as error:
            rest = b"a" if "replaced while it was read" in str(error) else b""

    assert start == b"a" * 10
    assert set(rest) == {ord("a")}


def test_a_storage_that_works_passes_its_check_and_holds_nothing_after_it(backend):
    backend.storage.check()

    assert not backend.root.exists() or not any(backend.root.rglob("*"))


def test_keys_made_by_the_service_are_keys(backend):
    assert KEY.fullmatch(new_key())
    assert backend.storage.delete(new_key()) == 0
