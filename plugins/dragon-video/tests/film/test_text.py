"""Texts in boxes: sizes, places, scripts. Widths are compared with what fontTools reads in the font's file."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from dragon_video.film.errors import InvalidContentError, InvalidFontError
from dragon_video.film.fonts import Fonts
from dragon_video.film.text import TextStyle, set_ink, set_text

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
