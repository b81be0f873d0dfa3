"""Sources come from the hosts on a list alone: `DRAGON_ACME_HOSTS_ALLOW=example.com,*.acme.org`."""

import os
from fnmatch import fnmatchcase
from typing import Annotated

from dragon_framework.hooks import hookimpl
from dragon_framework.settings import load_settings, read_section
from msgspec import Meta, Struct


class HostsSettings(Struct, frozen=True, kw_only=True):
    """The settings of this plugin."""

    allow: Annotated[tuple[str, ...], Meta(description="Hosts, with wildcards; empty: all.")] = ()


class Hosts:
    """The hook. Sources are fetched in task processes, which are not told of the service's start."""

    def __init__(self) -> None:
        table = load_settings().tables.get("acme_hosts", {})
        self._allow = read_section(HostsSettings, "acme_hosts", os.environ, table).allow

    @hookimpl
    def dragon_fetch_policy(self, host: str) -> str | None:
        """Refuse a host that is not on the list, redirects included."""
        if not self._allow or any(fnmatchcase(host.lower(), one) for one in self._allow):
            return None
        return f"the host {host} is not on the list of this service"
