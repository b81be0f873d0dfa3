"""Texts in boxes: sizes, places, scripts. Widths are compared with what fontTools reads in the font's file."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from dragon_video.film.errors import InvalidContentError, InvalidFontError
from dragon_video.film.fonts import Fonts
from dragon_video.film.text import TextStyle, legend_offset, set_ink, set_text

FULL = {"width": 640, "height": 360, "lines": 360}


@pytest.fixture(scope="module")
def fonts():
    return Fonts()


@cache
def arimo():
    root = Path(importlib.util.find_spec("fontpkg_arimo").origin).parent
    return TTFont(root / "files" / "Arimo[wght].ttf")


def ink_edges(text, size):
    """Return where the ink of a line without kerning begins and ends, by the font's own tables, in pixels."""
    font = arimo()
    names = [font.getBestCmap()[ord(character)] for character in text]
    advances = [font["hmtx"][name][0] for name in names]
    last = font["glyf"][names[-1]]
    left = font["hmtx"][names[0]][1]
    right = sum(advances[:-1]) + last.xMax
    return left * size / font["head"].unitsPerEm, right * size / font["head"].unitsPerEm


@pytest.mark.parametrize("size", [20, 47, 160])
@pytest.mark.parametrize("lines", [360, 720])
def test_letters_are_as_wide_as_the_font_says(fonts, size, lines):
    left, right = ink_edges("hello minimum", size * lines / 360)

    picture = set_ink("hello minimum", TextStyle(fontsize=size), width=4000, height=900, lines=lines, fonts=fonts)

    assert picture.width == pytest.approx(right - left, rel=0.01, abs=2)


@pytest.mark.parametrize("text", ["Hello", "Ågjy", "One\ntwo\nthree", "a rather long line of text that is small then"])
def test_a_zone_without_a_size_fills_its_box_and_stays_in_it(fonts, text):
    picture = set_ink(text, TextStyle(), **FULL, fonts=fonts)

    assert picture.x >= 0
    assert picture.x + picture.width <= 640
    assert picture.y >= 0
    assert picture.y + picture.height <= 360
    assert picture.width > 0.98 * 640 or picture.height > 0.6 * 360


def test_newlines_at_the_ends_do_not_count(fonts):
    bare = set_text("Hello", TextStyle(fontsize=40), **FULL, fonts=fonts)
    framed = set_text("\n  \n Hello \n\n", TextStyle(fontsize=40), **FULL, fonts=fonts)

    assert np.array_equal(bare.frame, framed.frame)
    assert (bare.x, bare.y) == (framed.x, framed.y)


def test_a_text_has_a_longest_length(fonts):
    with pytest.raises(InvalidContentError, match="10,001 characters; expected at most 10,000"):
        set_text("a" * 10_001, TextStyle(), **FULL, fonts=fonts)


def test_an_unknown_font_is_refused_with_the_nearest_name(fonts):
    with pytest.raises(InvalidFontError, match="unknown font 'Timesnewromen'; did you mean 'timesnewroman'"):
        set_text("Hello", TextStyle(fontname="Timesnewromen"), **FULL, fonts=fonts)


def test_the_largest_size_that_fits_is_taken(fonts):
    """A zone of the size it found for itself fits; with letters 1 % larger it does not."""
    box = {"width": 500, "height": 120, "lines": 360}
    text = "Largest that fits"
    filled = set_ink(text, TextStyle(), **box, fonts=fonts)
    left, right = ink_edges(text, 1000)
    size = 1000 * filled.width / (right - left)

    larger = set_ink(text, TextStyle(fontsize=size * 1.01), **box, fonts=fonts)

    assert filled.width <= 500
    assert larger.width > 500


def test_broken_lines_fill_the_box_too(fonts):
    text = "The quick brown fox jumps over the lazy dog and never looks back at it"
    box = {"width": 440, "height": 200, "lines": 360}
    plain = set_ink(text, TextStyle(), **box, fonts=fonts)
    broken = set_ink(text, TextStyle(wrap=True), **box, fonts=fonts)

    assert broken.width <= 440
    assert broken.height <= 200
    assert broken.height > 0.75 * 200
    assert (broken.frame[:, :, 3] > 0).sum() > 3 * (plain.frame[:, :, 3] > 0).sum()


@pytest.mark.parametrize("across", ["left", "center", "right"])
@pytest.mark.parametrize("down", ["top", "center", "bottom"])
def test_alignment_moves_the_ink_and_nothing_else(fonts, across, down):
    picture = set_ink("Hxl", TextStyle(fontsize=40, align=(across, down)), **FULL, fonts=fonts)
    line = 40 * (1854 + 434) / 2048  # Arimo's ascent and descent
    top = {"top": 0, "center": (360 - line) / 2, "bottom": 360 - line}[down]
    baseline = top + 40 * 1854 / 2048

    assert picture.x == pytest.approx(
        {"left": 0, "center": (640 - picture.width) / 2, "right": 640 - picture.width}[across], abs=0.51
    )
    assert picture.y + picture.height == pytest.approx(baseline, abs=1.6)


def test_arimo_has_the_ascent_that_the_test_above_says():
    assert (arimo()["hhea"].ascent, arimo()["hhea"].descent, arimo()["head"].unitsPerEm) == (1854, -434, 2048)


@pytest.mark.parametrize("interlign", [1.0, 1.5])
def test_lines_are_interlign_apart(fonts, interlign):
    one = set_ink("H", TextStyle(fontsize=40, align=("left", "top"), interlign=interlign), **FULL, fonts=fonts)
    two = set_ink("H\nH", TextStyle(fontsize=40, align=("left", "top"), interlign=interlign), **FULL, fonts=fonts)

    assert two.height - one.height == pytest.approx(interlign * 40 * (1854 + 434) / 2048, abs=1.5)


def test_justified_lines_reach_both_edges_but_for_the_last(fonts):
    text = "The quick brown fox jumps over the lazy dog and never looks back"
    frame = set_ink(text, TextStyle(wrap=True, fontsize=30, align=("justify", "top")), **FULL, fonts=fonts)
    rows = [set_ink(text, TextStyle(wrap=True, fontsize=30, align=(a, "top")), **FULL, fonts=fonts) for a in ("left",)]

    assert frame.width > 630
    assert rows[0].width < frame.width


def test_a_larger_scale_gives_more_pixels_for_the_same_place(fonts):
    one = set_ink("Hello", TextStyle(fontsize=40), **FULL, fonts=fonts)
    three = set_ink("Hello", TextStyle(fontsize=40), **FULL, fonts=fonts, scale=3.0)

    assert three.scale == pytest.approx(3.0)
    assert three.frame.shape[0] == pytest.approx(3 * one.frame.shape[0], abs=4)
    for name in ("x", "y", "width", "height"):
        assert getattr(three, name) == pytest.approx(getattr(one, name), abs=1.2)


def test_vector_texts_are_drawn_twice_as_finely(fonts):
    assert set_ink("Hello", TextStyle(fontsize=40, vector=True), **FULL, fonts=fonts).scale == pytest.approx(2.0)


def test_colours_are_those_of_the_style(fonts):
    style = TextStyle(fontsize=200, fontcolor=(10, 200, 30, 128), backgroundcolor=(90, 0, 0, 255))
    picture = set_text("I", style, **FULL, fonts=fonts)
    middle = picture.frame[picture.frame.shape[0] // 2, picture.frame.shape[1] // 2].astype(int)

    assert (picture.x, picture.y, picture.width, picture.height) == (0, 0, 640, 360)
    assert tuple(picture.frame[2, 2]) == (90, 0, 0, 255)
    assert np.abs(middle - [10 * 128 / 255 + 90 * 127 / 255, 200 * 128 / 255, 30 * 128 / 255, 255]).max() <= 2


def test_a_legend_is_one_line_on_a_bar_of_a_tenth_at_the_bottom(fonts):
    style = TextStyle(type="legend", backgroundcolor=(0, 0, 0, 255))
    picture = set_text("A legend\nof two lines", style, **FULL, fonts=fonts)
    ink = set_ink("A legend\nof two lines", style, **FULL, fonts=fonts)

    assert (picture.x, picture.y, picture.width, picture.height) == (0, 324, 640, 36)
    assert ink.y > 324
    assert ink.y + ink.height < 360
    assert ink.x + ink.width / 2 == pytest.approx(320, abs=1)


def test_a_long_legend_is_made_small_enough_for_its_bar(fonts):
    ink = set_ink("word " * 60, TextStyle(type="legend"), **FULL, fonts=fonts)

    assert 600 < ink.width <= 640


@pytest.mark.parametrize(
    ("direction", "start"),
    [("up", (0, -0.1)), ("down", (0, 1)), ("left", (1, 0)), ("right", (-1, 0)), ("static", (0, 0))],
)
def test_a_legend_comes_in_the_way_it_says_and_stays(direction, start):
    style = TextStyle(type="legend", direction=direction)

    assert legend_offset(style, 0.0) == start
    assert legend_offset(style, 0.5) == pytest.approx((start[0] / 2, start[1] / 2))
    assert legend_offset(style, 0.25) == pytest.approx((start[0] * 27 / 32, start[1] * 27 / 32))  # 1 - t²(3 - 2t)
    assert legend_offset(style, 1.0) == (0, 0)
    assert legend_offset(TextStyle(type="legend", direction=direction, speed=2), 0.5) == (0, 0)
    assert legend_offset(style, 9.0) == (0, 0)


@pytest.mark.parametrize("text", ["", "\n\n", "  ", "\x00\x07"])
def test_a_text_without_ink_is_an_empty_picture(fonts, text):
    picture = set_text(text, TextStyle(), **FULL, fonts=fonts)

    assert picture.frame.max() == 0


def test_markup_in_a_text_is_text(fonts):
    plain = set_ink("<b>a & b</b>", TextStyle(fontsize=30), **FULL, fonts=fonts)
    left, right = ink_edges("<b>a & b</b>", 30)

    assert plain.width == pytest.approx(right - left, rel=0.02)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fontsize": 0}, "fontsize is 0; expected 1 to 1000"),
        ({"weight": "fat"}, "weight is 'fat'; expected"),
        ({"style": "bold"}, "style is 'bold'; expected"),
        ({"stretch": "wide"}, "stretch is 'wide'; expected"),
        ({"interlign": 0}, "interlign is 0; expected"),
        ({"type": "title"}, "type of a text is 'title'"),
    ],
)
def test_values_that_are_none_are_named(values, message):
    with pytest.raises(InvalidContentError, match=message):
        TextStyle(**values)


def test_a_line_too_long_to_draw_is_an_error_that_helps(fonts):
    with pytest.raises(InvalidContentError, match="a smaller fontsize, wrap, or shorter lines would help"):
        set_ink("m" * 5000, TextStyle(fontsize=300), **FULL, fonts=fonts)
