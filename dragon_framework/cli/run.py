"""`dragon run`: one task here and now."""

import argparse
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from dragon_framework.cli.deliver import deliver
from dragon_framework.cli.flags import PLUGINS, add_settings, settings_of
from dragon_framework.cli.parameters import HELP, NoSuchFilesError, local_paths, read_words
from dragon_framework.cli.printing import print_error, print_json
from dragon_framework.cli.progress import ProgressBar

if TYPE_CHECKING:  # nothing reads these annotations when it runs
    from dragon_framework.context import WrittenFile

CANCEL_SECONDS = 1.0
"""How long a task may take to notice that it is cancelled before it is broken off."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("task", metavar="TASK", help="Name of the task, such as image.info.")
    parser.add_argument("parameters", metavar="key=value", nargs="*", help=HELP)
    parser.add_argument("-o", "--output", metavar="DIR", default="", help="Where output files go. Default: here.")
    parser.add_argument("--overwrite", action="store_true", help="Replace files that exist.")
    parser.add_argument(
        "--show", action="store_true", help="Of an analysis, also a picture with what was found drawn: show=true."
    )
    parser.add_argument("--json", action="store_true", help="Print one line of JSON, and nothing else.")
    add_settings(parser, "allow_source", *PLUGINS)


def run(arguments: argparse.Namespace) -> int:
    """Run a task here and now, without a server.

    `dragon tasks TASK` tells what parameters a task has. Sources may be URLs or local
    paths, with wildcards. The result is printed as JSON, output files as their paths.
    They are named as the task names them, such as `output.jpg`; where a file of that
    name exists, `output-1.jpg` and so on.

    If the task fails, the error is printed as JSON on stderr and the exit status is 1.
    Ctrl-C cancels the task. The time and memory limits of the service do not hold here.
    """
    from dragon_framework.errors import SettingsError, TaskCancelledError, UnknownTaskError
    from dragon_framework.registry import registry_of
    from dragon_framework.worker.child import failure

    settings = settings_of(arguments)
    values = read_words(arguments.parameters)
    if arguments.show:
        values["show"] = True
    registry = registry_of(settings)
    compact = arguments.json
    try:
        task = registry.get(arguments.task)
    except UnknownTaskError as error:
        why = next((str(one) for one in registry.problems if one.entry_point == arguments.task), str(error))
        return print_error("unknown_task", why, compact=compact)
    interrupt = Interrupt()
    with tempfile.TemporaryDirectory(prefix="dragon-run-", ignore_cleanup_errors=True) as directory:
        try:
            with interrupt:
                result, files = _run(registry, task, values, settings, Path(directory), interrupt=interrupt)
        except SettingsError:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a task raises is told in one form
            failed = failure(TaskCancelledError() if interrupt.number else error, task.name, task)
            if failed.log and not compact:
                print(failed.log, file=sys.stderr)
            print_error(failed.code, failed.details, transient=failed.transient, compact=compact)
            return 128 + interrupt.number if interrupt.number else 1
        try:
            for file in files:
                result[file.name] = str(deliver(Path(file.path), Path(arguments.output), overwrite=arguments.overwrite))
        except OSError as error:
            reason = f"{error.filename or arguments.output}: {error.strerror}"
            return print_error("output_not_written", reason, compact=compact)
    print_json(result, compact=compact)
    return 0


def _run(
    registry: Any, task: Any, values: dict[str, Any], settings: Any, directory: Path, *, interrupt: "Interrupt"
) -> "tuple[dict[str, Any], list[WrittenFile]]":
    """Run *task* and return its whole result without files, and all its files."""
    from dragon_framework.context import RunContext, plugin_settings, run_in_context
    from dragon_framework.sources import Sources
    from dragon_framework.validation import convert_parameters

    values = with_local_paths(task, values)
    parameters = convert_parameters(task, values, strict=False)

    def other(name: str) -> tuple[Any, Any]:
        found = registry.get(name)
        return found, plugin_settings(found, settings.plugins, os.environ)

    reporter = _Reporter(task.name)
    sources = Sources(settings.sources, cache_directory=None, allow=settings.allow_source, local_files=True)
    ctx = RunContext(
        task,
        directory,
        sources,
        reporter=reporter,
        settings=plugin_settings(task, settings.tables, os.environ),
        is_cancelled=lambda: bool(interrupt.number),
        others=other,
    )
    try:
        with _stdout_to_stderr():
            result, files = run_in_context(task, parameters, ctx)
    finally:
        reporter.bar.clear()
        sources.close()
    return result, [*reporter.files, *files]


def with_local_paths(task: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with the local paths that its sources name, wildcards and `~` included, looked up.

    Raises:
        InvalidParametersError: If a path leads nowhere.
    """
    from dragon_framework.errors import InvalidParametersError
    from dragon_framework.shapes import fields_of

    values = dict(values)
    wrong: dict[str, list[str]] = {}
    for field in fields_of(task.parameters):
        shape = field.shape.without_null()
        several = any(item.facts.get("x-source") for item in shape.items)
        if field.name in values and (several or shape.facts.get("x-source")):
            try:
                values[field.name] = local_paths(values[field.name], several=several)
            except NoSuchFilesError as error:
                wrong[field.name] = [str(error)]
    if wrong:
        raise InvalidParametersError(task.name, wrong)
    return values


class _Reporter:
    """Shows progress; keeps the files of partial results for the end, the last of each name."""

    def __init__(self, label: str) -> None:
        self.bar = ProgressBar(label)
        self.files: list[WrittenFile] = []

    def progress(self, value: Any) -> None:
        self.bar.show(value)

    def partial(self, values: dict[str, Any], files: "list[WrittenFile]") -> None:
        again = {file.name for file in files}  # the last of a name is the one that counts
        self.files = [file for file in self.files if file.name not in again] + files


class Interrupt:
    """Makes the first Ctrl-C, or SIGTERM, a wish to cancel; a second, or a second of time, breaks off.

    Attributes:
        number: The signal that came; 0 if none did.
    """

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._wish)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._break_off)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _wish(self, number: int, _frame: FrameType | None) -> None:
        again = self.number
        self.number = number
        if again:
            raise KeyboardInterrupt
        signal.setitimer(signal.ITIMER_REAL, CANCEL_SECONDS)

    def _break_off(self, _number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """What a task, or a library below it, prints must not end up in the result."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
