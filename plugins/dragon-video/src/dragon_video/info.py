"""``video.info``: what can be read from a film."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.fields import Degrees, FramesPerSecond, MediaType, Pixels, Seconds, SourceUrl


class VideoInfoParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the video file to be scanned.")]


class VideoInfoOutput(Output, frozen=True, kw_only=True):
    content_type: Annotated[MediaType, Meta(description="Mime-type of the video file, by what its bytes are.")]
    width: Annotated[Pixels, Meta(description="Video width, in pixels, as stored.")]
    height: Annotated[Pixels, Meta(description="Video height, in pixels, as stored.")]
    duration: Annotated[Seconds, Meta(description="Video duration, in seconds.")]
    frame_rate: Annotated[
        FramesPerSecond | None,
        Meta(
            description="Video frame rate, in frames per second; of a variable one the average. Null if nothing tells."
        ),
    ]
    alpha: Annotated[bool, Meta(description="A boolean indicating if the video has an alpha channel.")]
    rotation: Annotated[
        Degrees,
        Meta(
            description="The counter clockwise rotation that should be applied to the video to see it as it was shot, "
            "in degrees."
        ),
    ]
    audio_codec: Annotated[str | None, Meta(description="Audio codec name; null if there is no sound.")]
    video_codec: Annotated[str, Meta(description="Video codec name.")]
    display_width: Annotated[
        Pixels, Meta(description="Width as shown, with square pixels and after the rotation, in pixels.")
    ]
    display_height: Annotated[
        Pixels, Meta(description="Height as shown, with square pixels and after the rotation, in pixels.")
    ]

    bit_rate: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Bits per second of the whole file, on the average; null if nothing tells."),
    ]
    variable_frame_rate: Annotated[
        bool, Meta(description="Whether frames do not come at one rate; frame_rate is then their average.")
    ]
    hdr: Annotated[bool, Meta(description="Whether the pictures have a high dynamic range (PQ or HLG).")]
    mirrored: Annotated[
        bool,
        Meta(description="Whether left and right are to be exchanged to see it as it was shot, before it is rotated."),
    ]
    interlaced: Annotated[bool, Meta(description="Whether the first picture is interlaced.")]
    audio_channels: Annotated[int, Meta(ge=0, description="Channels of the sound; 0 if there is none.")]
    streams: Annotated[int, Meta(ge=1, description="Streams in the file, covers and subtitles among them.")]


@task("video.info", cacheable=True, preload=("dragon_video._probe",))
def video_info(parameters: VideoInfoParameters, ctx: TaskContext) -> VideoInfoOutput:
    """Return video file information.

    Of a remote file its header, its index and its first pictures are read, where the server
    knows range requests; a file that does not tell its duration is read to its end.

    Covers are no video. With several video streams the first counts.
    """
    from dragon_framework.media.reading import open_media
    from dragon_video._probe import EXPECTED, probe

    file = ctx.open(parameters.url)
    with open_media(file, parameters.url, EXPECTED) as container:
        film = probe(container, parameters.url, file, ctx.check)
    return VideoInfoOutput(
        content_type=film.content_type,
        width=film.size[0],
        height=film.size[1],
        duration=round(film.duration, 3),
        frame_rate=film.frame_rate,
        alpha=film.alpha,
        rotation=film.rotation,
        audio_codec=film.audio_codec,
        video_codec=film.video_codec,
        display_width=film.shown[0],
        display_height=film.shown[1],
        bit_rate=film.bit_rate,
        variable_frame_rate=film.variable,
        hdr=film.hdr,
        mirrored=film.mirrored,
        interlaced=film.interlaced,
        audio_channels=film.audio_channels,
        streams=film.streams,
    )
