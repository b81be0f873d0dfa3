"""uvicorn around the application, in this process: from settings to the last answered request.

On SIGTERM or SIGINT those who wait get the statuses as they are, open requests end
within `api.shutdown_seconds`, and `serve` returns; a second signal ends at once.
"""

import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from redis.exceptions import RedisError

from dragon_framework.api.app import make_app
from dragon_framework.api.away import Away
from dragon_framework.api.connections import BoundedHttpProtocol
from dragon_framework.api.service import Service, log
from dragon_framework.api.v1.inputs import sweep_uploads
from dragon_framework.errors import SettingsError
from dragon_framework.hooks import hooks_of
from dragon_framework.registry import registry_of
from dragon_framework.settings import Settings
from dragon_framework.status.store import TaskStore
from dragon_framework.storage import open_storage

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75  # above the 60 of common proxies, so that they close first


def serve(settings: Settings, *, listener: socket.socket | None, on_ready: Callable[[str], None] | None) -> int:
    """Serve until a signal ends it; see `dragon_framework.api.run_api`."""
    if not settings.redis:
        raise SettingsError("redis", "the URL of a Redis or Valkey server is needed: --redis URL")
    sock = listener if listener is not None else listen(settings.host, settings.port)
    trusted = _networks(settings.api.trusted_proxies)
    registry = registry_of(settings, away=True)
    hooks = hooks_of(settings)
    storage = open_storage(
        settings.storage or str(settings.data_path / "storage"), {"retention_seconds": settings.retention_seconds}
    )
    storage.check()
    store = TaskStore.connect(settings.redis, settings.retention_seconds, settings.api.queue_tasks)
    service = Service(settings, registry, hooks, store, storage)
    sweep_uploads(service.uploads_directory)
    hooks.call("dragon_startup", settings=settings, role="api")
    config = uvicorn.Config(
        make_app(service),
        loop="uvloop",
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=trusted,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, int(settings.api.shutdown_seconds)),
        backlog=BACKLOG,
    )
    server = _Server(config, service, lambda: on_ready(url_of(sock, settings.host)) if on_ready else None)
    with sock:
        server.run(sockets=[sock])
    return 0 if server.started else 1


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on an address; port 0 takes a free one.

    Raises:
        SettingsError: If it cannot be had: taken, not ours, or no address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
        except BaseException:
            sock.close()
            raise
    except OSError as error:
        raise SettingsError("host", f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    return sock


def _networks(texts: tuple[str, ...]) -> list[str]:
    """Return networks as they are, if they are some; uvicorn would take other words for names that no client has."""
    for text in texts:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise SettingsError(
                "api.trusted_proxies", f"expected an address or a network such as 10.0.0.0/24, got {text!r}"
            ) from error
    return list(texts)


def url_of(sock: socket.socket, host: str) -> str:
    """Return the URL at which a listening socket is reached."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{sock.getsockname()[1]}"


class _Server(uvicorn.Server):
    """uvicorn's server that tells when it is ready, and ends waiting when it is told to stop."""

    def __init__(self, config: uvicorn.Config, service: Service, on_ready: Callable[[], Any]) -> None:
        super().__init__(config)
        self._service = service
        self._on_ready = on_ready
        self._away = Away(service)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await self._away.start()
            log.info("api_started", tasks=len(self._service.registry.tasks))
            self._on_ready()
            try:
                await self._service.store.ping()
            except (RedisError, OSError) as error:  # requests are answered with 503 until it is there
                log.warning("waiting_for_redis", reason=str(error))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.stop()
        self._away.stop()
        await super().shutdown(sockets)
        log.info("api_stopped")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals while serving; unlike uvicorn's own, do not raise them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
