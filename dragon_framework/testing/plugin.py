"""Fixtures: `run_task` runs one task here and now, `client` through a whole service.

`serve_file` serves a file over HTTP, `fault_source` sources that misbehave.

    def test_size(run_task, serve_file, tmp_path):
        Image.new("RGB", (40, 30)).save(tmp_path / "a.png")

        output = run_task("image.info", url=serve_file(tmp_path / "a.png"))

        assert (output.width, output.height) == (40, 30)

Everything heavy is imported when a fixture is first used.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_tasks: dict[tuple[str, ...], Any] = {}
"""Tasks by their names and where modules were looked for: to read what is installed takes longer than many a run."""


class TaskRun:
    """What a run left behind: output values as attributes, files by name.

    Attributes:
        values: The output values, as in a status's `result`.
        files: Path of each output file, by its name.
        progress: All values the task reported, in order.
        partial: All partial results, in order.
        bytes_fetched: Bytes that came over the network.
    """

    def __init__(
        self,
        values: dict[str, Any],
        files: dict[str, Path],
        progress: list[Any],
        partial: list[dict[str, Any]],
        bytes_fetched: int,
    ) -> None:
        self.values = values
        self.files = files
        self.progress = progress
        self.partial = partial
        self.bytes_fetched = bytes_fetched

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.fixture
def run_task(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TaskRun]:
    """Run a task in this process, with real sources: `run_task("image.info", url=...)`.

    The first argument is a `Task` or the name of an installed one. Parameters go
    through the validation that clients meet; errors are raised as they are. Sources
    on this machine, and local paths, are allowed.
    """

    def run(task: Any, /, **parameters: Any) -> TaskRun:
        from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
        from dragon_framework.registry import load_registry
        from dragon_framework.settings import SourcesSettings
        from dragon_framework.sources import Sources
        from dragon_framework.tasks import Task
        from dragon_framework.validation import convert_parameters

        def installed(name: str) -> Task:
            place = (name, *sys.path)
            if place not in _tasks:
                _tasks[place] = load_registry().get(name)
            found: Task = _tasks[place]
            return found

        def other(name: str) -> tuple[Task, Any]:
            found = installed(name)
            return found, plugin_settings(found, {}, os.environ)

        if not isinstance(task, Task):
            task = installed(task)
        directory = tmp_path_factory.mktemp("run")
        sources = Sources(SourcesSettings(), cache_directory=None, allow=("127.0.0.0/8", "::1/128"), local_files=True)
        reporter = SilentReporter()
        settings = plugin_settings(task, {}, os.environ)
        ctx = RunContext(task, directory, sources, reporter=reporter, settings=settings, others=other)
        try:
            values, files = run_in_context(task, convert_parameters(task, parameters), ctx)
        finally:
            sources.close()
        shown = {name: value for result in reporter.partial_results for name, value in result.items()}
        early = {file.name: Path(shown[file.name]) for file in task.files if file.name in shown}
        return TaskRun(
            values,
            early | {file.name: Path(file.path) for file in files},
            reporter.progress_values,
            reporter.partial_results,
            sources.bytes_fetched,
        )

    return run


@pytest.fixture(scope="session")
def file_server() -> Iterator[Any]:
    """A web server of local files on this machine, with range requests; see `FileServer`."""
    from dragon_framework.testing.file_server import FileServer

    with FileServer() as server:
        yield server


@pytest.fixture
def serve_file(file_server: Any) -> Callable[[Path], str]:
    """Return the URL under which a local file is served: `serve_file(path) -> url`."""
    serve: Callable[[Path], str] = file_server.serve
    return serve


@pytest.fixture
def fault_source() -> Iterator[Any]:
    """Sources that misbehave: slow, broken off, refused, endless; see `FaultServer`."""
    from dragon_framework.testing.fault_server import FaultServer

    with FaultServer() as server:
        yield server


@pytest.fixture(scope="session")
def live_service() -> Iterator[Any]:
    """A whole service in processes of its own, for all tests; see `LiveService`."""
    from dragon_framework.testing.live import LiveService

    with LiveService() as service:
        yield service


@pytest.fixture
def client(live_service: Any) -> Any:
    """A client of the whole service: `client.run("image.info", url=...)`; see `ServiceClient`."""
    from dragon_framework.testing.live import ServiceClient

    return ServiceClient(live_service.url, live_service.secret)
