"""`distancemap` and `distancecolor` on any picture: strokes, shadows and glows along the edge of its alpha.

Texts have these styles while they are set, at the text's own resolution (`film.text.distance`, which draws here too);
this is for logos, overlays and whole stacks.
"""

import cv2

from dragon_video.film.filters.kinds import FilterKind, Moment, Parameter, Values
from dragon_video.film.filters.pixels import alpha_of
from dragon_video.film.frames import Frame, blank


def draw_distancemap(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture: the map shows by the `distancecolor` that follows."""
    return picture


def draw_distancecolor(picture: Frame, values: Values, moment: Moment) -> Frame:
    """Return the picture in the style; what reaches beyond the picture's border is cut."""
    # Text brings its shaper along, which only films with texts need.
    from dragon_video.film.text.distance import DistanceStyle, distance_field, styled

    style = DistanceStyle.of(values)
    left, top, columns, rows = cv2.boundingRect(alpha_of(picture))
    if not columns:
        return picture
    margin = style.margin(moment.unit, float(rows))
    field = distance_field(picture[top : top + rows, left : left + columns], margin)
    drawn = styled(field, style, unit=moment.unit, height=float(rows))
    height, width = picture.shape[:2]
    result = blank(width, height)
    first_row, first_column = max(0, top - margin), max(0, left - margin)
    part = result[first_row : top + rows + margin, first_column : left + columns + margin]
    skipped_rows, skipped_columns = first_row - (top - margin), first_column - (left - margin)
    part[:] = drawn[skipped_rows : skipped_rows + part.shape[0], skipped_columns : skipped_columns + part.shape[1]]
    return result


_REACH = "Pixels of a 360-line frame that widths and blurs are parts of."


def _shadow(prefix: str, what: str) -> dict[str, Parameter]:
    heights = "in heights of what is there"
    return {
        f"{prefix}Color": Parameter("colour", None, f"Colour of {what}; not given: black."),
        f"{prefix}Opacity": Parameter("number", None, "Its opacity; not given: 1.", 0, 1),
        f"{prefix}Position": Parameter(
            "pair", None, f"How far it is moved right and up, {heights}; not given: by angle and distance.", -10, 10
        ),
        f"{prefix}Angle": Parameter(
            "number",
            None,
            "Where to, in degrees from the right, counter-clockwise; not given: -45.",
            -3600,
            3600,
        ),
        f"{prefix}Distance": Parameter("number", None, f"How far, {heights}; not given: 0.05.", 0, 10),
        f"{prefix}Width": Parameter("number", None, "How much wider it is, in parts of the reach; not given: 0.", 0, 1),
        f"{prefix}BlurWidth": Parameter("number", None, "From 0, hard, to 1; not given: 0.", 0, 1),
    }


def _glow(prefix: str, what: str) -> dict[str, Parameter]:
    return {
        f"{prefix}Color": Parameter("colour", None, f"Colour of {what}; not given: white."),
        f"{prefix}Opacity": Parameter("number", None, "Its opacity; not given: 1.", 0, 1),
        f"{prefix}Width": Parameter("number", None, "How far it is full, as a part of the reach; not given: 0.", 0, 1),
        f"{prefix}BlurWidth": Parameter("number", None, "Over which part it fades then; not given: 0.5.", 0, 1),
    }


KINDS = (
    FilterKind(
        "distancemap",
        "Measures how far each place is from the edge, for the distancecolor that follows.",
        {"distanceWidth": Parameter("number", 40.0, _REACH, 0.01, 360)},
        draw_distancemap,
        tier=1,
    ),
    FilterKind(
        "distancecolor",
        "Draws strokes, shadows and glows along the edges; a shadow or glow shows if one of its values is given.",
        {
            "distanceWidth": Parameter("number", 40.0, f"{_REACH} That of the distancemap before.", 0.01, 360),
            "color": Parameter("colour", None, "Colour of the fill; not given: the picture's own."),
            "fillOpacity": Parameter("number", 1.0, "Opacity of the fill.", 0, 1),
            "strokeWidth": Parameter("number", 0.0, "Width of a line along the edge, as a part of the reach.", 0, 1),
            "strokeColor": Parameter("colour", (0, 0, 0, 255), "Its colour."),
            "strokeOpacity": Parameter("number", 1.0, "Its opacity.", 0, 1),
            "strokePosition": Parameter(
                "choice", "center", "On which side of the edge it is.", choices=("outside", "inside", "center")
            ),
            **_shadow("dropShadow", "the shadow behind"),
            **_shadow("innerShadow", "the shadow that the edge throws inside"),
            **_glow("outerGlow", "the light around"),
            **_glow("innerGlow", "the light inside, along the edge"),
        },
        draw_distancecolor,
        tier=1,
    ),
)
