"""``image.gif``: an animated GIF of pictures, one after the other."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import Color, Pixels, Seconds, SourceUrl
from dragon_image.settings import ImageSettings

MOST_IMAGES = 5000
LONGEST = 655.35
"""Seconds: GIF counts hundredths in 16 bits."""


class ImageGifParameters(Parameters, frozen=True, kw_only=True):
    images: Annotated[
        list[SourceUrl],
        Meta(
            min_length=1,
            max_length=MOST_IMAGES,
            description="The list of image URLs that will be used to create the animated GIF, in their order.",
        ),
    ]
    loop: Annotated[
        int,
        Meta(
            ge=-1,
            le=65_535,
            description="The number of loops of the GIF after it was shown once; 0 means to loop forever, "
            "-1 not to loop.",
        ),
    ] = 0
    frame_duration: Annotated[
        float,
        Meta(
            ge=0.005,
            le=LONGEST,
            description="The duration during which each image will be shown when the GIF is playing, "
            "rounded to 1/100th of a second.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 0.1
    width: Annotated[
        Pixels | None,
        Meta(description="The pixel width of the output GIF. Leave empty to use the width of the first image."),
    ] = None
    height: Annotated[
        Pixels | None,
        Meta(description="The pixel height of the output GIF. Leave empty to use the height of the first image."),
    ] = None
    crop: Annotated[
        bool,
        Meta(
            description="If true, each image fills the GIF and what is outside is cut off; if false, it fits inside it."
        ),
    ] = False
    background: Annotated[
        Color | None,
        Meta(
            description="What is behind transparent parts, and beside images of another shape; "
            "leave empty for nothing: there the GIF is transparent."
        ),
    ] = None


class ImageGifOutput(Output, frozen=True, kw_only=True):
    width: Annotated[Pixels, Meta(description="Width of the GIF.")]
    height: Annotated[Pixels, Meta(description="Height of the GIF.")]
    frames: Annotated[int, Meta(ge=1, description="How many frames it has: one for each image.")]
    duration: Annotated[Seconds, Meta(description="How long it takes to show all frames once.")]


@task(
    "image.gif",
    files=[OutputFile("output", "The URL of the output GIF.", media_types=("image/gif",))],
    seconds=600,
    memory_bytes=4 * 2**30,  # as image.thumb
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._scaling",),
)
def image_gif(parameters: ImageGifParameters, ctx: TaskContext) -> ImageGifOutput:
    """Create an animated GIF from a list of images.

    The images are fetched side by side and shown in the order of the list, each for
    `frame_duration`. Each is turned as it was shot (EXIF) and converted to sRGB; of an
    animation the first frame is taken.

    The GIF is `width` × `height`; what is not given is that of the first image. Each image is
    scaled, up or down, until it fits inside, and lies in the middle; with `crop` it fills the
    GIF. To make a GIF smaller, give both.

    An image of at most 256 colours keeps them exactly. Others get a palette of their own,
    chosen for the pixels that change, and are dithered. Pixels whose alpha is below 128 are
    transparent, others opaque. Only what changes from one image to the next is stored.
    """
    from dragon_image._gif import centiseconds, make_gif

    path = ctx.output("output", ".gif")
    width, height = make_gif(parameters, ctx, path)
    frames = len(parameters.images)
    duration = frames * centiseconds(parameters.frame_duration) / 100
    return ImageGifOutput(width=width, height=height, frames=frames, duration=duration)
