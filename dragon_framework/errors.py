"""Everything Dragon raises, as one tree.

    DragonError
    ├── SettingsError                   a setting cannot be used
    ├── PluginError                     an installed plugin cannot be used
    │   ├── ContractMismatchError       it supports another version of the plugin contract
    │   ├── DuplicateTaskError          two distributions provide one task
    │   └── InvalidTaskError            a task breaks the plugin contract
    ├── UnknownTaskError                no installed plugin provides the task
    ├── FieldError                      parameters that are wrong together (for `__post_init__`)
    ├── FieldErrors                     the same, of several fields at once
    ├── StorageError                    the output storage failed
    │   └── FileMissingError            nothing is stored under that key and name
    └── TaskError                       a task ran and has no result; shown to the client
        ├── InvalidParametersError      the parameters break the task's schema
        ├── InvalidResultError          the task returned something else than it declared
        ├── InternalTaskError           the task raised an error it did not declare
        ├── TaskCancelledError          the client cancelled the task
        ├── TaskLimitError              more time, memory or output than the task may use
        ├── TaskCrashedError            the process that ran the task died
        ├── WorkerLostError             the workers that ran the task died, too often
        └── SourceError                 a URL the client named gives no usable file
            ├── SourceRefusedError      the service may not fetch it
            ├── SourceUnavailableError  it could not be downloaded
            ├── SourceTooLargeError     it has more bytes than the service accepts
            └── UnreadableSourceError   fetched, but not the kind of file the task reads

The class writes the sentence, callers hand it facts. Every `TaskError` has a stable
`code` for programs, and says whether the same task may succeed later (`transient`).
Sentences are read by clients: they name URLs without credentials, never server paths.
"""

from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit


class DragonError(Exception):
    """Root of every error raised by Dragon."""


class SettingsError(DragonError):
    """A setting cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


class PluginError(DragonError):
    """An installed plugin, or one task of it, cannot be used.

    Args:
        entry_point: Name of the entry point, which is the task's name.
        distribution: Name of the distribution that declares it.
        version: Version of that distribution.
        reason: What is wrong, as one sentence.
    """

    def __init__(self, entry_point: str, distribution: str, version: str, reason: str) -> None:
        super().__init__(entry_point, distribution, version, reason)
        self.entry_point = entry_point
        self.distribution = distribution
        self.version = version
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.entry_point!r} of {self.distribution} {self.version} is not available: {self.reason}"


class ContractMismatchError(PluginError):
    """The plugin supports another version of the contract than the core keeps: nothing of it is imported."""


class DuplicateTaskError(PluginError):
    """Two distributions provide one task: neither is used."""


class InvalidTaskError(DragonError):
    """A task breaks the plugin contract (raised while its module is imported)."""

    def __init__(self, task_name: str, problem: str) -> None:
        super().__init__(task_name, problem)
        self.task_name = task_name
        self.problem = problem

    def __str__(self) -> str:
        return f"task {self.task_name!r}: {self.problem}"


class FieldError(DragonError, ValueError):
    """A parameter is wrong in a way that its type alone cannot tell.

    Raise it in `__post_init__` of the parameters; clients see it at that field, like
    any other wrong parameter:

        def __post_init__(self) -> None:
            if self.width is None and self.height is None:
                raise FieldError("width", "give width, height or both")

    Args:
        field: Name of the field the client should change.
        problem: What is wrong, without the field's name.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class FieldErrors(DragonError, ValueError):
    """Several parameters are wrong; as `FieldError`, all told at once.

    Args:
        errors: For each field what is wrong, without its name.
    """

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "; ".join(f"{field}: {', '.join(problems)}" for field, problems in self.errors.items())


SHOWN_TASKS = 15
"""So many are named when a task is not found."""


class UnknownTaskError(DragonError):
    """No installed plugin provides the task."""

    def __init__(self, task_name: str, installed: tuple[str, ...] = ()) -> None:
        super().__init__(task_name, installed)
        self.task_name = task_name
        self.installed = installed

    def __str__(self) -> str:
        from difflib import get_close_matches

        near = get_close_matches(self.task_name, self.installed, n=3)
        if near:
            return f"{self.task_name!r} is not a task; did you mean {' or '.join(map(repr, near))}?"
        if not self.installed:
            return f"{self.task_name!r} is not a task: no task plugin is installed"
        shown, more = self.installed[:SHOWN_TASKS], len(self.installed) - SHOWN_TASKS
        rest = f" and {more} more, see /v1/tasks" if more > 0 else ""
        return f"{self.task_name!r} is not a task; installed are: {', '.join(shown)}{rest}"


class StorageError(DragonError):
    """The output storage failed."""

    def __init__(self, location: str, problem: str) -> None:
        super().__init__(location, problem)
        self.location = location
        self.problem = problem

    def __str__(self) -> str:
        return f"storage {self.location}: {self.problem}"


class FileMissingError(StorageError):
    """Nothing is stored under that key and name: never written, or expired."""

    def __init__(self, location: str, key: str, filename: str) -> None:
        DragonError.__init__(self, location, key, filename)
        self.location = location
        self.problem = "no such file"
        self.key = key
        self.filename = filename

    def __str__(self) -> str:
        return f"{self.key}/{self.filename} is not stored here; outputs expire after a while"


class TaskError(DragonError):
    """A task ran and has no result; its text is shown to the client.

    Subclass it in a plugin for what can go wrong there: set `code` (stable, for
    programs), and `transient` if the same task may succeed later: then the service runs
    it again by itself, a few times (settings `worker.retries`, `worker.retry_seconds`).
    """

    code: ClassVar[str] = "task_error"
    transient: ClassVar[bool] = False

    def details(self) -> str | dict[str, Any]:
        """Return what the status carries as `result`: a sentence, or an object."""
        return str(self)


class _FieldErrors(TaskError):
    """Messages for each wrong field."""

    location: ClassVar[str]

    def __init__(self, task_name: str, errors: dict[str, list[str]]) -> None:
        super().__init__(task_name, errors)
        self.task_name = task_name
        self.errors = errors

    def __str__(self) -> str:
        fields = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in self.errors.items())
        return f"invalid {self.location} for {self.task_name}: {fields}"

    def details(self) -> dict[str, Any]:
        """Return `{"parameters": {field: [messages]}}`, the form of the v1 reference."""
        return {self.location: self.errors}


class InvalidParametersError(_FieldErrors):
    """The parameters break the task's schema. Names every wrong field."""

    code = "invalid_parameters"
    location = "parameters"


class InvalidResultError(_FieldErrors):
    """The task returned something else than it declared: a defect of the plugin."""

    code = "invalid_result"
    location = "result"


class InternalTaskError(TaskError):
    """The task raised an error that it does not declare: a defect, told without its inside."""

    code = "internal_error"

    def __init__(self, task_name: str, error_type: str) -> None:
        super().__init__(task_name, error_type)
        self.task_name = task_name
        self.error_type = error_type

    def __str__(self) -> str:
        return f"{self.task_name} failed inside ({self.error_type}); the service's log has the details"


class SecretsUnreadableError(TaskError):
    """The credentials among the parameters could not be opened: API and worker have different secret keys."""

    code = "secrets_unreadable"

    def __str__(self) -> str:
        return "the task's credentials cannot be opened; the API and all workers need the same secret_key"


class TaskCancelledError(TaskError):
    """The client cancelled the task."""

    code = "cancelled"

    def __str__(self) -> str:
        return "the task was cancelled"


class TaskLimitError(TaskError):
    """A task used more time, memory or output than it may."""

    code = "limit_exceeded"

    def __init__(self, task_name: str, limit: str, allowed: str) -> None:
        super().__init__(task_name, limit, allowed)
        self.task_name = task_name
        self.limit = limit
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.task_name} went over its limit of {self.allowed} ({self.limit})"


class TaskCrashedError(TaskError):
    """The process that ran the task died."""

    code = "task_crashed"

    def __init__(self, task_name: str, cause: str) -> None:
        super().__init__(task_name, cause)
        self.task_name = task_name
        self.cause = cause

    def __str__(self) -> str:
        return f"the process that ran {self.task_name} died ({self.cause})"


class WorkerLostError(TaskError):
    """The workers that ran the task died, once too often."""

    code = "worker_lost"
    transient = True

    def __init__(self, deliveries: int) -> None:
        super().__init__(deliveries)
        self.deliveries = deliveries

    def __str__(self) -> str:
        return f"the worker died {self.deliveries} times while it ran this task; it is not tried again"


class NoRoomError(TaskError):
    """The disk of the worker is full."""

    code = "no_room"
    transient = True

    def __str__(self) -> str:
        return "there is no room for the file on the worker's disk; try again later"


class SourceError(TaskError):
    """A URL that the client named gives no usable file."""

    code = "source_error"

    def __init__(self, url: str, *facts: Any) -> None:
        super().__init__(url, *facts)
        self.url = url

    @property
    def shown_url(self) -> str:
        """The URL without user, password, query and fragment, at most 200 characters."""
        return public_url(self.url)


class SourceRefusedError(SourceError):
    """The service may not fetch the URL: wrong scheme, or an address it must not reach."""

    code = "source_refused"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.shown_url} is refused: {self.reason}"


class SourceUnavailableError(SourceError):
    """The file could not be downloaded.

    Args:
        url: The source.
        reason: What went wrong.
        http_status: The server's answer, if it gave one.
        permanent: Whether trying again later is of no use, whatever the status.
    """

    code = "source_unavailable"

    def __init__(self, url: str, reason: str, http_status: int | None = None, *, permanent: bool = False) -> None:
        super().__init__(url, reason, http_status)
        self.reason = reason
        self.http_status = http_status
        final = http_status is not None and 400 <= http_status < 500 and http_status not in {408, 425, 429}
        self.transient = not (final or permanent)  # type: ignore[misc]  # narrows the class's answer

    def __str__(self) -> str:
        return f"{self.shown_url} could not be downloaded: {self.reason}"


class SourceTooLargeError(SourceError):
    """The file has more bytes than the service accepts."""

    code = "source_too_large"

    def __init__(self, url: str, max_bytes: int) -> None:
        super().__init__(url, max_bytes)
        self.max_bytes = max_bytes

    def __str__(self) -> str:
        return f"{self.shown_url} is larger than the {self.max_bytes} bytes that are accepted"


class UnreadableSourceError(SourceError):
    """The source was fetched but is not the kind of file the task reads.

    Args:
        url: The source.
        expected: What it should have been, with its article: `an image`.
        problem: What was found instead, if that is known.
    """

    code = "unreadable_source"

    def __init__(self, url: str, expected: str, problem: str = "") -> None:
        super().__init__(url, expected, problem)
        self.expected = expected
        self.problem = problem

    def __str__(self) -> str:
        reason = f": {self.problem}" if self.problem else ""
        return f"{self.shown_url} is not {self.expected}{reason}"


def public_url(url: str) -> str:
    """Return *url* as it may be shown: no credentials, no query, at most 200 characters."""
    if url.startswith("data:"):
        return f"{url[:40]}…" if len(url) > 40 else url
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        path = parts.path
        if parts.scheme and not parts.netloc:  # mistyped, such as `http:/user:password@host/`
            path = path[: len(path) - len(path.lstrip("/"))] + path.lstrip("/").rpartition("@")[2]
        shown = urlunsplit((parts.scheme, host, path, "", ""))
    except ValueError:
        shown = url.partition("?")[0].rpartition("@")[2]
    return f"{shown[:199]}…" if len(shown) > 200 else shown
