"""``video.convert``: a film in another size, with other codecs."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError
from dragon_framework.fields import Degrees, FramesPerSecond, MediaType, Pixels, Seconds, SourceUrl

CONTAINERS = {
    # name: ending, media type, ffmpeg's name
    "mp4": (".mp4", "video/mp4", "mp4"),
    "mov": (".mov", "video/quicktime", "mov"),
    "mkv": (".mkv", "video/x-matroska", "matroska"),
    "asf": (".wmv", "video/x-ms-wmv", "asf"),
}
WINDOWS_MEDIA = ("wmav1", "wmav2")

AudioCodec = Literal["mp2", "mp3", "aac", "wmav1", "wmav2"]
VideoKilobits = Annotated[int, Meta(ge=8, le=200_000, extra_json_schema={"x-unit": "kbps"})]
AudioKilobits = Annotated[int, Meta(ge=8, le=512, extra_json_schema={"x-unit": "kbps"})]


class VideoConvertParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the video file to convert.")]
    width: Annotated[
        Pixels | None, Meta(description="Desired width; leave empty to follow the height, or keep the original's.")
    ] = None
    height: Annotated[
        Pixels | None, Meta(description="Desired height; leave empty to follow the width, or keep the original's.")
    ] = None
    crop: Annotated[
        bool,
        Meta(
            description="Allows cropping the video to fill the output size; else it fits inside. It matters when both "
            "sides are given."
        ),
    ] = False
    audio_codec: Annotated[AudioCodec, Meta(description="Desired audio codec.")] = "aac"
    video_codec: Annotated[Literal["h264"], Meta(description="Desired video codec.")] = "h264"
    video_bitrate: Annotated[VideoKilobits, Meta(description="Desired video bitrate, on the average.")] = 512
    audio_bitrate: Annotated[AudioKilobits, Meta(description="Desired audio bitrate.")] = 64
    sample_rate: Annotated[Literal[22050, 44100, 48000], Meta(description="Desired audio sample rate, in Hz.")] = 48000
    crf: Annotated[
        Annotated[int, Meta(ge=0, le=51)] | None,
        Meta(description="Constant quality instead of a bitrate: 0 is lossless, 51 the worst, 18 to 28 are usual."),
    ] = None
    passes: Annotated[
        Literal[1, 2],
        Meta(
            description="2 meets the bitrate more closely and spends it better, and reads and encodes the film twice."
        ),
    ] = 1
    gop: Annotated[int, Meta(ge=1, le=1000, description="Most frames from one key frame to the next.")] = 250
    container: Annotated[
        Literal["auto", "mp4", "mov", "mkv", "asf"],
        Meta(description="The output's container; auto is mp4, or asf for wmav1 and wmav2, which an mp4 cannot hold."),
    ] = "auto"
    faststart: Annotated[
        bool, Meta(description="Whether the index of an mp4 or mov comes first, so that it plays while it loads.")
    ] = True

    def __post_init__(self) -> None:
        if self.container == "mp4" and self.audio_codec in WINDOWS_MEDIA:
            raise FieldError("container", f"an mp4 cannot hold {self.audio_codec}; use auto, asf, mov or mkv")
        if self.crf is not None and self.passes == 2:
            raise FieldError("passes", "two passes are for a bitrate; with crf there is one")

    @property
    def held_in(self) -> str:
        """The container, chosen."""
        if self.container != "auto":
            return self.container
        return "asf" if self.audio_codec in WINDOWS_MEDIA else "mp4"


class VideoConvertOutput(Output, frozen=True, kw_only=True):
    content_type: Annotated[MediaType, Meta(description="Output file content type.")]
    width: Annotated[Pixels, Meta(description="Width of the output file.")]
    height: Annotated[Pixels, Meta(description="Height of the output file.")]
    original_width: Annotated[Pixels, Meta(description="Width of the input video as shown, upright.")]
    original_height: Annotated[Pixels, Meta(description="Height of the input video as shown, upright.")]
    duration: Annotated[Seconds, Meta(description="Duration of the video file, in seconds.")]
    frame_rate: Annotated[
        FramesPerSecond | None, Meta(description="Frame rate, of a variable one the average; null if nothing tells.")
    ]
    audio_codec: Annotated[str | None, Meta(description="Audio codec name; null if there is no sound.")]
    video_codec: Annotated[str, Meta(description="Video codec name.")]
    alpha: Annotated[bool, Meta(description="Whether the video has an alpha channel; h264 has none.")]
    rotation: Annotated[
        Degrees,
        Meta(
            description="The counter clockwise rotation that should be applied to the video to see it as it was shot, "
            "in degrees; the output is upright."
        ),
    ]


@task(
    "video.convert",
    files=[
        OutputFile(
            "output", "URL of the converted file.", media_types=tuple(sorted(form[1] for form in CONTAINERS.values()))
        )
    ],
    cacheable=True,
    seconds=4 * 3600.0,
    memory_bytes=4 * 2**30,
    preload=("dragon_video._converting",),
)
def video_convert(parameters: VideoConvertParameters, ctx: TaskContext) -> VideoConvertOutput:
    """Create transcoded video file with custom dimensions, and return its video.info output values.

    The output is upright, with square pixels and even sides (h264 has no others), of at most
    60 frames per second, in standard range; interlaced films are deinterlaced, transparent parts
    are black, and more than two channels of sound become two. What the rate of a codec cannot be is
    rounded to one it can: mp2 has a list of bitrates, wmav1 and wmav2 begin at 24 kbps.

    x264's preset is veryfast. A bitrate is met on the average, with peaks up to one and a half times as
    high. One pass is the default because a second one reads and encodes the film once more.
    """
    from dragon_video._converting import converted

    suffix, content_type, _ = CONTAINERS[parameters.held_in]
    path = ctx.output("output", suffix, content_type)
    original, film = converted(parameters, ctx, path)
    return VideoConvertOutput(
        content_type=content_type,
        width=film.size[0],
        height=film.size[1],
        original_width=original.shown[0],
        original_height=original.shown[1],
        duration=round(film.duration, 3),
        frame_rate=film.frame_rate,
        audio_codec=film.audio_codec and parameters.audio_codec,  # of an mp2 in an mp4 nothing but its data tells
        video_codec=film.video_codec,
        alpha=film.alpha,
        rotation=film.rotation,
    )
