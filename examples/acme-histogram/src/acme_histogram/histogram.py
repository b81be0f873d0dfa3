"""``acme.histogram``: how many pixels of a picture are how light."""

from typing import Annotated

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import TaskError, UnreadableSourceError
from dragon_framework.fields import Count, ImageUrl
from msgspec import Meta, Struct


class HistogramSettings(Struct, frozen=True, kw_only=True):
    """`DRAGON_ACME_*`, or the table `[acme]`: the family's name."""

    max_pixels: Annotated[int, Meta(ge=1, le=10**9, description="Most pixels of a picture.")] = 50_000_000


class PictureTooLargeError(TaskError):
    """The picture has more pixels than this service looks at."""

    code = "acme_picture_too_large"

    def __init__(self, pixels: int, most: int) -> None:
        super().__init__(pixels, most)
        self.pixels = pixels
        self.most = most

    def __str__(self) -> str:
        return f"the picture has {self.pixels} pixels, and at most {self.most} are looked at"


class HistogramParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[ImageUrl, Meta(description="URL of the picture.")]
    bins: Annotated[int, Meta(ge=2, le=256, description="How many steps there are from black to white.")] = 16


class HistogramOutput(Output, frozen=True, kw_only=True):
    counts: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(description="Pixels in each step, black first.")]
    darkest: Annotated[Count, Meta(description="The first step that has pixels.")]


@task("acme.histogram", settings=HistogramSettings, cacheable=True, preload=("numpy", "PIL.Image"))
def histogram(parameters: HistogramParameters, ctx: TaskContext) -> HistogramOutput:
    """Count the pixels of a picture by how light they are."""
    import numpy as np  # heavy: loaded in task processes alone, ahead by `preload`
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own limit is below
    try:
        with ctx.open(parameters.url) as file, Image.open(file) as image:
            pixels = image.width * image.height
            if pixels > ctx.settings.max_pixels:
                raise PictureTooLargeError(pixels, ctx.settings.max_pixels)
            luma = np.asarray(image.convert("L"))  # ITU-R BT.601
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadableSourceError(parameters.url, "a picture") from error
    counts, _ = np.histogram(luma, bins=parameters.bins, range=(0, 256))
    return HistogramOutput(counts=counts.tolist(), darkest=int(np.flatnonzero(counts)[0]))
