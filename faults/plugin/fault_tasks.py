"""Tasks that misbehave, for the fault suite: they sleep, start programs, crash, eat memory, write much."""

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]

Count = Annotated[int, Meta(ge=0, le=10**9, description="How much.")]


class Nothing(Parameters, frozen=True, kw_only=True):
    pass


class Sleep(Parameters, frozen=True, kw_only=True):
    seconds: Annotated[float, Meta(ge=0, le=60, description="How long.")] = 0.0


class Spawn(Parameters, frozen=True, kw_only=True):
    programs: Annotated[int, Meta(ge=0, le=8, description="How many programs it starts.")] = 2
    wait: Annotated[float, Meta(ge=0, le=60, description="How long it goes on then.")] = 0.0


class Crash(Parameters, frozen=True, kw_only=True):
    how: Annotated[Literal["segfault", "abort", "exit", "kill"], Meta(description="In what way.")] = "exit"


class Write(Parameters, frozen=True, kw_only=True):
    size: Count = 0
    seed: Annotated[str, Meta(max_length=64, description="What the bytes follow from.")] = ""
    fail: Annotated[bool, Meta(description="Fail in the end.")] = False


class Done(Output, frozen=True, kw_only=True):
    steps: Count = 0


class Written(Output, frozen=True, kw_only=True):
    size: Count
    sha256: Annotated[str, Meta(max_length=64, description="Digest of the file.")]


def content(seed: str, size: int) -> bytes:
    """Return *size* bytes that follow from *seed*; the suite calculates the same."""
    return hashlib.shake_256(seed.encode()).digest(size)


@task("fault.sleep")
def fault_sleep(parameters: Sleep, ctx: TaskContext) -> Done:
    """Sleep, and show progress."""
    end = time.monotonic() + parameters.seconds
    steps = 0
    while (left := end - time.monotonic()) > 0:
        ctx.progress(steps)
        steps += 1
        time.sleep(min(0.05, left))
    return Done(steps=steps)


@task("fault.spawn")
def fault_spawn(parameters: Spawn, ctx: TaskContext) -> Done:
    """Start programs, every other one detached by a double fork, and return while they run."""
    for number in range(parameters.programs):
        if number % 2 == 0:
            subprocess.Popen(SLEEP)
        elif os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(SLEEP[0], SLEEP)
            os._exit(0)
    time.sleep(parameters.wait)
    return Done(steps=parameters.programs)


@task("fault.crash")
def fault_crash(parameters: Crash, ctx: TaskContext) -> Done:
    """Die, with a program that is still running."""
    subprocess.Popen(SLEEP)
    if parameters.how == "segfault":
        ctypes.string_at(0)
    if parameters.how == "abort":
        os.abort()
    if parameters.how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(3)


@task("fault.eat", memory_bytes=200 * 2**20, seconds=30)
def fault_eat(parameters: Nothing, ctx: TaskContext) -> Done:
    """Take more memory than it may."""
    held = []
    while True:
        held.append(b"x" * 2**24)
        time.sleep(0.02)


@task("fault.write", files=[OutputFile("output", "The bytes.")])
def fault_write(parameters: Write, ctx: TaskContext) -> Written:
    """Write a file of known bytes."""
    data = content(parameters.seed, parameters.size)
    ctx.output("output", ".bin").write_bytes(data)
    return Written(size=len(data), sha256=hashlib.sha256(data).hexdigest())


@task("fault.partial", files=[OutputFile("early", "A first file."), OutputFile("output", "A second.", optional=True)])
def fault_partial(parameters: Write, ctx: TaskContext) -> Written:
    """Hand one file over early, then write another, or fail."""
    data = content(parameters.seed, parameters.size)
    early = ctx.output("early", ".bin")
    early.write_bytes(data)
    ctx.partial(early=early)
    time.sleep(0.05)
    if parameters.fail:
        raise ValueError("as it was asked to")
    ctx.output("output", ".bin").write_bytes(data)
    return Written(size=len(data), sha256=hashlib.sha256(data).hexdigest())
