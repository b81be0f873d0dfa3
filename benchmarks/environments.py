"""Virtual environments for peers whose requirements are no business of ours: made once, beside the repository's own."""

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


def python_with(directory: Path, requirements: Sequence[str]) -> Path:
    """Return the Python of the environment in *directory*, after making it with *requirements* if it is not there.

    Raises:
        subprocess.CalledProcessError: If pip cannot install them.
    """
    python = directory / "bin" / "python"
    if not python.exists():
        print(f"    installing {', '.join(requirements)} into {directory}", file=sys.stderr)
        venv.create(directory, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
    return python
