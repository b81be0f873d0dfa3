"""Dragon: a media task service. This is the public door for task plugins.

Importing it loads msgspec and nothing heavier.
"""

from dragon_framework.errors import DragonError, PluginError, TaskError
from dragon_framework.parts import PartContext, PartResult, Spread
from dragon_framework.tasks import Limits, Origin, Output, OutputFile, Parameters, Task, TaskContext, TaskState, task

__version__ = "0.1.0"

__all__ = [
    "DragonError",
    "Limits",
    "Origin",
    "Output",
    "OutputFile",
    "Parameters",
    "PartContext",
    "PartResult",
    "PluginError",
    "Spread",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskState",
    "__version__",
    "task",
]
