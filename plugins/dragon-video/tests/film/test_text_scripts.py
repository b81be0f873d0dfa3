"""Scripts: the order of right-to-left texts, faces for what a font lacks, emoji, equal pictures in every process."""

import hashlib
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from bidi import get_display
from fontTools.colorLib.builder import buildCOLR, buildCPAL
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from dragon_video.film.errors import InvalidContentError, InvalidFontError
from dragon_video.film.fonts import NAMES, Fonts, plain_name
from dragon_video.film.text import TextStyle, set_ink

BOX = {"width": 900, "height": 200, "lines": 360}
STYLE = TextStyle(fontsize=60)


@pytest.fixture(scope="module")
def fonts():
    return Fonts()


def ink(text, fonts, style=STYLE):
    return set_ink(text, style, **BOX, fonts=fonts).frame[:, :, 3]


def parts(mask):
    """Return the masks of what has empty columns between, from the left."""
    filled = mask.max(axis=0) > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]]).astype(int)))
    cut = [mask[:, start:stop] for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return [part[part.max(axis=1) > 0] for part in cut]


def likeness(one, other):
    """Return the correlation of two masks, brought to one size."""
    if abs(one.shape[0] - other.shape[0]) > 3 or abs(one.shape[1] - other.shape[1]) > 3:
        return 0.0
    other = cv2.resize(other, one.shape[::-1], interpolation=cv2.INTER_AREA)
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("text", ["אבג 123 HMN!", "abc אבג 45", "1. הלו (abc) זח"])
def test_letters_stand_in_the_order_of_the_bidirectional_algorithm(fonts, text):
    """Each glyph is found again by its own picture; the order is that of python-bidi, an implementation apart."""
    expected = [character for character in get_display(text) if character != " "]
    mirrored = {"(": ")", ")": "("}
    found = parts(ink(text, fonts))

    assert len(found) == len(expected)
    for part, character in zip(found, expected, strict=True):
        candidates = {other: likeness(part, parts(ink(other, fonts))[0]) for other in sorted(set(text) - {" "})}
        best = max(candidates, key=candidates.get)
        assert candidates[best] > 0.7
        assert best in (character, mirrored.get(character))


def test_arabic_letters_are_joined(fonts):
    """Four joining letters are one shape; with non-joiners (U+200C) between they are four."""
    assert len(parts(ink("بتثن", fonts))) == 1
    assert len(parts(ink("\u200c".join("بتثن"), fonts))) == 4


MISSING = "\ue000"  # a private character that no font has: the engine draws a box with its number


@pytest.mark.parametrize("letter", list("字あ한אبअกԱआაΩЖเ∑→😀ẵ"))
def test_characters_a_font_lacks_come_from_another(fonts, letter):
    style = TextStyle(fontsize=60, fontname="landspeedrecord")
    drawn, box = ink(letter, fonts, style), ink(MISSING, fonts, style)

    assert drawn.max() == 255
    assert drawn.shape != box.shape or not np.array_equal(drawn, box)


def test_one_han_letter_is_drawn_as_the_language_around_it_does(fonts):
    """骨 differs between Chinese and Japanese (Unicode Standard, East Asian scripts, on unification)."""
    chinese, japanese = parts(ink("骨字", fonts))[0], parts(ink("骨の", fonts))[0]

    assert likeness(chinese, japanese) < 0.99


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_known_name_is_a_face(fonts, name):
    assert ink("Rag", fonts, TextStyle(fontsize=60, fontname=name)).max() == 255


@pytest.mark.parametrize("one", ["arial", "timesnewroman", "couriernew", "comicsansms", "landspeedrecord", "saddlebag"])
def test_faces_differ(fonts, one):
    plain = ink("Rag", fonts, TextStyle(fontsize=60, fontname="arialroundedmtbold"))

    assert not np.array_equal(ink("Rag", fonts, TextStyle(fontsize=60, fontname=one)), plain)


def test_weight_style_and_stretch_change_the_ink(fonts):
    plain = ink("Rag", fonts)
    bold = ink("Rag", fonts, TextStyle(fontsize=60, weight="bold"))
    slanted = ink("Rag", fonts, TextStyle(fontsize=60, style="italic"))
    narrow = ink("Rag", fonts, TextStyle(fontsize=60, stretch="condensed"))

    assert bold.sum() > 1.2 * plain.sum()
    assert not np.array_equal(slanted, plain)
    assert narrow.shape[1] == pytest.approx(0.75 * plain.shape[1], abs=1.5)
    assert narrow.shape[0] == plain.shape[0]


def square_font(path, characters, colour=None):
    """Write a font whose characters are black squares, or of one colour (COLR version 0)."""
    names = [f"g{index}" for index in range(len(characters))]
    builder = FontBuilder(1000, isTTF=True)
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(point)
    pen.closePath()
    square, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap(dict(zip(map(ord, characters), names, strict=True)))
    builder.setupGlyf({".notdef": empty, **dict.fromkeys(names, square)})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), **dict.fromkeys(names, (1000, 100))})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    family = "Noto Color Emoji" if colour else "Arimo"
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    if colour:
        builder.font["COLR"] = buildCOLR({name: [(name, 0)] for name in names}, version=0)
        builder.font["CPAL"] = buildCPAL([[colour]])
    builder.save(path)


def test_a_file_is_a_font_of_its_own_even_if_it_calls_itself_like_another(fonts, tmp_path):
    square_font(tmp_path / "a.ttf", "Rag")

    squares = parts(ink("Rag", fonts, TextStyle(fontsize=60, fontname=tmp_path / "a.ttf")))
    after = ink("Rag", fonts)

    assert len(squares) == 3
    for part in squares:  # 700 / 1000 of 60 is 42
        assert part.sum() / 255 == pytest.approx(42 * 42, rel=0.01)
        assert (part[1:-1, 1:-1] == 255).all()
    assert parts(after)[0].min() == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>404</html>", "is no font"),
        (b"", "is no font"),
        (b"OTTO" + b"\0" * 90, "broken font"),
        (b"wOF2..", "web"),
    ],
)
def test_files_that_are_no_fonts_are_refused(fonts, tmp_path, content, message):
    (tmp_path / "font.ttf").write_bytes(content)

    with pytest.raises(InvalidFontError, match=message):
        fonts.own(tmp_path / "font.ttf")


def test_a_broken_table_is_an_error_or_another_face_but_no_crash(fonts, tmp_path):
    square_font(tmp_path / "a.ttf", "Rag")
    whole = (tmp_path / "a.ttf").read_bytes()
    for cut in range(100, len(whole), 97):
        (tmp_path / f"{cut}.ttf").write_bytes(whole[:cut])
        try:
            ink("Rag", fonts, TextStyle(fontsize=60, fontname=tmp_path / f"{cut}.ttf"))
        except InvalidFontError:
            continue


def test_an_operators_directory_adds_names_and_a_missing_one_is_an_error(tmp_path):
    square_font(tmp_path / "Corporate Squares.ttf", "Rag")

    face = Fonts(tmp_path).face("corporatesquares")

    assert (face.family, face.file) == ("Arimo", tmp_path / "Corporate Squares.ttf")
    assert plain_name("Comic Sans MS") == "comicsansms"
    with pytest.raises(InvalidFontError, match="no directory"):
        Fonts(tmp_path / "none")


SCRIPT = """
import sys, hashlib
from pathlib import Path
from dragon_video.film.fonts import Fonts
from dragon_video.film.text import TextStyle, set_ink
fonts = Fonts(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
sums = hashlib.sha256()
for text in ("Hello Ågj", "שלום 12 abc", "مرحبا", "日本語 한국", "a 😀 b"):
    picture = set_ink(text, TextStyle(), width=640, height=360, lines=720, fonts=fonts)
    sums.update(picture.frame.tobytes() + repr((picture.x, picture.y)).encode())
frame = set_ink("😀", TextStyle(fontsize=100), width=640, height=360, lines=360, fonts=fonts).frame
print(sums.hexdigest(), *frame[frame.shape[0] // 2, frame.shape[1] // 2])
"""


def in_a_process(*arguments, **environ):
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ, timeout=60)


def test_texts_are_the_same_in_every_process_whatever_fonts_the_machine_has(tmp_path):
    square_font(tmp_path / "Arimo.ttf", "Helo")
    configuration = f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    (tmp_path / "fonts.conf").write_text(configuration)

    plain = in_a_process(HOME="/nonexistent")
    other = in_a_process(HOME=str(tmp_path), FONTCONFIG_FILE=str(tmp_path / "fonts.conf"), LANG="ja_JP.UTF-8")

    assert plain.stdout == other.stdout
    assert plain.stderr == other.stderr == ""
    assert len(plain.stdout.split()[0]) == len(hashlib.sha256().hexdigest())


def test_emoji_have_the_colours_of_an_operators_colour_font(tmp_path):
    square_font(tmp_path / "emoji.ttf", "😀", colour=(1.0, 0.0, 0.0, 1.0))

    coloured = in_a_process(str(tmp_path), HOME="/nonexistent")

    assert coloured.stdout.split()[1:] == ["0", "0", "255", "255"]


FORKING = """
import os, signal
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.fonts import Fonts
from dragon_video.film.text import TextStyle, set_ink
fonts = Fonts()
draw = lambda text, **values: set_ink(text, TextStyle(**values), width=640, height=360, lines=360, fonts=fonts).frame
before = draw("Hello 😀")
if not os.fork():
    signal.alarm(40)
    same = (draw("Hello 😀") == before).all() and draw("Ж字", fontsize=30).any()
    try:
        draw("m" * 9000, fontsize=900)
    except InvalidContentError:
        os._exit(0 if same else 1)
    os._exit(2)
raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_process_forked_after_a_text_was_drawn_draws_texts_too():
    """Pango asks fontconfig in a thread, which a fork loses: without care the child waits forever."""
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=90)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a" * 10_000, {}),
        ("a" * 10_000, {"wrap": True}),
        ("word " * 2000, {"wrap": True}),
        ("a" + "\u0301" * 3000, {}),
        ("\u202e\u2067abc\u202dשלום" * 300, {"wrap": True}),
        ("\u2069\u202c a", {"fontsize": 40}),
        ("a\ud800b\uffff", {"fontsize": 40}),
        ("word " * 2000, {"type": "legend"}),
        ("word " * 2000, {"type": "advanced", "reference": "mmmm mmmm\n" * 9}),
    ],
)
def test_strange_texts_are_drawn(fonts, text, values):
    picture = set_ink(text, TextStyle(**values), **BOX, fonts=fonts)

    assert picture.frame.shape[0] * picture.frame.shape[1] < 10_000_000


def test_ten_thousand_lines_are_an_error_that_helps(fonts):
    with pytest.raises(InvalidContentError, match="a smaller fontsize, wrap, or shorter lines would help"):
        set_ink("a\n" * 5000, TextStyle(fontsize=30), **BOX, fonts=fonts)
