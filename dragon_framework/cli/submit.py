"""`dragon submit`: one task through a service."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from dragon_framework.cli.addresses import is_loopback, url_of
from dragon_framework.cli.flags import add_settings, settings_of
from dragon_framework.cli.parameters import HELP, NoSuchFilesError, is_local, local_paths, read_words
from dragon_framework.cli.printing import print_error, print_json
from dragon_framework.cli.progress import ProgressBar
from dragon_framework.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("task", metavar="TASK", help="Name of the task, such as image.info.")
    parser.add_argument("parameters", metavar="key=value", nargs="*", help=HELP)
    parser.add_argument(
        "--server", metavar="URL", help="The service. Default: DRAGON_SERVER, or the one of HOST and PORT."
    )
    parser.add_argument("--secret", metavar="S", help="Better: DRAGON_SECRET, which others cannot see in `ps`.")
    parser.add_argument("--json", action="store_true", help="Print one line of JSON, and nothing else.")
    add_settings(parser, "host", "port", "data_dir")


def submit(arguments: argparse.Namespace) -> int:
    """Run a task through a service, and show its progress.

    Local files among the sources are uploaded first. The result is printed as JSON,
    output files as their URLs. If the task fails, its error is printed as JSON on stderr
    and the exit status is 1. Ctrl-C cancels the task.

    Without a secret, the one of the development account is taken from the data directory
    if the service is on this machine.
    """
    from dragon_framework.cli.client import Client
    from dragon_framework.cli.coercion import coerced, source_kind

    settings = settings_of(arguments)
    values = read_words(arguments.parameters)
    server = arguments.server or os.environ.get("DRAGON_SERVER") or url_of(settings.host, settings.port)
    client = Client(server, arguments.secret or os.environ.get("DRAGON_SECRET") or _development(server, settings))
    compact = arguments.json
    document = client.task_document(arguments.task)
    if document is None:
        return print_error("unknown_task", f"{server} has no task {arguments.task!r}", compact=compact)
    definitions = document["parameters"].get("$defs", {})
    for name, schema in document["parameters"].get("properties", {}).items():
        if name not in values:
            continue
        kind = source_kind(schema, definitions)
        try:
            value = local_paths(values[name], several=kind == "several") if kind else values[name]
        except NoSuchFilesError as error:
            return print_error("invalid_parameters", {"parameters": {name: [str(error)]}}, compact=compact)
        values[name] = coerced(_uploaded(client, value) if kind else value, schema, definitions)

    status: dict[str, Any] = {}
    bar = ProgressBar(arguments.task)
    try:
        for status in client.create({"task_name": arguments.task, **values}):
            if status.get("progress") is not None:
                bar.show(status["progress"])
    except KeyboardInterrupt:
        bar.clear()
        if key := status.get("key"):
            ended = _cancelled(client, key)
            print(f"dragon: the task {key} {'was cancelled' if ended else 'goes on'}", file=sys.stderr)
        else:
            print("dragon: stopped before the server had told the task's key; the task may run", file=sys.stderr)
        return 130
    finally:
        bar.clear()
    if status.get("status") == "success":
        print_json(status.get("result"), compact=compact)
        return 0
    facts = status.get("error", {})
    code, transient = facts.get("code", "task_error"), bool(facts.get("transient"))
    return print_error(code, status.get("result"), transient=transient, compact=compact)


def _cancelled(client: Any, key: str) -> bool:
    """Cancel a task nobody waits for any more; return whether that was done."""
    from dragon_framework.cli.client import ServiceError

    try:
        return bool(client.cancel(key))
    except ServiceError:
        return False


def _uploaded(client: Any, value: Any) -> Any:
    """Return *value*, a source or a list of them, with the URLs of uploaded files for local paths."""
    if isinstance(value, list):
        return [_uploaded(client, item) for item in value]
    path = Path(value).expanduser() if is_local(value) else None
    # What is no file, such as a list as JSON, is for the service to judge.
    return client.upload(path) if path is not None and path.is_file() else value


def _development(server: str, settings: Settings) -> str:
    """Return the secret of the development account, if *server* is on this machine and there is one."""
    from urllib.parse import urlsplit

    from dragon_framework.accounts import read_development

    try:
        host = urlsplit(server if "://" in server else f"http://{server}").hostname or ""
        return read_development(settings.data_path)[0] if is_loopback(host) else ""
    except (OSError, ValueError, KeyError):
        return ""
