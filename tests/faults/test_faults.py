"""The short form of `make faults`: some faults of each sort, for a minute."""

import asyncio
import os
import random
import sys

import pytest

from faults.rounds import run
from faults.table import table

SECONDS = 60.0
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the suite reads /proc")


@pytest.mark.timeout(280)
@pytest.mark.xdist_group("faults")
def test_nothing_is_lost_doubled_or_left_over_by_some_faults_of_each_sort(tmp_path):
    seed = int(os.environ.get("DRAGON_FAULTS_SEED", "0")) or random.SystemRandom().randrange(10**6)

    report = asyncio.run(run(SECONDS, seed, tmp_path))

    said = f"python -m faults --seconds {SECONDS:g} --seed {seed}\n{table(report)}\n"
    assert not report.findings, said + "\n".join(f"{one.what}: {one.text}" for one in report.findings)
    assert not report.remarks, said + "\n".join(report.remarks)
    assert sum(row.injected for row in report.rows.values()) >= 8, said
    assert report.tasks > 100, said
