"""`identity`, `combine` and `subRender`: filters that group, or change nothing by themselves."""

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import layered, resized
from dragon_video.film.frames import Frame

GREATEST_SIDE = 8192
"""Pixels of a side that `subRender` draws at most."""


def draw_identity(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture."""
    return picture


def draw_combine(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture with the children laid over it, in document order."""
    height, width = picture.shape[:2]
    return layered((picture, *moment.children), width, height)


def draw_sub_render(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture, or the children over each other in its place, brought to `width` × `height`."""
    height, width = picture.shape[:2]
    if moment.children:
        picture = layered(moment.children, width, height)
    across = values["width"] * moment.unit / moment.pixel_ratio(picture)
    down = values["height"] * moment.unit
    if not across and not down:
        return picture
    across, down = across or width * down / height, down or height * across / width
    small = resized(picture, *(min(max(round(side), 1), GREATEST_SIDE) for side in (across, down)))
    return resized(small, width, height) if moment.rendered else small


_SIDE = "in pixels of a 360-line frame; 0: by the other side and the picture's ratio, or as it is."

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
            "width": Parameter("number", 0.0, f"Width {_SIDE}", 0, 10000),
            "height": Parameter("number", 0.0, f"Height {_SIDE}", 0, 10000),
        },
        draw_sub_render,
        children=(0, None),
        resizes=True,
    ),
)
