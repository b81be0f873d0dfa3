"""Advanced texts: the anchor, and lines in the boxes of a reference. Lengths are those of the font's own tables."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from dragon_video.film.fonts import Fonts
from dragon_video.film.text import TextStyle, set_ink
from dragon_video.film.text.advanced import ELLIPSIS, clusters_of, filled, rooms_of
from dragon_video.film.text.setting import setting_of

FULL = {"width": 640, "height": 360, "lines": 360}
SIZE = 40


@pytest.fixture(scope="module")
def fonts():
    return Fonts()


@cache
def arimo():
    root = Path(importlib.util.find_spec("fontpkg_arimo").origin).parent
    return TTFont(root / "files" / "Arimo[wght].ttf")


def advance(text, size):
    """Return the length of a line by the font's table of advances, in pixels; without kerning."""
    font = arimo()
    return sum(font["hmtx"][font.getBestCmap()[ord(character)]][0] for character in text) * size / 2048


def bearing(character, size):
    """Return the room before and after the ink of a letter, in pixels."""
    font = arimo()
    name = font.getBestCmap()[ord(character)]
    width, left = font["hmtx"][name]
    return left * size / 2048, (width - font["glyf"][name].xMax) * size / 2048


def ink(text, fonts, **values):
    return set_ink(text, TextStyle(type="advanced", fontsize=SIZE, **values), **FULL, fonts=fonts)


def lines_of(text, reference, fonts, size=100.0):
    """Return the lines that a text is set in, as texts."""
    setting = setting_of(TextStyle(type="advanced"), fonts, text).sized(size)
    return [line.text for line in filled(text, rooms_of(reference, setting), setting)]


@pytest.mark.parametrize(("side", "part"), [("left", 0.0), ("center", 0.5), ("right", 1.0)])
def test_the_anchor_is_on_the_baseline_at_the_side_that_align_names(fonts, side, part):
    picture = ink("hillock", fonts, align=(side, "center"))
    length = advance("hillock", SIZE)

    assert picture.x == pytest.approx(bearing("h", SIZE)[0] - part * length, abs=2)
    assert picture.x + picture.width == pytest.approx((1 - part) * length - bearing("k", SIZE)[1], abs=2)
    assert picture.y + picture.height == pytest.approx(0, abs=1.2)


def test_without_a_size_letters_are_20_pixels_of_360(fonts):
    small = set_ink("hillock", TextStyle(type="advanced"), **FULL, fonts=fonts)

    assert small.width == pytest.approx(advance("hillock", 20), abs=3)


def test_lines_follow_below_the_first(fonts):
    one, two = ink("HH", fonts), ink("HH\nHH", fonts)

    assert two.y == pytest.approx(one.y, abs=0.1)
    assert two.height - one.height == pytest.approx(SIZE * (1854 + 434) / 2048, abs=1.2)


def test_words_go_on_in_the_next_box_and_an_ellipsis_ends_the_last(fonts):
    reference = "mmmmmmmm\nmmmm\nmmmmmmmm"

    found = lines_of("one two three four five six seven eight nine ten", reference, fonts)

    assert found[0] == "one two three"
    assert len(found) == 3
    assert found[2].endswith(ELLIPSIS)
    for line, room in zip(found, reference.split("\n"), strict=True):
        assert advance(line.replace(ELLIPSIS, "…"), 100) <= advance(room, 100) + 3
    assert advance("one two three four", 100) > advance("mmmmmmmm", 100)  # no word more would have fitted
    assert " ".join(found[:2]) == "one two three four five six seven"[: len(" ".join(found[:2]))]


def test_a_text_that_fits_has_no_ellipsis_and_uses_no_more_boxes_than_it_needs(fonts):
    assert lines_of("one two", "mmmmmmmm\nmmmm", fonts) == ["one two"]
    assert lines_of("one two three four", "mmmmmmmm\nmmmm", fonts) == ["one two three", "four"]
    assert lines_of("one\ntwo", "mmmmmmmm\nmmmm", fonts) == ["one", "two"]
    assert lines_of("one\ntwo\nthree", "mmmmmmmm\nmmmm", fonts)[1].endswith(ELLIPSIS)


def test_a_word_longer_than_its_box_is_broken_between_characters(fonts):
    found = lines_of("Donaudampfschifffahrt", "mmmmm\nmmmmm\nmmmmm\nmmmmm", fonts)

    assert "".join(found) == "Donaudampfschifffahrt"
    assert len(found) > 1
    assert all(advance(line, 100) <= advance("mmmmm", 100) + 3 for line in found)


def test_a_reference_in_an_attribute_may_write_its_breaks_as_backslash_n(fonts):
    assert lines_of("one two three four", r"mmmmmmmm\nmmmm", fonts) == ["one two three", "four"]


def test_spaces_before_a_line_of_the_reference_move_the_line(fonts):
    plain = ink("one two three four", fonts, reference="mmmmmmmm\nmmmmmmmm")
    moved = ink("one two three four", fonts, reference="mmmmmmmm\n     mmmmmmmm")
    second = int(plain.frame.shape[0] * 0.65)  # rows of the second line
    before = np.flatnonzero(plain.frame[second:, :, 3].max(axis=0))[0] + plain.x
    after = np.flatnonzero(moved.frame[second:, :, 3].max(axis=0))[0] + moved.x

    assert after - before == pytest.approx(advance("     ", SIZE), abs=1.5)
    assert moved.x == pytest.approx(bearing("o", SIZE)[0], abs=1.5)


def test_lines_that_run_to_the_left_begin_at_the_right_of_their_boxes(fonts):
    """With `right` the anchor is where the lines begin; spaces of the reference move the second to the left."""
    text = "שלום לכם לי רב"
    picture = ink(text, fonts, align=("right", "center"), reference="mmmmmmmm\n    mmmm")
    rows = picture.frame[:, :, 3]
    first, second = (np.flatnonzero(part.max(axis=0))[-1] + 1 + picture.x for part in (rows[:30], rows[-15:]))

    assert first == pytest.approx(0, abs=4)
    assert second - first == pytest.approx(-advance("    ", SIZE), abs=4)


def test_justified_lines_fill_their_boxes_but_for_the_last(fonts):
    words = "one two three four"
    spread = ink(words, fonts, align=("justify", "center"), reference="mmmmmmmm\nmmmmmmmm")
    plain = ink(words, fonts, reference="mmmmmmmm\nmmmmmmmm")

    assert spread.width == pytest.approx(advance("mmmmmmmm", SIZE) - sum(bearing("o", SIZE)), abs=3)
    assert spread.width > plain.width + 5


def test_stretch_keeps_the_anchor(fonts):
    wide = ink("hillock", fonts, align=("right", "center"), stretch="expanded")

    assert wide.width == pytest.approx(1.25 * advance("hillock", SIZE), abs=6)
    assert wide.x + wide.width == pytest.approx(-1.25 * bearing("k", SIZE)[1], abs=2)


@pytest.mark.parametrize("text", ["e\u0301a", "👨‍👩‍👧x", "🇫🇷🇩🇪", "👍🏽!", "1️⃣2", "नमस्ते"])
def test_clusters_keep_marks_and_joined_emoji_together(text):
    counts = {"e\u0301a": 2, "👨‍👩‍👧x": 2, "🇫🇷🇩🇪": 2, "👍🏽!": 2, "1️⃣2": 2}

    assert "".join(clusters_of(text)) == text
    assert len(clusters_of(text)) == counts.get(text, len(clusters_of(text)))


def test_the_longest_text_in_a_small_box_is_cut_at_once(fonts):
    found = lines_of("word " * 2000, "mmmm", fonts)

    assert len(found) == 1
    assert found[0].endswith(ELLIPSIS)
