"""`python -m benchmarks.upload_loop TASK FILE PORT`: uploads a file in this process, and prints two figures as JSON.

seconds    the time from the start of the upload to its confirmation; the fetch is left out
memory     bytes by which resident memory grew at its highest, over what an idle task process has
"""

import json
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
from dragon_framework.registry import load_registry
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources
from dragon_framework.validation import convert_parameters

NOBODY = dict.fromkeys(("consumer_key", "consumer_secret", "access_token_secret"), "")
PARAMETERS: dict[str, dict[str, Any]] = {
    "video.upload.youtube": {"title": "A", "access_token": "t" * 20, "privacy_status": "private"},
    "video.upload.vimeo": {"title": "A", "access_token_key": "t" * 20, **NOBODY},
    "video.upload.fb": {"title": "A", "access_token": "t" * 20},
}


class Clock(SilentReporter):
    """Knows when each phase was first told of."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: dict[str, float] = {}

    def progress(self, value: Any) -> None:
        self.begun.setdefault(value["phase"], time.monotonic())


def memory(name: str) -> int:
    """Return VmRSS or VmHWM, in bytes (proc_pid_status(5))."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) * 1024


def main(name: str, path: str, port: str) -> None:
    """Upload once, and print the figures."""
    task = load_registry().get(name)
    for module in task.preload:
        import_module(module)
    url = f"http://127.0.0.1:{port}"
    environ = {
        "DRAGON_UPLOAD_YOUTUBE_URL": url,
        "DRAGON_UPLOAD_VIMEO_URL": f"{url}/vimeo",
        "DRAGON_UPLOAD_FACEBOOK_URL": f"{url}/facebook",
    }
    settings = plugin_settings(task, {}, environ)
    idle = memory("VmRSS")
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="bench-upload-", dir=Path(path).parent) as directory:
        sources = Sources(SourcesSettings(), cache_directory=None, local_files=True)
        ctx = RunContext(task, Path(directory), sources, reporter=clock, settings=settings)
        run_in_context(task, convert_parameters(task, {"url": path, **PARAMETERS[name]}), ctx)
        sources.close()
    seconds = clock.begun["confirm"] - clock.begun["send"]
    print(json.dumps({"seconds": seconds, "memory": memory("VmHWM") - idle}))


if __name__ == "__main__":
    main(*sys.argv[1:])
