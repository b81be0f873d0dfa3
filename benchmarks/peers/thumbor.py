"""thumbor from PyPI, in an environment of its own, with the faster of its two HTTP clients."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from benchmarks.processes import free_port, stop, wait_for_port

REQUIREMENTS = ("thumbor>=7.8,<8", "pycurl", "setuptools<81")
ENVIRONMENT = Path(".venv-thumbor")


def install() -> Path:
    """Return the thumbor program, after installing it into `.venv-thumbor` if it is not there."""
    program = ENVIRONMENT / "bin" / "thumbor"
    if not program.exists():
        print("    installing thumbor into .venv-thumbor", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        python = ENVIRONMENT / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    return program


class Thumbor:
    """A running thumbor: `with Thumbor(processes=2) as thumbor: thumbor.port`.

    Args:
        processes: Server processes.
        keep_results: Whether finished pictures are kept on disk (`result_storages.file_storage`).
    """

    def __init__(self, processes: int, *, keep_results: bool = False) -> None:
        self._program = install()
        self._processes = processes
        self._keep_results = keep_results
        self._directory = tempfile.TemporaryDirectory(prefix="bench-thumbor-")
        self.port = free_port()

    def __enter__(self) -> "Thumbor":
        root = Path(self._directory.name)
        settings = {
            "ALLOW_UNSAFE_URL": True,
            "QUALITY": 85,
            "HTTP_LOADER_CURL_ASYNC_HTTP_CLIENT": True,
            "HTTP_LOADER_MAX_CLIENTS": 100,
            "FILE_STORAGE_ROOT_PATH": str(root / "sources"),
        }
        if self._keep_results:
            settings |= {
                "RESULT_STORAGE": "thumbor.result_storages.file_storage",
                "RESULT_STORAGE_FILE_STORAGE_ROOT_PATH": str(root / "results"),
                "RESULT_STORAGE_STORES_UNSAFE": True,
            }
        configuration = root / "thumbor.conf"
        configuration.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        self._process = subprocess.Popen(
            [
                self._program,
                "--ip",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--conf",
                str(configuration),
                "--processes",
                str(self._processes),
                "--log-level",
                "error",
            ],
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
            start_new_session=True,
        )
        wait_for_port(self.port, self._process)
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)
        self._directory.cleanup()
