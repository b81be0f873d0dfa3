"""``acme.cut``: a piece of a sound, cut out with ffmpeg."""

from typing import Annotated

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import AudioUrl, Seconds
from msgspec import Meta


class CutParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[AudioUrl, Meta(description="URL of the sound, or of a film.")]
    start: Annotated[Seconds, Meta(description="Where the piece begins.")] = 0.0
    duration: Annotated[Seconds, Meta(description="How long it is, at most.")] = 10.0


class CutOutput(Output, frozen=True, kw_only=True):
    content_type: Annotated[str, Meta(description="Media type of the piece.")]


@task("acme.cut", files=[OutputFile("output", "URL of the piece.", media_types=("audio/flac",))], preload=("ffmpeg",))
def cut(parameters: CutParameters, ctx: TaskContext) -> CutOutput:
    """Cut a piece out of a sound."""
    import ffmpeg  # writes the arguments; `run_ffmpeg` runs the program

    from dragon_framework.media.ffmpeg import compiled, input_of, run_ffmpeg

    name, allowed = input_of(ctx.fetch(parameters.url))  # local files and known formats alone
    target = ctx.output("output", ".flac", "audio/flac")
    piece = ffmpeg.input(name, ss=parameters.start, t=parameters.duration, **allowed).audio
    length = max(parameters.duration, 0.001)
    run_ffmpeg(  # killed when the task is cancelled; what ffmpeg says goes to the log, not to the client
        compiled(piece.output(f"file:{target}", acodec="flac", format="flac")),
        ctx,
        on_seconds=lambda done: ctx.progress(min(99, int(100 * done / length))),
    )
    return CutOutput(content_type="audio/flac")
