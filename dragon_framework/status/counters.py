"""What workers tell of themselves and of tasks, for `/metrics` and `dragon top`.

In Redis, so that any API process can answer for all: counters in one hash (`dragon:m`), and
for each living worker a `Pulse` that expires by itself. Stands on msgspec alone.
"""

from typing import Any

import msgspec

from dragon_framework.status.scripts import PREFIX

STEPS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Upper ends of the steps of the histogram of task seconds; the last step has none."""

PULSE = PREFIX + "u:"
PULSE_SECONDS = 2.0
PULSE_LIFE_SECONDS = 15
"""A worker that has said nothing for so long is not shown."""

HEARTBEATS = "dramatiq:__heartbeats__"
DEATHS = "*|deaths|"
"""In the hash of counters: `*|deaths|REASON`. No task can be called `*`."""

_NAMES = [f"{step:g}" for step in STEPS]


class Pulse(msgspec.Struct):
    """What a worker process says of itself every `PULSE_SECONDS`.

    Args:
        host: Name of its machine.
        pid: Its process id.
        slots: Tasks that it runs at once.
        busy: Tasks that it runs now.
        queues: Queues that it serves.
        running: Age of each running task in seconds, by key.
        resident_bytes: Memory of the worker process itself.
        started: When it began, Unix time.
    """

    host: str
    pid: int
    slots: int
    busy: int
    queues: list[str]
    running: dict[str, float]
    resident_bytes: int = 0
    started: float = 0.0


encode_pulse = msgspec.json.Encoder().encode
decode_pulse = msgspec.json.Decoder(Pulse).decode


def step_of(seconds: float) -> str:
    """Return the name of the histogram's step that *seconds* falls into: its upper end, or `+Inf`."""
    for step, name in zip(STEPS, _NAMES, strict=True):
        if seconds <= step:
            return name
    return "+Inf"


def parts(name: str) -> tuple[str, str, str]:
    """Return (task, status, what) of a counter's name."""
    task, _, rest = name.partition("|")
    status, _, what = rest.partition("|")
    return task, status, what


def seconds_since(time: Any, now_seconds: float) -> float:
    """Return how many seconds ago an event of a status was; never below 0."""
    from datetime import datetime

    return max(0.0, now_seconds - datetime.fromisoformat(str(time)).timestamp())
