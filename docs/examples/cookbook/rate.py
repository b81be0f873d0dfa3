"""``acme.rate``: what a web service says, asked for within the service's own rules."""

import json
from typing import Annotated
from urllib.parse import urlencode

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import TaskError
from msgspec import Meta, Struct


class RateSettings(Struct, frozen=True, kw_only=True):
    endpoint: Annotated[str, Meta(description='URL that is asked; it answers `{"rate": NUMBER}`.')] = (
        "https://rates.example.com/v1"
    )


class RateUnknownError(TaskError):
    """The web service has no such rate, or said something else."""

    code = "acme_rate_unknown"
    transient = False  # what may pass, such as a 503, `ctx.fetch` raises itself, and it is tried again

    def __init__(self, pair: str) -> None:
        super().__init__(pair)
        self.pair = pair

    def __str__(self) -> str:
        return f"there is no rate for {self.pair}"


class RateParameters(Parameters, frozen=True, kw_only=True):
    base: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="Currency (ISO 4217).")]
    to: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="The other currency.")] = "EUR"


class RateOutput(Output, frozen=True, kw_only=True):
    rate: Annotated[float, Meta(gt=0, le=1e12, description="How much of the other one unit is.")]


@task("acme.rate", settings=RateSettings, section="acme_rate", seconds=30)
def rate(parameters: RateParameters, ctx: TaskContext) -> RateOutput:
    """Tell the rate between two currencies."""
    question = urlencode({"base": parameters.base, "to": parameters.to})
    answer = ctx.fetch(f"{ctx.settings.endpoint}?{question}", max_bytes=10_000)  # guarded, bounded, cancelled
    try:
        found = float(json.loads(answer.read_bytes())["rate"])
        if not 0 < found <= 1e12:
            raise ValueError(found)
    except (ValueError, KeyError, TypeError) as error:
        raise RateUnknownError(f"{parameters.base}/{parameters.to}") from error
    return RateOutput(rate=found)
