"""`examine_task` in a process of its own: what crashes or hangs there is a breach, and stops nobody.

`python -m dragon_framework.testing.apart` reads an `Order` from stdin and writes the
`TaskReport` as the last line of its output, both JSON. Stands on `conformance`.
"""

import contextlib
import signal
import subprocess
import sys
from typing import Any

import msgspec
from msgspec import Struct

from dragon_framework.testing.conformance import Breach, TaskReport


class Order(Struct, frozen=True, kw_only=True):
    """What to look at; see `check_task`."""

    task: str
    path: list[str]
    reads_anything: bool = False
    sample: dict[str, Any] | bool = True


def examine_apart(
    task_name: str, *, sample: dict[str, Any] | bool = True, reads_anything: bool = False, seconds: float = 300.0
) -> TaskReport:
    """Return how the installed task of that name stands to the contract, hostile files included.

    Args:
        task_name: Its name.
        sample: As for `check_task`.
        reads_anything: As for `check_task`.
        seconds: After so long it counts as hanging.
    """
    order = Order(task=task_name, path=sys.path, sample=sample, reads_anything=reads_anything)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dragon_framework.testing.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # it is ended with all that its tasks have started
    )
    with process:
        try:
            said, complaints = process.communicate(msgspec.json.encode(order), timeout=seconds)
        except subprocess.TimeoutExpired:
            return _broken(task_name, f"was not done within {seconds:g} s: a run hangs, or takes too long")
        finally:
            _end(process)
    if process.returncode == 0:
        return msgspec.json.decode(said.strip().rpartition(b"\n")[2], type=TaskReport)
    last = complaints.decode(errors="replace").strip().rpartition("\n")[2]
    if process.returncode < 0:
        with contextlib.suppress(ValueError):
            last = f"{signal.Signals(-process.returncode).name} {last}"
    return _broken(task_name, f"the process that ran it died ({last.strip()[:200]})")


def _end(process: "subprocess.Popen[bytes]") -> None:
    import os

    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _broken(task_name: str, text: str) -> TaskReport:
    return TaskReport(task=task_name, breaches=(Breach("survives", text),))


def main() -> int:
    """Do what stdin orders."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.path[:] = order.path
    from dragon_framework.testing.conformance import examine_task

    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # what a task prints
        report = examine_task(order.task, hostile=True, reads_anything=order.reads_anything, sample=order.sample)
    print("\n" + msgspec.json.encode(report).decode(), file=out, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
