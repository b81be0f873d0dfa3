"""What is in the language, and what is said of what is not."""

import pytest

from dragon_video.film import parse as parsing
from dragon_video.film.errors import InvalidXMLError
from dragon_video.film.parse import parse
from dragon_video.film.validate import MOST_PROBLEMS, validate


def problems(definition):
    with pytest.raises(InvalidXMLError) as caught:
        validate(parse(definition))
    return [str(problem) for problem in caught.value.problems]


WHITE = '<effect type="none" duration="2"><image color="#ffffff"/></effect>'

FAULTS = """<movie service="craftsman-1.0">
  <body>
    <effect type="kenbrns" duration="3">
      <image filename="a.jpg"/>
    </effect>
    <efect type="none"/>
    <image filename="b.jpg"/>
    <stack>
      <text fontcolor="red">Title</text>
      <audio
         filename="song.mp3" volume="11"/>
    </stack>
    <effect type="none" margin-both="1" duration="2"><image color="#ffffff"/></effect>
    <transition type="fade"/>
  </body>
</movie>"""


def test_every_fault_is_told_with_its_place():
    told = problems(FAULTS)
    places = [message.split(": ")[0] for message in told]
    assert places == [
        "line 3, column 13",
        "line 6, column 5",
        "line 7, column 5",
        "line 9, column 13",
        "line 11, column 30",
        "line 13, column 41",
        "line 14, column 17",
    ]
    assert "did you mean 'kenburns'?" in told[0]
    assert "unknown element <efect>; did you mean 'effect'?" in told[1]
    assert "put it in an <effect> or <overlay>" in told[2]
    assert "expected a colour as #RRGGBB or #RRGGBBAA" in told[3]
    assert "expected a volume from 0 to 10" in told[4]
    assert "leave one of them out" in told[5]
    assert "expected one of crossfade" in told[6]


def test_the_text_of_the_error_begins_with_its_name():
    with pytest.raises(InvalidXMLError) as caught:
        parse("<movie>")
    assert str(caught.value) == "InvalidXMLError: line 1, column 8: not well-formed: no element found"


def test_unknown_attributes_are_warnings(sxml):
    definition = sxml.movie('<effect type="none" colour="#ffffff"><image color="#ffffff"/></effect>')
    (told,) = validate(parse(definition))
    assert (told.line, told.column) == (1, definition.index("colour") + 1)
    assert told.message == "<effect> has no attribute 'colour', it is ignored; did you mean 'color'?"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<effect type="kenburns"/>', "shows one picture, but has 0"),
        (
            '<effect type="panel"><image color="#000000"/><image color="#000000"/></effect>',
            "shows one picture, but has 2",
        ),
        ('<effect type="diving"/>', "shows 1 to 100 pictures, but has 0"),
        ('<effect type="none"><image/></effect>', "needs a filename, a color"),
        ('<effect type="none"><video/></effect>', "<video> needs the attribute 'filename'"),
        ('<effect type="none"><image type="map"/></effect>', "needs a center"),
        ("<text> \n </text>", "<text> has no text"),
        ("<audio/>", "needs a filename, or a voice"),
        ('<audio voice="neospeech:julie"/>', "no text to speak"),
        ("<audio>hello</audio>", "needs a filename"),
        ('<stack><animator type="custom"/></stack>', "needs at least one <key>"),
        (
            '<stack><animator type="grow"><key time="0" pos="0,0,0"/></animator></stack>',
            "only an animator of type 'custom'",
        ),
        (
            '<stack><animator type="custom"><key time="0" pos="0,0,0"/><key time="1"/></animator></stack>',
            "all keys of an animator give the same attributes; the first gives pos",
        ),
        (
            '<stack><animator type="custom"><key time="1" pos="0,0,0"/><key time="1" pos="1,1,1"/></animator></stack>',
            "two keys of this animator have the same time",
        ),
        ('<stack><animator type="custom"><key pos="0,0,0"/></animator></stack>', "<key> needs the attribute 'time'"),
        ('<stack><camera><filter type="blur"/></camera></stack>', "<filter> may not stand in <camera>"),
        ('<stack><filter type="blurr"/></stack>', "unknown filter 'blurr'; did you mean 'blur'?"),
        ('<stack><filter type="mask"/></stack>', "needs a picture in it"),
        ('<stack><filter type="custom"/></stack>', "programs for a graphics card are not run"),
        ('<stack duration="nan"/>', "expected a time in seconds"),
        ('<stack duration="1e9"/>', "expected a time in seconds"),
        ('<stack duration="-1"/>', "expected a time in seconds"),
        ('<stack margin-both="1" margin-end="1"/>', "margin-both stands for both margins"),
        ('<effect type="none">words<image color="#000000"/></effect>', "holds no text, but has 'words'"),
        ("<stack><transition/></stack>", "<transition> may not stand in <stack>"),
        ("<movie/>", "<movie> may not stand in <body>"),
        ("<overlay><image color='#000000'/><image color='#000000'/></overlay>", "shows one <image> or <video>"),
        ('<transition type="custom"/>', "holds one <widget>"),
        ("<stack><text fontsize='0'>a</text></stack>", "a font size from 1 to 1000"),
        ("<stack><text align='middle'>a</text></stack>", "one of left, right, center, justify"),
    ],
)
def test_faults(sxml, body, expected):
    assert any(expected in message for message in problems(sxml.movie(body)))


@pytest.mark.parametrize(
    "body",
    [
        '<effect type="none"><image color="#000000"/><audio filename="a"/></effect>',  # a sound is no second picture
        '<effect type="none"><video filename="a" speed="2" audiospeed="1"/></effect>',
        f'{WHITE}<transition type="over" drawOrder="inverted"/>{WHITE}',
    ],
)
def test_what_is_right_is_told_nothing(sxml, body):
    assert validate(parse(sxml.movie(body))) == []


BOMB = '<!DOCTYPE m [<!ENTITY a "' + "x" * 100 + '"><!ENTITY b "&a;&a;&a;&a;">]><movie>&b;</movie>'


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("", "the definition is empty"),
        ("  \n", "the definition is empty"),
        ("hello", "not well-formed"),
        (BOMB, "a document type (<!DOCTYPE ...>) is not allowed"),
        ('<!DOCTYPE m SYSTEM "file:///etc/passwd"><movie/>', "not allowed"),
        ('<!DOCTYPE m PUBLIC "a" "http://127.0.0.1/x.dtd"><movie/>', "not allowed"),
        ("<movie>&file;</movie>", "unknown entity"),
        ("<movie><body></movie>", "this end tag does not match"),
        ("<a>" * 101 + "</a>" * 101, "nested more than 100 deep"),
        (f"<movie>{'<a/>' * 50_001}</movie>", "more than 50000 elements"),
        (f'<movie service="{"x" * 20_000}"/>', "longer than 16384 characters"),
        (f"<movie>{'x' * 200_000}</movie>", "longer than 100000 characters"),
        (f"<movie>{' ' * 2_000_001}</movie>", "at most 2000000 are allowed"),
        ("<movie>\x00</movie>", "not well-formed"),
        ("<movie>\ud800</movie>", "not well-formed"),
        ('<movie service="craftsman-1.0" service="craftsman-1.0"/>', "duplicate attribute"),
        ("<film/>", "the root is <film>; expected <movie>"),
        ('<movie service="craftsman-2.0"><body/></movie>', "expected one of craftsman-1.0"),
        ('<movie service="craftsman-1.0"><body/><body/></movie>', "has 2 <body>; expected one"),
        ('<movie service="craftsman-1.0"/>', "has 0 <body>; expected one"),
        ('<x:movie xmlns:x="urn:x"/>', "the root is <x:movie>"),
    ],
)
def test_hostile_definitions(definition, expected):
    assert any(expected in message for message in problems(definition)), problems(definition)


def test_an_encoding_in_the_declaration_does_not_matter(sxml):
    declared = '<?xml version="1.0" encoding="iso-8859-1"?>' + sxml.movie("<text>é ☃</text>")
    assert sxml.tree(declared).children[0].text == "é ☃"


def test_columns_are_counted_in_characters(sxml):
    (told,) = problems(sxml.movie('<text name="é☃😀" fontcolor="red">x</text>'))
    line = sxml.movie('<text name="é☃😀" fontcolor="red">x</text>')
    assert told.startswith(f"line 1, column {line.index('fontcolor') + 1}:")


def test_thousands_of_faults_are_counted(sxml):
    told = problems(sxml.movie("<foo/>" * 3000))
    assert len(told) == MOST_PROBLEMS + 1
    assert told[-1] == f"and {3000 - MOST_PROBLEMS} more"


def test_anything_may_stand_in_a_widget(sxml):
    root = parse(
        sxml.movie('<widget type="a.theme" pace="5"><foo/><track type="video"><image filename="a"/></track></widget>')
    )
    assert [str(one).split(": ", 1)[1] for one in validate(root)] == ["unknown element <foo>"]


def test_limits_are_those_of_the_parser():
    assert (parsing.MAX_BYTES, parsing.MAX_DEPTH, parsing.MAX_NODES) == (2_000_000, 100, 50_000)


def test_every_parameter_of_a_filter_is_an_attribute():
    from dragon_video.film.filters import FILTERS
    from dragon_video.film.language import FILTER_ATTRIBUTES

    parameters = {name for kind in FILTERS.values() for name in kind.parameters}
    assert parameters <= FILTER_ATTRIBUTES.keys()


def test_values_of_filters_are_checked_before_anything_is_drawn(sxml):
    told = problems(sxml.movie('<stack><filter type="alpha" alphaStart="2"/><filter type="mask"/></stack>'))
    assert len(told) == 2
    assert "alphaStart of filter 'alpha': expected a number from 0 to 1, got 2" in told[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '<effect type="kenburns" direction="up"><image color="#000000"/></effect>',
            "expected one of positive, negative",
        ),
        (f'{WHITE}<transition type="dualmove" directions="left,sideways"/>{WHITE}', "sideways"),
        (f'{WHITE}<transition type="dualmove" rotCenters="left"/>{WHITE}', ""),
    ],
)
def test_options_are_tried_before_anything_is_drawn(sxml, body, expected):
    if not expected:
        sxml.tree(sxml.movie(body))
        return
    (told,) = problems(sxml.movie(body))
    assert expected in told


def test_attributes_without_meaning_for_an_effect_are_warnings(sxml):
    root = parse(sxml.movie('<effect type="none" transWidth="1"><image color="#000000"/></effect>'))
    assert [one.message for one in validate(root)] == [
        "'transWidth' has no meaning for the effect 'none', it is ignored"
    ]
