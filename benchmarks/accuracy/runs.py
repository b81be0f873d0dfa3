"""Runs a task on a picture in this process, with everything that a task has around it."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
from dragon_framework.registry import load_registry
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources
from dragon_framework.validation import convert_parameters


class Runner:
    """Runs one task: `Runner("image.face")(path, ...) -> values`."""

    def __init__(self, name: str) -> None:
        self._task = load_registry().get(name)
        self._sources = Sources(SourcesSettings(), cache_directory=None, local_files=True)

    def __call__(self, path: Path, **parameters: Any) -> dict[str, Any]:
        """Run it once on a file."""
        checked = convert_parameters(self._task, {"url": str(path), **parameters})
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            ctx = RunContext(
                self._task,
                Path(directory),
                self._sources,
                reporter=SilentReporter(),
                settings=plugin_settings(self._task, {}, os.environ),
            )
            return run_in_context(self._task, checked, ctx)[0]

    def on(self, image: Image.Image, **parameters: Any) -> dict[str, Any]:
        """Run it once on a picture, without loss."""
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            path = Path(directory, "picture.png")
            image.save(path, compress_level=1)
            return self(path, **parameters)

    def cpu_ms(self, path: Path, times: int = 7) -> float:
        """Return the CPU of one run in milliseconds: the least of several, after one to warm up."""
        self(path)
        spent = []
        for _ in range(times):
            begin = time.process_time()
            self(path)
            spent.append(time.process_time() - begin)
        return min(spent) * 1000
