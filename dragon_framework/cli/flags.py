"""Flags that are settings: each has the name, the help and the rules of its setting.

`--data-dir D`, `DRAGON_DATA_DIR=D` and `data_dir = "D"` in the configuration file are one
setting; this module only knows how flags are written. Stands on `settings`.
"""

import argparse
from typing import Any, get_args, get_origin

import msgspec

from dragon_framework.settings import Settings, load_settings

STORE = ("data_dir", "redis", "storage")
"""What says where the service keeps its things."""

PLUGINS = ("disable", "plugins", "plugin_dir")
"""What says which plugins are used."""

LOGS = ("log_format", "log_level")

_METAVARS = {
    "host": "H",
    "port": "P",
    "data_dir": "D",
    "redis": "URL",
    "storage": "URL",
    "public_url": "URL",
    "workers": "N",
    "concurrency": "N",
    "allow_source": "CIDR",
    "queues": "A,B",
    "disable": "NAME",
    "plugins": "NAME",
    "plugin_dir": "DIR",
    "retention_seconds": "S",
    "log_format": "F",
    "log_level": "L",
}


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add a flag for each of the settings *names*, and `--config`."""
    group = parser.add_argument_group(
        "settings", "Each is also a variable, such as DRAGON_DATA_DIR, and a line of the configuration file."
    )
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name in names:
        field = fields[name]
        several = get_origin(_plain(field.type)) is tuple
        text = _description(field.type)
        if field.default not in {"", 0, ()} and not several:
            text += f" Default: {field.default}."
        more: dict[str, Any] = {"action": "extend", "type": _split} if several else {}
        if several:
            text += " May be repeated."
        group.add_argument(f"--{name.replace('_', '-')}", metavar=_METAVARS[name], help=text.replace("%", "%%"), **more)
    group.add_argument("--config", metavar="FILE", help="Configuration file (TOML). Default: DRAGON_CONFIG.")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings of this process, the flags among them.

    Raises:
        SettingsError: If one is unusable; it names the flag, the variable or the line.
    """
    names = {field.name for field in msgspec.structs.fields(Settings)}
    flags = {name: value for name, value in vars(arguments).items() if name in names}
    return load_settings(flags, config_file=getattr(arguments, "config", None))


def _split(text: str) -> list[str]:
    return [part for part in text.replace(",", " ").split() if part]


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def _description(annotation: Any) -> str:
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return ""
