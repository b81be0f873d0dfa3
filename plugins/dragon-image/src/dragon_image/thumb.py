"""``image.thumb``: a picture in another size, shape, orientation or format."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.errors import FieldError
from dragon_framework.fields import Color, Pixels, SourceUrl
from dragon_image.settings import ImageSettings

DEFAULT_QUALITY = 85
SUFFIXES = {"jpeg": ".jpg", "gif": ".gif", "png": ".png", "webp": ".webp", "avif": ".avif"}


class ImageThumbParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the source image.")]
    width: Annotated[Pixels | None, Meta(description="Desired thumbnail width; leave empty to follow the height.")] = (
        None
    )
    height: Annotated[Pixels | None, Meta(description="Desired thumbnail height; leave empty to follow the width.")] = (
        None
    )
    crop: Annotated[
        bool,
        Meta(
            description="If true, the original image fills the new dimensions exactly, and what is outside is cut off; "
            "if false, it fits inside them. It matters when both are given."
        ),
    ] = False
    rotation: Annotated[
        Literal[0, 90, 180, 270],
        Meta(description="A counter clockwise rotation to apply to the thumbnail, in degrees."),
    ] = 0
    poster: Annotated[bool, Meta(description="If true, a play icon is added in the center.")] = False
    format: Annotated[Literal["jpeg", "gif", "png", "webp", "avif"], Meta(description="The output format.")] = "jpeg"
    quality: Annotated[
        int, Meta(ge=1, le=95, description="Quality of a jpeg, webp or avif; gif and png have none to choose.")
    ] = DEFAULT_QUALITY
    focus: Annotated[
        Literal["center", "entropy"],
        Meta(
            description="What `crop` keeps: the middle, or the part with the greatest entropy, where most can be seen."
        ),
    ] = "center"
    background: Annotated[
        Color | None,
        Meta(description="What transparent parts lie on; leave empty for white in a jpeg, and for nothing in others."),
    ] = None
    strip: Annotated[
        bool,
        Meta(
            description="If true, all metadata is left behind; if false, EXIF is kept: camera, date, position. "
            "A gif has no place for it."
        ),
    ] = True

    def __post_init__(self) -> None:
        """Refuse what would mean nothing."""
        if self.format in {"gif", "png"} and self.quality != DEFAULT_QUALITY:
            raise FieldError("quality", f"{self.format} has no quality to choose; leave it out")
        if self.focus != "center" and not (self.crop and self.width and self.height):
            raise FieldError("focus", "there is something to choose only with crop, width and height")
        if self.format == "gif" and not self.strip:
            raise FieldError("strip", "a gif has no place for metadata; leave it out")


class ImageThumbOutput(Output, frozen=True, kw_only=True):
    width: Annotated[Pixels, Meta(description="Thumbnail width.")]
    height: Annotated[Pixels, Meta(description="Thumbnail height.")]
    original_width: Annotated[Pixels, Meta(description="Original image width, as shown.")]
    original_height: Annotated[Pixels, Meta(description="Original image height, as shown.")]


@task(
    "image.thumb",
    files=[
        OutputFile(
            "output",
            "URL of the thumbnail.",
            media_types=("image/jpeg", "image/gif", "image/png", "image/webp", "image/avif"),
        )
    ],
    memory_bytes=4 * 2**30,  # a JPEG 2000 of 120 megapixels takes 2.9 GB
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._thumbnail",),
)
def image_thumb(parameters: ImageThumbParameters, ctx: TaskContext) -> ImageThumbOutput:
    """Create a new image of custom dimensions and orientation from an original image.

    The original is turned as it was shot (EXIF), then by `rotation`; its size is then w × h.

    - Neither `width` nor `height`: the thumbnail is w × h.
    - One of them: the other follows, `height = width × h / w`.
    - Both, without `crop`: the picture is scaled by `s = min(width / w, height / h)`, so one side
      of the thumbnail is as asked and the other at most as asked.
    - Both, with `crop`: the picture is scaled by `s = max(width / w, height / h)` and what is
      outside `width × height` is cut off, the same on both sides; with `focus` entropy so that
      the part is kept whose luma histogram (64 levels) has the greatest Shannon entropy.

    Sides are rounded to the nearest pixel, and are at least 1. `s` may be above 1: small
    pictures are enlarged to what was asked for. The thumbnail is in sRGB, without profile,
    EXIF or any other metadata; of an animation it shows the first frame. Transparent parts
    are white in a jpeg, kept in png, webp and avif, and either fully transparent or opaque
    in a gif; with `background` they lie on that color.

    Without `strip` the EXIF of the source is kept, its orientation set to 1 and its sizes to
    those of the thumbnail. Its embedded thumbnail is not, nor are XMP, IPTC and comments.
    """
    from dragon_image._thumbnail import make_thumbnail

    path = ctx.output("output", SUFFIXES[parameters.format])
    original, size = make_thumbnail(parameters, ctx, path)
    return ImageThumbOutput(width=size[0], height=size[1], original_width=original[0], original_height=original[1])
