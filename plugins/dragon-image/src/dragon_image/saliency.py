"""``image.saliency``: the points of a picture that catch the eye."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import Margin, SourceUrl
from dragon_image.settings import ImageSettings

MOST_POINTS = 20


class ImageSaliencyParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the analyzed image.")]
    show: Annotated[bool, Meta(description="If true, `shown` is written too: the image with the points drawn.")] = False


class ImageSaliencyOutput(Output, frozen=True, kw_only=True):
    points: Annotated[
        list[tuple[Margin, Margin]],
        Meta(
            description="Salient points as `[x, y]` in pixels of the upright image, most salient first; "
            "empty if nothing stands out."
        ),
    ]
    strengths: Annotated[
        list[Annotated[float, Meta(ge=0, le=1)]],
        Meta(description="How salient each point is beside the first: 1 for that, 0.3 at least."),
    ]


@task(
    "image.saliency",
    files=[
        OutputFile(
            "shown",
            "If asked for by `show`: the image, at most 1280 px a side, with the points drawn and numbered.",
            media_types=("image/jpeg",),
            optional=True,
        )
    ],
    memory_bytes=4 * 2**30,  # a JPEG 2000 of 120 megapixels takes 2.9 GB
    cacheable=True,
    settings=ImageSettings,
    preload=("dragon_image._analysis",),
)
def image_saliency(parameters: ImageSaliencyParameters, ctx: TaskContext) -> ImageSaliencyOutput:
    """Return an array of salient points coordinates within an image.

    The map of what stands out is the image signature (X. Hou, J. Harel, C. Koch, "Image
    Signature: Highlighting Sparse Salient Regions", IEEE Transactions on Pattern Analysis and
    Machine Intelligence 34(1), 2012): the upright image, on white where it is transparent, is
    brought to 64 × 64 px in CIE Lab; of each channel the signs of its discrete cosine
    transform are transformed back, squared, and blurred with a Gaussian of 2.5 px; the map is
    the sum of the three. The sign of the mean counts as 0, as do those of coefficients below
    1, which 8 bits cannot tell from rounding.

    Points are the peaks of the map that are at least 0.3 times as high as the highest and at
    least 8 of its 64 cells apart, refined to a fraction of a cell; at most 20. A picture of one
    colour has none. Of an animation the first frame counts.
    """
    import numpy as np
    from PIL import Image

    from dragon_image._analysis import look_at
    from dragon_image._marks import show
    from dragon_image._saliency import SIDE, peaks, saliency_map, to_lab

    path = ctx.fetch(parameters.url)
    seen = look_at(path, parameters.url, ctx, 4 * SIDE, grey=False)
    cells = seen.image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    found = peaks(saliency_map(to_lab(np.asarray(cells))), MOST_POINTS)
    width, height = seen.size
    points = [(min(int(peak.x * width), width - 1), min(int(peak.y * height), height - 1)) for peak in found]
    if parameters.show:
        show(path, parameters.url, ctx, points=points)
    return ImageSaliencyOutput(points=points, strengths=[round(peak.strength, 4) for peak in found])
