"""A full disk of Redis does it no lasting harm."""

import os
import signal
import sys
import time

import pytest
import redis

from dragon_framework.embedded import EmbeddedServer
from dragon_framework.queue import scripts
from dragon_framework.queue.broker import DragonBroker
from dragon_framework.queue.courier import Courier
from dragon_framework.queue.reaper import Reaper
from dragon_framework.status.connection import connect_sync
from faults.disks import Disk

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a disk that is small enough to be filled"
)


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "disk", 24 * 2**20)
    if not disk.small:
        pytest.skip("this machine lets nobody mount a tmpfs")
    yield disk
    disk.close()


def wait_until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def rewrites(client):
    facts = client.info("persistence")
    return 0 if facts["aof_rewrite_in_progress"] else client.info("stats").get("total_forks", 0)


def test_after_its_disk_was_full_redis_can_start_again(disk):
    with EmbeddedServer(disk.path / "redis") as server:
        client = connect_sync(server.url)
        courier = Courier(client, scripts.MESSAGES)
        broker = DragonBroker(client, courier, slots=1)
        client.bgrewriteaof()
        wait_until(lambda: rewrites(client) == 1)
        client.set("before", "x")
        reaper = Reaper(broker, 0.6)
        reaper.start()
        try:
            disk.fill()
            refused = 0
            while refused < 20:
                try:
                    client.set("meanwhile", os.urandom(700))
                except redis.ResponseError:
                    refused += 1
                time.sleep(0.03)
            wait_until(lambda: courier.refused)
            disk.free()
            wait_until(lambda: rewrites(client) == 2)
            client.set("after", "x")
        finally:
            reaper.stop()
            courier.close()

        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not server.running)
        server.restart()

        assert client.mget("before", "after") == [b"x", b"x"]
        client.close()
