"""Frames of the scene against geometry worked out here: where every plane is, what lies over what, and when."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dragon_video.film.assets import probed
from dragon_video.film.durations import solve
from dragon_video.film.keys import asset_key
from dragon_video.film.matrices import Viewport
from dragon_video.film.scene import World, painted, scene

WIDTH, HEIGHT = 320, 180
ASPECT = WIDTH / HEIGHT
CAMERA = 1 / math.tan(math.radians(45 / 2))
RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A square of four quarters, and one twice as wide as high whose left half is red and whose right is blue."""
    home = tmp_path_factory.mktemp("pictures")
    quarters = Image.new("RGB", (400, 400))
    for box, colour in (((0, 0), RED), ((200, 0), GREEN), ((0, 200), BLUE), ((200, 200), WHITE)):
        quarters.paste(colour, (*box, box[0] + 200, box[1] + 200))
    quarters.save(home / "quarters.png")
    halves = Image.new("RGB", (400, 200), RED)
    halves.paste(BLUE, (200, 0, 400, 200))
    halves.save(home / "halves.png")
    return home


class Film:
    """Frames of a film, RGB."""

    def __init__(self, sxml, body, *, size=(WIDTH, HEIGHT), aspect=None, rate=25):
        tree = sxml.tree(sxml.movie(body))
        nodes = [node for node in tree.walk() if asset_key(node)]
        assets = {
            asset_key(node): probed(Path(node.values["filename"]), "image", "a picture", lambda: None) for node in nodes
        }
        timed, _ = solve(tree, lambda _: None)
        self.world = World(Fraction(rate), assets, size[1])
        self.viewport = Viewport(*size, aspect or size[0] / size[1])
        self.painter = scene(timed, self.world, self.viewport)

    def frame(self, seconds):
        """Return the frame shown at a time."""
        number = int(seconds * float(self.world.frame_rate) + 1e-6)
        return painted(self.painter, number, self.viewport)[:, :, 2::-1].copy()

    def pixel(self, seconds, x, y):
        """Return the colour at a place in fractions of the frame."""
        frame = self.frame(seconds)
        return tuple(int(value) for value in frame[int(y * frame.shape[0]), int(x * frame.shape[1])])


@pytest.fixture
def film(sxml):
    """Make a film."""
    return lambda body, **how: Film(sxml, body, **how)


def plain(colour, inside="", **box):
    """Return an overlay of one colour; of *box*, `margin_start` is the attribute `margin-start`."""
    red, green, blue = colour
    attributes = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in box.items())
    return f'<overlay {attributes}><image color="#{red:02x}{green:02x}{blue:02x}"/>{inside}</overlay>'


def seen(points):
    """Return where points of the scene are in the frame, in pixels: by similar triangles from the camera."""
    return [
        (
            WIDTH / 2 * (1 + CAMERA * x / (ASPECT * (CAMERA - z))),
            HEIGHT / 2 * (1 - CAMERA * y / (CAMERA - z)),
        )
        for x, y, z in points
    ]


def polygon(points):
    """Return how much of each pixel a polygon in pixels covers, by drawing it eight times as large."""
    big = Image.new("L", (WIDTH * 8, HEIGHT * 8))
    ImageDraw.Draw(big).polygon([(x * 8 - 0.5, y * 8 - 0.5) for x, y in points], fill=255)
    return np.asarray(big.resize((WIDTH, HEIGHT), Image.Resampling.BOX)) / 255


def assert_covers(frame, corners, colour=RED):
    """Check that *frame* has *colour* in a polygon and nothing beside: each pixel to 30 %, all together to 0.3 %."""
    channel = int(np.argmax(colour))
    found = frame[:, :, channel] / 255
    expected = polygon(corners)
    assert np.abs(found - expected).mean() < 0.003
    assert np.abs(found - expected).max() < 0.3


def box(left, top, width, height):
    """Return the corners of a box of fractions, in pixels."""
    x, y = left * WIDTH, top * HEIGHT
    return [(x, y), (x + width * WIDTH, y), (x + width * WIDTH, y + height * HEIGHT), (x, y + height * HEIGHT)]


def rectangle(width, height, x=0.0, y=0.0, z=0.0):
    """Return the corners of a centred box of fractions, moved, in the scene."""
    wide, high = width * ASPECT, height
    return [(x + across * wide, y + up * high, z) for across, up in ((-1, 1), (1, 1), (1, -1), (-1, -1))]


def test_an_overlay_lies_in_its_box(film):
    frame = film(plain(RED, left=0.103, top=0.217, width=0.4, height=0.31)).frame(0)
    assert_covers(frame, box(0.103, 0.217, 0.4, 0.31))


def test_a_picture_in_a_box_is_stretched_and_a_fitted_one_is_not(film, pictures):
    image = f'<image filename="{pictures / "halves.png"}"/>'
    stretched = film(f'<overlay left="0.25" top="0" width="0.5" height="1">{image}</overlay>').frame(0)
    assert_covers(stretched, box(0.25, 0, 0.25, 1), RED)
    fitted = film(
        '<overlay left="0.25" top="0" width="0.5" height="1">'
        f'<image filename="{pictures / "halves.png"}"><filter type="fitAdapter"/></image></overlay>'
    ).frame(0)
    wide = 0.5 * WIDTH / HEIGHT  # of the box, in heights of the frame
    high = wide / 2  # the picture is twice as wide as high
    assert_covers(fitted, box(0.25, (1 - high) / 2, 0.25, high), RED)


def test_what_masks_a_picture_has_the_shape_that_it_says(film, pictures):
    """A picture of 2 to 1 covers 360 × 180 px; a square of half its height in it is shown with 90 px each way."""
    square = f'<overlay height="0.5"><image filename="{pictures}/quarters.png"/></overlay>'
    mask = f'<filter type="alphamask">{square}</filter>'

    shown = film(
        f'<effect type="none" duration="1"><image filename="{pictures}/halves.png">{mask}</image></effect>'
    ).frame(0.5)

    lit = shown.max(axis=2) > 128
    assert abs(int(lit[90].sum()) - 90) <= 2
    assert abs(int(lit[:, 150].sum()) - 90) <= 2


def test_only_a_height_keeps_the_ratio(film, pictures):
    image = f'<image filename="{pictures / "halves.png"}"/>'
    frame = film(f'<overlay left="0.1" top="0.1" height="0.4">{image}</overlay>').frame(0)
    width = 0.4 * 2 * HEIGHT / WIDTH
    assert_covers(frame, box(0.1, 0.1, width / 2, 0.4), RED)
    assert_covers(frame, box(0.1 + width / 2, 0.1, width / 2, 0.4), BLUE)


def test_an_effect_covers_the_frame_and_cuts_the_middle(film, pictures):
    still = film(f'<effect type="none"><image filename="{pictures / "quarters.png"}"/></effect>')
    for place, colour in (((0.25, 0.25), RED), ((0.75, 0.25), GREEN), ((0.25, 0.75), BLUE), ((0.75, 0.75), WHITE)):
        assert still.pixel(0, *place) == colour
    frame = still.frame(0)
    assert frame[HEIGHT // 2 - 2, WIDTH // 2 - 2].tolist() == list(RED)
    assert frame[HEIGHT // 2 + 1, WIDTH // 2 + 1].tolist() == list(WHITE)


@pytest.mark.parametrize(("seconds", "part"), [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)])
def test_slides_come_in_at_an_even_pace(film, seconds, part):
    slide = '<animator type="slide-in" duration="4" direction="left"/>'
    frame = film(f"<stack duration='5'>{plain(RED, slide, left=0.3, top=0.2, width=0.4, height=0.5)}</stack>").frame(
        seconds
    )
    shift = -0.7 * (1 - part)  # its right edge begins at the left edge of the frame
    assert_covers(frame, box(0.3 + shift, 0.2, 0.4, 0.5))


def test_grow_comes_nearer(film):
    grow = '<animator type="grow" growStart="0" growEnd="0.5"/>'
    frame = film(f"<stack duration='2'>{plain(RED, grow, width=0.4, height=0.4)}</stack>").frame(1)
    assert_covers(frame, seen(rectangle(0.4, 0.4, z=0.25)))


@pytest.mark.parametrize("angle", [30, 60])
def test_a_turn_about_the_vertical_is_seen_in_perspective(film, angle):
    keys = f'<animator type="custom"><key time="0" orient="0,{angle},0"/></animator>'
    frame = film(plain(RED, keys, width=0.5, height=0.5)).frame(0)
    x, y, turn = 0.5 * ASPECT, 0.5, math.radians(angle)
    corners = [
        (side * x * math.cos(turn), up * y, -side * x * math.sin(turn))
        for side, up in ((-1, 1), (1, 1), (1, -1), (-1, -1))
    ]
    assert_covers(frame, seen(corners))


def test_animators_are_applied_in_their_order(film):
    first = '<animator type="custom"><key time="0" pos="0.5,0,0"/></animator>'
    then = '<animator type="custom"><key time="0" rot="90,0,0,1"/></animator>'
    frame = film(plain(RED, first + then, width=0.1, height=0.2)).frame(0)
    assert_covers(frame, seen([(-y, x, z) for x, y, z in rectangle(0.1, 0.2, 0.5)]))


def test_a_stack_moves_what_is_in_it(film):
    move = '<animator type="custom"><key time="0" pos="0.4,-0.2,-1"/></animator>'
    frame = film(f"<stack>{plain(RED, width=0.5, height=0.5)}{move}</stack>").frame(0)
    assert_covers(frame, seen(rectangle(0.5, 0.5, 0.4, -0.2, -1)))


def test_a_camera_is_the_scene_moved_the_other_way(film):
    camera = '<camera><animator type="custom"><key time="0" pos="0.3,0.1,0.5"/></animator></camera>'
    frame = film(f"<stack>{camera}{plain(RED, width=0.5, height=0.5)}</stack>").frame(0)
    assert_covers(frame, seen(rectangle(0.5, 0.5, -0.3, -0.1, -0.5)))


def test_an_effect_may_begin_in_its_middle(film, pictures):
    def zoomed(attributes):
        image = f'<image filename="{pictures / "quarters.png"}"/>'
        return film(f'<effect type="kenburns" duration="4"{attributes}>{image}</effect>')

    whole = zoomed("")
    assert np.array_equal(zoomed(' timeOffset="2"').frame(0), whole.frame(2))
    assert not np.array_equal(whole.frame(0), whole.frame(2))


def camera(position, attributes=""):
    return f'<camera{attributes}><animator type="custom"><key time="0" pos="{position}"/></animator></camera>'


@pytest.mark.parametrize(
    ("attributes", "moved"),
    [(' relative="true"', (-0.5, -0.3, 0)), ("", (-0.2, -0.2, 0))],
    ids=["added to the first", "in place of the first"],
)
def test_a_second_camera(film, attributes, moved):
    cameras = camera("0.3,0.1,0") + camera("0.2,0.2,0", attributes)
    frame = film(f"<stack>{cameras}{plain(RED, width=0.5, height=0.5)}</stack>").frame(0)
    assert_covers(frame, seen(rectangle(0.5, 0.5, *moved)))


def test_a_camera_is_turned_where_it_has_been_moved_to(film):
    """Moved by 0.5 and then turned upside down, it sees the middle of the scene on its other side."""
    keys = '<key time="0" pos="0.5,0,0"/>', '<key time="0" orient="0,0,180"/>'
    moves = "".join(f'<animator type="custom">{key}</animator>' for key in keys)
    frame = film(f"<stack><camera>{moves}</camera>{plain(RED, width=0.5, height=0.5)}</stack>").frame(0)
    assert_covers(frame, seen(rectangle(0.5, 0.5, 0.5, 0, 0)))


def test_a_camera_moves_nothing_outside_its_stack(film):
    inner = f"<stack>{camera('0.9,0.5,0')}{plain(BLUE, width=0.1, height=0.1)}</stack>"
    frame = film(f"<stack>{inner}{plain(RED, width=0.5, height=0.5)}</stack>").frame(0)
    assert_covers(frame, seen(rectangle(0.5, 0.5, 0, 0, 0)))


def test_the_scene_of_the_tutorial_just_fits(film):
    """Four full-screen pictures at x = ±1.8 and y = ±1.1, pushed to z = -3, reach nearly to the edges."""
    parts = "".join(
        plain(RED, f'<animator type="custom"><key time="0" pos="{x},{y},-3"/></animator>')
        for x in (-1.8, 1.8)
        for y in (-1.1, 1.1)
    )
    frame = film(f"<stack>{parts}</stack>").frame(0)
    rows, columns = np.flatnonzero(frame[:, :, 0].max(1) > 127), np.flatnonzero(frame[:, :, 0].max(0) > 127)
    reach = CAMERA / (CAMERA + 3)
    assert (rows[-1] - rows[0] + 1) / HEIGHT == pytest.approx(2.1 * reach, abs=0.012)
    assert (columns[-1] - columns[0] + 1) / WIDTH == pytest.approx((1.8 + ASPECT) * reach / ASPECT, abs=0.008)


def test_the_last_of_a_stack_is_on_top(film):
    body = f"<stack>{plain(RED)}{plain(GREEN, left=0.25, width=0.5)}{plain(BLUE, left=0.4, width=0.2)}</stack>"
    still = film(body)
    assert [still.pixel(0, x, 0.5) for x in (0.1, 0.3, 0.5, 0.7, 0.9)] == [RED, GREEN, BLUE, GREEN, RED]


def test_things_are_seen_from_their_start_up_to_their_end(film):
    timed = plain(RED, margin_start=1, duration=0.48)
    moving = film(f"<stack duration='3'>{timed}</stack>")
    shown = [moving.pixel(number / 25, 0.5, 0.5) == RED for number in range(75)]
    assert [number for number, on in enumerate(shown) if on] == list(range(25, 37))


def test_what_is_clear_lets_through_by_its_alpha(film):
    clear = '<overlay><image color="#ff000080"/></overlay>'
    assert film(f"<stack>{plain(BLUE)}{clear}</stack>").pixel(0, 0.5, 0.5) == pytest.approx((128, 0, 127), abs=1)


@pytest.mark.parametrize(("seconds", "expected"), [(0, 255), (1, 255), (2, 255), (3, 127.5), (3.96, 5)])
def test_fades_act_in_their_window_alone(film, seconds, expected):
    fade = '<filter type="alpha" alphaStart="1" alphaEnd="0" duration="2" margin-end="0"/>'
    moving = film(f"<stack duration='4'>{plain(RED, fade)}</stack>")
    assert moving.pixel(seconds, 0.5, 0.5)[0] == pytest.approx(expected, abs=2)


def test_a_fade_of_a_group_does_not_show_what_lies_behind_inside_it(film):
    group = f'<stack>{plain(RED)}{plain(GREEN)}<filter type="alpha" alphaStart="0.5" alphaEnd="0.5"/></stack>'
    assert film(group).pixel(0, 0.5, 0.5) == pytest.approx((0, 128, 0), abs=1)


def test_a_filter_of_a_stack_acts_on_its_frame(film):
    negative = '<filter type="colormap" preset="negative"/>'
    assert film(f"<stack>{plain(RED)}{negative}</stack>").pixel(0, 0.5, 0.5) == (0, 255, 255)


def test_a_mask_decides_what_is_seen(film):
    mask = '<filter type="mask" opaqueColor="#ffffff" transparentColor="#000000">'
    mask += f"<stack>{plain(BLACK)}{plain(WHITE, left=0.2, width=0.3)}</stack></filter>"
    frame = film(f'<effect type="none"><image color="#ff0000"/>{mask}</effect>').frame(0)
    assert_covers(frame, box(0.2, 0, 0.3, 1))


def test_a_sequence_in_a_box_stays_in_it(film):
    inside = '<effect type="none" duration="2"><image color="#ff0000"/></effect><transition type="move" duration="1"/>'
    inside += '<effect type="none" duration="2"><image color="#0000ff"/></effect>'
    moving = film(f'<overlay left="0.2" top="0.3" width="0.5" height="0.4"><sequence>{inside}</sequence></overlay>')
    assert_covers(moving.frame(0), box(0.2, 0.3, 0.5, 0.4), RED)
    assert_covers(moving.frame(2.5), box(0.2, 0.3, 0.5, 0.4), BLUE)
    crossing = moving.frame(1.52)
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[54:126, 64:224] = False
    assert crossing[outside].max() == 0
    assert np.abs(crossing[60:120, 70:220].max(2).astype(int) - 255).mean() < 3  # one or the other everywhere


def test_transitions_begin_with_one_side_and_end_with_the_other(film):
    body = (
        '<effect type="none" duration="2"><image color="#ff0000"/></effect><transition type="crossfade" duration="1"/>'
    )
    body += '<effect type="none" duration="2"><image color="#0000ff"/></effect>'
    moving = film(body)
    parts = [moving.pixel(number / 25, 0.5, 0.5)[2] / 255 for number in range(24, 51)]
    assert parts[0] == 0
    assert parts[1:26] == pytest.approx([(number + 0.5) / 25 for number in range(25)], abs=0.004)
    assert parts[26] == 1


def test_pixels_that_are_not_square(film):
    """A circle's box is as high as wide on screen, though not in pixels."""
    frame = film(plain(RED, width=0.5 / (16 / 9), height=0.5), size=(720, 576), aspect=16 / 9).frame(0)
    rows, columns = np.flatnonzero(frame[:, :, 0].max(1) > 127), np.flatnonzero(frame[:, :, 0].max(0) > 127)
    high, wide = len(rows), len(columns) * (16 / 9) / (720 / 576)
    assert high == pytest.approx(288, abs=1)
    assert wide == pytest.approx(high, abs=2)


def test_a_text_is_in_its_box_and_centred(film):
    frame = film('<text left="0.1" top="0.2" width="0.5" height="0.3" fontcolor="#ff0000">HOH</text>').frame(0)
    rows, columns = np.flatnonzero(frame[:, :, 0].max(1) > 60), np.flatnonzero(frame[:, :, 0].max(0) > 60)
    assert rows[0] >= 0.2 * HEIGHT - 1
    assert rows[-1] <= 0.5 * HEIGHT + 1
    assert columns[0] >= 0.1 * WIDTH - 1
    assert columns[-1] <= 0.6 * WIDTH + 1
    assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(0.35 * WIDTH, abs=1.5)


def test_a_legend_is_a_bar_at_the_bottom(film):
    moving = film('<text type="legend" backgroundcolor="#ff0000" fontcolor="#ff0000">x</text>')
    assert_covers(moving.frame(3), box(0, 0.9, 1, 0.1))
    assert moving.frame(0).max() < 40  # it comes in from below


def test_frames_do_not_depend_on_what_was_drawn_before(film, pictures):
    image = f'<image filename="{pictures / "quarters.png"}"/>'
    body = f'<effect type="kenburns" duration="1">{image}</effect><transition type="swirl" duration="0.4"/>'
    body += f'<effect type="explode" duration="1">{image}<filter type="noise"/></effect>'
    forwards, backwards = film(body), film(body)
    one = [forwards.frame(number / 25) for number in range(40)]
    other = [backwards.frame(number / 25) for number in reversed(range(40))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_large_pictures_and_many_layers(film, tmp_path):
    Image.new("RGB", (8000, 6000), RED).save(tmp_path / "large.jpg", quality=30)
    layers = "".join(plain(BLUE, left=n / 200, width=0.001) for n in range(200))
    still = film(f'<stack><effect type="none"><image filename="{tmp_path / "large.jpg"}"/></effect>{layers}</stack>')
    frame = still.frame(0)
    assert frame[:, :, 0].mean() > 180
    (picture,) = still.world.stills._kept.values()
    assert picture.width < 1000  # no larger than it is shown
