"""Packages of npm that tests compare with: fetched once, into `build/`, never kept in the repository."""

import fcntl
import subprocess
from pathlib import Path

BUILD = Path(__file__).parent.parent / "build"
FETCH_SECONDS = 240.0


def npm_packages(name: str, *packages: str) -> Path:
    """Return the directory `build/NAME`, in whose `node_modules` *packages* are, each as `name@version`.

    npm's lock file stays in it. Two processes that ask at once wait for each other.

    Raises:
        FileNotFoundError: If there is no npm.
        subprocess.CalledProcessError: If npm cannot fetch them; its `stderr` says why.
    """
    directory = BUILD / name
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "done"
        if not done.exists() or done.read_text() != " ".join(packages):
            command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(directory), *packages]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=FETCH_SECONDS)
            done.write_text(" ".join(packages))
    return directory
