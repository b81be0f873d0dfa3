"""``audio.waveform``: a picture of a sound, and its peaks as numbers."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError
from dragon_framework.fields import Color, Margin, MediaType, Pixels, Seconds, SourceUrl

Width = Annotated[int, Meta(ge=1, le=16_384, extra_json_schema={"x-unit": "px"})]
Height = Annotated[int, Meta(ge=1, le=4096, extra_json_schema={"x-unit": "px"})]


class AudioWaveformParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the audio file to be scanned.")]
    width: Annotated[Width, Meta(description="Width of the image.")] = 1024
    height: Annotated[Height, Meta(description="Height of the image.")] = 60
    vmargin: Annotated[Margin, Meta(description="Vertical margin: so much is left free above and below.")] = 0
    fill: Annotated[Color, Meta(description="Color of the wave-form.")] = "#000000"
    background: Annotated[Color, Meta(description="Color of the background; may be transparent in a png.")] = "#FFFFFF"
    start: Annotated[Seconds, Meta(description="Seconds to start from.")] = 0.0
    end: Annotated[
        Seconds | None, Meta(description="Draw up to this point, in seconds; leave empty for the end of the sound.")
    ] = None
    format: Annotated[Literal["png", "jpeg"], Meta(description="The image format.")] = "jpeg"
    mode: Annotated[
        Literal["peaks", "rms"], Meta(description="Draw the least and greatest sample of each column, or its power.")
    ] = "peaks"
    channels: Annotated[
        Literal["merged", "split"],
        Meta(description="One wave-form of all channels, or one for each, below each other."),
    ] = "merged"
    bars: Annotated[
        int, Meta(ge=0, le=256, description="Width of bars in pixels, with gaps half as wide; 0 for a curve.")
    ] = 0
    peaks: Annotated[
        bool, Meta(description="If true, the least and greatest samples of the columns are written as JSON, too.")
    ] = False

    def __post_init__(self) -> None:
        """Refuse what leaves nothing to draw."""
        if self.end is not None and self.end <= self.start:
            raise FieldError("end", f"must be after start, which is {self.start:g} s")
        if 2 * self.vmargin >= self.height:
            raise FieldError("vmargin", f"leaves nothing of a height of {self.height} px")


class AudioWaveformOutput(Output, frozen=True, kw_only=True):
    duration: Annotated[Seconds, Meta(description="Duration of the audio file in seconds, rounded to 1/100th second.")]
    width: Annotated[Pixels, Meta(description="Width of the image.")]
    height: Annotated[Pixels, Meta(description="Height of the image.")]
    content_type: Annotated[MediaType, Meta(description="Content type of the image.")]


@task(
    "audio.waveform",
    files=[
        OutputFile("output", "URL of the image.", media_types=("image/png", "image/jpeg")),
        OutputFile("peaks", "URL of the peaks, if asked for.", media_types=("application/json",), optional=True),
    ],
    cacheable=True,
    seconds=1800.0,
    preload=("dragon_audio._waveform",),
)
def audio_waveform(parameters: AudioWaveformParameters, ctx: TaskContext) -> AudioWaveformOutput:
    """Create a waveform image from an audio file.

    The time from `start` to `end` is cut into `width` equal columns. In each the least and the
    greatest sample at the sound's own rate, of all channels, are joined by a line; full scale
    is the height without the margins, and silence is a line of one pixel. Nothing is mixed
    down, so that channels of opposite phase do not cancel out. With `rms` the line reaches from
    minus to plus the root of the mean square.

    A part beyond the end of the sound is drawn as silence. An `end` past it is taken as it is.

    `peaks` has the form of audiowaveform's JSON, version 2, with 16 bits: least and greatest
    value in turns, `width` times, for each channel if they are `split`.
    """
    from dragon_audio._waveform import drawn

    suffix, content_type = (".png", "image/png") if parameters.format == "png" else (".jpg", "image/jpeg")
    path = ctx.output("output", suffix)
    numbers = ctx.output("peaks", ".json") if parameters.peaks else None
    duration = drawn(parameters, ctx, path, numbers)
    return AudioWaveformOutput(
        duration=round(duration, 2), width=parameters.width, height=parameters.height, content_type=content_type
    )
