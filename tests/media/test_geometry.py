"""Arithmetic of sizes and turns: properties, and examples worked out by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_framework.media.geometry import (
    Turn,
    central_part,
    fit_within,
    scaled_to,
    upright,
    upright_degrees,
)

sides = st.integers(1, 65_535)
sizes = st.tuples(sides, sides)
turns = st.builds(Turn, st.booleans(), st.integers(0, 3))


@given(sizes, sizes)
def test_a_fitted_picture_fills_the_box_on_one_side_and_never_leaves_it(size, box):
    width, height = fit_within(size, box)

    assert 1 <= width <= box[0]
    assert 1 <= height <= box[1]
    assert width == box[0] or height == box[1]


@given(sizes, sizes)
def test_a_fitted_picture_keeps_its_shape_to_half_a_pixel(size, box):
    width, height = fit_within(size, box)

    scale = min(Fraction(box[0], size[0]), Fraction(box[1], size[1]))
    for got, exact in ((width, scale * size[0]), (height, scale * size[1])):
        assert abs(got - exact) <= Fraction(1, 2) or (got == 1 and exact < 1)


@pytest.mark.parametrize(
    ("size", "box", "expected"),
    [
        ((6000, 4000), (512, 512), (512, 341)),  # 341.33
        ((4000, 6000), (512, 512), (341, 512)),
        ((40, 30), (80, 80), (80, 60)),  # a small one grows
        ((2, 1), (5, 5), (5, 3)),  # 2.5: halves up
        ((9999, 1), (100, 100), (100, 1)),  # 0.01: at least 1
        ((7, 7), (7, 7), (7, 7)),
    ],
)
def test_fitting_by_hand(size, box, expected):
    assert fit_within(size, box) == expected


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ({"width": 20}, (20, 15)),
        ({"height": 20}, (27, 20)),  # 26.67
        ({"width": 20, "height": 20}, (20, 15)),
        ({}, (40, 30)),
    ],
)
def test_scaling_by_hand(sides, expected):
    assert scaled_to((40, 30), **sides) == expected


@given(sizes, sides)
def test_one_side_alone_is_met_exactly_and_the_other_to_half_a_pixel(size, side):
    width, height = scaled_to(size, width=side)

    exact = Fraction(size[1] * side, size[0])
    assert width == side
    assert abs(height - exact) <= Fraction(1, 2) or (height == 1 and exact < 1)
    assert scaled_to((size[1], size[0]), height=side) == (height, width)


@given(sizes, sizes)
def test_the_central_part_has_the_shape_is_centred_and_touches_two_sides(size, shape):
    left, top, right, bottom = central_part(size, shape)

    assert left + right == pytest.approx(size[0])
    assert top + bottom == pytest.approx(size[1])
    assert (right - left) * shape[1] == pytest.approx((bottom - top) * shape[0])
    assert (left, right) == (0, size[0]) or (top, bottom) == (0, size[1])
    assert left >= 0
    assert top >= 0


def test_the_central_part_by_hand():
    assert central_part((60, 40), (10, 10)) == (10, 0, 50, 40)
    assert central_part((60, 40), (30, 10)) == (0, 10, 60, 30)
    assert central_part((5, 3), (2, 2)) == (1, 0, 4, 3)
    assert central_part((4, 3), (2, 2)) == (0.5, 0, 3.5, 3)


@pytest.mark.parametrize("bad", [(0, 1), (1, 0), (-3, 4)])
def test_a_size_without_pixels_is_refused(bad):
    for call in (
        lambda: fit_within(bad, (1, 1)),
        lambda: fit_within((1, 1), bad),
        lambda: central_part(bad, (1, 1)),
        lambda: scaled_to(bad),
        lambda: scaled_to(bad, width=1),
        lambda: scaled_to(bad, height=1),
    ):
        with pytest.raises(ValueError, match="at least 1"):
            call()


def turned(turn, rows):
    """Rows of a picture after a turn, by its definition: mirror, then quarter turns counter clockwise."""
    rows = [row[::-1] for row in rows] if turn.mirrored else rows
    for _ in range(turn.quarters):
        rows = ["".join(column) for column in zip(*rows, strict=True)][::-1]
    return rows


# How the scene `F` is stored with each orientation: Exif 2.32 says where row 0 and column 0 are in the scene.
SCENE = ["abc", "def"]
STORED = {
    1: ["abc", "def"],
    2: ["cba", "fed"],
    3: ["fed", "cba"],
    4: ["def", "abc"],
    5: ["ad", "be", "cf"],
    6: ["cf", "be", "ad"],
    7: ["fc", "eb", "da"],
    8: ["da", "eb", "fc"],
}


@pytest.mark.parametrize("orientation", STORED)
def test_upright_shows_the_scene(orientation):
    assert turned(upright(orientation), STORED[orientation]) == SCENE


@pytest.mark.parametrize(
    ("orientation", "degrees"),
    [
        (1, 0),
        (2, None),
        (3, 180),
        (4, None),
        (5, None),
        (6, 270),
        (7, None),
        (8, 90),
        (None, None),
        (0, None),
        (9, None),
    ],
)
def test_degrees_are_counter_clockwise_and_none_for_flips_and_the_unknown(orientation, degrees):
    assert upright_degrees(orientation) == degrees


@pytest.mark.parametrize("undefined", [None, 0, 9, -1, 65_535])
def test_an_undefined_orientation_asks_for_no_turn(undefined):
    assert upright(undefined) == Turn()


@given(turns, st.sampled_from([0, 90, 180, 270, 360, -90]))
def test_a_rotation_after_a_turn_is_both_one_after_the_other(turn, degrees):
    both = turn.then_rotated(degrees)

    assert turned(both, SCENE) == turned(Turn(quarters=degrees // 90 % 4), turned(turn, SCENE))


@given(turns, sizes)
def test_a_turn_swaps_the_sides_when_the_pixels_say_so(turn, size):
    rows = turned(turn, SCENE)

    assert turn.size((3, 2)) == (len(rows[0]), len(rows))
    assert turn.size(size) == (size[::-1] if turn.swaps_sides else size)


def test_only_quarter_turns_are_rotations_here():
    with pytest.raises(ValueError, match="45"):
        Turn().then_rotated(45)
