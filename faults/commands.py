"""Which step of a task's life a command to Redis is, and of which task.

In: commands as a client of Redis sends them. Out: `Command`s that name the script (all
steps but the first are one script each, see `status.scripts` and `queue.scripts`) and the
key of the task. Stands on hiredis, which reads commands as it reads answers.
"""

import hashlib
from typing import Any, NamedTuple

import hiredis

from dragon_framework.queue import scripts as messages
from dragon_framework.status import scripts as life
from dragon_framework.status import submission

SCRIPTS = {
    "submit": submission.SUBMIT,
    "take": messages.TAKE,
    "begin": life.BEGIN,
    "update": life.UPDATE,
    "finish": life.FINISH,
    "retry": life.RETRY,
    "hand back": life.HAND_BACK,
    "drop": life.DROP,
    "reap": messages.REAP,
}
"""The named steps, and the script that each is."""

_NAMES = {
    hashlib.sha1(source.encode()).hexdigest().encode(): name for name, source in SCRIPTS.items()
}  # Redis's name for it
_OF_A_TASK = {"begin", "update", "finish", "retry", "hand back", "drop"}


class Command(NamedTuple):
    """One step.

    Args:
        step: Its name in `SCRIPTS`.
        key: Key of the task; empty if the step is of many.
    """

    step: str
    key: str


class CommandReader:
    """Finds the steps in what one client sends."""

    def __init__(self) -> None:
        self._reader: Any = hiredis.Reader()

    def read(self, data: bytes) -> list[Command]:
        """Return the steps that end in *data*."""
        self._reader.feed(data)
        found = []
        while (words := self._reader.gets()) is not False:
            if isinstance(words, list) and len(words) > 3 and words[0] == b"EVALSHA":
                name = _NAMES.get(words[1])
                if name is not None:
                    found.append(Command(name, _key_in(name, words)))
        return found


def _key_in(name: str, words: list[Any]) -> str:
    if name not in _OF_A_TASK:
        return ""
    keys = int(words[2])
    if name == "update":  # the only one whose arguments do not say it
        return str(words[3].decode().rpartition(":")[2])
    return str(words[3 + keys].decode())
