"""Importing the public modules, or the module of a task, loads nothing heavy."""

import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

HEAVY = [
    "numpy",
    "PIL",
    "av",
    "cv2",
    "ffmpeg",
    "pycurl",
    "litestar",
    "uvicorn",
    "dramatiq",
    "redis",
    "pytest",
    "hypothesis",
]
PUBLIC = [f"dragon_framework{name}" for name in ("", ".tasks", ".fields", ".errors", ".hooks", ".registry", ".testing")]
TASK_MODULES = sorted({entry.module for entry in entry_points(group="dragon.tasks")})


def test_every_installed_plugin_is_looked_at():
    assert "dragon_image.thumb" in TASK_MODULES


@pytest.mark.parametrize("module", [*PUBLIC, *TASK_MODULES])
def test_importing_it_loads_no_heavy_library(module):
    program = f"import json, sys, {module}; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"

    answer = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True)

    assert json.loads(answer.stdout) == []
