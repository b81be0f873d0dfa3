"""docs/operations and deploy/: what they tell people to do works."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "operations"


@pytest.fixture
def free_ports():
    """Four ports that nobody has."""
    import socket

    with_sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    ports = [str(one.getsockname()[1]) for one in with_sockets]
    for one in with_sockets:
        one.close()
    return ports


def test_the_small_cluster_of_the_page_works_as_it_is_written(tmp_path, free_ports):
    """Every command of "In small first", in a directory of its own, with ports that are free."""
    script = re.search(
        r"## In small first.*?^```sh\n(.*?)^```$", (PAGES / "install.md").read_text(), re.DOTALL | re.MULTILINE
    )[1]
    for port, free in zip(("7379", "7333", "7001", "7002"), free_ports, strict=True):
        script = script.replace(port, free)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "AWS_"))}

    done = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=100
    )

    from PIL import Image

    said = done.stdout + done.stderr + "".join(log.read_text() for log in (tmp_path / "try").glob("*.log"))
    assert done.returncode == 0, said
    assert Image.open(tmp_path / "try" / "out.jpg").size == (100, 75)  # 640 x 480 at a width of 100
    assert "dragon_workers 2" in done.stdout
    assert 'dragon_tasks_total{task="image.thumb",status="success"} 1' in done.stdout
    assert list((tmp_path / "try" / "bucket" / "media" / "dragon").rglob("*.jpg"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_reads_the_units(tmp_path):
    names = {"dragon-api.service": "dragon-api.service", "dragon-worker@.service": "dragon-worker@1.service"}
    for source, name in names.items():
        text = (ROOT / "deploy" / "systemd" / source).read_text()
        (tmp_path / name).write_text(text.replace("/opt/dragon/venv/bin/dragon", "/bin/true"))

    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / name) for name in names.values())],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # unknown keys are told, and do not fail


def test_alerts_and_pages_name_metrics_that_there_are():
    source = (ROOT / "dragon_framework" / "api" / "metrics.py").read_text()
    known = {f"dragon_{name}" for name in re.findall(r'_family\(\s*"([a-z_]+)"', source)} | {"dragon_task_seconds"}
    texts = [(ROOT / "deploy" / "prometheus-alerts.yaml").read_text(), (PAGES / "watch.md").read_text()]

    named = {name for text in texts for name in re.findall(r"\bdragon_[a-z_]*[a-z]\b(?!_)", text)}

    assert named - known - {"dragon_metrics"} == set()  # a hook, not a metric
    assert known - named == set()
