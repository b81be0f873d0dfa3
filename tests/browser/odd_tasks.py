"""Tasks of a plugin that says markup wherever it can, and has the schemas that forms seldom see."""

import time
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from dragon_framework import Output, Parameters, TaskContext, TaskError, task
from dragon_framework.fields import Seconds

MARK = "<img src=x onerror=alert(document.domain)>"


class Nested(Struct, frozen=True, kw_only=True):
    deep: Annotated[str, Meta(description=f"Deep {MARK}")] = MARK
    number: Annotated[int, Meta(ge=0, description="A number inside.")] = 1


class MarkupParameters(Parameters, frozen=True, kw_only=True):
    text: Annotated[str, Meta(title=MARK, description=f"Text {MARK} <script>alert(1)</script>", examples=[MARK])] = MARK
    choice: Annotated[Literal["<b>bold</b>", "'\"><svg onload=alert(1)>"], Meta(description="Choices.")] = "<b>bold</b>"
    nested: Annotated[Nested | None, Meta(description="A struct.")] = None
    either: Annotated[int | str | None, Meta(description="A number or a text.")] = None
    table: Annotated[dict[str, int], Meta(description="Names and numbers.")] = msgspec.field(default_factory=dict)
    rows: Annotated[tuple[tuple[int, int], ...], Meta(description="Pairs.")] = ()


class MarkupOutput(Output, frozen=True, kw_only=True):
    text: Annotated[str, Meta(description=f"What was given {MARK}")]
    table: Annotated[dict[str, Any], Meta(description="Names and values.")]
    rows: Annotated[tuple[tuple[int, int], ...], Meta(description="The pairs.")]
    either: Annotated[int | str | None, Meta(description="What was given.")]
    nested: Annotated[dict[str, Any] | None, Meta(description="What was given.")]
    link: Annotated[str, Meta(description="No link at all.")] = "javascript:alert(1)"


@task("odd.markup")
def markup(parameters: MarkupParameters, ctx: TaskContext) -> MarkupOutput:
    """Give back <img src=x onerror=alert(1)> what was given.

    More <script>alert(1)</script> about it, and a [link](javascript:alert(1)).
    """
    return MarkupOutput(
        text=parameters.text,
        table={MARK: parameters.table, **parameters.table},
        rows=parameters.rows,
        either=parameters.either,
        nested=msgspec.structs.asdict(parameters.nested) if parameters.nested else None,
    )


class BrokenError(TaskError):
    """The task failed, and says so with markup."""

    code = "odd_broken"


class BrokenParameters(Parameters, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(description="What to say.")] = MARK


class EmptyOutput(Output, frozen=True, kw_only=True):
    pass


@task("odd.broken")
def broken(parameters: BrokenParameters, ctx: TaskContext) -> EmptyOutput:
    """Fail, and say why."""
    raise BrokenError(parameters.reason)


WideParameters = msgspec.defstruct(
    "WideParameters",
    [(f"field_{n}", Annotated[int, Meta(description=f"Number {n}.")], 0) for n in range(200)],
    bases=(Parameters,),
    frozen=True,
    kw_only=True,
)


class WideOutput(Output, frozen=True, kw_only=True):
    total: Annotated[int, Meta(description="The sum of all fields.")]


@task("odd.wide")
def wide(parameters: WideParameters, ctx: TaskContext) -> WideOutput:  # type: ignore[valid-type]
    """Add two hundred numbers up."""
    return WideOutput(total=sum(msgspec.structs.asdict(parameters).values()))


class SlowParameters(Parameters, frozen=True, kw_only=True):
    seconds: Annotated[Seconds, Meta(description="How long it takes.")] = 300.0


@task("odd.slow")
def slow(parameters: SlowParameters, ctx: TaskContext) -> EmptyOutput:
    """Do nothing for a while, and tell how far it is."""
    begin = time.monotonic()
    while (spent := time.monotonic() - begin) < parameters.seconds:
        ctx.progress(round(100 * spent / parameters.seconds, 1))
        ctx.check()
        time.sleep(0.05)
    return EmptyOutput()
