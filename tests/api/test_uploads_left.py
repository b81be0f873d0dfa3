"""What is left of uploads when an API process is killed."""

import os
import time

from dragon_framework.api.v1.inputs import _opened, sweep_uploads


def test_uploads_of_a_killed_process_are_removed_and_those_under_way_are_not(tmp_path):
    an_hour_ago = time.time() - 3600
    with _opened(tmp_path / "under-way"):
        (tmp_path / "left").write_bytes(b"half a file")
        (tmp_path / "just-opened").touch()
        for name in ("under-way", "left"):
            os.utime(tmp_path / name, (an_hour_ago, an_hour_ago))

        sweep_uploads(tmp_path)

        assert sorted(path.name for path in tmp_path.iterdir()) == ["just-opened", "under-way"]


def test_a_service_that_never_took_an_upload_has_nothing_to_sweep(tmp_path):
    sweep_uploads(tmp_path / "uploads")
