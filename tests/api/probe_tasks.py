"""Tasks for the tests of the API: what a client can see of a task, on demand."""

import hashlib
import os
import time
from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, TaskError, task
from dragon_framework.fields import Seconds, Secret


class EchoParameters(Parameters, frozen=True, kw_only=True):
    text: Annotated[str, Meta(max_length=100, description="Any text.")]
    number: Annotated[int, Meta(ge=1, le=10, description="A number.")] = 1
    loud: Annotated[bool, Meta(description="Whether to shout.")] = False
    mood: Annotated[Literal["calm", "wild"], Meta(description="A choice.")] = "calm"
    words: Annotated[tuple[str, ...], Meta(max_length=5, description="A list.")] = ()
    token: Annotated[Secret | None, Meta(description="A credential.")] = None


class EchoOutput(Output, frozen=True, kw_only=True):
    text: Annotated[str, Meta(description="The text.")]
    number: Annotated[int, Meta(ge=1, le=10, description="The number.")]
    loud: Annotated[bool, Meta(description="Whether it was loud.")]
    words: Annotated[tuple[str, ...], Meta(description="The list.")]


@task("probe.echo")
def echo(parameters: EchoParameters, ctx: TaskContext) -> EchoOutput:
    """Return what was given."""
    return EchoOutput(text=parameters.text, number=parameters.number, loud=parameters.loud, words=parameters.words)


class LoginParameters(Parameters, frozen=True, kw_only=True):
    token: Annotated[Secret, Meta(description="A credential.", examples=["example-of-a-token"])]
    spare: Annotated[Secret, Meta(description="Another.")] = "default-of-a-token"
    seconds: Annotated[Seconds, Meta(description="How long it takes.")] = 0.0


class LoginOutput(Output, frozen=True, kw_only=True):
    digest: Annotated[str, Meta(description="SHA-256 of the token.")]
    key_in_environment: Annotated[bool, Meta(description="Whether the server key can be read there.")]


@task("probe.login")
def login(parameters: LoginParameters, ctx: TaskContext) -> LoginOutput:
    """Tell the digest of a credential."""
    end = time.monotonic() + parameters.seconds
    while time.monotonic() < end:
        ctx.check()
        time.sleep(0.02)
    digest = hashlib.sha256(parameters.token.encode()).hexdigest()
    return LoginOutput(digest=digest, key_in_environment="DRAGON_SECRET_KEY" in os.environ)


class FailParameters(Parameters, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=100, description="What to say.")] = "it went wrong"


class EmptyOutput(Output, frozen=True, kw_only=True):
    pass


class ProbeError(TaskError):
    """The probe failed, as it was asked to."""

    code = "probe_failed"


@task("probe.fail", files=[OutputFile("output", "Never written.")])
def fail(parameters: FailParameters, ctx: TaskContext) -> EmptyOutput:
    """Fail."""
    raise ProbeError(parameters.reason)


class FilesParameters(Parameters, frozen=True, kw_only=True):
    content: Annotated[str, Meta(max_length=1_000_000, description="What the files hold.")] = "dragon"
    seconds: Annotated[Seconds, Meta(description="How long to work between the files.")] = 0.0
    only: Annotated[Literal["small", "large"] | None, Meta(description="Write this file alone.")] = None


@task(
    "probe.files",
    files=[OutputFile("small", "The first.", optional=True), OutputFile("large", "The second.", optional=True)],
)
def files(parameters: FilesParameters, ctx: TaskContext) -> EmptyOutput:
    """Write two files, the first one early."""
    for name in ("small", "large"):
        if parameters.only in {None, name}:
            path = ctx.output(name, ".txt")
            path.write_text(f"{name} {parameters.content}")
            ctx.partial(**{name: path})
        if name == "small":
            time.sleep(parameters.seconds)
    return EmptyOutput()


class OneParameters(Parameters, frozen=True, kw_only=True):
    content: Annotated[str, Meta(max_length=1_000_000, description="What the file holds.")]
    suffix: Annotated[Literal[".txt", ".html", ".svg", ".png"], Meta(description="Its ending.")] = ".txt"
    seconds: Annotated[Seconds, Meta(description="How long to work.")] = 0.0


class OneOutput(Output, frozen=True, kw_only=True):
    finished_at: Annotated[float, Meta(description="When the task was done, in seconds since 1970.")]


@task("probe.one", files=[OutputFile("output", "The file.")], cacheable=True)
def one(parameters: OneParameters, ctx: TaskContext) -> OneOutput:
    """Write one file."""
    time.sleep(parameters.seconds)
    ctx.output("output", parameters.suffix).write_text(parameters.content)
    return OneOutput(finished_at=time.time())


@task("probe.extra", files=[OutputFile("output", "The file."), OutputFile("more", "Beside it.", optional=True)])
def extra(parameters: OneParameters, ctx: TaskContext) -> OneOutput:
    """Write one file, and another beside it."""
    for name in ("output", "more"):
        ctx.output(name, parameters.suffix).write_text(f"{name} {parameters.content}")
    return OneOutput(finished_at=time.time())


class WorkParameters(Parameters, frozen=True, kw_only=True):
    seconds: Annotated[Seconds, Meta(description="How long to work.")] = 0.0


@task("probe.work", queue="probe_slow")
def work(parameters: WorkParameters, ctx: TaskContext) -> EmptyOutput:
    """Work for a while, and tell how far it is."""
    _work(parameters.seconds, ctx)
    return EmptyOutput()


class CopyParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[str, Meta(min_length=1, description="What to copy.")]


class CopyOutput(Output, frozen=True, kw_only=True):
    size: Annotated[int, Meta(ge=0, description="Bytes.")]


@task("probe.copy", files=[OutputFile("output", "The copy.")])
def copy(parameters: CopyParameters, ctx: TaskContext) -> CopyOutput:
    """Copy a source."""
    data = ctx.fetch(parameters.url).read_bytes()
    ctx.output("output", ".bin").write_bytes(data)
    return CopyOutput(size=len(data))


def _work(seconds: float, ctx: TaskContext) -> None:
    steps = 10
    for step in range(steps if seconds else 0):
        time.sleep(seconds / steps)
        ctx.progress(100 * (step + 1) // steps)
