"""The HTTP service: authenticates, validates, writes tasks, and tells how they are doing.

It never touches media and never waits for a task except by listening. What belongs to
one version of the API alone lives in `v1`; the rest serves any version.
"""

import socket
from collections.abc import Callable

from dragon_framework.settings import Settings


def run_api(
    settings: Settings, *, listener: socket.socket | None = None, on_ready: Callable[[str], None] | None = None
) -> int:
    """Serve the API in this process until SIGTERM or SIGINT; return the exit status.

    Args:
        settings: The service's settings; `redis` must be set.
        listener: A listening socket to serve on; by default one is bound to `host` and `port`.
        on_ready: Called once with the URL of the service, when it answers.

    Raises:
        SettingsError: If Redis or the storage cannot be used, or the address is taken.
    """
    from dragon_framework.api.server import serve

    return serve(settings, listener=listener, on_ready=on_ready)
