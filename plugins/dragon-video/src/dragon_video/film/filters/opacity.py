"""`alpha`: how much of a picture there is, from the start of the filter's window to its end."""

import cv2
import numpy as np

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.frames import Frame


def draw_alpha(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return all channels × the opacity, which goes in a straight line from `alphaStart` to `alphaEnd`."""
    start, end = values["alphaStart"], values["alphaEnd"]
    alpha = start + (end - start) * min(max(moment.progress, 0), 1)
    if alpha >= 1:
        return picture
    if alpha <= 0:
        return np.zeros_like(picture)
    return cv2.convertScaleAbs(picture, alpha=alpha).astype(np.uint8, copy=False)


KINDS = (
    FilterKind(
        "alpha",
        "Fades the picture: its opacity goes from one value to another over the window.",
        {
            "alphaStart": Parameter("number", 1.0, "Opacity at the start of the window: 0 is invisible.", 0, 1),
            "alphaEnd": Parameter("number", 1.0, "Opacity at the end of the window.", 0, 1),
        },
        draw_alpha,
        tier=1,
    ),
)
