"""Boxes and moves, against geometry worked out here."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_video.film.animators import Animator, about_axis, turned_between
from dragon_video.film.matrices import CAMERA, euler
from dragon_video.film.placement import Box, placed

WIDE = 16 / 9


@pytest.mark.parametrize(
    ("values", "ratio", "expected"),
    [
        ({}, None, (0, 0, 1, 1)),
        ({"left": 0.1, "width": 0.3}, None, (0.1, 0, 0.3, 1)),
        ({"right": 0.1, "width": 0.3}, None, (0.6, 0, 0.3, 1)),
        ({"left": 0.2}, None, (0.2, 0, 0.8, 1)),
        ({"top": 0.2, "bottom": 0.3}, None, (0, 0.2, 1, 0.5)),
        ({"width": 0.5, "height": 0.25}, None, (0.25, 0.375, 0.5, 0.25)),
        ({"left": None, "right": None, "width": 0.4}, None, (0.3, 0, 0.4, 1)),
        ({"left": 0.1, "top": 0.2, "height": 0.3}, 1.0, (0.1, 0.2, 0.3 / WIDE, 0.3)),  # a small video
        ({"top": 0.05, "right": 0.05, "height": 0.2}, 2.0, (0.95 - 0.4 / WIDE, 0.05, 0.4 / WIDE, 0.2)),  # a logo
        ({"width": 0.5}, WIDE, (0.25, 0.25, 0.5, 0.5)),
        ({"left": 0.1, "right": 0.1, "top": 0.1, "bottom": 0.1}, 1.0, (0.1, 0.1, 0.8, 0.8)),  # both known: stretched
    ],
)
def test_boxes(values, ratio, expected):
    assert placed(values, WIDE, ratio) == pytest.approx(expected)


def corners(matrix):
    points = matrix @ np.array([[-1, 1, 1, -1], [1, 1, -1, -1], [0, 0, 0, 0], [1, 1, 1, 1]])
    return points[:3].T


def test_a_box_in_the_scene():
    box = Box(0.5, 0.0, 0.5, 0.5)
    assert corners(box.matrix(WIDE)) == pytest.approx(np.array([[0, 1, 0], [WIDE, 1, 0], [WIDE, 0, 0], [0, 0, 0]]))


def animator(sxml, attributes, keys=""):
    body = sxml.tree(sxml.movie(f"<stack><animator {attributes}>{keys}</animator></stack>"))
    return body.children[0].children[0]


@pytest.mark.parametrize("side", ["left", "right", "up", "down"])
def test_slides_begin_just_outside(sxml, side):
    box = Box(0.2, 0.1, 0.3, 0.4)
    node = animator(sxml, f'type="slide-in" direction="{side}"')
    moved = corners(Animator(node, WIDE, box).matrix(0.0, 0.0) @ box.matrix(WIDE))
    touching = {
        "left": moved[:, 0].max() + WIDE,
        "right": moved[:, 0].min() - WIDE,
        "up": moved[:, 1].min() - 1,
        "down": moved[:, 1].max() + 1,
    }
    assert touching[side] == pytest.approx(0)
    assert Animator(node, WIDE, box).matrix(1.0, 1.0) == pytest.approx(np.eye(4))
    leaving = Animator(animator(sxml, f'type="slide-out" direction="{side}"'), WIDE, box)
    assert leaving.matrix(1.0, 1.0) == pytest.approx(Animator(node, WIDE, box).matrix(0.0, 0.0))


def test_grow_by_a_tenth_is_4_3_percent(sxml):
    grown = Animator(animator(sxml, 'type="grow"'), WIDE)
    z = grown.matrix(1.0, 1.0)[2, 3]
    assert CAMERA / (CAMERA - z) == pytest.approx(1.043, abs=5e-4)
    assert grown.enlarges() == pytest.approx(1.043, abs=5e-4)


@pytest.mark.parametrize(("progress", "expected"), [(0, 0), (0.25, 0.125), (0.5, 0.5), (0.75, 0.875), (1, 1), (2, 1)])
def test_quadratic_starts_and_ends_at_rest(sxml, progress, expected):
    node = animator(sxml, 'type="grow" growStart="0" growEnd="1" mode="quadratic"')
    assert Animator(node, WIDE).matrix(progress, 0)[2, 3] == pytest.approx(expected)


def test_turns_are_about_the_middle_of_what_turns(sxml):
    box = Box(0.6, 0.1, 0.3, 0.2)
    turned = Animator(animator(sxml, 'type="rot-in" angle="90"'), WIDE, box).matrix(0.0, 0.0)
    x, y = WIDE * (2 * 0.75 - 1), 1 - 2 * 0.2
    assert turned @ (x, y, 0, 1) == pytest.approx((x, y, 0, 1))
    assert turned @ (x + 0.1, y, 0, 1) == pytest.approx((x, y + 0.1, 0, 1))


def test_keys_are_held_before_and_after(sxml):
    keys = '<key time="3" pos="3,0,0"/><key time="1" pos="1,2,0"/>'
    node = animator(sxml, 'type="custom"', keys)
    at = [tuple(Animator(node, WIDE).matrix(0, seconds)[:3, 3]) for seconds in (0, 1, 2, 2.5, 3, 9)]
    assert at == [(1, 2, 0), (1, 2, 0), (2, 1, 0), (2.5, 0.5, 0), (3, 0, 0), (3, 0, 0)]


def test_keys_are_applied_in_the_order_of_the_language(sxml):
    node = animator(sxml, 'type="custom"', '<key time="0" rot="90,0,0,1" scale="2,2,2" pos="1,0,0"/>')
    # (1, 0, 0) → doubled (2, 0, 0) → shifted (3, 0, 0) → turned by 90° about z (0, 3, 0)
    assert Animator(node, WIDE).matrix(0, 0) @ (1, 0, 0, 1) == pytest.approx((0, 3, 0, 1))


def test_turns_go_the_shortest_way():
    assert turned_between((0, 0, 350), (0, 0, 10), 0.5) == pytest.approx(euler(0, 0, 0), abs=1e-9)
    assert turned_between((0, 0, 0), (0, 90, 0), 0.5) == pytest.approx(euler(0, 45, 0))


@given(
    one=st.tuples(*[st.floats(-180, 180)] * 3),
    two=st.tuples(*[st.floats(-180, 180)] * 3),
    part=st.floats(0, 1),
)
def test_turns_between_are_turns(one, two, part):
    turn = turned_between(one, two, part)[:3, :3]
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-8)
    assert np.linalg.det(turn) == pytest.approx(1)
    assert turned_between(one, two, 0) == pytest.approx(euler(*one), abs=1e-6)
    assert turned_between(one, two, 1) == pytest.approx(euler(*two), abs=1e-6)


def test_a_turn_about_an_axis():
    assert about_axis((120, 1, 1, 1)) @ (1, 2, 3, 1) == pytest.approx((3, 1, 2, 1))
    assert about_axis((90, 0, 0, 0)) == pytest.approx(np.eye(4))
    assert about_axis((math.degrees(1), 0, 0, 5)) @ (1, 0, 0, 1) == pytest.approx((math.cos(1), math.sin(1), 0, 1))


def test_keys_of_a_filter_mix_colours_by_parts(sxml):
    body = sxml.tree(
        sxml.movie(
            '<stack><filter type="tint"><animator type="custom"><key time="0" whiteColor="#000000"/>'
            '<key time="2" whiteColor="#ff8000"/></animator></filter></stack>'
        )
    )
    from dragon_video.film.animators import Keys

    keys = Keys(body.children[0].children[0].children[0])
    assert keys.values(1)["whiteColor"] == (0, 64, 127.5, 255)
