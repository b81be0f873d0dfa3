"""Hooks: how a plugin learns that something happened, or has a say in it.

A distribution names a module in the entry-point group `dragon.hooks`, and marks functions
in it; each takes the arguments it needs, by name:

    [project.entry-points."dragon.hooks"]
    acme = "acme_dragon.hooks"

    from dragon_framework.hooks import hookimpl

    @hookimpl
    def dragon_task_finished(key, task_name, status): ...

A module that cannot be used is recorded with its reason; a function that raises is
logged, and the others still run. Hooks run in the service's own processes, some of them
for every task: keep them short, and hand work over to a thread. Stands on `discovery`.
"""

import functools
import logging
from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any, Literal

import pluggy
from msgspec import Struct

from dragon_framework.discovery import Choice, installed, load_each, reason_of
from dragon_framework.errors import PluginError, SourceRefusedError
from dragon_framework.problems import suggestion
from dragon_framework.settings import Settings

GROUP = "dragon.hooks"
PROJECT = "dragon"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

_log = logging.getLogger(__name__)


class HookSpecifications:
    """Every hook there is. The reference page of hooks is made from these docstrings."""

    @hookspec
    def dragon_startup(self, settings: Settings, role: Literal["api", "worker"]) -> None:
        """Know that a process of the service starts.

        Called once in each API process and each worker process, before it takes work.

        Args:
            settings: The settings of the service.
            role: What the process does.
        """

    @hookspec(firstresult=True)
    def dragon_authenticate(self, credentials: Mapping[str, str], referrer: str) -> Any | None:
        """Decide whose request this is, before the accounts of the service are asked.

        The first answer that is not None counts. A hook that raises has no answer.

        Args:
            credentials: What the client sent: `secret`, or `api_key`; empty if nothing.
            referrer: The `Referer` header of the request; empty if there is none.

        Returns:
            A `dragon_framework.accounts.Account`, or None to leave it to others.
        """

    @hookspec
    def dragon_task_queued(self, key: str, task_name: str, account: str) -> None:
        """Know that a task was queued. Called in the API process.

        Args:
            key: The task's key.
            task_name: Its name, such as `image.thumb`.
            account: Id of the account that created it; empty if none is needed.
        """

    @hookspec
    def dragon_task_started(self, key: str, task_name: str, delivery: int) -> None:
        """Know that a worker starts a task. Called in the worker process.

        Args:
            key: The task's key.
            task_name: Its name.
            delivery: 1 for the first start; more after workers died while they ran it.
        """

    @hookspec
    def dragon_task_finished(
        self, key: str, task_name: str, status: Literal["success", "error"], seconds: float, result: Any
    ) -> None:
        """Know that a task has its final status. Called once for each task, in the process that wrote it.

        Args:
            key: The task's key.
            task_name: Its name.
            status: How it ended.
            seconds: Time from its start to its end, in seconds; 0 if it never started.
            result: Output values and file URLs, or what went wrong, as in the status.
        """

    @hookspec(firstresult=True)
    def dragon_fetch_policy(self, url: str, host: str, address: str) -> str | None:
        """Decide whether a source may be fetched, after the service's own rules allowed it.

        Called for each connection, redirects included, once the host's address is
        known. The first answer that is not None counts. A hook that raises refuses.

        Args:
            url: The URL the client named.
            host: Host to connect to.
            address: Its IP address.

        Returns:
            Why it is refused, as half a sentence for the client (`this host is not
            allowed here`), or None to allow it.
        """

    @hookspec
    def dragon_metrics(self) -> Mapping[str, float] | None:
        """Add numbers to the service's metrics page. Called each time the page is asked for.

        Returns:
            Value by name. Names are those of Prometheus: `acme_uploads_total`.
        """

    @hookspec
    def dragon_routes(self) -> list[Any] | None:
        """Add routes to the HTTP service. Called once in each API process, at its start.

        Returns:
            Litestar route handlers.
        """


_REFUSED = "a fetch policy of this service failed"


class HookRecord(Struct, frozen=True, kw_only=True):
    """One entry point in the group `dragon.hooks` that is in use.

    Args:
        name: Name of the entry point.
        distribution: Name of the distribution that declares it.
        version: Its version.
        hooks: Names of the hooks it implements, sorted.
    """

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]


class Hooks:
    """The hooks of the installed plugins.

    Attributes:
        records: What is in use.
        problems: What could not be used, with its reason.
    """

    def __init__(self) -> None:
        self.records: tuple[HookRecord, ...] = ()
        self.problems: tuple[PluginError, ...] = ()
        self._manager = _manager()
        self._implemented: frozenset[str] = frozenset()

    def call(self, name: str, **arguments: Any) -> list[Any]:
        """Call the hook *name* of every plugin, and return the answers that are not None.

        Of a hook of which the first answer counts, the list has at most one item. A
        plugin that raises is logged and has no answer.
        """
        if name not in self._implemented:
            return []
        answer = getattr(self._manager.hook, name)(**arguments)
        if isinstance(answer, list) and name not in _FIRST_RESULT:
            return answer
        return [] if answer is None else [answer]

    def implements(self, name: str) -> bool:
        """Whether any plugin implements the hook *name*."""
        return name in self._implemented

    def add(self, plugin: Any, point_name: str, distribution: str = "", version: str = "") -> None:
        """Take the hooks of a module, or of an object; of a class, those of an instance.

        Raises:
            PluginError: If one is no hook, takes arguments the hook lacks, or is a wrapper.
        """
        try:
            guarded = _guarded(plugin() if isinstance(plugin, type) else plugin, distribution or point_name)
            for manager in (_manager(), self._manager):  # the first only checks: pluggy 1.6 leaves traces
                manager.register(guarded, name=f"{distribution}:{point_name}")
        except (pluggy.PluginValidationError, ValueError, TypeError) as error:
            raise PluginError(point_name, distribution, version, reason_of(error)) from error
        names = tuple(sorted(vars(guarded)))
        record = HookRecord(name=point_name, distribution=distribution, version=version, hooks=names)
        self.records += (record,)
        self._implemented |= set(names)


def hooks_of(settings: Settings) -> Hooks:
    """Return the hooks of the plugins that the settings choose."""
    return load_hooks(settings.disable, only=settings.plugins)


def load_hooks(disable: Collection[str] = (), *, only: Collection[str] = ()) -> Hooks:
    """Return the hooks of all installed plugins; those that cannot be used are in `problems`.

    Args:
        disable: Names of distributions to leave out.
        only: Names of distributions; where there are any, others are left out.
    """
    hooks = Hooks()
    points, problems = installed(GROUP)
    choice = Choice.of(disable, only)
    points = [point for point in points if choice.takes(point)]
    for point, loaded in load_each(GROUP, points):
        if isinstance(loaded, PluginError):
            problems.append(loaded)
            continue
        try:
            hooks.add(loaded, point.name, point.distribution, point.version)
        except PluginError as problem:
            problems.append(problem)
        except Exception as error:  # noqa: BLE001  # a class that raises when it is made
            problems.append(point.problem(reason_of(error)))
    hooks.problems = tuple(problems)
    return hooks


def specified_hooks() -> dict[str, Callable[..., Any]]:
    """Return the specification of every hook, by name, in the order of this module."""
    return {name: value for name, value in vars(HookSpecifications).items() if name.startswith("dragon_")}


def fetch_policy(hooks: "Hooks") -> Callable[[str, str, str], None] | None:
    """Return the fetch policy of the installed plugins as one check; None if there is none.

    It is called with (url, host, address), and raises `SourceRefusedError` for what a plugin refuses.
    """
    if not hooks.implements("dragon_fetch_policy"):
        return None

    def check(url: str, host: str, address: str) -> None:
        for reason in hooks.call("dragon_fetch_policy", url=url, host=host, address=address):
            raise SourceRefusedError(url, str(reason))

    return check


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecifications)
    return manager


def _guarded(plugin: Any, provider: str) -> SimpleNamespace:
    """Return an object with the marked functions of *plugin*, none of which can raise."""
    marker = f"{PROJECT}_impl"
    specified = specified_hooks()
    functions: dict[str, Any] = {}
    for attribute in dir(plugin):
        function = getattr(plugin, attribute, None)
        options = getattr(function, marker, None)
        if not isinstance(options, dict) or not callable(function):
            continue
        if options.get("wrapper") or options.get("hookwrapper"):
            raise ValueError(f"{attribute} is a wrapper; hooks of Dragon cannot be wrapped")
        name = options.get("specname") or attribute
        if name not in specified:
            raise ValueError(f"there is no hook {name!r}{suggestion(name, specified)}")
        functions[name] = _guard(function, name, provider)
    if not functions:
        raise ValueError("it has no function marked with @hookimpl")
    return SimpleNamespace(**functions)


def _guard(function: Callable[..., Any], name: str, provider: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (Exception, SystemExit):  # noqa: BLE001  # logged; a plugin must not stop the service
            _log.exception("hook %s of %s failed", name, provider)
            return _REFUSED if name == "dragon_fetch_policy" else None

    return call


_FIRST_RESULT = frozenset(
    name for name, function in specified_hooks().items() if getattr(function, f"{PROJECT}_spec")["firstresult"]
)
