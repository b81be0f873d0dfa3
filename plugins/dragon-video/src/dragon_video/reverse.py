"""``video.reverse``: a film from its end to its beginning."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import MediaType, Pixels, Seconds, SourceUrl
from dragon_video.convert import CONTAINERS, WINDOWS_MEDIA, AudioCodec, AudioKilobits, VideoKilobits


class VideoReverseParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the source video.")]
    width: Annotated[
        Pixels | None,
        Meta(description="Desired width of the reversed video. If left unspecified, keep the original width."),
    ] = None
    height: Annotated[
        Pixels | None,
        Meta(description="Desired height of the reversed video. If left unspecified, keep the original height."),
    ] = None
    audio_codec: Annotated[AudioCodec, Meta(description="Desired audio codec.")] = "aac"
    video_codec: Annotated[Literal["h264"], Meta(description="Desired video codec.")] = "h264"
    video_bitrate: Annotated[VideoKilobits, Meta(description="Desired video bitrate, on the average.")] = 512
    audio_bitrate: Annotated[AudioKilobits, Meta(description="Desired audio bitrate.")] = 64
    sample_rate: Annotated[Literal[22050, 44100, 48000], Meta(description="Desired audio sample rate, in Hz.")] = 48000

    @property
    def held_in(self) -> str:
        """The container that holds the sound."""
        return "asf" if self.audio_codec in WINDOWS_MEDIA else "mp4"


class VideoReverseOutput(Output, frozen=True, kw_only=True):
    duration: Annotated[Seconds, Meta(description="Duration of the video, in seconds.")]
    width: Annotated[Pixels, Meta(description="Width of the output file.")]
    height: Annotated[Pixels, Meta(description="Height of the output file.")]
    frames: Annotated[int, Meta(ge=1, description="Number of frames in the output file.")]
    content_type: Annotated[MediaType, Meta(description="Output file content type.")]


@task(
    "video.reverse",
    files=[
        OutputFile("output", "URL of the reversed video file.", media_types=("video/mp4", "video/x-ms-wmv")),
    ],
    cacheable=True,
    seconds=4 * 3600.0,
    preload=("dragon_video._reversing",),
)
def video_reverse(parameters: VideoReverseParameters, ctx: TaskContext) -> VideoReverseOutput:
    """Create a reversed video file with custom dimensions, and return its video.info output values.

    Every frame comes once, in the opposite order, and stays on screen as long as it did; the
    sound runs backwards with them. Memory is bounded whatever the length. With both sides given the
    video fits inside them. The rest is as for video.convert: upright, square pixels, even sides,
    standard range, and two channels at most; an mp4, or an asf for wmav1 and wmav2.
    """
    from dragon_video._reversing import reversed_film

    suffix, content_type, _ = CONTAINERS[parameters.held_in]
    path = ctx.output("output", suffix, content_type)
    made = reversed_film(parameters, ctx, path)
    return VideoReverseOutput(
        duration=round(made.duration, 3),
        width=made.size[0],
        height=made.size[1],
        frames=made.frames,
        content_type=content_type,
    )
