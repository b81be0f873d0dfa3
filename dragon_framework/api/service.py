"""What the handlers of one API process share; found at `app.state.service`."""

import time
from pathlib import Path
from typing import Any

import structlog

from dragon_framework.accounts import AccountLookup
from dragon_framework.api.failures import Failures
from dragon_framework.hooks import Hooks
from dragon_framework.registry import Registry
from dragon_framework.sealing import Sealer
from dragon_framework.settings import Settings
from dragon_framework.status.past import PastReader
from dragon_framework.status.store import TaskStore
from dragon_framework.storage import Storage

log = structlog.get_logger("dragon.api")


class Service:
    """One API process.

    Args:
        settings: The settings.
        registry: The installed tasks; later also those that workers tell of (`api.away`).
        hooks: The hooks of the installed plugins.
        store: Statuses of tasks.
        storage: Output files and uploaded inputs.
    """

    def __init__(
        self, settings: Settings, registry: Registry, hooks: Hooks, store: TaskStore, storage: Storage
    ) -> None:
        self.settings = settings
        self.registry = registry
        self.hooks = hooks
        self.store = store
        self.storage = storage
        self.sealer = Sealer(settings)
        self.accounts = AccountLookup(store.client)
        self.failures = Failures(store.client, settings.api.failed_credentials)
        self.past = PastReader(store.client)
        self.started = time.time()
        self.stopping = False
        self.requests: dict[tuple[int, str], int] = {}
        """Requests answered, by status and route."""
        self.streams = 0
        self.blocked = 0
        self.pages: dict[str, Any] = {}
        """Pages and documents made once and served often."""

    def stop(self) -> None:
        """End all waiting: those who wait get the statuses as they are, and ask again elsewhere."""
        self.stopping = True
        self.store.stop_waiting()

    @property
    def uploads_directory(self) -> Path:
        """Where inputs lie while they are received."""
        return self.settings.data_path / "uploads"

    @property
    def tells_queued(self) -> bool:
        """Whether a plugin wants to know of queued tasks."""
        return self.hooks.implements("dragon_task_queued")
