"""`dragon doctor`: whether everything that the service needs is here and works."""

import argparse
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from dragon_framework.cli.flags import STORE, add_settings, settings_of
from dragon_framework.cli.printing import print_json
from dragon_framework.errors import DragonError
from dragon_framework.settings import Settings

LITTLE_SPACE_BYTES = 2**30


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one look found.

    Args:
        name: What was looked at.
        state: `warning` if the service works without it, `error` if it does not.
        text: What was found.
        help: What would help; empty if all is well.
    """

    name: str
    state: Literal["ok", "warning", "error"]
    text: str
    help: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--json", action="store_true", help="Print a list of objects.")
    add_settings(parser, *STORE, "disable")


def doctor(arguments: argparse.Namespace) -> int:
    """Check that what the service needs is here and works.

    Each finding says what would help. The exit status is 1 if anything is an error; warnings are about what the service
    works without.
    """
    settings = settings_of(arguments)
    found: list[Finding] = []
    for look in (_python, _core, _plugins, _redis, _data_directory, _storage, _pillow, _told_by_plugins):
        try:
            found += look(settings)
        except Exception as error:  # noqa: BLE001  # a look that breaks is a finding, and the others go on
            found.append(Finding(look.__name__.strip("_"), "error", f"cannot be looked at: {error!r}"))
    if arguments.json:
        print_json(found)
    else:
        for one in found:
            print(f"{one.state:<8}{one.name}: {one.text}")
            if one.help:
                print(f"{'':<8}  {one.help}")
    return 1 if any(one.state == "error" for one in found) else 0


def _python(_: Settings) -> Iterator[Finding]:
    text = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.implementation.name != "cpython":
        yield Finding("python", "warning", text, "Dragon is tested on CPython alone.")
    else:
        yield Finding("python", "ok", text)
    if not sys.platform.startswith("linux"):
        yield Finding("system", "warning", sys.platform, "Memory limits of tasks are held on Linux alone.")


def _core(_: Settings) -> Iterator[Finding]:
    from dragon_framework import __version__

    yield Finding("dragon-framework", "ok", __version__)


def _plugins(settings: Settings) -> Iterator[Finding]:
    from dragon_framework.cli.plugins import installed_plugins

    tasks = 0
    for plugin in installed_plugins(settings):
        tasks += len(plugin["tasks"])
        counted = [f"{len(plugin[what])} {what}" for what in ("tasks", "hooks", "storage") if plugin[what]]
        label = f"{plugin['distribution']} {plugin['version']}"
        if counted:
            yield Finding(label, "ok", ", ".join(counted).replace("storage", "storage drivers"))
        for problem in plugin["problems"]:
            hint = "Update or reinstall it, or turn it off with --disable."
            yield Finding(label, "error", f"{problem['name']} is not available: {problem['reason']}", hint)
    if not tasks:
        yield Finding("tasks", "warning", "no task is installed", "Install a plugin with pip.")


def _redis(settings: Settings) -> Iterator[Finding]:
    from dragon_framework.cli.redis_address import running_url
    from dragon_framework.embedded import find_server, server_version

    if settings.redis:
        yield from _server_at(settings.redis)
        return
    try:
        binary = find_server()
    except DragonError as error:
        yield Finding("redis", "error", str(error))
        return
    version = ".".join(map(str, server_version(binary)))
    running = "running" if running_url(settings.data_path) else "not running now"
    yield Finding("redis", "ok", f"embedded: {binary.name} {version} ({binary.parent}), {running}")


def _server_at(url: str) -> Iterator[Finding]:
    import redis

    from dragon_framework.embedded import OLDEST_VERSION
    from dragon_framework.status.connection import connect_sync

    shown = url.rpartition("@")[2].rpartition("//")[2]
    client = connect_sync(url)
    try:
        facts: dict[str, Any] = client.info()
        policy = facts.get("maxmemory_policy", "")
    except redis.RedisError as error:
        yield Finding(
            "redis", "error", f"{shown} cannot be used: {error}", "Is it running, and are the credentials right?"
        )
        return
    finally:
        client.close()
    version = str(facts.get("valkey_version") or facts.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_VERSION:
        yield Finding("redis", "error", f"{shown} is version {version}", "Dragon needs 6.2 or newer.")
    else:
        yield Finding("redis", "ok", f"{shown} is version {version}")
    if not facts.get("aof_enabled"):
        yield Finding(
            "redis", "warning", "it keeps no append-only file", "`appendonly yes` keeps tasks over a restart."
        )
    if policy not in {"", "noeviction"}:
        yield Finding("redis", "warning", f"maxmemory-policy is {policy}", "`noeviction` never drops what is queued.")


def _data_directory(settings: Settings) -> Iterator[Finding]:
    path = settings.data_path
    # Looked at without making it: its nearest ancestor decides.
    place = next(parent for parent in (path, *path.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        hint = "Give it to the user of the service, or choose another with --data-dir."
        yield Finding("data directory", "error", f"{place}: {(error.strerror or '').lower()}", hint)
        return
    free = shutil.disk_usage(place).free
    text = f"{path}, {free / 2**30:.1f} GiB free" + ("" if path.exists() else ", made at the first start")
    if free < LITTLE_SPACE_BYTES:
        yield Finding("data directory", "warning", text, "Sources and outputs need room.")
    else:
        yield Finding("data directory", "ok", text)


def _storage(settings: Settings) -> Iterator[Finding]:
    from dragon_framework.keys import new_key
    from dragon_framework.storage import open_storage

    url = settings.storage
    if not url and not settings.data_path.exists():
        yield Finding("storage", "ok", f"{settings.data_path / 'storage'}, made at the first start")
        return
    shown = url.rpartition("@")[2] or str(settings.data_path / "storage")
    key = new_key()
    try:
        storage = open_storage(url or str(settings.data_path / "storage"))
        with tempfile.TemporaryDirectory() as directory:
            probe = Path(directory) / "doctor.txt"
            probe.write_bytes(b"dragon doctor")
            storage.put(key, "doctor.txt", probe, "text/plain")
        with storage.open(key, "doctor.txt") as file:
            same = file.read() == b"dragon doctor"
        storage.delete(key)
    except DragonError as error:
        yield Finding(
            "storage",
            "error",
            f"{shown}: {getattr(error, 'problem', error)}",
            "Check its address, its credentials and who may write there.",
        )
        return
    if same:
        yield Finding("storage", "ok", f"{shown}: a file was written, read and deleted")
    else:
        yield Finding("storage", "error", f"{shown}: a file was not read as it was written")


def _pillow(_: Settings) -> Iterator[Finding]:
    try:
        import PIL
        from PIL import features
    except ImportError:
        return
    known = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF", "jpg_2000": "JPEG 2000", "libtiff": "TIFF"}
    there = [name for code, name in known.items() if features.check(code)]
    missing = [name for code, name in known.items() if not features.check(code)]
    text = f"{PIL.__version__} with {', '.join(there)}"
    if missing:
        hint = "The wheels of Pillow bring all of them; was it built from source?"
        yield Finding("pillow", "warning", f"{text}; without {', '.join(missing)}", hint)
    else:
        yield Finding("pillow", "ok", text)


def _told_by_plugins(_: Settings) -> Iterator[Finding]:
    """Ask the entry points of `dragon.doctor`: functions that return (name, state, text, help) for each finding."""
    from importlib.metadata import entry_points

    for point in entry_points(group="dragon.doctor"):
        try:
            for name, state, text, hint in point.load()():
                yield Finding(name, state, text, hint)
        except Exception as error:  # noqa: BLE001  # a plugin's defect is a finding
            yield Finding(point.name, "error", f"cannot be looked at: {error!r}")
