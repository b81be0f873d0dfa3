"""Wheels built from this tree, and clean environments to try them in."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


def clean_environ():
    """Return the environment without what the development environment and its user set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRAGON_", "PYTHON", "COV"))}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """Directory with the wheels of the core and of every plugin."""
    directory = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", directory]
    subprocess.run([*command, *PACKAGES], check=True, env=clean_environ())
    return directory


class CleanEnvironment:
    """A virtual environment with nothing of the development environment in it."""

    def __init__(self, directory):
        self.directory = directory
        self.bin = directory / "bin"
        venv.create(directory, with_pip=False)  # which takes ten seconds

    def install(self, *wheels):
        """Install wheels, and what they need at the versions of constraints.txt; what is run is compiled then."""
        self.pip("install", "--no-compile", "--quiet", "-c", ROOT / "constraints.txt", *wheels)

    def pip(self, *arguments):
        """Let the development environment's pip work on this environment; return what it says."""
        command = [sys.executable, "-m", "pip", "--python", self.bin / "python", *arguments]
        done = subprocess.run(command, env=clean_environ(), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"pip {arguments}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, program, *arguments, cwd=None, check=True):
        """Run a program of this environment; return it with its text output."""
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=cwd or self.directory,
            env=clean_environ(),
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check and done.returncode:
            raise AssertionError(f"{program} {arguments}: exit status {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


@pytest.fixture(scope="session")
def make_environment(tmp_path_factory):
    """Return a function that makes a clean environment."""
    return lambda name: CleanEnvironment(tmp_path_factory.mktemp(name) / "venv")
