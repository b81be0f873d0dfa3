"""`identity`, `combine` and `subRender`: filters that group, or change nothing by themselves."""

import cv2
import numpy as np

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import fourfold, resized
from dragon_video.film.frames import Frame


def over(below: Frame, above: Frame) -> Frame:
    """Return *above* laid over *below*: below × (1 - a) + above (Porter and Duff 1984, "over")."""
    rest = cv2.bitwise_not(cv2.extractChannel(above, 3)).astype(np.uint8, copy=False)
    return cv2.add(cv2.multiply(below, fourfold(rest), scale=1 / 255), above).astype(np.uint8, copy=False)


def draw_identity(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture."""
    return picture


def draw_combine(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture with the children laid over it, in document order."""
    height, width = picture.shape[:2]
    for child in moment.children:
        picture = over(picture, resized(child, width, height))
    return picture


def draw_sub_render(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture, or the children over each other, brought to `width` × `height`."""
    height, width = picture.shape[:2]
    for place, child in enumerate(moment.children):
        picture = resized(child, width, height) if place == 0 else over(picture, resized(child, width, height))
    across, down = values["width"], values["height"]
    small_width = round(across * moment.unit / moment.pixel_ratio(picture)) if across else width
    small_height = round(down * moment.unit) if down else height
    if across and not down:
        small_height = round(height * small_width / width)
    if down and not across:
        small_width = round(width * small_height / height)
    small = resized(picture, min(max(small_width, 1), 8192), min(max(small_height, 1), 8192))
    return resized(small, width, height) if moment.rendered else small


KINDS = (
    FilterKind("identity", "Changes nothing.", {}, draw_identity),
    FilterKind(
        "combine",
        "Groups the filters inside it under one window, and lays the pictures inside it over the picture.",
        {},
        draw_combine,
        children=(0, None),
    ),
    FilterKind(
        "subRender",
        "Draws the picture, or the nodes inside it in its place, with so many pixels and no more.",
        {
            "width": Parameter(
                "number", 0.0, "Width in pixels of a 360-line frame; 0: as the picture, or by its ratio.", 0, 10000
            ),
            "height": Parameter(
                "number", 0.0, "Height in pixels of a 360-line frame; 0: as the picture, or by its ratio.", 0, 10000
            ),
        },
        draw_sub_render,
        children=(0, None),
        resizes=True,
    ),
)
