"""``video.strip``: pictures of a film at equal times, side by side."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError
from dragon_framework.fields import FramesPerSecond, MediaType, Pixels, Seconds, SourceUrl
from dragon_video.thumb import FORMATS

MOST_FRAMES = 1000


class VideoStripParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the source video.")]
    width: Annotated[
        Pixels | None,
        Meta(
            description="Width of each frame stitched into the film strip; leave empty to follow the height, or use "
            "the original video's."
        ),
    ] = None
    height: Annotated[
        Pixels | None,
        Meta(
            description="Height of each frame stitched into the film strip; leave empty to follow the width, or use "
            "the original video's."
        ),
    ] = None
    crop: Annotated[
        bool,
        Meta(
            description="If false, video frames fit each strip section. If true, video frames fill each strip section, "
            "aligning centers."
        ),
    ] = False
    wrap: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_FRAMES)] | None,
        Meta(
            description="Number of video frames that are stitched horizontally before a new line starts. If left "
            "unspecified, all frames are stitched on a single line."
        ),
    ] = None
    start: Annotated[Seconds, Meta(description="Time of the first frame extracted, by default the first of all.")] = 0.0
    end: Annotated[
        Seconds | None, Meta(description="Time of the last frame extracted, by default the last frame of all.")
    ] = None
    count: Annotated[
        int,
        Meta(
            ge=1,
            le=MOST_FRAMES,
            description="Number of frames extracted, at equal time intervals between start and end times.",
        ),
    ] = 10
    format: Annotated[Literal["jpeg", "png"], Meta(description="Output image file format.")] = "jpeg"

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise FieldError("end", f"must not be before start ({self.start:g} s), got {self.end:g}")


class VideoStripOutput(Output, frozen=True, kw_only=True):
    count: Annotated[int, Meta(description="Actual number of frames in the output.")]
    width: Annotated[Pixels, Meta(description="Width of the output image.")]
    height: Annotated[Pixels, Meta(description="Height of the output image.")]
    original_width: Annotated[Pixels, Meta(description="Width of the input video as shown, upright.")]
    original_height: Annotated[Pixels, Meta(description="Height of the input video as shown, upright.")]
    duration: Annotated[Seconds, Meta(description="Duration of the input video file.")]
    frame_rate: Annotated[
        FramesPerSecond | None, Meta(description="Frame rate of the input video file; null if nothing tells.")
    ]
    content_type: Annotated[MediaType, Meta(description="Mime-type of the output image.")]


@task(
    "video.strip",
    files=[OutputFile("output", "URL of the output image.", media_types=("image/jpeg", "image/png"))],
    cacheable=True,
    seconds=600.0,
    preload=("dragon_video._strip",),
)
def video_strip(parameters: VideoStripParameters, ctx: TaskContext) -> VideoStripOutput:
    """Create a film strip image of custom dimensions showing stitched frames of a video.

    Each frame is the one that a player shows at its time, as for video.thumb: the first at
    `start`, the last at `end`. Frames fit their sections, so that all sections have the
    size of the first frame; with `crop` and both sides they fill sections of exactly that
    size. The last line may be shorter than `wrap`; what is left of it is black.

    From a film that has fewer frames between the two times as many are taken as there are,
    each once.
    """
    from dragon_video._strip import make_strip

    suffix, content_type = FORMATS[parameters.format]
    path = ctx.output("output", suffix, content_type)
    made = make_strip(parameters, ctx, path)
    return VideoStripOutput(
        count=made.frames,
        width=made.size[0],
        height=made.size[1],
        original_width=made.original[0],
        original_height=made.original[1],
        duration=round(made.duration, 3),
        frame_rate=made.frame_rate,
        content_type=content_type,
    )
