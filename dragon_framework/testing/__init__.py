"""For the authors of task plugins: run a task without a server, and hold it to the contract.

`check_task` is the conformance suite (`dragon_framework.testing.conformance`); the pytest
fixtures are installed with the core (`dragon_framework.testing.plugin`). Nothing is
imported before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dragon_framework.testing.conformance import ContractBreachError, TaskReport, check_task, examine_task

__all__ = ["ContractBreachError", "TaskReport", "check_task", "examine_task"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dragon_framework.testing import conformance

    return getattr(conformance, name)
