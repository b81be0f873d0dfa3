"""The log: one line for each event on stderr, for people (console) or for programs (JSON).

`configure` is called once in each process of the service. In: events of structlog
(`log.info("task_finished", key=...)`) and records of stdlib logging, which libraries
write. Out: a line with the time (ISO 8601, UTC), the level, the event and its facts.

Credentials never get that far: values under a telling name are dropped, and a text loses
the user and password of its URLs and the values of telling query parameters. What a
stranger sent cannot begin a line of its own. Stands on structlog alone.
"""

import contextlib
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import structlog

HIDDEN = "…"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

Event = MutableMapping[str, Any]

_TELLING = r"secret|password|passwd|api_?key|token|authorization|cookie|signature|credential"
_TELLING_NAME = re.compile(_TELLING, re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s@]*(?:@[^/?#\s@]*)*@")
_URL_PARAMETER = re.compile(rf"([?&;][\w.-]*(?:{_TELLING})[\w.-]*=)[^&;#\s\"']+", re.IGNORECASE)
_HEADER = re.compile(r"([Aa]uthorization\W{1,4}(?:secret|api-key|bearer|basic)\s+)[^\s\"',]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "31;1"}
MAX_DEPTH = 8


def configure(log_format: str = "auto", log_level: str = "info", stream: TextIO | None = None) -> None:
    """Send the events of this process to *stream*.

    Args:
        log_format: `console`, `json`, or `auto`: console if the stream is a terminal.
        log_level: The least level that is shown: debug, info, warning or error.
        stream: stderr by default.
    """
    stream = sys.stderr if stream is None else stream
    terminal = stream.isatty()
    if log_format == "auto":
        log_format = "console" if terminal else "json"
    render: Callable[[Event], str] = _as_json if log_format == "json" else _Console(colours=terminal)
    write = _Writer(stream)
    level = LEVELS[log_level]

    def finish(logger: Any, method: str, event: Event) -> str:
        """Be the last processor: the line of an event."""
        return render(_completed(event, logger.name, method))

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda name="dragon", *_: _Logger(name, write),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Bridge)]:
        root.removeHandler(handler)
    root.addHandler(_Bridge(render, write))
    # Libraries tell much at `info` that is no event of the service.
    root.setLevel(max(level, logging.WARNING) if level > logging.DEBUG else logging.DEBUG)


def scrubbed(value: Any, depth: int = 0) -> Any:
    """Return *value* without credentials, in all its lists and objects."""
    if isinstance(value, str):
        if "://" in value:
            value = _URL_CREDENTIALS.sub(f"{HIDDEN}@", value)
        if "=" in value:
            value = _URL_PARAMETER.sub(rf"\1{HIDDEN}", value)
        return _HEADER.sub(rf"\1{HIDDEN}", value) if "uthorization" in value else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MAX_DEPTH:
        return HIDDEN
    if isinstance(value, MutableMapping):
        return {
            str(name): HIDDEN if part and _is_telling(str(name)) else scrubbed(part, depth + 1)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [scrubbed(part, depth + 1) for part in value]
    return scrubbed(str(value), depth + 1)


@lru_cache(maxsize=1024)
def _is_telling(name: str) -> bool:
    return _TELLING_NAME.search(name) is not None


def _completed(event: Event, name: str, method: str) -> Event:
    """Return an event with time and level first, its exception as text, and no credentials."""
    line: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "error" if method == "exception" else method,
        "event": event.pop("event", ""),
        "logger": name,
    }
    error = event.pop("exc_info", None)
    if error:
        if not isinstance(error, tuple | BaseException):
            error = sys.exc_info()
        if isinstance(error, tuple):
            error = error[1]
        if error is not None:
            event["exception"] = "".join(traceback.format_exception(error)).rstrip()
    completed: Event = scrubbed(line | dict(event))
    return completed


def _as_json(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


class _Console:
    """Renders for people: `2026-01-31T12:30:01.250Z info    task_finished key=… seconds=0.2`."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, event: Event) -> str:
        time, level, text = event.pop("time"), event.pop("level"), event.pop("event")
        event.pop("logger", None)
        trace = event.pop("exception", "") or event.pop("trace", "")
        facts = " ".join(f"{_one_line(str(name))}={_fact(value)}" for name, value in event.items())
        shown = f"{level:<8}"
        if self._colours:
            shown = f"\x1b[{_COLOURS.get(level, '0')}m{shown}\x1b[0m"
        line = f"{time} {shown}{_one_line(str(text))}{' ' if facts else ''}{facts}"
        # A traceback is indented, so that it cannot pass for events.
        return line + "".join(f"\n    {_one_line(part)}" for part in str(trace).splitlines())


def _fact(value: Any) -> str:
    if isinstance(value, str):
        plain = value and not _CONTROL.search(value) and not set(value) & {" ", '"', "="}
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class _Writer:
    """Writes whole lines, also from several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        # A log that nobody reads any more must not end the service.
        with contextlib.suppress(OSError, ValueError), self._lock:
            try:
                self._stream.write(f"{line}\n")
            except UnicodeEncodeError:
                self._stream.write(f"{line.encode('ascii', 'backslashreplace').decode()}\n")
            self._stream.flush()


class _Logger:
    """What structlog hands a finished line to; the level was filtered before."""

    def __init__(self, name: str, write: Callable[[str], None]) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = self.exception = write


class _Bridge(logging.Handler):
    """Shows the records of stdlib logging in the same form."""

    def __init__(self, render: Callable[[Event], str], write: Callable[[str], None]) -> None:
        super().__init__()
        self._render = render
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            event: Event = {"event": record.getMessage()}
        except (TypeError, ValueError):  # arguments that do not fit the message
            event = {"event": str(record.msg)}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        self._write(self._render(_completed(event, record.name, record.levelname.lower())))
