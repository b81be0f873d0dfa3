"""What a task is: the decorator, the two structs, and the door to the world.

A task is a function from a frozen struct (`Parameters`) to a frozen struct (`Output`),
made known by one entry point in the group `dragon.tasks`:

    [project.entry-points."dragon.tasks"]
    "image.info" = "dragon_image.info:image_info"

`@task` carries what the service must know without running the function. This module
stands on `errors` and `parts` and imports nothing heavy, because the API process imports
every task's module for its schema.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, get_type_hints, runtime_checkable

import msgspec

from dragon_framework.errors import InvalidTaskError
from dragon_framework.parts import PartFunction, Spread

TASK_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
"""`family.name`, at least two parts: the first names the family, and its queue by default."""

FILE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parameters of a task. Subclass with `frozen=True, kw_only=True`."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the output values of a task. Subclass with `frozen=True, kw_only=True`.

    Files are not fields: they are declared by `@task(files=...)`, written through
    `TaskContext.output`, and join the values in the status's `result` as URLs.
    """


class OutputFile(msgspec.Struct, frozen=True):
    """A file that a task may write.

    Args:
        name: Name in the result, in URLs, and for `TaskContext.output`.
        description: One sentence for the reference.
        media_types: Media types it can have; empty if any.
        optional: Whether a successful task may leave it out.
    """

    name: str
    description: str = ""
    media_types: tuple[str, ...] = ()
    optional: bool = False


class Inner(NamedTuple):
    """The result of a task that another one ran.

    Args:
        values: Its output values, by name.
        files: Paths of its output files, by name; gone after the run.
    """

    values: dict[str, Any]
    files: dict[str, Path]


class Limits(msgspec.Struct, frozen=True):
    """What one run of a task may use; past it the run ends with `TaskLimitError`.

    Args:
        seconds: Wall-clock time, fetching included.
        memory_bytes: Resident memory of the task process and all it started.
        output_bytes: All output files together.
    """

    seconds: float = 300.0
    memory_bytes: int = 2 * 2**30
    output_bytes: int = 4 * 2**30


class Origin(msgspec.Struct, frozen=True):
    """Where a fetched file came from.

    Args:
        url: URL that answered, after redirects; a relative URL in the file is relative to it.
        content_type: `Content-Type` as the server said it, with its parameters; empty if nothing was said.
    """

    url: str
    content_type: str = ""


@runtime_checkable
class SourceFile(Protocol):
    """A seekable binary file; a remote one is read by range requests.

    `name` is a readable name for messages, not a path.
    """

    name: str

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...
    def close(self) -> None: ...
    def readable(self) -> bool: ...
    def seekable(self) -> bool: ...
    def __enter__(self) -> "SourceFile": ...
    def __exit__(self, *exception: object) -> None: ...


class TaskState(Protocol):
    """A few values of one task that outlive the worker that runs it.

    They lie sealed in Redis beside the task, for the next delivery of the same task, and are
    gone when it ends. For what must be known after a crash: the handle of an upload, a
    place in it.
    """

    def load(self) -> dict[str, Any]:
        """Return what was saved last, in this run or the one before it; empty if nothing was."""
        ...

    def save(self, values: Mapping[str, Any]) -> None:
        """Replace what is kept by *values*; on return it is in Redis.

        Ends the run, as a cancellation does, if the task is over or has gone to another worker.

        Args:
            values: What JSON can hold, at most `STATE_BYTES` of it.

        Raises:
            ValueError: If it is more.
        """
        ...


STATE_BYTES = 65_536
"""Most bytes of a task's state, as JSON."""


class TaskContext(Protocol):
    """A task's only door to the world. All that it hands out is cleaned up afterwards."""

    task_name: str
    settings: Any
    """The plugin's settings: an instance of the struct given to `@task(settings=...)`."""

    @property
    def temporary_directory(self) -> Path:
        """An empty directory of this run."""
        ...

    @property
    def state(self) -> TaskState:
        """What this task keeps over the death of a worker; for tasks with `@task(keeps_state=True)`."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether the client has cancelled the task."""
        ...

    def fetch(self, url: str, *, max_bytes: int | None = None) -> Path:
        """Return a local copy of the file at *url*, whole; read-only, gone after the run.

        Args:
            url: What to fetch.
            max_bytes: Most bytes that are accepted, where that is less than the service's limit.

        Raises:
            SourceError: If it is refused, unavailable or too large.
        """
        ...

    def origin(self, path: Path) -> Origin:
        """Return where a file that `fetch` returned came from."""
        ...

    def fetch_all(self, urls: Sequence[str]) -> Iterator[Path]:
        """Yield what `fetch` returns for each of *urls*, in their order; they are fetched side by side.

        Only some are fetched ahead, so work on the first may begin while others come. One
        that is named twice is fetched once. The rest is given up when the iterator is
        closed, at the latest at the end of the run.

        Raises:
            SourceError: When the turn of a file comes that is refused, unavailable or too large.
        """
        ...

    def open(self, url: str) -> IO[bytes]:
        """Return the file at *url* as a seekable binary file that loads what is read.

        Reading a header does not download the file. Falls back to a download where
        the server knows no range requests.

        Raises:
            SourceError: If it is refused, unavailable or too large; reads may raise it too.
        """
        ...

    def output(self, name: str, suffix: str, media_type: str | None = None) -> Path:
        """Return the path at which to write the output file *name*.

        Args:
            name: Name declared by `@task(files=...)`.
            suffix: Ending of the file's name with its dot, such as `.jpg`.
            media_type: Its media type; guessed from the suffix if left out.
        """
        ...

    def run(self, task_name: str, **parameters: Any) -> "Inner":
        """Run another installed task inside this one, and return its result.

        It runs here, within this run's limits, and is cancelled with it; its progress is not shown. No plugin should
        need another: say what to install if there is none.

        Args:
            task_name: Such as `audio.tts`.
            **parameters: Its parameters.

        Raises:
            UnknownTaskError: If no such task is installed here.
            InvalidParametersError: If the parameters are wrong.
            TaskError: What that task raises.
        """
        ...

    def spread(self, values: Sequence[Any], files: Mapping[str, Path] | None = None) -> Spread:
        """Hand out parts of this task's work, to this run itself and to idle workers; for tasks with `@task(part=...)`.

        Only workers help that have the same versions of the plugin and of what it depends on, on machines of the same
        kind. Where there is none, and in `dragon run`, all parts are done here. One at a time may be open.

        Args:
            values: One for each part, in the order to do them in; given to the part's function. At most
                `parts.MOST_PARTS`, each at most `parts.PART_BYTES` as JSON.
            files: What all parts read, by name. They travel, unsealed, through the output storage, and are deleted
                there at the end; values lie in Redis, sealed if the run has credentials.

        Raises:
            ValueError: If the task has no function for parts, or a value is too large.
        """
        ...

    def progress(self, value: Any) -> None:
        """Show *value* (anything JSON can hold, usually percent) as the task's progress."""
        ...

    def partial(self, **values: Any) -> None:
        """Show part of the result before the task is done; an output file by its `Path`."""
        ...

    def conceal(self, value: str) -> None:
        """Treat *value* as a credential: errors, progress, notes and logs of this run show `…` in its place.

        The values of parameters that are `fields.Secret` are known already; this is for what
        the task gets for them, such as a session or another token.
        """
        ...

    def check(self) -> None:
        """Raise `TaskCancelledError` if the client has cancelled the task."""
        ...


TaskFunction = Callable[[Any, TaskContext], Output]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task as `@task` makes it: callable like the function it wraps."""

    name: str
    summary: str
    description: str
    parameters: type[Parameters]
    output: type[Output]
    files: tuple[OutputFile, ...]
    queue: str
    limits: Limits
    cacheable: bool
    settings: type[msgspec.Struct] | None
    retry_on: tuple[type[Exception], ...]
    preload: tuple[str, ...]
    function: TaskFunction
    section: str
    keeps_state: bool
    part: PartFunction | None = None

    @property
    def family(self) -> str:
        """The part of the name before the first dot."""
        return self.name.partition(".")[0]

    def __call__(self, parameters: Parameters, ctx: TaskContext) -> Output:
        """Run the task's function here and now."""
        return self.function(parameters, ctx)


def task(  # noqa: PLR0913  # a declaration: all by name
    name: str,
    *,
    files: tuple[OutputFile, ...] | list[OutputFile] = (),
    queue: str | None = None,
    seconds: float = 300.0,
    memory_bytes: int = 2 * 2**30,
    output_bytes: int = 4 * 2**30,
    cacheable: bool = False,
    settings: type[msgspec.Struct] | None = None,
    retry_on: tuple[type[Exception], ...] = (),
    preload: tuple[str, ...] = (),
    section: str | None = None,
    keeps_state: bool = False,
    part: PartFunction | None = None,
) -> Callable[[Callable[[Any, TaskContext], Any]], Task]:
    """Make a task of a function `(parameters, ctx) -> output`.

    The function's annotations give the two structs; its docstring gives the summary
    (first line) and the description (the rest), both Markdown.

    Args:
        name: `family.name`, as in the entry point.
        files: Files the task writes.
        queue: Queue it waits in; the family by default.
        seconds: Wall-clock limit of one run.
        memory_bytes: Limit of resident memory of one run.
        output_bytes: Limit of all output files of one run.
        cacheable: Whether equal definitions may share a result: the same parameters
            give the same output, apart from changes of the sources.
        settings: Struct of the plugin's settings, every field with a default; read
            from the table `[section]` of the configuration and `DRAGON_SECTION_FIELD`.
        retry_on: Errors after which the same task may succeed later, beside those that
            say so themselves (`TaskError.transient`). The service runs it again by
            itself, a few times, with growing waits (settings `worker.retries`,
            `worker.retry_seconds`); a task that must not be run twice lists none.
        preload: Modules that the function imports, loaded ahead in task processes;
            they must start no threads, for the processes are forked afterwards.
        section: Where its settings are read from; the family by default.
        keeps_state: Whether it uses `TaskContext.state`.
        part: Does a part of its work, here or in another worker: a function `(value, ctx) -> value` of the task's
            module, whose first argument is annotated with what JSON can hold, or a struct (see `TaskContext.spread`).

    Raises:
        InvalidTaskError: If the declaration breaks the contract.
    """

    def decorate(function: Callable[[Any, TaskContext], Any]) -> Task:
        parameters, output = _structs(name, function)
        summary, _, description = inspect.cleandoc(function.__doc__ or "").partition("\n")
        if not summary:
            raise InvalidTaskError(name, "its function needs a docstring: the first line is the task's summary")
        _check_files(name, tuple(files), output)
        if settings is not None:
            for field in msgspec.structs.fields(settings):
                if field.required:
                    raise InvalidTaskError(name, f"setting {field.name!r} needs a default")
        return Task(
            name=name,
            summary=summary.strip(),
            description=description.strip(),
            parameters=parameters,
            output=output,
            files=tuple(files),
            queue=queue or name.partition(".")[0],
            limits=Limits(seconds, memory_bytes, output_bytes),
            cacheable=cacheable,
            settings=settings,
            retry_on=tuple(retry_on),
            preload=tuple(preload),
            function=function,
            section=section or name.partition(".")[0],
            keeps_state=keeps_state,
            part=part,
        )

    if not TASK_NAME.fullmatch(name):
        raise InvalidTaskError(name, "a task's name is `family.name`, in lower case letters, digits and underscores")
    return decorate


def _structs(name: str, function: Callable[..., Any]) -> tuple[type[Parameters], type[Output]]:
    hints: Mapping[str, Any] = get_type_hints(function)
    arguments = list(inspect.signature(function).parameters)
    if len(arguments) != 2:
        raise InvalidTaskError(name, f"its function takes (parameters, ctx), not ({', '.join(arguments)})")
    parameters, output = hints.get(arguments[0]), hints.get("return")
    if not (isinstance(parameters, type) and issubclass(parameters, Parameters)):
        raise InvalidTaskError(name, f"argument {arguments[0]!r} must be annotated with a subclass of Parameters")
    if not (isinstance(output, type) and issubclass(output, Output)):
        raise InvalidTaskError(name, "the return value must be annotated with a subclass of Output")
    for struct in (parameters, output):
        if not struct.__struct_config__.frozen:
            raise InvalidTaskError(name, f"{struct.__name__} must be declared with frozen=True")
    return parameters, output


def _check_files(name: str, files: tuple[OutputFile, ...], output: type[Output]) -> None:
    values = {field.encode_name for field in msgspec.structs.fields(output)}
    seen: set[str] = set()
    for file in files:
        if not FILE_NAME.fullmatch(file.name):
            raise InvalidTaskError(name, f"{file.name!r} is not a name for an output file")
        if file.name in values or file.name in seen:
            raise InvalidTaskError(name, f"output {file.name!r} is declared twice")
        seen.add(file.name)
