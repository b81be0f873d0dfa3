"""Effects: which pictures are where at the start, on the way and at the end, and that pieces make a whole."""

import hashlib
import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from dragon_video.film.effects import EFFECTS, planes
from dragon_video.film.effects.shapes import chance
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.frames import blank, plain
from dragon_video.film.raster import Picture, Viewport, draw

ASPECT = 16 / 9
VIEWPORT = Viewport(161, 91, ASPECT)
SEVERAL = [name for name, effect in EFFECTS.items() if effect.most > 1]
SINGLE = [name for name, effect in EFFECTS.items() if effect.most == 1]


def drawn(effect, pictures, progress, seconds=None, **options):
    """Return the frame of an effect that lasts 5 s."""
    frame = blank(VIEWPORT.width, VIEWPORT.height)
    ratios = [picture.ratio for picture in pictures]
    at = 5 * progress if seconds is None else seconds
    for plane in planes(effect, ratios, ASPECT, progress, at, options):
        draw(frame, pictures[plane.picture], plane.matrix, VIEWPORT, alpha=plane.alpha, part=plane.part)
    return frame


def smooth_picture(width, height, phase=0.0):
    """Return a picture of slow waves, which looks the same when it is sampled a little aside."""
    rows, columns = np.indices((height, width)) + 0.5
    waves = [
        np.cos(2 * np.pi * (columns / width * across + rows / height * down + phase))
        for across, down in ((1, 0), (0, 1), (1, 1))
    ]
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[:, :, :3] = np.round(128 + 100 * np.stack(waves, axis=-1))
    return Picture(pixels)


def test_the_language_has_eleven_effects():
    named = "none kenburns panel flower explode slice rectangles diving rotator sliding square"
    assert list(EFFECTS) == named.split()


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("ratio", [(300, 200), (200, 300), (320, 180), (240, 60)])
def test_an_effect_ends_with_a_picture_all_over_the_frame(effect, ratio):
    frame = drawn(effect, [smooth_picture(*ratio)], 1)

    assert frame[:, :, 3].min() == 255


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("seconds", [1, 5, 60])
def test_an_effect_has_no_jump(effect, seconds):
    """From one frame to the next, nothing changes by much more than it did before or does after."""
    pictures = [smooth_picture(96, 54, phase) for phase in (0, 0.2, 0.4)[: 3 if effect in SEVERAL else 1]]
    frames = min(25 * seconds, 60)
    longest = [frame / frames for frame in range(frames + 1)]
    if seconds == 60:
        longest = [progress / 24 for progress in longest]  # the first 2.5 s, in which pictures come in

    drawings = [drawn(effect, pictures, progress, progress * seconds).astype(int) for progress in longest]

    changes = [np.abs(one - other).mean() for one, other in itertools.pairwise(drawings)]
    for before, change, after in zip(changes, changes[1:], changes[2:], strict=False):
        assert change <= 2 * max(before, after) + 3


@pytest.mark.parametrize("effect", SEVERAL)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_each_picture_has_an_equal_share_and_fills_the_frame_when_it_starts(effect, count):
    ratios = [1.5 if index % 2 else 0.7 for index in range(count)]

    for index in range(count):
        drawn_planes = planes(effect, ratios, ASPECT, index / count, 10 * index / count, {})

        assert [plane.picture for plane in drawn_planes if plane.alpha > 0.02] == [index]
        frame = blank(VIEWPORT.width, VIEWPORT.height)
        for plane in drawn_planes:
            draw(frame, Picture(plain(4, 4, (255, 255, 255, 255))), plane.matrix, VIEWPORT, alpha=plane.alpha)
        assert frame.min() >= 254


@pytest.mark.parametrize("effect", SEVERAL)
def test_pictures_come_in_their_order_and_only_neighbours_are_seen_together(effect):
    seen = []
    for progress in np.linspace(0, 1, 120):
        shown = sorted({plane.picture for plane in planes(effect, [1.5] * 4, ASPECT, progress, 8 * progress, {})})
        if shown not in seen:
            seen.append(shown)

    if effect == "square":  # four cells are seen at once on the way
        assert seen == [[0], [0, 1, 2, 3], [1], [2], [3]]
    else:
        assert seen == [[0], [0, 1], [1], [1, 2], [2], [2, 3], [3]]


def test_a_square_goes_from_cell_to_neighbouring_cell():
    """Nine pictures in three lines: there, back, there."""
    middles = [planes("square", [1.5] * 9, ASPECT, index / 9 + 0.08, 1, {}) for index in range(8)]

    for index, shown in enumerate(middles):
        place = {plane.picture: plane.matrix[:2, 3] for plane in shown}
        step = place[index + 1] - place[index]
        expected = (2 * ASPECT + 0.08, 0) if index % 3 < 2 else (0, -2.08)
        if index in (3, 4):
            expected = (-expected[0], 0)
        # Windows of drifting pictures are all in the middle of their cells.
        assert step == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("direction", "way"), [("left", (1, 0)), ("right", (-1, 0)), ("up", (0, -1)), ("down", (0, 1)), (None, (1, 0))]
)
def test_sliding_pictures_travel_the_way_of_the_direction(direction, way):
    """The next comes from the opposite side: a frame and the gap further on."""
    options = {} if direction is None else {"direction": direction}

    one, other = planes("sliding", [1.5, 1.5], ASPECT, 0.4, 2, options)

    step = other.matrix[:2, 3] - one.matrix[:2, 3]
    assert step == pytest.approx((way[0] * (2 * ASPECT + 0.08), way[1] * 2.08))


@pytest.mark.parametrize(("direction", "axis"), [("left", 0), ("right", 0), ("up", 1), ("down", 1)])
def test_faces_of_a_rotator_meet_at_an_edge(direction, axis):
    """Two sides of a hexagon: their common edge is where one ends and the other starts, in space."""
    one, other = planes("rotator", [1.5, 1.5], ASPECT, 0.39, 2, {"direction": direction})
    if one.picture == 1:
        one, other = other, one
    side = {"left": 1, "right": -1, "up": -1, "down": 1}[direction]

    edge, start = np.array((0, 0, 0, 1.0)), np.array((0, 0, 0, 1.0))
    edge[axis], start[axis] = side, -side

    assert one.matrix @ edge == pytest.approx(other.matrix @ start)
    normals = [plane.matrix[:3, 2] for plane in (one, other)]
    assert math.degrees(math.acos(normals[0] @ normals[1])) == pytest.approx(60)


@pytest.mark.parametrize(
    ("effect", "clock"), [("panel", 0.75), ("slice", 0.8), ("explode", 0.999), ("rectangles", 0.999)]
)
def test_pieces_that_have_arrived_join_without_a_seam(effect, clock):
    """Where all is opaque it is the whole picture as it is drawn at once."""
    picture = smooth_picture(301, 201)
    share = 0.4 if effect == "explode" else 1 / 3
    progress = clock * share
    frame, whole = blank(VIEWPORT.width, VIEWPORT.height), drawn("kenburns", [picture], progress)

    frame = drawn(effect, [picture], progress)

    covered = np.ones(frame.shape[:2], bool)
    if effect == "panel":
        covered[:, 161 * 2 // 4 :] = False  # the third and the fourth are on their way
    if effect == "slice":
        covered[91 * 5 // 7 :] = False
    assert frame[covered][:, 3].min() >= 254
    assert np.abs(frame.astype(int) - whole)[covered].max() <= 6


def test_a_long_effect_comes_in_as_fast_as_one_of_six_seconds():
    pictures = [smooth_picture(150, 100)]

    long = drawn("panel", pictures, 1.2 / 600, 1.2)
    short = drawn("panel", pictures, 1.2 / 6, 1.2)

    assert np.array_equal(long[:, :, 3], short[:, :, 3])
    assert drawn("panel", pictures, 2.01 / 600, 2.01)[:, :, 3].min() == 255


def test_what_seems_random_is_the_same_in_every_process():
    program = (
        "from dragon_video.film.effects import planes\n"
        "import hashlib\n"
        "found = planes('explode', [1.5], 16 / 9, 0.2, 1, {})\n"
        "print(hashlib.sha256(b''.join(plane.matrix.round(9).tobytes() for plane in found)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
        ).stdout.strip()
        for seed in ("1", "2")
    }

    found = planes("explode", [1.5], ASPECT, 0.2, 1, {})

    assert digests == {hashlib.sha256(b"".join(plane.matrix.round(9).tobytes() for plane in found)).hexdigest()}


def test_chance_is_even_and_has_no_pattern():
    numbers = np.array([[chance(index, axis) for axis in range(6)] for index in range(2000)])

    assert numbers.mean(axis=0) == pytest.approx(np.full(6, 0.5), abs=0.03)
    assert numbers.var(axis=0) == pytest.approx(np.full(6, 1 / 12), abs=0.008)
    assert np.abs(np.corrcoef(numbers.T) - np.eye(6)).max() < 0.08
    assert np.abs(np.corrcoef(numbers[1:, 0], numbers[:-1, 0])[0, 1]) < 0.08


@pytest.mark.parametrize(("way", "step"), [("left", (1, 0)), ("right", (-1, 0)), ("up", (0, -1)), ("down", (0, 1))])
def test_a_picture_goes_against_the_move_of_the_camera_and_covers_the_frame(way, step):
    places = []
    for progress in (0, 0.5, 1):
        (plane,) = planes("none", [1.5], ASPECT, progress, 5 * progress, {"cameramove": way})
        places.append(plane.matrix[:2, 3])
        (left, bottom), (right, top) = ((plane.matrix @ (side, side, 0, 1))[:2] for side in (-1, 1))
        assert min(right, -left) >= ASPECT - 1e-9
        assert min(top, -bottom) >= 1 - 1e-9

    moved = places[2] - places[0]
    assert np.sign(np.round(moved, 9)).tolist() == list(step)
    assert places[1] == pytest.approx((places[0] + places[2]) / 2)


def test_planes_are_ordered_by_depth_unless_that_is_switched_off():
    deep = planes("explode", [1.5], ASPECT, 0.15, 1, {})
    flat = planes("explode", [1.5], ASPECT, 0.15, 1, {"depthEnable": False})

    depths = [plane.matrix[2, 3] for plane in deep]
    assert depths == sorted(depths)
    assert [plane.part for plane in flat] != [plane.part for plane in deep]
    assert {plane.part for plane in flat} == {plane.part for plane in deep}


@pytest.mark.parametrize("adapter", ["none", "fixedAdapter", "zoomAdapter", "panoramicAdapter", "fitAdapter"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_every_effect_takes_an_adapter(effect, adapter):
    """At its end it shows what the adapter shows: all over the frame, but for the border of `fitAdapter`."""
    frame = drawn(effect, [smooth_picture(200, 100)], 1, adapter=adapter)

    expected = 160 * 80 * (161 / 160) * (91 / 90) if adapter == "fitAdapter" else 161 * 91
    assert frame[:, :, 3].sum() / 255 == pytest.approx(expected, rel=0.005 if effect != "diving" else 0.3)


@pytest.mark.parametrize(
    ("effect", "ratios", "options", "words"),
    [
        ("polaroid", [1], {}, "effect is 'polaroid'; expected one of none, kenburns"),
        ("none", [], {}, "the effect none takes 1 picture, got 0"),
        ("panel", [1, 1], {}, "takes 1 picture, got 2"),
        ("diving", [1] * 101, {}, "takes 1 to 100 pictures, got 101"),
        ("none", [1], {"cameramove": "forward"}, "cameramove is 'forward'; expected one of left"),
        ("none", [1], {"adapter": "cover"}, "adapter is 'cover'"),
        ("rectangles", [1], {"filterType": "shrink"}, "filterType is 'shrink'; expected one of grow"),
        ("kenburns", [1], {"direction": "up"}, "direction is 'up'"),
        ("sliding", [1], {"direction": "in"}, "direction is 'in'"),
        ("none", [1], {"depthEnable": "maybe"}, "depthEnable is 'maybe'; expected one of true, false"),
    ],
)
def test_what_is_meaningless_is_refused_by_name(effect, ratios, options, words):
    with pytest.raises(InvalidContentError, match=words):
        planes(effect, ratios, ASPECT, 0.5, 2.5, options)
