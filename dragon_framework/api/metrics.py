"""What `/metrics` says, in the text format of Prometheus (0.0.4).

Two kinds of numbers. Those of *the service* (tasks, queues, workers, callbacks) are in Redis,
written by the workers; each API process tells the same. Those of *this process*
(`dragon_api_*`) are its own. Labels are names of installed tasks, queues, routes, codes and
workers: their number is bounded by what is installed, never by what clients send.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dragon_framework.api.service import Service
from dragon_framework.status.counters import STEPS, parts
from dragon_framework.status.overview import Worker, read_queues, read_workers

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


async def metrics_text(service: Service) -> str:
    """Return all metrics, as one text.

    Raises:
        redis.RedisError: If Redis cannot be reached.
    """
    counters = await service.store.counters()
    queues = await read_queues(service.store.client, service.registry.queues)
    workers, _ = await read_workers(service.store.client)
    callbacks = await service.store.callbacks_due()
    lines = [
        *_of_tasks(counters),
        *_family(
            "queue_tasks",
            "gauge",
            "Tasks waiting in a queue.",
            _by_queue({name: queue.waiting for name, queue in queues.items()}),
        ),
        *_family(
            "queue_oldest_seconds",
            "gauge",
            "Seconds that the longest waiting of the tasks that are next in line has waited.",
            _by_queue({name: queue.oldest_seconds for name, queue in queues.items()}),
        ),
        *_of_workers(workers),
        *_family("callbacks_waiting", "gauge", "Callbacks to be sent, now or later.", [({}, callbacks)]),
        *_of_process(service),
    ]
    for more in service.hooks.call("dragon_metrics"):
        lines += _plugin_lines(more)
    return "\n".join(lines) + "\n"


Rows = Iterable[tuple[Mapping[str, Any], float]]


def _family(name: str, kind: str, text: str, rows: Rows) -> list[str]:
    return [
        f"# HELP dragon_{name} {text}",
        f"# TYPE dragon_{name} {kind}",
        *(_line(f"dragon_{name}", labels, value) for labels, value in rows),
    ]


def _line(name: str, labels: Mapping[str, Any], value: float) -> str:
    inner = ",".join(f'{label}="{str(of).translate(_LABEL)}"' for label, of in labels.items())
    return f"{name}{{{inner}}} {value:.15g}" if inner else f"{name} {value:.15g}"


def _by_queue(values: Mapping[str, float]) -> Rows:
    return [({"queue": name}, value) for name, value in values.items()]


def _of_tasks(counters: Mapping[str, float]) -> list[str]:
    tasks: list[tuple[Mapping[str, Any], float]] = []
    errors: list[tuple[Mapping[str, Any], float]] = []
    fetched: list[tuple[Mapping[str, Any], float]] = []
    deaths: list[tuple[Mapping[str, Any], float]] = []
    sent: list[tuple[Mapping[str, Any], float]] = []
    seconds: list[tuple[Mapping[str, Any], float]] = []
    helped: list[tuple[Mapping[str, Any], float]] = []
    helped_seconds: list[tuple[Mapping[str, Any], float]] = []
    steps: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in sorted(counters.items()):
        task, status, what = parts(name)
        labels = {"task": task, "status": status}
        if task == "callback":
            sent.append(({"outcome": status}, value))
        elif task == "*":
            deaths.append(({"reason": what}, value))
        elif what == "count":
            tasks.append((labels, value))
        elif what == "seconds":
            seconds.append((labels, value))
        elif what == "errors":
            errors.append(({"task": task, "code": status}, value))
        elif what == "bytes":
            fetched.append(({"task": task}, value))
        elif what == "parts":
            helped.append(({"task": task, "outcome": status}, value))
        elif what == "part_seconds":
            helped_seconds.append(({"task": task}, value))
        elif what.startswith("le:"):
            steps.setdefault((task, status), {})[what[3:]] = value
    return [
        *_family("tasks_total", "counter", "Tasks with a final status (and tries that failed: retry).", tasks),
        *_family("task_seconds_total", "counter", "Seconds tasks took, by task and status.", seconds),
        *_histogram(steps, {(of["task"], of["status"]): value for of, value in seconds}),
        *_family("task_errors_total", "counter", "Runs that failed, those tried again among them, by code.", errors),
        *_family("fetched_bytes_total", "counter", "Bytes of sources that came over the network.", fetched),
        *_family("task_process_deaths_total", "counter", "Task processes that ended with a task in them.", deaths),
        *_family("parts_total", "counter", "Parts of tasks that workers did for others, by outcome.", helped),
        *_family("part_seconds_total", "counter", "Seconds that parts took that were done for others.", helped_seconds),
        *_family("callbacks_total", "counter", "Callbacks that are over, by outcome.", sent),
    ]


def _histogram(
    steps: Mapping[tuple[str, str], Mapping[str, float]], seconds: Mapping[tuple[str, str], float]
) -> list[str]:
    name = "dragon_task_seconds"
    lines = [f"# HELP {name} Seconds from a task's start to its end.", f"# TYPE {name} histogram"]
    for (task, status), counts in steps.items():
        labels, total = {"task": task, "status": status}, 0.0
        for end in [*(f"{step:g}" for step in STEPS), "+Inf"]:
            total += counts.get(end, 0.0)
            lines.append(_line(f"{name}_bucket", labels | {"le": end}, total))
        lines.append(_line(f"{name}_sum", labels, seconds.get((task, status), 0.0)))
        lines.append(_line(f"{name}_count", labels, total))
    return lines


def _of_workers(workers: Sequence[Worker]) -> list[str]:
    shown = [({"worker": f"{worker.host}:{worker.pid}"}, worker) for worker in workers]
    return [
        *_family("workers", "gauge", "Worker processes that are alive.", [({}, len(workers))]),
        *_family(
            "worker_places", "gauge", "Tasks that a worker runs at once.", [(of, worker.slots) for of, worker in shown]
        ),
        *_family("worker_busy", "gauge", "Tasks that a worker runs now.", [(of, worker.busy) for of, worker in shown]),
        *_family(
            "worker_resident_bytes",
            "gauge",
            "Memory of a worker process, without its task processes.",
            [(of, worker.resident_bytes) for of, worker in shown],
        ),
    ]


def _of_process(service: Service) -> list[str]:
    requests = sorted(service.requests.items())
    return [
        *_family(
            "api_requests_total",
            "counter",
            "Requests answered by this API process, by HTTP status and route.",
            [({"status": status, "route": route}, count) for (status, route), count in requests],
        ),
        *_family("api_streams", "gauge", "Streams open in this API process.", [({}, service.streams)]),
        *_family("api_blocked", "gauge", "Requests of this API process that wait for tasks.", [({}, service.blocked)]),
        *_family(
            "api_uptime_seconds",
            "gauge",
            "Seconds since this API process started.",
            [({"pid": os.getpid()}, round(time.time() - service.started, 3))],
        ),
    ]


def _plugin_lines(more: Any) -> list[str]:
    """Return the lines of a plugin's numbers; what is no number, or has no name, is left out."""
    lines = []
    for name, value in more.items() if isinstance(more, Mapping) else ():
        if isinstance(name, str) and _METRIC.fullmatch(name) and isinstance(value, int | float):
            with contextlib.suppress(OverflowError):  # an integer beyond all floats
                lines.append(f"{name} {float(value)!r}")
    return lines
