"""``acme.label``: a label for a picture, by a model that the operator supplies.

The model is an `.npz` with `weights` (192 × N, float), `bias` (N) and `labels` (N texts): a
linear classifier of the picture at 8 × 8 pixels, RGB from 0 to 1. Any other library would
be used alike: imported in the function, the model loaded once for each process.
"""

from functools import lru_cache
from typing import Annotated, Any

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.errors import TaskError, UnreadableSourceError
from dragon_framework.fields import ImageUrl, Ratio
from msgspec import Meta, Struct


class LabelSettings(Struct, frozen=True, kw_only=True):
    model: Annotated[str, Meta(description="Path of the model, `.npz`; empty: there is none.")] = ""


class NoModelError(TaskError):
    """This service has no model, or one that cannot be read."""

    code = "acme_no_model"

    def __str__(self) -> str:
        return "this service has no model for acme.label; its operator sets acme_label.model"


class LabelParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[ImageUrl, Meta(description="URL of the picture.")]


class LabelOutput(Output, frozen=True, kw_only=True):
    label: Annotated[str, Meta(description="The likeliest label.")]
    confidence: Annotated[Ratio, Meta(description="How likely it is.")]


@task(
    "acme.label", settings=LabelSettings, section="acme_label", cacheable=True, seconds=60, memory_bytes=2**30,
    preload=("numpy", "PIL.Image"),
)  # fmt: skip
def label(parameters: LabelParameters, ctx: TaskContext) -> LabelOutput:
    """Say what a picture shows."""
    import numpy as np
    from PIL import Image

    model = _model(ctx.settings.model)
    try:
        with ctx.open(parameters.url) as file, Image.open(file) as image:
            pixels = np.asarray(image.convert("RGB").resize((8, 8), Image.Resampling.BOX), float) / 255
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableSourceError(parameters.url, "a picture") from error
    scores = pixels.reshape(-1) @ model["weights"] + model["bias"]
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    best = int(likely.argmax())
    return LabelOutput(label=str(model["labels"][best]), confidence=float(likely[best]))


@lru_cache(maxsize=1)
def _model(path: str) -> dict[str, Any]:
    """Return the model; a task process keeps it for the tasks that follow."""
    import numpy as np

    try:
        with np.load(path) as file:  # no pickles: a model is data
            return {name: file[name] for name in ("weights", "bias", "labels")}
    except (OSError, KeyError, ValueError) as error:
        raise NoModelError from error
