"""The log: one line for each event, without credentials."""

import io
import json
import logging
import subprocess
import sys

import pytest
import structlog

from dragon_framework import logs


@pytest.fixture
def configured():
    """Configure the log of this process onto a buffer; undone after the test."""
    root = logging.getLogger()
    level = root.level

    def configure(log_format="json", log_level="info"):
        stream = io.StringIO()
        logs.configure(log_format, log_level, stream)
        return stream

    yield configure
    structlog.reset_defaults()
    root.setLevel(level)
    for handler in [handler for handler in root.handlers if type(handler).__module__ == logs.__name__]:
        root.removeHandler(handler)


def test_an_event_is_one_line_of_json_with_time_level_event_and_facts(configured):
    stream = configured()

    structlog.get_logger("dragon.test").info("task_finished", key="K", seconds=0.5)

    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert list(event) == ["time", "level", "event", "logger", "key", "seconds"]
    assert event["time"].endswith("Z")
    assert (event["level"], event["event"], event["logger"]) == ("info", "task_finished", "dragon.test")


def test_events_below_the_level_are_not_shown(configured):
    stream = configured(log_level="warning")
    log = structlog.get_logger()

    log.info("quiet")
    log.warning("loud")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_an_exception_stays_on_the_line_of_its_event(configured):
    stream = configured()

    try:
        raise ValueError("two\nlines")
    except ValueError:
        structlog.get_logger().exception("broke")

    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["level"] == "error"
    assert "ValueError: two\nlines" in json.loads(line)["exception"]


def test_stdlib_logging_comes_in_the_same_form_from_warning_on(configured):
    stream = configured()

    logging.getLogger("a.library").info("chatter")
    logging.getLogger("a.library").warning("%s of %s", 3, 4)

    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["logger"]) == ("3 of 4", "warning", "a.library")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"secret": "S3CRET"}, {"secret": "…"}),
        ({"youtube_access_token": "S3CRET"}, {"youtube_access_token": "…"}),
        ({"url": "https://user:S3CRET@h/a?b=1"}, {"url": "https://…@h/a?b=1"}),
        ({"url": "https://S3CRET@h/"}, {"url": "https://…@h/"}),
        ({"url": "https://user:p@S3CRET@h/"}, {"url": "https://…@h/"}),
        ({"url": "http://h/a?secret=S3CRET&width=3"}, {"url": "http://h/a?secret=…&width=3"}),
        ({"url": "http://h/a?X-Amz-Signature=S3CRET"}, {"url": "http://h/a?X-Amz-Signature=…"}),
        ({"reason": "sent 'Authorization: Secret S3CRET'"}, {"reason": "sent 'Authorization: Secret …'"}),
        ({"parameters": [{"password": "S3CRET", "width": 3}]}, {"parameters": [{"password": "…", "width": 3}]}),
        ({"key": "QJZTXA3LNZKQ6X4RPGQ5EHRSMI"}, {"key": "QJZTXA3LNZKQ6X4RPGQ5EHRSMI"}),
        ({"mail": "someone@example.com", "text": "a = b"}, {"mail": "someone@example.com", "text": "a = b"}),
    ],
)
def test_credentials_are_not_shown(configured, given, shown):
    stream = configured()

    structlog.get_logger().info("event", **given)

    event = json.loads(stream.getvalue())
    assert {name: event[name] for name in given} == shown


def test_a_credential_in_an_exception_is_not_shown(configured):
    stream = configured()

    try:
        raise ConnectionError("redis://:S3CRET@h:6379 is away")
    except ConnectionError:
        structlog.get_logger().exception("broke")

    assert "ConnectionError: redis://" in stream.getvalue()
    assert "S3CRET" not in stream.getvalue()


def test_what_a_stranger_sent_cannot_begin_a_line_on_the_console(configured):
    stream = configured("console")

    structlog.get_logger().info("event\nforged", url="a\n2026-01-01T00:00:00Z info forged", plain="x")

    (line,) = stream.getvalue().splitlines()
    assert "event\\x0aforged" in line
    assert 'url="a\\n2026-01-01T00:00:00Z info forged" plain=x' in line


def test_a_traceback_on_the_console_is_indented(configured):
    stream = configured("console")

    try:
        raise ValueError("x\n2026-01-01T00:00:00Z info forged")
    except ValueError:
        structlog.get_logger().exception("broke")

    first, *rest = stream.getvalue().splitlines()
    assert "broke" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_configuring_twice_does_not_double_the_lines(configured):
    configured()
    stream = configured()

    logging.getLogger("a.library").warning("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_where_stderr_is_no_terminal_auto_means_json():
    program = "from dragon_framework import logs; import structlog; logs.configure(); structlog.get_logger().info('e')"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert json.loads(done.stderr)["event"] == "e"


def test_a_reader_that_is_gone_does_not_end_the_process(configured):
    stream = configured()
    stream.close()

    structlog.get_logger().info("event")
