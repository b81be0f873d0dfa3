"""``video.create``: a film from its definition in SXML."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, PartContext, TaskContext, task
from dragon_framework.fields import CallbackUrl, Pixels, Seconds
from dragon_video.profile_names import ProfileName
from dragon_video.settings import VideoSettings

EXAMPLE = """<movie service="craftsman-1.0">
  <body>
    <effect type="kenburns" duration="5.0">
      <image filename="https://example.com/photo.jpg"/>
    </effect>
  </body>
</movie>"""


class VideoCreateParameters(Parameters, frozen=True, kw_only=True):
    definition: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2_000_000,
            description="The film: XML of the service `craftsman-1.0`.",
            examples=[EXAMPLE],
        ),
    ]
    preview: Annotated[
        bool, Meta(description="Whether to write a small film of the same frames, at most 360 lines high.")
    ] = True
    export: Annotated[bool, Meta(description="Whether to write the film in the size and codecs of the profile.")] = True
    profile: Annotated[ProfileName, Meta(description="Size, frame rate, codecs and bit rates of the film.")] = "360p"
    thumbnail_time: Annotated[
        Seconds, Meta(description="The frame at this time is the thumbnail; the last one if the film is shorter.")
    ] = 1.0
    url_callback: Annotated[
        CallbackUrl | None, Meta(description="Where the final status is sent, by POST, when the films are ready.")
    ] = None
    dry_run: Annotated[
        bool,
        Meta(
            description="Only look at everything: the definition is checked, what it names is fetched, times are "
            "worked out, and returned in `definition`; nothing is drawn."
        ),
    ] = False


class VideoCreateOutput(Output, frozen=True, kw_only=True):
    duration: Annotated[Seconds, Meta(description="Duration of the film, in seconds.")]
    width: Annotated[Pixels, Meta(description="video width")]
    height: Annotated[Pixels, Meta(description="video height")]
    warnings: Annotated[
        list[str], Meta(description="What in the definition is ignored or was changed, each with its line and column.")
    ]
    definition: Annotated[
        str | None,
        Meta(description="Of a dry run: the film as XML, with the start and the duration of each element."),
    ] = None


class FilmPiece(Parameters, frozen=True, kw_only=True):
    """A stretch of frames, for whichever worker makes it (see `film.pieces.Piece`)."""

    number: int
    first: int
    last: int


def film_piece(piece: FilmPiece, ctx: PartContext) -> None:
    """Make a piece of a film that another worker makes."""
    from dragon_video.film.sharing import make_piece

    make_piece(piece, ctx)


@task(
    "video.create",
    files=[
        OutputFile("preview", "The small film.", media_types=("video/mp4",), optional=True),
        OutputFile(
            "export",
            "The film in its profile.",
            media_types=("video/mp4", "video/x-flv", "video/x-ms-wmv", "video/mpeg"),
            optional=True,
        ),
        OutputFile("thumbnail", "One frame of it.", media_types=("image/jpeg",), optional=True),
    ],
    settings=VideoSettings,
    seconds=4 * 3600.0,
    memory_bytes=8 * 2**30,
    preload=("dragon_video.film.making",),
    part=film_piece,
)
def video_create(parameters: VideoCreateParameters, ctx: TaskContext) -> VideoCreateOutput:
    """Create video file(s) from a XML definition and video profile(s).

    The definition says what is seen and heard, and how long; nothing in it is in pixels, so one
    definition gives the same film in every profile. Everything that is wrong with it is told at
    once, each with its line and column. The thumbnail, the duration and the preview are shown as they are ready.
    """
    from dragon_video.film.making import made_film

    made = made_film(parameters, ctx)
    return VideoCreateOutput(
        duration=round(made.duration, 3),
        width=made.width,
        height=made.height,
        warnings=made.warnings,
        definition=made.definition,
    )
