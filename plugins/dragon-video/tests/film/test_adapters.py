"""How pictures fit the frame: what of them is seen, by plain proportions."""

import math

import numpy as np
import pytest

from dragon_video.film.adapters import ADAPTERS, Window, adapter, between
from dragon_video.film.errors import InvalidContentError

WIDE = 16 / 9


def corners(kind, ratio, progress=0.0, aspect=WIDE, **options):
    """Return left, right, bottom and top of a picture in the scene."""
    matrix = adapter(kind, ratio, aspect, progress, options)
    (left, bottom), (right, top) = ((matrix @ (side, side, 0, 1))[:2] for side in (-1, 1))
    return pytest.approx((left, right, bottom, top))


def test_none_stretches():
    assert corners("none", 0.5) == (-WIDE, WIDE, -1, 1)


def test_fit_keeps_the_ratio_inside_the_frame():
    assert corners("fitAdapter", 2.0) == (-WIDE, WIDE, -WIDE / 2, WIDE / 2)
    assert corners("fitAdapter", 0.5) == (-0.5, 0.5, -1, 1)


def test_fixed_keeps_the_ratio_and_covers_the_frame():
    assert corners("fixedAdapter", 2.0) == (-2, 2, -1, 1)
    assert corners("fixedAdapter", 0.5) == (-WIDE, WIDE, -WIDE * 2, WIDE * 2)


def test_fixed_crops_about_a_place_of_the_picture_as_far_as_it_reaches():
    """A picture 4 wide of which 2 A are seen: its left end at −A, or its three quarters in the middle."""
    assert corners("fixedAdapter", 2.0, centerStart="0,0.5") == (-WIDE, 4 - WIDE, -1, 1)
    assert corners("fixedAdapter", 4.0, centerStart=(0.75, 0.5)) == (-6, 2, -1, 1)


def test_zoom_goes_from_one_size_to_another_by_equal_factors():
    assert corners("zoomAdapter", WIDE, 0.0, zoomStart=1, zoomEnd=4) == (-WIDE, WIDE, -1, 1)
    assert corners("zoomAdapter", WIDE, 0.5, zoomStart=1, zoomEnd=4) == (-2 * WIDE, 2 * WIDE, -2, 2)
    assert corners("zoomAdapter", WIDE, 1.0, zoomStart=1, zoomEnd=4) == (-4 * WIDE, 4 * WIDE, -4, 4)


def test_zooms_have_a_limit_and_a_margin():
    assert corners("zoomAdapter", WIDE, 1.0, zoomEnd=4, zoomLimit=2) == (-2 * WIDE, 2 * WIDE, -2, 2)
    assert corners("fixedAdapter", WIDE, security=0.1) == (-1.1 * WIDE, 1.1 * WIDE, -1.1, 1.1)


def test_panoramic_goes_along_the_longer_side_from_end_to_end():
    assert corners("panoramicAdapter", 4.0, 0.0) == (-WIDE, 8 - WIDE, -1, 1)
    assert corners("panoramicAdapter", 4.0, 0.5) == (-4, 4, -1, 1)
    assert corners("panoramicAdapter", 4.0, 1.0) == (WIDE - 8, WIDE, -1, 1)
    # From the top of a tall picture to its foot.
    assert corners("panoramicAdapter", 0.5, 0.0) == (-WIDE, WIDE, 1 - 4 * WIDE, 1)
    assert corners("panoramicAdapter", 0.5, 1.0) == (-WIDE, WIDE, -1, 4 * WIDE - 1)


def test_the_ratio_of_a_picture_can_be_said():
    assert corners("fitAdapter", 3.0, aspectRatio=0.5) == (-0.5, 0.5, -1, 1)


@pytest.mark.parametrize("kind", ["fixedAdapter", "zoomAdapter", "panoramicAdapter", "kenburnsAdapter"])
@pytest.mark.parametrize("ratio", [0.1, 0.66, 1, 1.5, WIDE, 2.4, 20])
@pytest.mark.parametrize("direction", ["positive", "negative"])
def test_no_border_is_ever_seen(kind, ratio, direction):
    for progress in np.linspace(0, 1, 41):
        matrix = adapter(kind, ratio, WIDE, progress, {"direction": direction})
        left, bottom = (matrix @ (-1, -1, 0, 1))[:2]
        right, top = (matrix @ (1, 1, 0, 1))[:2]

        assert left <= -WIDE + 1e-9
        assert right >= WIDE - 1e-9
        assert bottom <= -1 + 1e-9
        assert top >= 1 - 1e-9
        assert (right - left) / (top - bottom) == pytest.approx(ratio)


def test_ken_burns_goes_in_and_its_opposite_out():
    sizes = [adapter("kenburns", 1.5, WIDE, progress, {})[0, 0] for progress in (0, 0.5, 1)]
    back = [adapter("kenburns", 1.5, WIDE, progress, {"direction": "negative"})[0, 0] for progress in (1, 0.5, 0)]

    assert sizes[0] < sizes[1] < sizes[2]
    assert back == sizes


def test_a_move_between_two_windows_keeps_one_point_of_the_picture_still():
    """What a zoom from (0.5, 0.5) at 1 to (0.6, 0.4) at 2 heads for: where both windows have the same place."""
    first, last = Window(1, 0.5, 0.5), Window(2, 0.6, 0.4)
    # A place p is at (p − x) × zoom of the frame: equal for both at p = 2 × 0.6 − 0.5.
    still = 2 * 0.6 - 0.5

    for progress in (0, 0.3, 0.8, 1):
        window = between(first, last, progress)

        assert window.zoom == pytest.approx(2**progress)
        assert (still - window.x) * window.zoom == pytest.approx(still - 0.5)


def test_a_move_without_zoom_is_even():
    window = between(Window(1.5, 0.4, 0.5), Window(1.5, 0.6, 0.5), 0.25)

    assert window == pytest.approx((1.5, 0.45, 0.5))


@pytest.mark.parametrize("progress", [-1, 0.0])
def test_before_its_time_a_move_is_where_it_starts(progress):
    assert np.array_equal(adapter("kenburns", 1, WIDE, progress, {}), adapter("kenburns", 1, WIDE, 0, {}))


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("cover", {}, "adapter is 'cover'; expected one of none, fixed"),
        ("zoom", {"zoomStart": 0}, "a zoom is above 0"),
        ("zoom", {"zoomEnd": math.nan}, "zoomEnd is nan; expected a number"),
        ("zoom", {"centerEnd": "middle"}, "centerEnd is 'middle'; expected two numbers"),
        ("fit", {"aspectRatio": "-1"}, "aspectRatio is -1.0; expected a number above 0"),
        ("kenburns", {"direction": "left"}, "direction is 'left'; expected one of positive, negative"),
    ],
)
def test_what_is_meaningless_is_refused_by_name(kind, options, words):
    with pytest.raises(InvalidContentError, match=words):
        adapter(kind, 1.5, WIDE, 0.5, options)


def test_there_are_six_adapters():
    assert set(ADAPTERS) == {"none", "fixed", "zoom", "panoramic", "kenburns", "fit"}
