"""For the authors of task plugins: run a task without a server, and hold it to the contract.

`check_task` is the conformance suite (`dragon_framework.testing.conformance`); the pytest
fixtures `run_task`, `serve_file`, `fault_source` and `client` are installed with the core
(`dragon_framework.testing.plugin`), and the servers behind them can be used by themselves.
Nothing is imported before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dragon_framework.testing.conformance import ContractBreachError, TaskReport, check_task, examine_task
    from dragon_framework.testing.fault_server import FaultServer
    from dragon_framework.testing.file_server import FileServer
    from dragon_framework.testing.live import LiveService, ServiceClient
    from dragon_framework.testing.samples import sample_files

__all__ = [
    "ContractBreachError",
    "FaultServer",
    "FileServer",
    "LiveService",
    "ServiceClient",
    "TaskReport",
    "check_task",
    "examine_task",
    "sample_files",
]

_MODULES = {
    "FaultServer": "fault_server",
    "FileServer": "file_server",
    "LiveService": "live",
    "ServiceClient": "live",
    "sample_files": "samples",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'conformance')}"), name)
