"""`dragon api`: one API process of a cluster."""

import argparse

from dragon_framework.cli.flags import LOGS, PLUGINS, STORE, add_settings, settings_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_settings(parser, "host", "port", "public_url", *STORE, *PLUGINS, "retention_seconds", *LOGS)


def api(arguments: argparse.Namespace) -> int:
    """Start the API alone, for a service on several machines.

    It needs a Redis that it shares with the workers, and a storage that all of them
    reach. SIGTERM ends it: open requests may end first.
    """
    from dragon_framework import logs
    from dragon_framework.api import run_api
    from dragon_framework.cli.redis_address import with_redis

    settings = with_redis(settings_of(arguments))
    logs.configure(settings.log_format, settings.log_level)
    return run_api(settings, on_ready=lambda url: print(f"Dragon is listening on {url}", flush=True))
