"""Entry points of installed distributions, each loaded inside a boundary.

In: the name of an entry-point group. Out: `InstalledEntryPoint` with its distribution and
version, and what it loads to or why it does not. Loading is stevedore's; finding is done
here, because stevedore's cache forgets the distribution, and because one distribution
with a malformed `entry_points.txt` must not hide the others. Stands on `errors`.
"""

import contextlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from typing import Any

from msgspec import Struct
from stevedore import ExtensionManager

from dragon_framework import contract
from dragon_framework.errors import ContractMismatchError, PluginError


class InstalledEntryPoint(Struct, frozen=True):
    """One entry point, and who declares it.

    Args:
        name: Its name; in `dragon.tasks` the task's name.
        distribution: Name of the distribution.
        version: Version of the distribution.
        entry_point: The entry point itself.
    """

    name: str
    distribution: str
    version: str
    entry_point: metadata.EntryPoint

    @property
    def provider(self) -> str:
        """Distribution and version, as messages name them."""
        return f"{self.distribution} {self.version}"

    def problem(self, reason: str) -> PluginError:
        """Return the error that says why it cannot be used."""
        return PluginError(self.name, self.distribution, self.version, reason)

    def load(self) -> Any:
        """Return the object it points to.

        Raises:
            PluginError: If importing it raises anything at all, `SystemExit` included.
            KeyboardInterrupt: As it is.
        """
        try:
            return self.entry_point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may call sys.exit() when imported
            raise self.problem(reason_of(error)) from error


def installed(group: str) -> tuple[list[InstalledEntryPoint], list[PluginError]]:
    """Return (the entry points in *group*, what could not be read), sorted by name and distribution.

    Of a distribution that supports another version of the plugin contract nothing is there.
    Of one that is installed twice the first on `sys.path` counts, as for imports.
    """
    found: dict[str, list[InstalledEntryPoint]] = {}
    unreadable: list[PluginError] = []
    for distribution in metadata.distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except (OSError, UnicodeError):
            continue
        if group not in text:
            continue
        name = distribution.metadata["Name"] or "unnamed"
        if normalized(name) in found:
            continue
        version = distribution.version or "unknown"
        refused = ""
        try:
            points = [point for point in distribution.entry_points if point.group == group]
            refused = _mismatch(distribution, name)
        except Exception as error:  # noqa: BLE001  # importlib.metadata raises what its parser happens to
            unreadable.append(PluginError(group, name, version, f"entry_points.txt is malformed ({reason_of(error)})"))
            points = []
        if refused:
            unreadable += [ContractMismatchError(point.name, name, version, refused) for point in points]
            points = []
        found[normalized(name)] = [InstalledEntryPoint(point.name, name, version, point) for point in points]
    points_found = [point for points in found.values() for point in points]
    return sorted(points_found, key=lambda point: (point.name, point.distribution)), unreadable


def _mismatch(distribution: metadata.Distribution, name: str) -> str:
    """Return why a distribution is not for this version of the plugin contract; empty if it is."""
    stated = [point.name for point in distribution.entry_points if point.group == contract.GROUP]
    if not stated or not (reason := contract.mismatch(stated)):
        return ""
    from dragon_framework import __version__

    return f"{reason}; {contract.advice(stated, name, __version__)}"


class Choice(Struct, frozen=True, kw_only=True):
    """Which plugins are used, of those that are installed.

    Args:
        disable: Names of distributions or tasks that are not.
        only: Names of distributions or tasks that are; empty for all.
    """

    disable: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()

    @classmethod
    def of(cls, disable: Iterable[str] = (), only: Iterable[str] = ()) -> "Choice":
        """Return the choice that settings make."""
        return cls(disable=frozenset(map(normalized, disable)), only=frozenset(map(normalized, only)))

    def takes(self, point: InstalledEntryPoint) -> bool:
        """Whether an entry point is used."""
        names = {normalized(point.name), normalized(point.distribution)}
        return not names & self.disable and (not self.only or bool(names & self.only))


def load_each(group: str, points: Sequence[InstalledEntryPoint]) -> Iterator[tuple[InstalledEntryPoint, Any]]:
    """Yield each entry point with what it loads to, or with the `PluginError` that tells why it does not."""
    failed: list[tuple[Any, BaseException]] = []

    class Manager(ExtensionManager[Any]):
        def list_entry_points(self) -> list[Any]:
            return list(points)

    def remember(_: Any, point: Any, error: BaseException) -> None:
        failed.append((point, error))

    with contextlib.redirect_stdout(sys.stderr):  # stdout is for results; a plugin that prints must not spoil them
        manager = Manager(group, on_load_failure_callback=remember)
    for extension in manager.extensions:
        yield extension.entry_point, extension.plugin  # type: ignore[misc]  # ours, from list_entry_points
    yield from failed


def normalized(distribution: str) -> str:
    """Return the name of a distribution as comparisons use it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def reason_of(error: BaseException) -> str:
    """Return what an error says in one line of at most 300 characters, with its type."""
    try:
        said = str(error).encode("utf-8", "backslashreplace").decode()
    except Exception:  # noqa: BLE001  # a plugin's error that cannot say what it is
        said = ""
    text = " ".join(said.split())
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return line if len(line) <= 300 else f"{line[:299]}…"
