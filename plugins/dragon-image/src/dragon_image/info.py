"""``image.info``: what can be read from an image, as a rule without decoding its pixels."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.fields import Color, Degrees, MediaType, Millimetres, Pixels, Seconds, SourceUrl
from dragon_image.settings import ImageSettings


class ImageInfoParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the image file to be scanned.")]
    dominant_color: Annotated[
        bool, Meta(description="If true, the dominant color is looked for, which takes reading and decoding all of it.")
    ] = False


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
    animated: Annotated[bool, Meta(description="Whether it is an animation of more than one frame.")]
    frames: Annotated[
        int, Meta(ge=1, description="How many frames a GIF, PNG, WebP or AVIF animation has; 1 for all else.")
    ]
    profile: Annotated[
        str | None, Meta(description="Name of the embedded ICC colour profile, such as `Display P3`; null if none.")
    ]
    dominant_color: Annotated[
        Color | None,
        Meta(description="The color that most pixels are near to, in sRGB; null if not asked for, or all is clear."),
    ]


@task(
    "image.info",
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._scaling",),
    memory_bytes=4 * 2**30,  # as image.thumb, for the dominant colour
)
def image_info(parameters: ImageInfoParameters, ctx: TaskContext) -> ImageInfoOutput:
    """Return image file information.

    Only the header of a JPEG, PNG, TIFF, BMP or PSD file is transferred; GIF, WebP, AVIF
    and HEIF files are read whole. Of an animation it describes the first frame.

    With `dominant_color` the picture is decoded: the colors of its opaque pixels are counted
    in 16 × 16 × 16 cells, and the mean of those in the fullest block of 3 × 3 × 3 is the answer.

    What the file does not tell, or tells as nonsense (an exposure of 0/0 seconds), is null.
    HEIF files carry their own rotation, which every decoder applies: their `rotation` is 0
    if they have an EXIF orientation, whatever it was.
    """
    from dragon_framework.media.geometry import upright_degrees
    from dragon_image._colour import profile_name
    from dragon_image._exif import read_exif, shown
    from dragon_image._frames import count_frames
    from dragon_image._reading import media_type, open_image

    dominant = _dominant(parameters.url, ctx) if parameters.dominant_color else None
    with open_image(ctx.open(parameters.url), parameters.url, ctx.settings.max_pixels, header_only=True) as image:
        exif = read_exif(image)
        (width, height), _ = shown(image, exif.orientation)
        frames = count_frames(image)
        profile = image.info.get("icc_profile")
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
            animated=frames > 1,
            frames=frames,
            profile=profile_name(profile if isinstance(profile, bytes) else None),
            dominant_color=dominant,
        )


def _dominant(url: str, ctx: TaskContext) -> str | None:
    from dragon_image._dominant import dominant_colour, small_size
    from dragon_image._scaling import Plan, read_scaled

    scaled = read_scaled(ctx.fetch(url), url, ctx, lambda stored, turn: Plan((0, 0, *stored), small_size(stored), turn))
    return dominant_colour(scaled.image)
