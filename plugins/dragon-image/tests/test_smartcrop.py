"""image.smartcrop: where rectangles may lie, what their scores are, and which are kept."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageDraw

from dragon_framework.errors import InvalidParametersError
from dragon_framework.testing import check_task
from dragon_image._smartcrop import best_boxes, box_size, entropies, places

sides = st.integers(1, 3000)
shapes = st.floats(0.01, 100)
parts = st.floats(0.001, 1)


@pytest.fixture
def smartcrop(run_task):
    return lambda path, **parameters: run_task("image.smartcrop", url=path, **parameters).points


def noise_in(size, box, *, seed=1):
    """A grey picture with noise in *box* alone."""
    image = Image.new("RGB", size, (120, 120, 120))
    dice = np.random.default_rng(seed)
    left, top, right, bottom = box
    image.paste(Image.fromarray(dice.integers(0, 256, (bottom - top, right - left, 3), dtype=np.uint8)), box[:2])
    return image


def overlap(one, other):
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def test_it_keeps_the_contract():
    check_task("image.smartcrop", hostile=True)


@given(st.tuples(sides, sides), shapes, parts)
def test_a_box_fits_inside_and_has_its_ratio_to_a_pixel(size, aspect_ratio, diag_ratio):
    width, height = box_size(size, aspect_ratio, diag_ratio)

    assert 1 <= width <= size[0]
    assert 1 <= height <= size[1]
    assert min(abs(width - aspect_ratio * height), abs(height - width / aspect_ratio)) <= 1


def test_the_diagonal_of_a_box_is_the_asked_part_of_the_pictures():
    """3:4:5: of 4000 × 3000 px the diagonal is 5000; 0.3 of it is 1500, and 1200 × 900 at 4:3."""
    assert box_size((4000, 3000), 4 / 3, 0.3) == (1200, 900)
    assert box_size((4000, 3000), 3 / 4, 0.3) == (900, 1200)


def test_a_box_that_would_not_fit_is_the_largest_that_does():
    assert box_size((400, 100), 1.0, 1.0) == (100, 100)
    assert box_size((100, 400), 2.0, 1.0) == (100, 50)


@given(sides, st.integers(1, 3000), st.floats(0.01, 3000))
def test_places_reach_both_edges_and_are_at_most_a_step_apart(length, box, step):
    box = min(box, length)

    found = places(length, box, step)

    assert found[0] == 0
    assert found[-1] == length - box
    assert np.diff(found).max(initial=0) <= max(step, 1) + 1


@given(sides, st.integers(1, 3000), st.floats(0.01, 3000))
def test_places_are_the_same_from_both_ends(length, box, step):
    box = min(box, length)

    found = places(length, box, step)

    assert np.abs(found - (length - box - found)[::-1]).max() <= 1


@given(st.data())
@settings(max_examples=50)
def test_entropies_are_those_of_each_boxs_own_histogram(data):
    rows, columns = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    grey = np.random.default_rng(data.draw(st.integers(0, 999))).integers(0, 256, (rows, columns), dtype=np.uint8)
    left = np.array(sorted(data.draw(st.lists(st.integers(0, columns - 1), min_size=1, max_size=4))))
    top = np.array(sorted(data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=4))))
    right, bottom = left + data.draw(st.integers(1, columns - int(left.max()))), top + 1

    found = entropies(grey, (left, right), (top, bottom))

    for y in range(len(top)):
        for x in range(len(left)):
            levels = grey[top[y] : bottom[y], left[x] : right[x]].ravel() // 4
            share = np.bincount(levels) / len(levels)
            expected = -sum(p * math.log2(p) for p in share if p)
            assert found[y, x] == pytest.approx(expected, abs=1e-9)


@given(
    st.tuples(st.integers(1, 400), st.integers(1, 400)),
    shapes,
    st.integers(1, 60),
    st.floats(0.01, 1),
    st.floats(0.02, 1),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_boxes_lie_inside_never_overlap_and_are_sorted(size, aspect_ratio, number, step, diagonal, reverse):
    grey = np.random.default_rng(size[0]).integers(0, 256, (size[1], size[0]), dtype=np.uint8)

    boxes = [
        box._asdict()
        for box in best_boxes(
            grey,
            size,
            aspect_ratio=aspect_ratio,
            boxes_number=number,
            step_ratio=step,
            diag_ratio=diagonal,
            reverse=reverse,
        )
    ]

    assert 1 <= len(boxes) <= number
    for place, box in enumerate(boxes):
        assert 0 <= box["x"] <= size[0] - box["width"]
        assert 0 <= box["y"] <= size[1] - box["height"]
        assert not any(overlap(box, other) for other in boxes[:place])
    scores = [box["score"] for box in boxes]
    assert all(b - a <= 1e-8 for a, b in itertools.pairwise(scores)) or reverse
    assert all(a - b <= 1e-8 for a, b in itertools.pairwise(scores)) or not reverse


@pytest.mark.parametrize("box", [(20, 10, 120, 70), (300, 150, 390, 230), (200, 40, 320, 110)])
def test_the_best_box_lies_where_there_is_something(smartcrop, saved, box):
    path = saved(noise_in((400, 240), box), "a.png")

    best = smartcrop(path)[0]

    middle = best["x"] + best["width"] / 2, best["y"] + best["height"] / 2
    assert box[0] <= middle[0] <= box[2]
    assert box[1] <= middle[1] <= box[3]


def test_reverse_returns_the_least_interesting_first(smartcrop, saved):
    path = saved(noise_in((400, 240), (0, 0, 200, 240)), "a.png")

    worst = smartcrop(path, reverse=True)

    assert worst[0]["score"] == 0
    assert worst[0]["x"] >= 200


def test_scores_are_entropies_in_bits(smartcrop, saved):
    """Half black, half white is one bit; one colour is none."""
    halves = Image.new("L", (64, 64))
    halves.paste(255, (0, 0, 32, 64))

    assert [box["score"] for box in smartcrop(saved(halves, "a.png"), diag_ratio=1, aspect_ratio=1)] == [1.0]
    assert smartcrop(saved(Image.new("L", (64, 64), 90), "b.png"))[0]["score"] == 0


def test_a_flat_picture_gives_its_middle_first(smartcrop, saved):
    best = smartcrop(saved(Image.new("RGB", (640, 360), "teal"), "a.png"))[0]

    assert abs(2 * best["x"] + best["width"] - 640) <= 20  # a step of 0.03 × 640
    assert abs(2 * best["y"] + best["height"] - 360) <= 11


def test_boxes_are_those_of_the_picture_as_shown(smartcrop, saved):
    """Orientation 6: what is stored on the left is shown above (Exif 2.32, 4.6.4 A)."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    best = smartcrop(saved(noise_in((600, 300), (0, 0, 200, 300)), "a.jpg", quality=95, exif=exif))[0]

    assert best["y"] + best["height"] / 2 <= 200
    assert best["x"] + best["width"] <= 300


def test_a_large_jpeg_gives_the_boxes_of_its_small_twin_in_its_own_pixels(smartcrop, saved):
    small = noise_in((320, 200), (200, 20, 300, 90))
    large = small.resize((2560, 1600), Image.Resampling.NEAREST)

    one, other = (smartcrop(saved(image, name, quality=95))[0] for image, name in ((small, "a.jpg"), (large, "b.jpg")))

    for name in ("x", "y", "width", "height"):
        assert other[name] == pytest.approx(8 * one[name], abs=8 * 320 * 0.03)


def test_a_mirrored_picture_gives_mirrored_boxes(smartcrop, saved):
    image = noise_in((640, 400), (380, 40, 520, 140))

    straight = smartcrop(saved(image, "a.png"))
    mirrored = smartcrop(saved(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "b.png"))

    assert straight[0]["x"] == pytest.approx(640 - mirrored[0]["x"] - mirrored[0]["width"], abs=1)
    assert straight[0]["y"] == mirrored[0]["y"]


def test_transparent_parts_count_as_white(smartcrop, saved):
    image = noise_in((400, 240), (0, 0, 400, 240)).convert("RGBA")
    image.putalpha(0)
    ImageDraw.Draw(image).rectangle((300, 100, 380, 160), fill=(0, 0, 0, 255))

    best = smartcrop(saved(image, "a.png"), boxes_number=1)[0]

    assert best["x"] < 380
    assert best["x"] + best["width"] > 300
    assert 0 < best["score"] <= 1


@pytest.mark.parametrize("size", [(1, 1), (20_000, 3), (2, 20_000), (1, 7), (65_535, 1)])
def test_pixels_and_strips_give_boxes_inside(smartcrop, saved, size):
    for box in smartcrop(saved(Image.effect_noise(size, 80), "a.png")):
        assert 0 <= box["x"] <= size[0] - box["width"]
        assert 0 <= box["y"] <= size[1] - box["height"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F"])
def test_every_kind_of_pixels_is_read(smartcrop, saved, mode):
    image = Image.linear_gradient("L").resize((90, 60))
    if mode == "LAB":
        image = Image.merge("LAB", (image,) * 3)
    elif mode.startswith("I"):
        image = Image.fromarray(np.asarray(image, np.int32) * 257).convert(mode)  # sixteen bits
    else:
        image = image.convert(mode)

    assert smartcrop(saved(image, "a.tif"), diag_ratio=1)[0]["score"] > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aspect_ratio", 0),
        ("aspect_ratio", -1),
        ("aspect_ratio", 1e9),
        ("boxes_number", 0),
        ("boxes_number", 1_000_000),
        ("step_ratio", 0),
        ("step_ratio", 1.5),
        ("diag_ratio", 0),
        ("diag_ratio", -0.3),
    ],
)
def test_what_makes_no_box_is_refused_by_its_name(smartcrop, saved, name, value):
    path = saved(Image.new("L", (9, 9)), "a.png")

    with pytest.raises(InvalidParametersError) as raised:
        smartcrop(path, **{name: value})

    assert list(raised.value.errors) == [name]


def test_the_most_boxes_with_the_smallest_step_are_found(smartcrop, saved):
    """1000 boxes of a hundredth of the diagonal: 6 × 4 px, of 640 × 480."""
    path = saved(Image.effect_noise((640, 480), 80), "a.png")

    boxes = smartcrop(path, boxes_number=1000, step_ratio=0.001, diag_ratio=0.01)

    assert len(boxes) == 1000


def test_of_an_animation_the_first_frame_counts(smartcrop, saved):
    first, second = noise_in((200, 120), (0, 0, 80, 60)), noise_in((200, 120), (120, 60, 200, 120))
    path = saved(first, "a.gif", save_all=True, append_images=[second])

    assert smartcrop(path)[0]["x"] < 80
