"""Addresses that the service listens on, and the URLs by which this machine reaches them."""

import ipaddress
import socket

from dragon_framework.errors import SettingsError

BACKLOG = 2048

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # the addresses that stand for all, not bound


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches *host*."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int) -> str:
    """Return the URL by which this machine reaches a service that listens on *host*."""
    host = _EVERYWHERE.get(host.strip("[]"), host.strip("[]"))
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def connection_address(listener: socket.socket) -> tuple[str, int]:
    """Return (host, port) by which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    return _EVERYWHERE.get(host, host), port


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on (host, port); port 0 is a free one.

    Raises:
        SettingsError: If the host is not one of this machine, or the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise SettingsError("host", f"{host!r} is no address of this machine ({error})") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(
            "port", f"cannot listen on {host}:{port}: {reason}; choose another with --port, or 0 for a free one"
        ) from error
    return listener
