"""`dragon worker`: one worker process of a cluster."""

import argparse

from dragon_framework.cli.flags import LOGS, PLUGINS, STORE, add_settings, settings_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add_settings(
        parser,
        "queues",
        "concurrency",
        "allow_source",
        *STORE,
        *PLUGINS,
        "retention_seconds",
        *LOGS,
    )


def worker(arguments: argparse.Namespace) -> int:
    """Start a worker alone, for a service on several machines.

    It runs the tasks of all queues, or of those that are named. SIGTERM ends it: running
    tasks may end first, and what has not ended goes back to the queue.
    """
    from dragon_framework import logs
    from dragon_framework.cli.redis_address import with_redis
    from dragon_framework.worker import run_worker

    settings = with_redis(settings_of(arguments))
    logs.configure(settings.log_format, settings.log_level)
    return run_worker(settings)
