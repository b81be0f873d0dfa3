"""Tasks that only workers have: their manifests are read from Redis, again when they change.

So one API serves families whose plugins, and what these need, are installed in other
environments. What is installed here counts first: its own code checks parameters.
"""

import asyncio
import time
from typing import Any

from redis.exceptions import RedisError

from dragon_framework.api.service import Service, log
from dragon_framework.discovery import Choice
from dragon_framework.manifests import with_manifests
from dragon_framework.registry import Registry
from dragon_framework.status.manifests import MANIFESTS, REVISION, TOLD, living

LOOK_SECONDS = 1.0
"""How often the number that rises with every change is looked at."""

AGAIN_SECONDS = 600.0
"""How often manifests are read although nothing changed: some may have grown too old."""


class Away:
    """Keeps `service.registry` at what is installed here and what workers tell of.

    Args:
        service: The service, with the installed tasks as its registry.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._installed: Registry = service.registry
        self._revision: bytes | None = b"none"
        self._read = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read once, and go on looking; what cannot be read now is read later."""
        await self._look()
        self._task = asyncio.create_task(self._keep_looking())

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()

    async def _look(self) -> None:
        client: Any = self._service.store.client
        try:
            revision = await client.get(REVISION)
            if revision == self._revision and time.monotonic() < self._read + AGAIN_SECONDS:
                return
            manifests, told = await client.hgetall(MANIFESTS), await client.hgetall(TOLD)
        except (RedisError, OSError):
            return  # requests are answered with 503 meanwhile
        self._revision, self._read = revision, time.monotonic()
        settings = self._service.settings
        before = self._service.registry.tasks.keys()
        choice = Choice.of(settings.disable, settings.plugins)
        registry = with_manifests(self._installed, living(manifests, told, time.time()), choice)
        for problem in registry.problems[len(self._installed.problems) :]:
            log.warning("manifest_refused", reason=str(problem))
        self._service.registry = registry
        self._service.pages.clear()
        if registry.tasks.keys() != before:
            log.info("tasks_changed", tasks=len(registry.tasks), away=len(registry.tasks) - len(self._installed.tasks))
