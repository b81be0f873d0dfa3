"""Where output files end up: in the directory that was asked for, beside what is there.

A file never replaces another one unless that was asked for: `output.jpg`, else
`output-1.jpg`, `output-2.jpg`, and so on.
"""

import shutil
from itertools import count
from pathlib import Path


def deliver(source: Path, directory: Path, *, overwrite: bool) -> Path:
    """Move *source* into *directory*, which is made if it is missing, and return its new path.

    Raises:
        OSError: If it cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / source.name if overwrite else _taken(directory, source.name)
    shutil.move(source, target)
    return target


def _taken(directory: Path, filename: str) -> Path:
    """Return the first free name, taken by an empty file, so that nobody else gets it."""
    stem, dot, suffix = filename.partition(".")
    for number in count():
        target = directory / (f"{stem}-{number}{dot}{suffix}" if number else filename)
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            continue
        return target
    raise AssertionError  # count() has no end
