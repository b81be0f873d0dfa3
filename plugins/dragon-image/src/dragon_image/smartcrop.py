"""``image.smartcrop``: the rectangles of a picture that tell most."""

from typing import Annotated

from msgspec import Meta, Struct

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import Margin, Pixels, Ratio, SourceUrl
from dragon_image.settings import ImageSettings

SIDE = 640
"""Longer side, in pixels, at which entropy is measured: the grain of larger pictures says nothing."""


class ImageSmartcropParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the image file to be scanned.")]
    aspect_ratio: Annotated[
        float, Meta(ge=0.01, le=100, description="Width of a rectangle divided by its height, 0.01 to 100.")
    ] = 16 / 9
    boxes_number: Annotated[
        int, Meta(ge=1, le=1000, description="Most rectangles to return; there are fewer if no more fit.")
    ] = 10
    step_ratio: Annotated[
        Ratio,
        Meta(
            description="How far apart rectangles are tried, as a part of the image's width and height; "
            "never finer than a 640th of the longer side."
        ),
    ] = 0.03
    diag_ratio: Annotated[
        Ratio,
        Meta(
            description="Diagonal of a rectangle as a part of the image's diagonal; "
            "a rectangle that would not fit inside is made smaller."
        ),
    ] = 0.3
    reverse: Annotated[bool, Meta(description="If true, the least interesting rectangles are returned.")] = False
    show: Annotated[bool, Meta(description="If true, `shown` is written too: the image with the rectangles drawn.")] = (
        False
    )


class CropBox(Struct, frozen=True, kw_only=True):
    x: Annotated[Margin, Meta(description="Left edge.")]
    y: Annotated[Margin, Meta(description="Upper edge.")]
    width: Annotated[Pixels, Meta(description="Width.")]
    height: Annotated[Pixels, Meta(description="Height.")]
    score: Annotated[float, Meta(ge=0, le=6, description="Entropy of its grey levels, in bits, 0 to 6.")]


class ImageSmartcropOutput(Output, frozen=True, kw_only=True):
    points: Annotated[
        list[CropBox],
        Meta(
            description="The rectangles in pixels of the upright image, most interesting first (least, if `reverse`)."
        ),
    ]


@task(
    "image.smartcrop",
    files=[
        OutputFile(
            "shown",
            "If asked for by `show`: the image, at most 1280 px a side, with the rectangles drawn and numbered.",
            media_types=("image/jpeg",),
            optional=True,
        )
    ],
    memory_bytes=4 * 2**30,  # a JPEG 2000 of 120 megapixels takes 2.9 GB
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._analysis",),
)
def image_smartcrop(parameters: ImageSmartcropParameters, ctx: TaskContext) -> ImageSmartcropOutput:
    """Return most interesting (entropy based), non-overlapping rectangles, for a given surface ratio, within an image.

    The image is turned as it was shot (EXIF), and is w × h then. With
    `d = diag_ratio × √(w² + h²)` all rectangles have the size

    - `height = d / √(aspect_ratio² + 1)`, at most h and at most `w / aspect_ratio`,
    - `width = aspect_ratio × height`,

    exact to a pixel, and at least 1 × 1. They are tried from edge to edge, evenly, at most
    `step_ratio × w` apart to the right and `step_ratio × h` downwards.

    How interesting one is, is the Shannon entropy of its luma (ITU-R BT.601) in 64 equal bins,
    `−Σ p × log₂ p`, where p is the part of the rectangle's pixels in a bin: 0 bits where all
    is of one grey, 6 where all 64 are there alike. It is measured on the image scaled down
    to 640 px on its longer side, on white where it is transparent; of an animation on the
    first frame.

    The rectangle with the highest entropy is taken (with the lowest, if `reverse`), then the
    next that overlaps none before, until there are `boxes_number` or no more fit. Of equals,
    the one nearer to the middle comes first.
    """
    import numpy as np

    from dragon_image._analysis import look_at
    from dragon_image._marks import show
    from dragon_image._smartcrop import best_boxes

    path = ctx.fetch(parameters.url)
    seen = look_at(path, parameters.url, ctx, SIDE, grey=True)
    boxes = best_boxes(
        np.asarray(seen.image),
        seen.size,
        aspect_ratio=parameters.aspect_ratio,
        boxes_number=parameters.boxes_number,
        step_ratio=parameters.step_ratio,
        diag_ratio=parameters.diag_ratio,
        reverse=parameters.reverse,
    )
    if parameters.show:
        show(path, parameters.url, ctx, boxes=[box[:4] for box in boxes])
    return ImageSmartcropOutput(points=[CropBox(**box._asdict() | {"score": round(box.score, 4)}) for box in boxes])
