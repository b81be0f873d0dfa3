"""What is particular about a directory: modes, names, file systems, half-written files, full disks."""

import os
import resource
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from dragon_framework.errors import FileMissingError, SettingsError, StorageError
from dragon_framework.keys import new_key
from dragon_framework.storage import open_storage

KEY = "C" * 26


def everything_in(directory):
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def test_the_service_itself_serves_the_files(local, made):
    local.storage.put(KEY, "a.txt", made(b"x"), "text/plain")

    assert local.storage.link(KEY, "a.txt", 60) is None
    assert local.storage.local_path(KEY, "a.txt").read_bytes() == b"x"


def test_a_stored_file_is_the_file_that_was_made_and_no_copy(local, made):
    source = made(b"x")
    number = source.stat().st_ino

    local.storage.put(KEY, "a.txt", source, "text/plain")

    assert local.storage.local_path(KEY, "a.txt").stat().st_ino == number


@pytest.mark.parametrize("mode", [0o777, 0o600, 0o444, 0o4755])
def test_owner_and_group_may_read_a_stored_file_whatever_the_task_left(local, made, mode):
    source = made(b"x")
    source.chmod(mode)

    local.storage.put(KEY, "a.txt", source, "text/plain")

    assert stat.S_IMODE(local.path_of(KEY, "a.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE(local.path_of(KEY, "a.txt").parent.stat().st_mode) & 0o007 == 0


def test_the_other_names_of_a_file_keep_their_time_mode_and_bytes(local, made):
    """A task that hands its source on as its output: the source's name in the cache is a hard link."""
    source = made(b"x" * 70_001)
    cached = source.with_name("cached")
    os.link(source, cached)
    os.utime(cached, (1000, 1000))
    cached.chmod(0o444)

    local.storage.put(KEY, "a.txt", source, "text/plain")

    found = cached.stat()
    assert (found.st_mtime, stat.S_IMODE(found.st_mode), found.st_nlink) == (1000, 0o444, 1)
    assert not source.exists()
    assert time.time() - local.storage.stat(KEY, "a.txt").modified < 60
    assert local.storage.local_path(KEY, "a.txt").read_bytes() == b"x" * 70_001


def test_storing_a_file_onto_another_of_its_names_consumes_the_source(local, made):
    """POSIX: renaming one hard link onto another of the same file does nothing."""
    source = made(b"x")
    local.storage.put(KEY, "a.txt", made(b"old"), "text/plain")
    local.path_of(KEY, "a.txt").unlink()
    os.link(source, local.path_of(KEY, "a.txt"))

    local.storage.put(KEY, "a.txt", source, "text/plain")

    assert not source.exists()
    assert everything_in(local.root) == ["a.txt"]


def test_a_file_from_another_file_system_is_copied(local, tmp_path):
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        assert "CI" not in os.environ or sys.platform != "linux", "CI has a second file system at /dev/shm"
        pytest.skip("there is one file system only")
    source = elsewhere / f"dragon-{new_key()}"
    source.write_bytes(b"x" * 70_001)

    local.storage.put(KEY, "sound.webm", source, "audio/webm")

    assert not source.exists()
    assert local.storage.local_path(KEY, "sound.webm").read_bytes() == b"x" * 70_001
    assert everything_in(local.root) == [".sound.webm.type", "sound.webm"]


def test_a_full_disk_is_a_storage_error_and_leaves_nothing(local, made):
    """The limit of this process on file sizes stands for the disk: writing fails in the middle."""
    source = made(b"x" * 70_001)
    os.link(source, source.with_name("another-name"))  # so that it is copied
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(StorageError, match=r"a\.webm was not stored: File too large") as caught:
            local.storage.put(KEY, "a.webm", source, "audio/webm")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert source.exists()
    assert not local.path_of(KEY, "a.webm").parent.exists()
    assert str(local.root) not in str(caught.value)


def test_a_failed_put_leaves_the_old_file_as_it_was(local, made, tmp_path):
    local.storage.put(KEY, "a.webm", made(b"old"), "audio/webm")

    with pytest.raises(StorageError):
        local.storage.put(KEY, "a.webm", tmp_path / "never-made", "video/webm")

    assert local.storage.local_path(KEY, "a.webm").read_bytes() == b"old"
    assert local.storage.stat(KEY, "a.webm").media_type == "audio/webm"


def test_half_written_files_are_swept_after_an_hour_without_a_byte(local, made):
    local.storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    directory = local.path_of(KEY, "a.txt").parent
    for name, age in ((".a.txt.0011223344556677.part", 3700), (".b.txt.0011223344556677.part", 3500)):
        (directory / name).write_bytes(b"half")
        local.age(directory / name, age)

    assert local.storage.sweep(7 * 24 * 3600) == 0

    assert everything_in(local.root) == [".b.txt.0011223344556677.part", "a.txt"]


def test_half_written_files_are_no_files_of_the_key(local, made):
    local.storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    (local.path_of(KEY, "a.txt").parent / ".b.txt.0011223344556677.part").write_bytes(b"half")

    assert local.storage.delete(KEY) == 1

    assert everything_in(local.root) == []


def test_a_media_type_noted_beside_the_file_goes_when_the_suffix_says_it_again(local, made):
    local.storage.put(KEY, "a.webm", made(b"x"), "audio/webm")

    local.storage.put(KEY, "a.webm", made(b"x"), "video/webm")

    assert everything_in(local.root) == ["a.webm"]


def test_sweeping_never_takes_the_directory_from_under_a_file_that_arrives(local, made):
    sources = [made(b"x") for _ in range(300)]
    stop = threading.Event()

    def sweep():
        while not stop.is_set():
            local.storage.sweep(1000)

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for number, source in enumerate(sources):
            local.storage.put(KEY, f"{number}.txt", source, "text/plain")
            local.path_of(KEY, f"{number}.txt").unlink()  # the directory is empty again
    finally:
        stop.set()
        sweeper.join()


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
def test_what_lies_there_and_is_no_regular_file_is_missing(local, made, tmp_path, kind):
    local.storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    path = local.path_of(KEY, "b.txt")
    if kind == "directory":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(made(b"a secret of this machine"))
    else:
        os.mkfifo(path)

    for method in (local.storage.stat, local.storage.open, local.storage.local_path):
        with pytest.raises(FileMissingError):
            method(KEY, "b.txt")


def test_an_open_file_stays_readable_when_it_is_deleted(local, made):
    local.storage.put(KEY, "a.txt", made(b"12345"), "text/plain")

    with local.storage.open(KEY, "a.txt") as file:
        local.storage.delete(KEY)

        assert file.read() == b"12345"


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "file://localhost{path}"])
def test_a_directory_is_named_by_its_path_or_by_a_file_url(tmp_path, made, form):
    storage = open_storage(form.format(path=tmp_path / "here"))

    storage.put(KEY, "a.txt", made(b"x"), "text/plain")

    assert (tmp_path / "here" / "CC" / KEY / "a.txt").read_bytes() == b"x"


def test_a_file_url_is_unquoted_and_a_path_is_not(tmp_path, made):
    open_storage(f"file://{tmp_path}/a%20b").put(KEY, "a.txt", made(b"x"), "text/plain")
    open_storage(f"{tmp_path}/c%20d").put(KEY, "a.txt", made(b"x"), "text/plain")

    assert (tmp_path / "a b").is_dir()
    assert (tmp_path / "c%20d").is_dir()


@pytest.mark.parametrize("url", ["", "file://", "file://server/share", "file:///srv/dragon?sync=1", "a\0b"])
def test_a_url_that_names_no_directory_of_this_machine_is_refused(url):
    with pytest.raises(SettingsError, match="expected a directory"):
        open_storage(url)


def test_a_directory_that_cannot_be_made_fails_the_check(tmp_path):
    (tmp_path / "taken").write_bytes(b"a file")
    storage = open_storage(str(tmp_path / "taken" / "inside"))

    with pytest.raises(SettingsError, match="cannot be written: Not a directory"):
        storage.check()


def test_a_directory_that_cannot_be_made_is_a_storage_error(tmp_path, made):
    (tmp_path / "taken").write_bytes(b"a file")
    storage = open_storage(str(tmp_path / "taken" / "inside"))

    with pytest.raises(StorageError, match="was not stored: Not a directory"):
        storage.put(KEY, "a.txt", made(b"x"), "text/plain")
    with pytest.raises(FileMissingError):
        storage.stat(KEY, "a.txt")
