"""Which Redis a command talks to: the one it is told, or that of a `dragon serve` on the same data."""

from pathlib import Path

import msgspec

from dragon_framework.embedded import ADDRESS_FILE
from dragon_framework.errors import SettingsError
from dragon_framework.settings import Settings


def with_redis(settings: Settings) -> Settings:
    """Return *settings* with the URL of a Redis.

    Raises:
        SettingsError: If none is named and no embedded one runs on the data directory.
    """
    if settings.redis:
        return settings
    url = running_url(settings.data_path)
    if not url:
        raise SettingsError(
            "redis", f"name a server with --redis URL or DRAGON_REDIS; no `dragon serve` runs on {settings.data_dir}"
        )
    return msgspec.structs.replace(settings, redis=url)


def running_url(data_directory: Path) -> str:
    """Return the URL of the embedded server that runs on *data_directory*; empty if none answers."""
    try:
        url = (data_directory / ADDRESS_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    # A server that was killed leaves the file behind.
    from dragon_framework.embedded import answers

    return url if answers(url.removeprefix("unix://")) else ""
