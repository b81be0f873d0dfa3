"""Styles by distance, on a disk: there every distance is known."""

import math

import numpy as np
import pytest

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.text import DistanceStyle, distance_field, styled

RADIUS, SIZE = 40.0, 121
MARGIN = 60
UNIT = 1.0
RED, BLUE = (0, 0, 255, 255), (255, 0, 0, 255)


@pytest.fixture(scope="module")
def radii():
    """Distance of each pixel of the field from the middle of the disk, in pixels."""
    axis = np.arange(SIZE + 2 * MARGIN) - (SIZE // 2 + MARGIN)
    return np.hypot(axis[:, None], axis[None, :])


@pytest.fixture(scope="module")
def field(radii):
    """A white disk, each pixel covered as far as its middle is inside of the edge."""
    cover = np.clip(RADIUS - radii[MARGIN:-MARGIN, MARGIN:-MARGIN] + 0.5, 0, 1)
    frame = np.repeat(np.rint(cover * 255).astype(np.uint8)[:, :, None], 4, axis=2)
    return distance_field(np.ascontiguousarray(frame), MARGIN)


def drawn(field, **values):
    return styled(field, DistanceStyle.of(values), unit=UNIT, height=100.0).astype(int)


def test_the_field_is_the_distance_to_the_edge(field, radii):
    true = radii - RADIUS

    near = (field.distance - true)[np.abs(true) < 3]
    assert np.abs(near).max() < 0.5
    assert np.sqrt(np.square(near).mean()) < 0.15
    assert np.abs(field.distance - true)[radii > 5].max() < 0.02 * 130 + 0.5


@pytest.mark.parametrize(("position", "inner", "outer"), [("outside", 0, 8), ("inside", -8, 0), ("center", -4, 4)])
def test_a_stroke_lies_where_it_says(field, radii, position, inner, outer):
    """0.2 of a distanceWidth of 40 pixels is 8."""
    frame = drawn(field, strokeWidth=0.2, strokePosition=position, strokeColor=RED, fillOpacity=0.0)
    line = (radii > RADIUS + inner + 1) & (radii < RADIUS + outer - 1)
    rest = (radii < RADIUS + inner - 1) | (radii > RADIUS + outer + 1)

    assert (frame[line] == RED).all()
    assert (frame[rest] == 0).all()


def test_a_drop_shadow_falls_where_its_position_says_y_up(field, radii):
    frame = drawn(field, dropShadowPosition=(0.2, -0.3), dropShadowColor=BLUE, fillOpacity=0.0)
    rows, columns = np.nonzero(frame[:, :, 3] > 127)
    middle = SIZE // 2 + MARGIN

    assert columns.mean() - middle == pytest.approx(20, abs=0.2)
    assert rows.mean() - middle == pytest.approx(30, abs=0.2)
    assert len(rows) == pytest.approx(math.pi * RADIUS**2, rel=0.02)


def test_angle_and_distance_are_another_way_to_say_a_position(field):
    one = drawn(field, dropShadowAngle=90.0, dropShadowDistance=0.1)
    other = drawn(field, dropShadowPosition=(0.0, 0.1))

    assert np.abs(one - other).max() <= 1


def test_a_blurred_shadow_is_half_at_the_edge_and_gone_beyond(field, radii):
    """Blurred over 0.5 of 40 pixels: from 10 inside of the edge to 10 outside."""
    alpha = drawn(field, dropShadowPosition=(0.0, 0.0), dropShadowBlurWidth=0.5, fillOpacity=0.0)[:, :, 3]

    assert alpha[np.abs(radii - RADIUS) < 0.5].mean() == pytest.approx(127.5, abs=6)
    assert (alpha[radii < RADIUS - 11.5] == 255).all()
    assert (alpha[radii > RADIUS + 11.5] == 0).all()


def test_an_inner_shadow_stays_inside_and_leaves_the_far_side(field, radii):
    frame = drawn(field, innerShadowPosition=(0.1, 0.0), innerShadowColor=BLUE)
    middle = SIZE // 2 + MARGIN

    assert tuple(frame[middle, round(middle - RADIUS + 5)]) == BLUE
    assert tuple(frame[middle, round(middle + RADIUS - 5)]) == (255, 255, 255, 255)
    assert (frame[radii > RADIUS + 1] == 0).all()


def test_glows_fade_outward_and_inward(field, radii):
    outside = drawn(field, outerGlowColor=RED, outerGlowWidth=0.1, outerGlowBlurWidth=0.5)
    inside = drawn(field, innerGlowColor=RED, innerGlowWidth=0.1, innerGlowBlurWidth=0.5)

    assert (outside[(radii > RADIUS + 1) & (radii < RADIUS + 3)] == RED).all()
    assert (outside[radii > RADIUS + 26] == 0).all()
    assert (inside[(radii < RADIUS - 1) & (radii > RADIUS - 3)] == RED).all()
    assert (inside[radii < RADIUS - 26] == 255).all()
    middle = SIZE // 2 + MARGIN
    assert (np.diff(outside[middle, round(middle + RADIUS + 2) :, 3]) <= 0).all()


def test_fill_takes_the_colour_and_the_opacity(field, radii):
    frame = drawn(field, color=BLUE, fillOpacity=0.5)

    assert np.abs(frame[radii < RADIUS - 1] - [128, 0, 0, 128]).max() <= 1
    assert (frame[:, :, :3].max(axis=2) <= frame[:, :, 3]).all()


def test_a_style_says_how_far_it_reaches():
    style = DistanceStyle.of({"outerGlowWidth": 0.1, "outerGlowBlurWidth": 0.5, "strokeWidth": 0.1})

    assert style.margin(2.0, 100.0) == math.ceil(0.6 * 40 * 2) + 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("strokeWidth", 1.5), ("dropShadowBlurWidth", -0.1), ("fillOpacity", 2), ("distanceWidth", 0), ("color", "red")],
)
def test_values_out_of_range_are_named(name, value):
    with pytest.raises(InvalidContentError, match=name):
        DistanceStyle.of({name: value})
