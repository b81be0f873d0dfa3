"""What a task does when it runs: progress, partial results, outputs, cancelling, what it leaves.

In: a task and parameters that it can work on (`Sample`). Out: a sentence for each breach,
by rule. Each rule looks at runs that `running` watched; the first one is shared by most.
Stands on `running`, `sources_in` and `strategies`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from dragon_framework.errors import TaskError
from dragon_framework.media_types import media_type_of
from dragon_framework.shapes import fields_of
from dragon_framework.tasks import Task
from dragon_framework.testing.running import NEVER, WatchedRun, watched_run
from dragon_framework.testing.samples import sample_files
from dragon_framework.testing.sources_in import has_sources, reads, with_source, with_sources
from dragon_framework.testing.strategies import parameters_strategy
from dragon_framework.testing.trials import simple_parameters

TRIES = 6
"""How many sets of right parameters are run, each with the sample's files as its sources."""


class Sample:
    """Parameters that a task can work on, and what its runs with them did.

    Args:
        task: The task.
        values: Its parameters, as JSON holds them.
        directory: An existing directory for its runs.
    """

    def __init__(self, task: Task, values: Mapping[str, Any], directory: Path) -> None:
        self.task = task
        self.values = {name: _plain(value) for name, value in values.items()}
        self.directory = directory
        self.whole = self.run()

    @cached_property
    def again(self) -> WatchedRun:
        """A second run with the same parameters; what libraries start once, when they are imported, is there by now."""
        return self.run()

    def run(self, values: Mapping[str, Any] | None = None, *, cancel_at: int = NEVER) -> WatchedRun:
        """Run the task once more; with the sample's parameters unless *values* are given."""
        return watched_run(self.task, values or self.values, self.directory, cancel_at=cancel_at)


def found_sample(task: Task, directory: Path) -> Sample | str:
    """Return a sample with one of the core's small files; else why there is none, as a sentence.

    Files of the kinds that the task says it reads are tried, of all kinds if it says none.
    """
    if not has_sources(task):
        example = simple_parameters(task)
        if example is None:
            return "no parameters were found that the task accepts"
        sample = Sample(task, example, directory)
        if isinstance(sample.whole.error, TaskError):
            return _no_sample(f"simple parameters ended in an error: {sample.whole.error!s:.200}")
        return sample
    example = simple_parameters(task, lambda values: with_source(task, values, "x:") != values)
    if example is None:
        return "no parameters with a source were found that the task accepts"
    refusals: list[str] = []
    for name, data in sample_files().items():
        if not reads(task, media_type_of(name)):
            continue
        path = directory / name
        path.write_bytes(data)
        sample = Sample(task, with_source(task, example, str(path)), directory)
        if not isinstance(sample.whole.error, TaskError):
            return sample  # read, or broken
        refusals.append(f"{name}: {sample.whole.error!s:.120}")
    return _no_sample(f"none of the core's small files was read ({'; '.join(refusals) or 'none is of its kinds'})")


def _no_sample(why: str) -> str:
    return f"{why}; name parameters it succeeds with"


def told_error(error: BaseException | None, directory: Path) -> Iterator[str]:
    """Yield what is wrong with an error as the end of a run."""
    if error is None:
        return
    if not isinstance(error, TaskError):
        kind = type(error)
        yield f"raised {kind.__module__}.{kind.__name__}, which is no TaskError: {error!s:.200}"
        return
    told = f"{error} {error.details()}"
    if str(directory) in told or "Traceback" in told:
        yield f"what the client reads names a path of the server: {told[:300]}"


def left_behind(run: WatchedRun) -> Iterator[str]:
    """Yield what a run left that nobody will clean up."""
    if run.left_files:
        yield f"left {', '.join(run.left_files[:5])} outside the directory of its run; use ctx.temporary_directory"
    if run.left_processes:
        yield f"left {run.left_processes} process{'es' if run.left_processes > 1 else ''} running"
    if run.left_threads:
        yield f"left the thread {', '.join(run.left_threads[:3])} running; join it in a `finally`"
    if run.changed:
        yield f"changed {', '.join(run.changed[:5])} of the process, which the next task runs in"


def _runs(sample: Sample) -> Iterator[str]:
    """It succeeds on the sample."""
    error = sample.whole.error
    if isinstance(error, TaskError):
        yield f"the sample ended in an error ({error.code}): {error!s:.300}"
    yield from told_error(error, sample.directory)


def _tidy(sample: Sample) -> Iterator[str]:
    """A run leaves no files, processes or threads, and the process as it was."""
    if any(left_behind(sample.whole)):
        yield from left_behind(sample.again)


def _outputs(sample: Sample) -> Iterator[str]:
    """The files it writes are those it declares, and of the type it says."""
    run = sample.whole
    if run.undeclared_files:
        yield f"wrote {', '.join(run.undeclared_files[:5])}, which ctx.output never named and nobody will store"
    for name, path in run.files.items():
        media_type = run.media_types[name]
        if not path.is_file():
            continue  # the run itself tells
        if not path.stat().st_size:
            yield f"output file {name!r} is empty"
        elif not _is_of(path, media_type):
            yield f"output file {name!r} is called {media_type}, but begins like another kind of file"


def _progress(sample: Sample) -> Iterator[str]:
    """The progress is something JSON can hold; numbers rise, from 0 to 100."""
    highest = 0.0
    for value in sample.whole.progress:
        try:
            msgspec.json.encode(value)
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
            yield f"JSON cannot hold the progress {value!r:.60} ({error!s:.100})"
            return
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if not 0 <= value <= 100:
            yield f"the progress is {value}; it is a percentage, from 0 to 100"
            return
        if value < highest:
            yield f"the progress falls from {highest:g} to {value:g}"
            return
        highest = value


def _partial(sample: Sample) -> Iterator[str]:
    """Partial results are a part of the result."""
    run = sample.whole
    fields = {field.name: field for field in fields_of(sample.task.output)}
    files = {file.name for file in sample.task.files}
    final = run.values or {}
    for values in run.partial:
        for name, value in values.items():
            if name in files:
                continue
            if name not in fields:
                yield f"a partial result has {name!r}, which is no output of the task"
            elif _converts(value, fields[name].type) is not None:
                yield f"a partial result has another type at {name!r} ({_converts(value, fields[name].type)})"
            elif name not in final:
                yield f"a partial result has {name!r}, and the result has not"
            elif not _is_part(value, final[name]):
                yield f"the partial result of {name!r} is {value!r:.80}, which is no part of {final[name]!r:.80}"


def _cancel(sample: Sample) -> Iterator[str]:
    """Cancelled, at its beginning or in its middle, it ends and leaves nothing."""
    for where, moment in (("at its beginning", 0), ("in its middle", sample.whole.looks // 2)):
        if moment >= sample.whole.looks or (where != "at its beginning" and not moment):
            continue
        run = sample.run(cancel_at=moment)
        if run.error is None and run.looks > moment:
            yield f"cancelled {where}, it went on to its end; let TaskCancelledError pass"
        yield from (f"cancelled {where}, it {text}" for text in left_behind(run))


def _cacheable(sample: Sample) -> Iterator[str]:
    """A cacheable task gives equal values for equal parameters."""
    if not sample.task.cacheable:
        return
    for name, value in (sample.whole.values or {}).items():
        other = (sample.again.values or {}).get(name)
        if value != other:
            yield f"it is cacheable, but {name!r} was {value!r:.60} and then {other!r:.60} for the same parameters"


def _tried(sample: Sample) -> Iterator[str]:
    """Any right parameters end in success or in an error that the task declares."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable

    found: dict[str, None] = {}

    @settings(
        max_examples=TRIES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(parameters_strategy(sample.task))
    def try_each(drawn: dict[str, Any]) -> None:
        values = with_sources(sample.task, drawn, sample.values)
        run = sample.run(values)
        for text in (*told_error(run.error, sample.directory), *left_behind(run)):
            found.setdefault(f"with {json.dumps(values)[:160]}: {text}")

    try:
        try_each()
    except Unsatisfiable:
        pass  # the rule `accepted` has said so
    yield from list(found)[:5]


BEHAVIOUR: dict[str, Callable[[Sample], Iterator[str]]] = {
    "runs": _runs,
    "tidy": _tidy,
    "outputs": _outputs,
    "progress": _progress,
    "partial": _partial,
    "cacheable": _cacheable,
    "cancel": _cancel,
    "tried": _tried,
}
"""Every rule about runs by its name. If the first is broken, the others are not looked at."""


def _plain(value: Any) -> Any:
    """Return a parameter as JSON holds it: paths as texts."""
    if isinstance(value, Path):
        return str(value)
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _converts(value: Any, annotation: Any) -> str | None:
    """Return why *value* is not of a type; None if it is."""
    try:
        msgspec.convert(value, annotation)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        return str(error)
    return None


def _is_part(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _is_part(value, whole[name]) for name, value in part.items())
    if isinstance(part, list | tuple) and isinstance(whole, list | tuple):
        left = list(whole)
        for item in part:
            if item not in left:
                return False
            left.remove(item)
        return True
    return bool(part == whole)


_BEGINNINGS: dict[str, tuple[tuple[int, bytes], ...]] = {
    # (where, which bytes) of which one must be there; from the formats' own standards.
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    "image/webp": ((8, b"WEBP"),),
    "image/avif": ((4, b"ftyp"),),
    "audio/wav": ((0, b"RIFF"), (0, b"RF64")),
    "audio/flac": ((0, b"fLaC"),),
    "audio/ogg": ((0, b"OggS"),),
    "audio/mpeg": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"), (0, b"\xff\xfa")),
    "audio/mp4": ((4, b"ftyp"),),
    "video/mp4": ((4, b"ftyp"),),
    "video/webm": ((0, b"\x1a\x45\xdf\xa3"),),
    "application/pdf": ((0, b"%PDF-"),),
    "application/gzip": ((0, b"\x1f\x8b"),),
    "application/zip": ((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
}


def _is_of(path: Path, media_type: str) -> bool:
    with path.open("rb") as file:
        head = file.read(64)
    if media_type == "application/json":
        try:
            json.loads(path.read_bytes())
        except ValueError:
            return False
        return True
    beginnings = _BEGINNINGS.get(media_type)
    return beginnings is None or any(head[at : at + len(mark)] == mark for at, mark in beginnings)
