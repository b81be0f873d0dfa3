"""The animations that are written: order, times, sizes, transparency, and what each frame holds."""

import contextlib
import io
import itertools
import weakref

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from dragon_framework.errors import (
    InvalidParametersError,
    SourceUnavailableError,
    TaskLimitError,
    UnreadableSourceError,
)
from dragon_framework.testing import check_task
from dragon_image import _gif
from dragon_image._gif import centiseconds
from dragon_image._reading import FORMATS


@pytest.fixture
def gif(run_task):
    """Run image.gif: `gif(paths, loop=...) -> an object with frames (RGBA), delays in seconds, loop, path, values`."""

    class Made:
        def __init__(self, done):
            self.values = done.values
            self.path = done.files["output"]
            self.progress = done.progress
            self.frames, self.delays = [], []
            with Image.open(self.path) as image:
                assert image.format == "GIF"
                self.size = image.size
                for number in range(image.n_frames):
                    image.seek(number)
                    self.frames.append(image.convert("RGBA"))
                    self.delays.append(image.info.get("duration", 0) / 1000)
                self.loop = image.info.get("loop")

    return lambda paths, **parameters: Made(run_task("image.gif", images=list(paths), **parameters))


def rectangles(data):
    """The rectangle of each frame in a GIF: (left, top, width, height), found by walking its blocks (GIF89a, 17 on)."""

    def table(flags):
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    def blocks(at):
        while data[at]:
            at += data[at] + 1
        return at + 1

    found = []
    at = 13 + table(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x21:
            at = blocks(at + 2)
        else:
            assert data[at] == 0x2C
            found.append(tuple(int.from_bytes(data[at + i : at + i + 2], "little") for i in (1, 3, 5, 7)))
            at = blocks(at + 10 + table(data[at + 9]) + 1)
    assert at == len(data) - 1
    return found


def plain(saved, *colours, size=(9, 7)):
    return [saved(Image.new("RGB", size, colour), f"{number}.png") for number, colour in enumerate(colours)]


def test_it_keeps_the_contract():
    check_task("image.gif", hostile=True)


def test_images_are_shown_in_their_order(gif, saved):
    made = gif(plain(saved, "red", "lime", "blue", "lime"))

    assert [frame.getpixel((4, 3)) for frame in made.frames] == [
        (255, 0, 0, 255),
        (0, 255, 0, 255),
        (0, 0, 255, 255),
        (0, 255, 0, 255),
    ]
    assert made.values == {"width": 9, "height": 7, "frames": 4, "duration": 0.4}
    assert made.progress[-1] == 100


def test_sources_come_over_http_as_well(gif, serve_file, saved, tmp_path):
    plain(saved, "red", "lime")

    made = gif([serve_file(tmp_path / "0.png"), serve_file(tmp_path / "1.png"), serve_file(tmp_path / "0.png")])

    assert [frame.getpixel((0, 0))[:2] for frame in made.frames] == [(255, 0), (0, 255), (255, 0)]


@pytest.mark.parametrize(("asked", "stored"), [(0, 0), (1, 1), (3, 3), (65_535, 65_535), (-1, None)])
def test_loop_is_how_often_it_is_repeated(gif, saved, asked, stored):
    """The block NETSCAPE2.0 holds the number of repetitions, 0 for ever; without it there are none."""
    assert gif(plain(saved, "red", "blue"), loop=asked).loop == stored


def test_it_loops_for_ever_by_default(gif, saved):
    assert gif(plain(saved, "red", "blue")).loop == 0


@pytest.mark.parametrize(
    ("asked", "stored"),
    [(0.1, 0.1), (0.014, 0.01), (0.015, 0.02), (0.285, 0.29), (1, 1.0), (0.005, 0.01), (655.35, 655.35)],
)
def test_the_duration_of_a_frame_is_rounded_to_a_hundredth(gif, saved, asked, stored):
    made = gif(plain(saved, "red", "blue"), frame_duration=asked)

    assert made.delays == [stored, stored]
    assert made.values["duration"] == pytest.approx(2 * stored)


@given(st.integers(1, 65_534))
def test_a_duration_halfway_between_two_hundredths_is_rounded_up(hundredths):
    assert centiseconds(float(f"{hundredths // 100}.{hundredths % 100:02}5")) == hundredths + 1


def test_equal_images_are_frames_of_their_own(gif, saved):
    made = gif(plain(saved, "red", "red", "red", "blue"))

    assert len(made.frames) == 4
    assert made.delays == [0.1] * 4
    assert rectangles(made.path.read_bytes())[1:3] == [(0, 0, 1, 1)] * 2


@pytest.mark.parametrize(
    ("asked", "size"),
    [({}, (40, 30)), ({"width": 20}, (20, 30)), ({"height": 10}, (40, 10)), ({"width": 8, "height": 60}, (8, 60))],
)
def test_a_size_that_is_not_given_is_that_of_the_first_image(gif, saved, asked, size):
    paths = [saved(Image.new("RGB", (40, 30), "red"), "a.png"), saved(Image.new("RGB", (100, 10), "red"), "b.png")]

    made = gif(paths, **asked)

    assert made.size == size
    assert (made.values["width"], made.values["height"]) == size


def test_images_of_another_shape_fit_inside_the_first(gif, saved):
    """100 × 50 in 40 × 40: 40 × 20, ten rows of nothing above and below; 2 × 4: 20 × 40."""
    paths = [
        saved(Image.new("RGB", (40, 40), "red"), "a.png"),
        saved(Image.new("RGB", (100, 50), "lime"), "b.png"),
        saved(Image.new("RGB", (2, 4), "blue"), "c.png"),
    ]

    made = gif(paths)

    lime, blue = (frame.getchannel("A").getbbox() for frame in made.frames[1:])
    assert (lime, blue) == ((0, 10, 40, 30), (10, 0, 30, 40))
    assert made.frames[1].getpixel((20, 20)) == (0, 255, 0, 255)
    assert made.frames[2].getpixel((20, 20)) == (0, 0, 255, 255)


def test_the_rest_is_transparent_after_photographs_too(gif, saved):
    paths = [saved(ramps((40, 40), turn), f"{turn}.png") for turn in (0, 90)]
    paths.append(saved(ramps((40, 20)), "flat.png"))

    made = gif(paths)

    assert [frame.getchannel("A").getbbox() for frame in made.frames] == [(0, 0, 40, 40)] * 2 + [(0, 10, 40, 30)]
    assert made.frames[0].getchannel("A").getextrema() == (255, 255)


def test_the_rest_is_of_the_background_if_one_is_named(gif, saved):
    paths = [saved(Image.new("RGB", (40, 40), "red"), "a.png"), saved(Image.new("RGB", (40, 20), "lime"), "b.png")]

    made = gif(paths, background="#0000ff")

    assert made.frames[1].getpixel((0, 0)) == (0, 0, 255, 255)
    assert made.frames[1].getpixel((20, 20)) == (0, 255, 0, 255)


def test_half_transparent_pixels_lie_on_the_background(gif, saved):
    """Alpha 51 is 1/5 of red over 4/5 of blue."""
    made = gif([saved(Image.new("RGBA", (4, 4), (255, 0, 0, 51)), "a.png")], background="#0000ff")

    assert made.frames[0].getpixel((0, 0)) == (51, 0, 204, 255)


def test_crop_fills_the_gif(gif, saved, quadrants):
    """100 × 20 in 20 × 20: the middle, two columns of colours as wide."""
    paths = [saved(Image.new("RGB", (20, 20), "red"), "a.png"), saved(quadrants(100, 20), "b.png")]

    frame = gif(paths, crop=True).frames[1].convert("RGB")

    assert [frame.getpixel(at) for at in ((1, 1), (18, 1), (1, 18), (18, 18))] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 0),
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_they_were_shot(gif, saved, quadrants, corners, orientation, thumb):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = saved(quadrants(40, 20), "a.png", exif=exif)

    made = gif([path])

    assert made.size == ((40, 20) if orientation < 5 else (20, 40))
    assert corners(made.frames[0]) == corners(thumb(path, format="png"))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif", "a.avif"])
def test_an_animation_among_the_images_gives_its_first_frame(gif, saved, name):
    frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "lime")]
    path = saved(frames[0], name, save_all=True, append_images=frames[1:])

    made = gif([path, path])

    assert [frame.getpixel((4, 3))[:3] for frame in made.frames] == [pytest.approx((255, 0, 0), abs=6)] * 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "LAB", "F"])
def test_images_of_every_mode_are_taken(gif, saved, quadrants, mode):
    grey = quadrants(20, 14, "L")
    image = {
        "I;16": lambda: grey.convert("I").convert("I;16"),
        "LAB": lambda: Image.new("LAB", (20, 14), (255, 0, 0)),
        "F": lambda: grey.convert("F"),
    }.get(mode, lambda: quadrants(20, 14, mode))()

    made = gif([saved(image, "a.tif"), saved(quadrants(20, 14), "b.png")])

    assert (len(made.frames), made.size) == (2, (20, 14))


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256])
def test_up_to_256_colours_are_kept_exactly(gif, saved, count):
    """Greys, each next to the last: a look-up that rounds would take them for equal."""
    image = Image.new("RGB", (count, 2))
    for x in range(count):
        image.paste((x, x, x), (x, 0, x + 1, 2))
    flipped = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    made = gif([saved(image, "a.png"), saved(flipped, "b.png"), saved(image, "c.png")])

    assert [frame.convert("RGB").tobytes() for frame in made.frames] == [
        image.tobytes(),
        flipped.tobytes(),
        image.tobytes(),
    ]


def ramps(size, turn=0):
    ramp = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (ramp.rotate(turn), ramp.rotate(90 + turn), ramp.rotate(180 + turn)))


def test_many_colours_are_near_in_the_mean_over_a_few_pixels(gif, saved):
    images = [ramps((128, 128), turn) for turn in (0, 90, 270)]

    made = gif([saved(image, f"{number}.png") for number, image in enumerate(images)])

    for frame, image in zip(made.frames, images, strict=True):
        got, expected = frame.convert("RGB").reduce(8).tobytes(), image.reduce(8).tobytes()
        assert max(abs(a - b) for a, b in zip(got, expected, strict=True)) < 12


def test_only_what_changes_is_stored(gif, saved):
    """A square of 6 × 6 moves by 10: the second frame is where it was and where it is."""
    images = []
    for left in (10, 20):
        image = ramps((100, 80))
        image.paste("red", (left, 30, left + 6, 36))
        images.append(image)

    made = gif([saved(image, f"{number}.png") for number, image in enumerate(images)])

    assert rectangles(made.path.read_bytes()) == [(0, 0, 100, 80), (10, 30, 16, 6)]
    assert made.frames[1].getpixel((22, 32))[:3] == pytest.approx((255, 0, 0), abs=3)


def test_noise_is_not_stored_again_and_does_not_pile_up(gif, saved):
    """Every picture is 1 brighter: no more than 3 may be missing at any time."""
    images = [Image.new("RGB", (300, 1)) for _ in range(12)]
    for number, image in enumerate(images):
        for x in range(300):
            image.putpixel((x, 0), (x // 2 + number, 150 - x // 2, 40 + x % 7 * 9))

    made = gif([saved(image, f"{number}.png") for number, image in enumerate(images)])

    boxes = rectangles(made.path.read_bytes())
    assert boxes[1:4] == [(0, 0, 1, 1)] * 3
    assert boxes[4] == (0, 0, 300, 1)
    means = [sum(frame.convert("RGB").tobytes()[::3]) / 300 for frame in made.frames]
    assert all(abs(mean - (74.5 + number)) <= 4 for number, mean in enumerate(means))


def test_an_exact_picture_changes_exactly(gif, saved):
    """What is noise in a photograph is a line in a drawing."""
    made = gif(plain(saved, (100, 100, 100), (101, 100, 100)))

    assert made.frames[1].getpixel((4, 3)) == (101, 100, 100, 255)


def test_what_vanishes_is_cleared(gif, saved):
    """A dot on nothing, elsewhere in each picture; then nothing at all; then everything."""
    images = []
    for number in range(3):
        images.append(Image.new("RGBA", (20, 10)))
        images[-1].paste("red", (6 * number, 2, 6 * number + 4, 8))
    images += [Image.new("RGBA", (20, 10)), Image.new("RGBA", (20, 10), "blue")]

    made = gif([saved(image, f"{number}.png") for number, image in enumerate(images)])

    assert [frame.getchannel("A").getbbox() for frame in made.frames] == [
        (0, 2, 4, 8),
        (6, 2, 10, 8),
        (12, 2, 16, 8),
        None,
        (0, 0, 20, 10),
    ]


pixels_of_a_drawing = st.sampled_from([(0, 0, 0, 0), (255, 0, 0, 255), (0, 0, 0, 255), (9, 8, 7, 255)])
pictures = st.lists(st.lists(pixels_of_a_drawing, min_size=12, max_size=12), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pictures)
@example([[(255, 0, 0, 255)] * 12, [(255, 0, 0, 255)] * 12, [(0, 0, 0, 0)] * 12])
def test_any_drawing_comes_back_as_it_was(gif, saved, drawn):
    """Four columns, three rows; of transparent pixels only the transparency."""
    images = []
    for pixels in drawn:
        images.append(Image.new("RGBA", (4, 3)))
        images[-1].putdata(pixels)

    made = gif([saved(image, f"{number}.png") for number, image in enumerate(images)])

    for frame, pixels in zip(made.frames, drawn, strict=True):
        got = [tuple(frame.getpixel((x, y))) for y, x in itertools.product(range(3), range(4))]
        assert [pixel if pixel[3] else (0, 0, 0, 0) for pixel in got] == pixels


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=4),
    st.none() | st.integers(1, 90),
    st.none() | st.integers(1, 90),
    st.booleans(),
)
def test_any_sizes_give_frames_of_the_size_that_was_asked_for(gif, saved, sizes, width, height, crop):
    paths = [saved(Image.effect_noise(size, 90), f"{number}.png") for number, size in enumerate(sizes)]

    made = gif(paths, crop=crop, **{k: v for k, v in (("width", width), ("height", height)) if v})

    expected = width or sizes[0][0], height or sizes[0][1]
    assert made.size == expected
    for frame, size in zip(made.frames, sizes, strict=True):
        box = frame.getchannel("A").getbbox()
        inside = box[2] - box[0], box[3] - box[1]
        if crop or size == expected:
            assert inside == expected
        else:
            assert inside[0] == expected[0] or inside[1] == expected[1]


def test_memory_does_not_grow_with_the_number_of_frames(gif, saved, monkeypatch):
    """Of the pictures that were decoded, never more than two or three are alive."""
    made, most = [], 0

    def counted(*arguments):
        nonlocal most
        scaled = read(*arguments)
        made.append(weakref.ref(scaled.image))
        most = max(most, sum(reference() is not None for reference in made))
        return scaled

    read = _gif.read_scaled
    monkeypatch.setattr(_gif, "read_scaled", counted)
    paths = [saved(Image.effect_noise((8, 8), 90).convert("RGB"), f"{number}.png") for number in range(60)]

    gif(paths)

    assert len(made) == 60
    assert most <= 3


def test_a_thousand_images_are_a_thousand_frames(gif, saved):
    paths = plain(saved, "red", "lime", "blue")

    assert len(gif((paths * 334)[:1000]).frames) == 1000


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"images": []}, "images"),
        ({"images": "a.png"}, "images"),
        ({"images": [7]}, "images"),
        ({"images": ["a.png"] * 5001}, "images"),
        ({"loop": -2}, "loop"),
        ({"loop": 65_536}, "loop"),
        ({"frame_duration": 0}, "frame_duration"),
        ({"frame_duration": -1}, "frame_duration"),
        ({"frame_duration": 655.36}, "frame_duration"),
        ({"frame_duration": float("nan")}, "frame_duration"),
        ({"width": 0}, "width"),
        ({"height": 65_536}, "height"),
        ({"background": "red"}, "background"),
    ],
)
def test_a_wrong_parameter_is_named(run_task, wrong, field):
    with pytest.raises(InvalidParametersError) as raised:
        run_task("image.gif", **{"images": ["a.png"]} | wrong)

    assert list(raised.value.errors) == [field]


def test_an_image_that_cannot_be_read_is_named(gif, saved):
    good = saved(Image.new("RGB", (4, 4)), "good.png")

    with pytest.raises(UnreadableSourceError, match=r"bad\.png is not an image"):
        gif([good, saved(b"no picture", "bad.png"), good])
    with pytest.raises(SourceUnavailableError, match=r"missing\.png"):
        gif([good, good.replace("good", "missing")])


def test_a_bomb_is_refused(gif, saved, make):
    with pytest.raises(UnreadableSourceError, match="at most 120000000 pixels"):
        gif([saved(make.png(width=12_000, height=10_001), "bomb.png")])


@pytest.mark.parametrize("asked", [{"width": 65_535, "height": 65_535}, {"width": 12_000, "height": 10_001}])
def test_a_gif_of_too_many_pixels_is_refused(gif, saved, asked):
    with pytest.raises(TaskLimitError, match=r"120000000 pixels a frame"):
        gif(plain(saved, "red"), **asked)


def test_all_frames_together_have_a_limit_too(gif, saved, monkeypatch):
    monkeypatch.setenv("DRAGON_IMAGE_MAX_ANIMATION_PIXELS", "188")
    paths = plain(saved, "red", "blue", "red")

    with pytest.raises(TaskLimitError, match=r"188 pixels .*3 frames of 9 × 7"):
        gif(paths)

    monkeypatch.setenv("DRAGON_IMAGE_MAX_ANIMATION_PIXELS", "189")
    assert len(gif(paths).frames) == 3


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (20_000, 1), (20_000, 3)])
def test_odd_sizes_are_taken(gif, saved, size):
    paths = [saved(Image.effect_noise(size, 90).convert("RGB"), f"{number}.png") for number in range(2)]

    made = gif(paths)

    assert (made.size, len(made.frames)) == (size, 2)


def files_of_every_format():
    """What Pillow writes of a small picture: {suffix: (its format, bytes)}."""
    files = {}
    Image.init()
    for suffix, name in sorted(Image.registered_extensions().items()):
        for mode in ("RGB", "L", "1", "P"):
            buffer = io.BytesIO()
            with contextlib.suppress(Exception):
                Image.effect_noise((32, 32), 90).convert(mode).save(buffer, name)
                files[suffix] = name, buffer.getvalue()
                break
    return files


@pytest.mark.parametrize(
    ("suffix", "name", "content"), [(key, *value) for key, value in files_of_every_format().items()]
)
def test_every_format_that_pillow_writes_is_taken_or_refused_with_a_sentence(gif, saved, suffix, name, content):
    path = saved(content, f"a{suffix}")

    with contextlib.nullcontext() if name in {*FORMATS, "MPO"} else pytest.raises(UnreadableSourceError):
        assert min(gif([path]).size) >= 32  # an ICNS file holds larger ones too
