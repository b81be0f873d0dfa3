"""``video.thumb``: the picture on screen at a time of a film."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import MediaType, Pixels, Seconds, SourceUrl

FORMATS = {"jpeg": (".jpg", "image/jpeg"), "png": (".png", "image/png")}


class VideoThumbParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the source video.")]
    width: Annotated[
        Pixels | None,
        Meta(description="Width of the output image; leave empty to follow the height, or use the original video's."),
    ] = None
    height: Annotated[
        Pixels | None,
        Meta(description="Height of the output image; leave empty to follow the width, or use the original video's."),
    ] = None
    crop: Annotated[
        bool,
        Meta(
            description="If false, the video frame fits the output image; if true, it fills it, and what is outside is "
            "cut off. It matters when both sides are given."
        ),
    ] = False
    time: Annotated[Seconds, Meta(description="Timestamp of the video frame to extract, from the first frame on.")] = (
        0.0
    )
    format: Annotated[Literal["jpeg", "png"], Meta(description="Output image file format.")] = "jpeg"
    poster: Annotated[bool, Meta(description="If true, a play icon is added in the center.")] = False


class VideoThumbOutput(Output, frozen=True, kw_only=True):
    width: Annotated[Pixels, Meta(description="Width of the output image.")]
    height: Annotated[Pixels, Meta(description="Height of the output image.")]
    original_width: Annotated[Pixels, Meta(description="Width of the input video as shown, upright.")]
    original_height: Annotated[Pixels, Meta(description="Height of the input video as shown, upright.")]
    duration: Annotated[Seconds, Meta(description="Duration of the input video file.")]
    content_type: Annotated[MediaType, Meta(description="Mime-type of the output image.")]
    time: Annotated[Seconds, Meta(description="When the extracted frame comes on screen; at most the asked time.")]


@task(
    "video.thumb",
    files=[OutputFile("output", "URL of the output image.", media_types=("image/jpeg", "image/png"))],
    cacheable=True,
    preload=("dragon_video._thumb",),
)
def video_thumb(parameters: VideoThumbParameters, ctx: TaskContext) -> VideoThumbOutput:
    """Create an image of custom dimensions extracted at a specified time in a video.

    It is the frame that a player shows at `time`: the last one that is not after it; past
    the end the last frame of all. It is upright and has square pixels, and a high dynamic
    range is toned down. `width`, `height` and `crop` mean what they mean for image.thumb.

    Of a remote file its header, its index and the pictures around `time` are read, where the
    server knows range requests.
    """
    from dragon_video._thumb import make_thumb

    suffix, content_type = FORMATS[parameters.format]
    path = ctx.output("output", suffix, content_type)
    made = make_thumb(parameters, ctx, path)
    return VideoThumbOutput(
        width=made.size[0],
        height=made.size[1],
        original_width=made.original[0],
        original_height=made.original[1],
        duration=round(made.duration, 3),
        content_type=content_type,
        time=round(made.time, 6),
    )
