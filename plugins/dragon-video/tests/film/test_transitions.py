"""Transitions against geometry computed apart: where edges are, how far pictures have moved, what areas are covered."""

import itertools
import math

import numpy as np
import pytest

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.frames import blank, plain
from dragon_video.film.raster import Viewport
from dragon_video.film.transitions import TRANSITIONS, transition
from dragon_video.film.transitions.wipes import spiral

RED = (0, 0, 255, 255)
BLUE = (255, 0, 0, 255)
ODD = Viewport(161, 91, 16 / 9)  # pixels that are not quite square
SMALL = Viewport(160, 90, 16 / 9)
MOVING = ("move", "over", "under", "cube", "dualmove", "strip")


def noise(seed, viewport=ODD):
    pixels = np.random.default_rng(seed).integers(0, 256, (viewport.height, viewport.width, 4), np.uint8)
    pixels[:, :, 3] = 255
    return pixels


def entered(kind, progress, viewport=SMALL, **options):
    """Return how much of the picture that enters each pixel shows, 0 to 1."""
    size = viewport.width, viewport.height
    frame = transition(kind, options, viewport).draw(plain(*size, RED), plain(*size, BLUE), progress)
    return frame[:, :, 0] / 255


def eased(progress):
    return 3 * progress**2 - 2 * progress**3


def test_the_language_has_fifteen_transitions():
    bent = {"waterdrop", "swirl"}
    wiped = {"circle", "radial", "scan", "scans", "spiral"}

    assert set(TRANSITIONS) == {"crossfade", "custom", *bent, *wiped, *MOVING}


@pytest.mark.parametrize("viewport", [ODD, Viewport(64, 48, 16 / 9), Viewport(1, 1, 1)])
@pytest.mark.parametrize("kind", TRANSITIONS)
def test_a_transition_starts_with_one_picture_and_ends_with_the_other(kind, viewport):
    before, after = noise(1, viewport), noise(2, viewport)
    made = transition(kind, {}, viewport)

    middle = made.draw(before, after, 0.5)

    assert middle.shape == before.shape
    assert np.array_equal(made.draw(before, after, 0), before)
    assert np.array_equal(made.draw(before, after, 1), after)


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_a_transition_starts_and_ends_without_a_jump(kind):
    """A hundredth of the time from either end, pixels of slow waves have not yet changed by much on the whole."""
    rows, columns = np.indices((ODD.height, ODD.width))
    before, after = np.full((2, ODD.height, ODD.width, 4), 255, np.uint8)
    before[:, :, :3] = np.round(128 + 100 * np.cos(columns / 20))[:, :, None]
    after[:, :, :3] = np.round(128 + 100 * np.cos(rows / 15))[:, :, None]
    made = transition(kind, {}, ODD)

    first = made.draw(before, after, 0.01).astype(float) - before
    last = made.draw(before, after, 0.99).astype(float) - after

    assert np.abs(first).mean() < 4
    assert np.abs(last).mean() < 4


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_any_moment_is_the_same_whichever_was_drawn_before(kind):
    before, after = noise(1), noise(2)
    one, other = transition(kind, {}, ODD), transition(kind, {}, ODD)
    moments = [0.9, 0.2, 0.5, 0.1]

    forwards = {progress: one.draw(before, after, progress) for progress in sorted(moments)}
    jumping = {progress: other.draw(before, after, progress) for progress in moments}

    assert all(np.array_equal(forwards[progress], jumping[progress]) for progress in moments)


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_where_both_pictures_are_opaque_so_are_all_pixels(kind):
    """But for the cube, which stands before nothing."""
    alpha = transition(kind, {}, ODD).draw(noise(1), noise(2), 0.4)[:, :, 3]

    assert kind == "cube" or alpha.min() == 255


def test_what_is_transparent_mixes_without_dark_fringes():
    """Half of a white picture over nothing: white at half its alpha, so all channels are equal."""
    before, after = blank(160, 90), plain(160, 90, (255, 255, 255, 255))

    for kind in TRANSITIONS:
        frame = transition(kind, {}, SMALL).draw(before, after, 0.4).astype(int)

        assert np.ptp(frame, axis=2).max() <= 1, kind


def test_a_crossfade_is_the_mean_by_progress():
    assert entered("crossfade", 0.3) == pytest.approx(0.3, abs=1 / 255)


def test_a_custom_transition_is_a_crossfade():
    assert entered("custom", 0.7) == pytest.approx(0.7, abs=1 / 255)


@pytest.mark.parametrize("progress", [0.1, 0.25, 0.45])
@pytest.mark.parametrize("viewport", [SMALL, Viewport(180, 144, 16 / 9)])
def test_a_circle_is_round_as_shown_and_reaches_the_corners_at_the_end(progress, viewport):
    """Radius: progress of the way to the corner, at √(A² + 1), and of the soft edge of 0.02; π r² of an area of 4 A."""
    radius = progress * (math.hypot(16 / 9, 1) + 0.02) - 0.01
    assert radius < 1

    share = entered("circle", progress, viewport)

    assert share.mean() == pytest.approx(math.pi * radius**2 / (4 * 16 / 9), rel=0.03)
    wide = share[viewport.height // 2].sum() / viewport.width * 2 * 16 / 9
    high = share[:, viewport.width // 2].sum() / viewport.height * 2
    assert wide == pytest.approx(2 * radius, abs=0.04)
    assert high == pytest.approx(2 * radius, abs=0.04)


def test_a_clock_goes_round_from_12():
    quarter = entered("radial", 0.25)
    assert quarter[:40, 90:].min() == 1
    assert quarter[50:].max() == 0
    assert quarter[:, :70].max() == 0

    assert entered("radial", 0.5).mean() == pytest.approx(0.5, abs=0.01)
    assert entered("radial", 0.5)[:, 90:].min() == 1


@pytest.mark.parametrize(
    ("direction", "turns"), [("left", 0), ("right", 2), ("positive", 0), ("negative", 2), ((-1, 0), 0), ("1,0", 2)]
)
def test_the_edge_of_a_scan_runs_the_way_of_its_direction(direction, turns):
    """Soft over a tenth of the way: at 0.3 it is at 0.3 × 1.1 − 0.05 = 0.28 from the side where it started."""
    share = entered("scan", 0.3, direction=direction)[45]
    from_the_right = share if turns else share[::-1]

    assert from_the_right.sum() == pytest.approx(0.28 * 160, abs=0.5)
    assert from_the_right[: int(0.22 * 160)].min() == 1
    assert from_the_right[math.ceil(0.34 * 160) :].max() == 0


@pytest.mark.parametrize(("direction", "top"), [("up", 0), ("down", 1)])
def test_a_scan_runs_up_and_down(direction, top):
    share = entered("scan", 0.3, direction=direction)[:, 80]

    assert (share[0], share[-1]) == (top, 1 - top)
    assert share.sum() == pytest.approx(0.28 * 90, abs=0.5)


def test_scans_are_ten_bars():
    share = entered("scans", 0.5)[45]

    rises = np.count_nonzero((share[1:] > 0.5) & (share[:-1] <= 0.5))
    assert rises == 10
    assert share.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("way", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_a_spiral_visits_each_cell_once_from_neighbour_to_neighbour(way):
    order, _ = spiral(12, 7, way)

    path = [tuple(np.argwhere(order == rank)[0]) for rank in range(84)]
    steps = [(int(x1 - x0), int(y0 - y1)) for (y0, x0), (y1, x1) in itertools.pairwise(path)]
    assert steps[0] == way
    assert all(abs(x) + abs(y) == 1 for x, y in steps)
    assert path[-1] == (3, 3) or path[-1] == (3, 8)


def test_a_spiral_has_covered_its_part_of_the_frame():
    assert entered("spiral", 0.5).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("progress", [0.2, 0.37, 0.5, 0.81])
def test_a_push_moves_both_pictures_by_the_same_part_of_a_pixel(progress):
    """To the left: what enters has passed E(t) of 160 px, and its edge is at 160 (1 − E)."""
    share = entered("move", progress)

    assert share[45].sum() == pytest.approx(160 * eased(progress), abs=0.02)
    assert np.ptp(share, axis=0).max() == 0


@pytest.mark.parametrize(
    ("direction", "corner"), [("left", (0, 1)), ("right", (0, -1)), ("up", (1, 0)), ("down", (-1, 0))]
)
def test_pictures_travel_the_way_of_the_direction(direction, corner):
    """A spot in the middle of what leaves is E(0.3) = 0.216 of the frame further on."""
    before, after = blank(160, 90), blank(160, 90)
    before[40:50, 75:85] = 255

    alpha = transition("move", {"direction": direction}, SMALL).draw(before, after, 0.3)[:, :, 3] / 255

    rows, columns = np.indices(alpha.shape) + 0.5
    down, right = (-step * 0.216 * side for step, side in zip(corner, (90, 160), strict=True))
    assert (alpha * columns).sum() / alpha.sum() == pytest.approx(80 + right, abs=0.02)
    assert (alpha * rows).sum() / alpha.sum() == pytest.approx(45 + down, abs=0.02)


def test_over_leaves_what_is_below_in_place_and_under_what_is_above_moves():
    before, after = noise(1, SMALL), noise(2, SMALL)
    passed = 34  # E(0.3) of 160 px is 34.56: the last whole column

    over = transition("over", {}, SMALL).draw(before, after, 0.3)
    under = transition("under", {}, SMALL).draw(before, after, 0.3)

    assert np.array_equal(over[:, : 160 - passed - 1], before[:, : 160 - passed - 1])
    assert np.array_equal(under[:, 160 - passed :], after[:, 160 - passed :])
    assert not np.array_equal(over[:, 160 - passed :], after[:, 160 - passed :])
    assert not np.array_equal(under[:, : 160 - passed - 1], before[:, : 160 - passed - 1])


def test_strips_slide_apart_to_both_sides():
    share = entered("strip", 0.5)
    rows = [round((index + 0.5) * 90 / 8) for index in range(8)]

    for index, row in enumerate(rows):
        assert share[row].sum() == pytest.approx(80, abs=0.5)
        assert share[row, 0 if index % 2 == 0 else -1] == 1


def test_a_cube_turned_by_half_shows_both_faces_alike():
    """At 45° the edge between them is in the middle, and nothing else is whole in height."""
    before, after = plain(160, 90, RED), plain(160, 90, BLUE)

    frame = transition("cube", {}, SMALL).draw(before, after, 0.5)

    assert np.array_equal(frame[:, :80, 2], frame[:, :79:-1, 0])
    assert frame[45, 40].tolist() == [0, 0, 255, 255]
    # Edge at z = A (√2 − 1) − 0.35, height d / (d − z); outer edge at x = A √2, z = −A − 0.35.
    camera, aspect = 1 + math.sqrt(2), 16 / 9
    near = camera / (camera + aspect + 0.35 - aspect * math.sqrt(2))
    assert frame[:, 79, 3].sum() / 255 == pytest.approx(90 * min(near, 1), abs=0.6)
    outer = aspect * math.sqrt(2) * camera / (camera + aspect + 0.35)
    assert frame[45, :, 3].sum() / 255 == pytest.approx(2 * outer * 45, abs=0.3)


@pytest.mark.parametrize("options", [{"direction": "static"}, {"directions": ("static", "static")}])
def test_what_stands_still_dissolves(options):
    assert entered("dualmove", 0.5, **options) == pytest.approx(0.5, abs=1 / 255)


def test_both_sides_of_a_dualmove_have_their_own_way():
    """What leaves goes up under what comes from the left, to the right: nothing is seen between them."""
    share = entered("dualmove", 0.5, directions="up,right")
    alpha = transition("dualmove", {"directions": "up,right"}, SMALL).draw(
        plain(160, 90, RED), plain(160, 90, BLUE), 0.5
    )[:, :, 3]

    assert share[:, :80].min() == 1
    assert share[:, 80:].max() == 0
    assert alpha[:45, 80:].min() == 255
    assert alpha[45:, 80:].max() == 0


def test_draw_order_says_which_picture_is_above():
    """Both move to the left by half: they touch. Against each other they overlap where the upper one covers."""
    options = {"directions": ("left", "right")}

    normal = entered("dualmove", 0.5, **options)
    inverted = entered("dualmove", 0.5, **options, drawOrder="inverted")

    assert normal[:, :80].min() == 1
    assert inverted[:, :80].max() == 0


@pytest.mark.parametrize("centre", ["middle", "left", "right", "top", "bottom"])
@pytest.mark.parametrize("angle", [-170, -30, 45, 90])
def test_a_turning_picture_has_left_the_frame_at_the_end(centre, angle):
    options = {"angle": angle, "rotCenter": centre, "drawOrder": "inverted"}

    share = entered("move", 0.999, **options)

    assert share.mean() > 0.999


def test_a_picture_turns_about_the_named_place():
    """Half way of 90° about the left edge of the frame, without moving: the edge's middle stays."""
    before, after = blank(160, 90), blank(160, 90)
    before[40:50, 0:5] = 255

    frame = transition(
        "dualmove", {"directions": "static,left", "angles": "90,0", "rotCenters": "left,middle"}, SMALL
    ).draw(before, after, 0.5)

    alpha = frame[:, :, 3] / 255
    rows, columns = np.indices(alpha.shape) + 0.5
    # The spot's middle is 2.5 px to the right of the place; 45° counterclockwise, of what is inside the frame.
    assert abs((alpha * rows).sum() / alpha.sum() - (45 - 2.5 * math.sqrt(0.5))) < 1
    assert (alpha * columns).sum() / alpha.sum() < 6


@pytest.mark.parametrize("kind", ["swirl", "waterdrop"])
def test_waves_bend_the_picture_and_then_leave_it(kind):
    _rows, columns = np.indices((ODD.height, ODD.width))
    picture = np.full((ODD.height, ODD.width, 4), 255, np.uint8)
    picture[:, :, :3] = np.round(128 + 100 * np.cos(columns / 5))[:, :, None]
    made = transition(kind, {}, ODD)

    changes = [
        np.abs(made.draw(picture, picture, progress).astype(int) - picture).mean() for progress in (0.001, 0.4, 0.999)
    ]

    assert changes[0] < 0.5
    assert changes[1] > 1.5
    assert changes[2] < 0.5


def test_a_drop_lets_the_other_picture_through_from_the_middle():
    share = entered("waterdrop", 0.5, ODD)

    assert share[45, 80] > 0.99
    assert share[0, 0] < 0.1
    assert share[45, 80] >= share[45, 110] >= share[45, 140]


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("fade", {}, "transition is 'fade'"),
        ("move", {"direction": "north"}, "direction is 'north'; expected one of left, right"),
        ("move", {"angle": "much"}, "angle is 'much'; expected a number"),
        ("cube", {"rotCenter": "centre"}, "rotCenter is 'centre'; expected one of middle"),
        ("dualmove", {"angles": "1,2,3"}, "angles is '1,2,3'; expected two numbers"),
        ("over", {"drawOrder": "reverse"}, "drawOrder is 'reverse'"),
    ],
)
def test_what_is_meaningless_is_refused_by_name(kind, options, words):
    with pytest.raises(InvalidContentError, match=words):
        transition(kind, options, SMALL)


def test_pictures_of_another_size_are_refused():
    with pytest.raises(ValueError, match="two frames of the shape"):
        transition("scan", {}, SMALL).draw(blank(160, 90), blank(161, 90), 0.5)
