"""``image.info``: what can be read from an image without decoding its pixels."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.fields import Degrees, MediaType, Millimetres, Pixels, Seconds, SourceUrl
from dragon_image.settings import ImageSettings


class ImageInfoParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the image file to be scanned.")]


class ImageInfoOutput(Output, frozen=True, kw_only=True):
    content_type: Annotated[MediaType, Meta(description="Content-Type of the image file, by what its bytes are.")]
    type: Annotated[Literal["image"], Meta(description="Type of the file.")] = "image"
    width: Annotated[Pixels, Meta(description="Width as shown, after EXIF rotation.")]
    height: Annotated[Pixels, Meta(description="Height as shown, after EXIF rotation.")]
    alpha: Annotated[bool, Meta(description="Whether it has an alpha channel or a transparent colour.")]
    rotation: Annotated[
        Degrees | None,
        Meta(
            description="The counter clockwise rotation that should be applied to the stored pixels to see the image "
            "as it was shot, in degrees; null if a flip is needed too, or if nothing tells."
        ),
    ]
    exif_orientation: Annotated[
        Annotated[int, Meta(ge=1, le=8)] | None,
        Meta(description="The EXIF orientation, 1 to 8; null if there is none."),
    ]
    date_time: Annotated[
        str | None, Meta(description="When it was shot by the camera's clock, in EXIF's form `2009:11:02 01:21:55`.")
    ]
    flash: Annotated[bool | None, Meta(description="Whether the flash fired.")]
    focal_length: Annotated[Millimetres | None, Meta(description="Focal length of the lens, in millimetres.")]
    iso_speed: Annotated[float | None, Meta(description="Sensitivity, ISO 12232.")]
    exposure_time: Annotated[Seconds | None, Meta(description="Exposure time, in seconds.")]


@task(
    "image.info",
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._reading", "dragon_image._exif"),
)
def image_info(parameters: ImageInfoParameters, ctx: TaskContext) -> ImageInfoOutput:
    """Return image file information.

    Only the header of a JPEG, PNG, GIF, TIFF, BMP or PSD file is transferred; WebP, AVIF
    and HEIF files are read whole. Of an animation it describes the first frame.

    What the file does not tell, or tells as nonsense (an exposure of 0/0 seconds), is null.
    HEIF files carry their own rotation, which every decoder applies: their `rotation` is 0
    if they have an EXIF orientation, whatever it was.
    """
    from dragon_framework.media.geometry import upright_degrees
    from dragon_image._exif import read_exif, shown
    from dragon_image._reading import media_type, open_image

    with open_image(ctx.open(parameters.url), parameters.url, ctx.settings.max_pixels, header_only=True) as image:
        exif = read_exif(image)
        (width, height), _ = shown(image, exif.orientation)
        degrees = upright_degrees(exif.orientation)
        return ImageInfoOutput(
            content_type=media_type(image),
            width=width,
            height=height,
            alpha=image.has_transparency_data,
            rotation=None if degrees is None else float(degrees),
            exif_orientation=exif.orientation,
            date_time=exif.date_time,
            flash=exif.flash,
            focal_length=exif.focal_length,
            iso_speed=exif.iso_speed,
            exposure_time=exif.exposure_time,
        )
