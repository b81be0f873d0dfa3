"""Small disks that can be filled up: a tmpfs for each, which only root may mount.

Where it cannot be had, the directory is an ordinary one, `small` is false, and the faults
of full disks are left out; the table says so.
"""

import contextlib
import errno
import subprocess
import sys
from pathlib import Path

BALLAST = "ballast"


class Disk:
    """A directory on a file system of its own.

    Args:
        path: Where; made here.
        size_bytes: How large.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.small = False
        if sys.platform == "linux":
            command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "dragon-faults", str(path)]
            with contextlib.suppress(OSError):
                self.small = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        """Leave no room."""
        if not self.small:
            raise RuntimeError("the disk has no size of its own")
        with (self.path / BALLAST).open("ab", buffering=0) as ballast:
            for size in (2**20, 2**12):
                try:
                    while True:
                        ballast.write(b"\0" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        """Make room again."""
        (self.path / BALLAST).unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it, with all that is on it."""
        if self.small:
            subprocess.run(["umount", "--lazy", str(self.path)], capture_output=True, check=False)
            self.small = False
