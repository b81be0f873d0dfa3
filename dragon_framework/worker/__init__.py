"""The worker: takes tasks from the queue, runs them in task processes, stores outputs."""

from dragon_framework.settings import Settings


def run_worker(settings: Settings) -> int:
    """Run a worker until a signal ends it; return the exit status.

    Raises:
        SettingsError: If Redis, the storage, a queue or an allowed network cannot be used.
    """
    from dragon_framework.worker.service import run_worker as run

    return run(settings)
