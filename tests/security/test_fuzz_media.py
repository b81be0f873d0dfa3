"""Some damaged files through every task that takes media: `fuzz_media.py` in short."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fuzz_media.py")


@pytest.mark.timeout(300)
def test_every_damaged_file_ends_in_a_status_with_a_stable_code():
    ran = subprocess.run(
        [sys.executable, SCRIPT, "--files", "150", "--seed", "7", "--json"], capture_output=True, text=True, timeout=280
    )

    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout)
    assert found["odd"] == []
    assert sum(number for *_, number in found["counts"]) == 150
    assert {state for _, state, _, _ in found["counts"]} == {"success", "error"}
