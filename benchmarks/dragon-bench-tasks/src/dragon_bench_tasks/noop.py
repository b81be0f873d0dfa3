"""``bench.noop``: nothing, or nothing for a while, and the time at which it was over."""

import time
from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task


class NoopParameters(Parameters, frozen=True, kw_only=True):
    seconds: Annotated[float, Meta(ge=0, le=3600, description="How long to sleep, in seconds.")] = 0.0


class NoopOutput(Output, frozen=True, kw_only=True):
    finished_at: Annotated[float, Meta(ge=0, description="When the task returned, in seconds since 1970.")]


@task("bench.noop")
def bench_noop(parameters: NoopParameters, ctx: TaskContext) -> NoopOutput:
    """Sleep, then return the time."""
    if parameters.seconds:
        time.sleep(parameters.seconds)
    return NoopOutput(finished_at=time.time())
