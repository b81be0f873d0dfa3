"""What a worker does about outputs that are old, or too many."""

import os
import threading
import time

from dragon_framework.keys import new_key
from dragon_framework.settings import Settings
from dragon_framework.storage import open_storage
from dragon_framework.worker.service import _sweep


def swept(storage, **settings):
    stop = threading.Event()
    stop.set()  # one look
    _sweep(Settings(**settings), storage, stop)


def stored(tmp_path, ages, size=1000):
    """Return a storage with a file of each age in seconds, and their paths."""
    storage, paths = open_storage(str(tmp_path / "storage")), []
    for age in ages:
        key = new_key()
        (tmp_path / "made").write_bytes(b"x" * size)
        storage.put(key, "a.bin", tmp_path / "made", "application/octet-stream")
        paths.append(storage.local_path(key, "a.bin"))
        os.utime(paths[-1], (time.time() - age, time.time() - age))
    return storage, paths


def test_the_oldest_outputs_go_when_there_are_too_many_bytes(tmp_path):
    storage, paths = stored(tmp_path, [500, 400, 300, 200])

    swept(storage, storage_bytes=2500)

    assert [path.exists() for path in paths] == [False, False, True, True]


def test_without_a_bound_age_alone_counts(tmp_path):
    storage, paths = stored(tmp_path, [500, 400])

    swept(storage, retention_seconds=450)

    assert [path.exists() for path in paths] == [False, True]
