"""A process of `dragon serve`: the API, or a worker.

Started by the supervisor as `python -P -m dragon_framework.cli.child ROLE`. It imports
what is heavy at once, while the supervisor starts Valkey; then it reads a `Handover` from
stdin (four bytes of length, JSON). So no secret is in its command line or environment.
It dies with the supervisor, however that ends.
"""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import msgspec

from dragon_framework.errors import DragonError, SettingsError
from dragon_framework.settings import Settings

PR_SET_PDEATHSIG = 1
CONNECT_SECONDS = 25.0
"""Less than workers wait for Redis, so that one process alone tells that it is away."""

PRELOAD = {"api": "dragon_framework.api.server", "worker": "dragon_framework.worker.service"}


class Handover(msgspec.Struct):
    """What a child must know.

    Args:
        settings: The settings, with the URL of Redis.
        listener: File descriptor of the listening socket; -1 for none.
        development: Whether there shall be a development account.
    """

    settings: Settings
    listener: int = -1
    development: bool = False


def send_handover(pipe: int, handover: Handover) -> None:
    """Write *handover* to a child.

    Raises:
        BrokenPipeError: If the child is gone.
    """
    body = msgspec.json.encode(handover)
    data = len(body).to_bytes(4, "big") + body
    while data:
        data = data[os.write(pipe, data) :]


def main(role: str, supervisor: int) -> int:
    """Be the child *role* of the process *supervisor* until a signal ends it; return the exit status."""
    _die_with(supervisor)
    import_module(PRELOAD[role])
    handover = _receive()
    if handover is None:
        return 0  # the supervisor has given up
    from dragon_framework import logs

    settings = handover.settings
    logs.configure(settings.log_format, settings.log_level)
    try:
        if role == "worker":
            from dragon_framework.worker import run_worker

            return run_worker(settings)
        from dragon_framework.api import run_api

        if handover.development:
            _ensure_development(settings)
        return run_api(settings, listener=socket.socket(fileno=handover.listener))
    except DragonError as error:
        print(f"dragon: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    except KeyboardInterrupt:
        return 130


def _ensure_development(settings: Settings) -> None:
    """Make the development account; the supervisor reads it from the data directory."""
    import redis

    from dragon_framework.accounts import AccountStore
    from dragon_framework.status.connection import connect_sync

    deadline = time.monotonic() + CONNECT_SECONDS
    with contextlib.closing(connect_sync(settings.redis)) as client:
        while True:
            try:
                AccountStore(client).ensure_development(settings.data_path)
            except redis.AuthenticationError as error:
                raise SettingsError("redis", f"the server refuses the credentials: {error}") from error
            except redis.RedisError as error:
                if time.monotonic() > deadline:
                    raise SettingsError("redis", f"the server cannot be reached: {error}") from error
                time.sleep(0.1)
            else:
                return


def _die_with(supervisor: int) -> None:
    """End this process when its supervisor ends, also by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)


def _receive() -> Handover | None:
    data = _exactly(4)
    body = _exactly(int.from_bytes(data, "big"))
    if not body:
        return None
    if sys.platform != "linux":
        threading.Thread(target=_wait_for_end, args=(os.dup(0),), daemon=True).start()
    with Path(os.devnull).open("rb") as nothing:  # what a task reads from stdin must not be ours
        os.dup2(nothing.fileno(), 0)
    return msgspec.json.decode(body, type=Handover)


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        block = os.read(0, size - len(data))
        if not block:
            return b""
        data += block
    return data


def _wait_for_end(pipe: int) -> None:
    """Where the system cannot signal it: the supervisor's end of the pipe closes when it dies."""
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
