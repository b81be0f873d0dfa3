"""`dragon serve`: the whole service on this machine."""

import argparse
import os
import sys

from dragon_framework.cli.addresses import is_loopback, listening_socket, url_of
from dragon_framework.cli.flags import LOGS, PLUGINS, STORE, add_settings, settings_of
from dragon_framework.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    network = ("host", "port", "public_url", "allow_source")
    add_settings(
        parser,
        *network,
        *STORE,
        "workers",
        "concurrency",
        "queues",
        *PLUGINS,
        "retention_seconds",
        *LOGS,
    )


def serve(arguments: argparse.Namespace) -> int:
    """Start the whole service: API, workers, and a private Valkey.

    It prints where it listens once it answers. On a loopback address it makes a
    development account at its first start, and prints its secret and its api key.

    SIGTERM, or Ctrl-C, ends it: running tasks may end first, tasks that have not begun
    stay queued for the next start. A second signal ends it at once.
    """
    from dragon_framework.cli.supervisor import Supervisor
    from dragon_framework.sources.guard import parse_networks

    settings = settings_of(arguments)
    parse_networks(settings.allow_source)  # told once and at once, not by each worker
    development = is_loopback(settings.host)
    with listening_socket(settings.host, settings.port) as listener:
        url = url_of(settings.host, listener.getsockname()[1])
        supervisor = Supervisor(settings, listener, development=development)
        return supervisor.run(lambda tasks: _say(_welcome(settings, url, tasks, development=development)))


def _say(text: str) -> None:
    """Print *text*; nobody has to read it for the service to run."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _welcome(settings: Settings, url: str, tasks: int, *, development: bool) -> str:
    """Return what is printed once the service answers. Scripts read it: the secret ends the text."""
    lines = [f"Dragon is listening on {url}"]
    if not tasks:
        lines.append("No task is installed: `pip install` a plugin, and see `dragon plugins`.")
    lines.append(f"reference: {url}/docs")
    if not development:
        where = "--redis URL" if settings.redis else f"--data-dir {settings.data_dir}"
        lines += [
            f"playground: {url}/",
            f"There is no development account on {settings.host}: `dragon accounts add NAME {where}` makes an account.",
        ]
        return "\n".join(lines)
    from dragon_framework.accounts import read_development

    secret, api_key = read_development(settings.data_path)
    lines += [
        f"playground: {url}/#secret={secret}",
        f"dashboard: {url}/admin#secret={secret}",
        f"api key: {api_key}",
        f"secret: {secret}",
    ]
    return "\n".join(lines)
