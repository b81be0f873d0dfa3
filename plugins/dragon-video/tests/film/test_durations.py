"""Times of films: each fact that the language's documents state, and what follows from them."""

from fractions import Fraction

import pytest

from dragon_video.film.errors import InvalidContentError

IMAGE = '<image filename="i"/>'
KENBURNS = f'<effect type="kenburns">{IMAGE}</effect>'


def effect(seconds=None, kind="kenburns", inside=IMAGE):
    given = "" if seconds is None else f' duration="{seconds}"'
    return f'<effect type="{kind}"{given}>{inside}</effect>'


SONG = '<audio filename="song"/>'
VOICE = '<audio voice="neospeech:julie" margin-end="2.0">speech</audio>'
MEDIA = {"song": 200, "speech": 12, "film": 20}


TOTALS = {
    "a picture and then the whole song": (KENBURNS + SONG, 205),
    "a picture under the whole song": (f"<stack>{KENBURNS}{SONG}</stack>", 200),
    "a film": ('<effect type="none"><video filename="film"/></effect>', 20),
    "two parts of 10 s and a transition of 1 s": (
        effect(10) + '<transition type="cube" duration="1.0"/>' + effect(10),
        19,
    ),
    "a voice and 2 s more": (f"<stack>{KENBURNS}{VOICE}</stack>", 14),
    "three pictures": (KENBURNS * 3, 15),
    "three pictures with crossfades": ('<transition type="crossfade"/>'.join([KENBURNS] * 3), 13),
    "an effect imposes its duration": (effect(10, "diving", IMAGE + '<video filename="film"/>'), 10),
    "a song bound to its stack": (f'<stack>{effect(15)}<audio filename="song" duration=".."/></stack>', 15),
    "margins fill what is left": (f'<stack>{effect(15)}<audio filename="song" margin-both="2"/></stack>', 15),
    "three times the speed, exactly": (
        '<effect type="none"><video filename="film" speed="3"/></effect>',
        Fraction(20, 3),
    ),
    "twice the speed": ('<effect type="none"><video filename="film" speed="2.0"/></effect>', 10),
    "what was skipped": ('<effect type="none"><video filename="film" skip="5"/></effect>', 15),
    "a fixed stack cuts": (f'<stack duration="4">{effect(15)}</stack>', 4),
    "an inner sequence of 3.5 + 3.5 - 1": (
        "<stack><sequence>" + effect(3.5) + '<transition type="over"/>' + effect(3.5) + "</sequence></stack>",
        6,
    ),
    "an empty body": ("", 5),
    "a text takes its stack": (f"<stack>{effect(7)}<text>Hello</text></stack>", 7),
    "filters make nothing longer": (f'<stack>{effect(7)}<filter type="alpha" duration="60.0"/></stack>', 7),
    "margin and duration in a stack": (
        f'<stack><effect type="none" margin-start="2" duration="3">{IMAGE}</effect></stack>',
        5,
    ),
    "a loop takes what there is": (f'<stack>{effect(8)}<audio filename="song" loop="true"/></stack>', 8),
    "two films in one effect": (effect(None, "sliding", '<video filename="film"/><video filename="film"/>'), 40),
}


@pytest.mark.parametrize("name", TOTALS)
def test_totals(sxml, name):
    body, expected = TOTALS[name]
    assert sxml.solved(body, **MEDIA)[0].duration == expected


def test_margins_leave_the_middle(sxml):
    timed, _ = sxml.solved(f'<stack>{effect(15)}<audio filename="song" margin-both="2"/></stack>', **MEDIA)
    assert sxml.times(timed, "audio") == [(2, 11)]


def test_one_margin_and_a_duration(sxml):
    timed, _ = sxml.solved(
        f'<stack duration="10">{effect(2)}<text margin-start="3" duration="4">a</text>'
        '<text margin-end="1" duration="4">b</text><text margin-start="2">c</text></stack>'
    )
    assert sxml.times(timed, "text") == [(3, 4), (5, 4), (2, 8)]


def test_a_start_is_a_margin_at_the_start(sxml):
    timed, _ = sxml.solved(f'<stack duration="10">{effect(2)}<text start="3" duration="4">a</text></stack>')
    assert sxml.times(timed, "text") == [(3, 4)]


def test_what_sticks_out_is_cut(sxml):
    timed, _ = sxml.solved(
        f'<stack duration="4"><effect type="none" margin-start="3" duration="9">{IMAGE}</effect></stack>'
    )
    assert sxml.times(timed, "effect") == [(3, 1)]
    timed, _ = sxml.solved(f'<stack duration="4">{effect(1)}<text margin-end="1" duration="6">a</text></stack>')
    assert sxml.times(timed, "text") == [(0, 3)]


def test_shares_of_an_effect_with_several_pictures(sxml):
    timed, _ = sxml.solved(effect(10, "diving", IMAGE + '<video filename="film"/>'), **MEDIA)
    assert sxml.times(timed, "video") == [(5, 5)]
    timed, _ = sxml.solved(effect(10, "diving", '<image filename="i" duration="4"/>' + IMAGE + IMAGE))
    assert sxml.times(timed, "image") == [(0, 4), (4, 3), (7, 3)]
    own = '<image filename="i" duration="2"/><image filename="i" duration="3"/>'  # all have one: they are stretched
    timed, _ = sxml.solved(effect(10, "diving", own))
    assert sxml.times(timed, "image") == [(0, 4), (4, 6)]


def test_transitions_own_the_overlap(sxml):
    timed, _ = sxml.solved(effect(4) + '<transition duration="1.5"/>' + effect(4) + "<transition/>" + effect(3))
    assert sxml.times(timed, "effect") == [(0, 4), (2.5, 4), (5.5, 3)]
    assert sxml.times(timed, "transition") == [(2.5, 1.5), (5.5, 1)]
    first = next(one for one in timed.walk() if one.node.name == "transition")
    assert first.before is timed.children[0]
    assert first.after is timed.children[2]


def test_a_transition_at_an_edge_has_one_side(sxml):
    timed, _ = sxml.solved("<transition/>" + effect(4) + '<transition duration="2"/>')
    assert timed.duration == 4
    assert sxml.times(timed, "transition") == [(0, 1), (2, 2)]
    first, _, last = timed.children
    assert (first.before, last.after) == (None, None)


def test_two_transitions_in_a_row_do_not_overlap(sxml):
    timed, _ = sxml.solved(effect(4) + "<transition/><transition/>" + effect(4))
    assert timed.duration == 8
    assert sxml.times(timed, "transition") == [(3, 1), (4, 1)]


def test_a_transition_is_no_longer_than_what_it_joins(sxml):
    timed, warnings = sxml.solved(effect(2) + '<transition duration="5"/>' + effect(9))
    assert sxml.times(timed, "transition") == [(0, 2)]
    assert [str(one) for one in warnings] == [
        "line 1, column 105: the transition is shortened to 2 s: what it joins is no longer"
    ]
    timed, _ = sxml.solved(
        effect(9) + '<transition duration="2"/>' + effect(2) + '<transition duration="2"/>' + effect(9)
    )
    assert sxml.times(timed, "transition") == [(8, 1), (9, 1)]


def test_sequences_of_a_fixed_duration(sxml):
    body = f'<sequence duration="10">{effect(3)}<effect type="none" duration="..">{IMAGE}</effect></sequence>'
    timed, _ = sxml.solved(body)
    assert sxml.times(timed, "effect") == [(0, 3), (3, 7)]
    timed, warnings = sxml.solved(f'<sequence duration="4">{effect(3)}{effect(3)}{effect(3)}</sequence>')
    assert sxml.times(timed, "effect") == [(0, 3), (3, 1), (4, 0)]
    (warning,) = warnings  # the third is not cut, it is not there
    assert "cut" in str(warning)


REST = f'<effect type="none" duration="..">{IMAGE}</effect>'


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (effect(3) + REST + REST, [(0, 3), (3, 3.5), (6.5, 3.5)]),
        (effect(3) + "<transition/>" + REST, [(0, 3), (2, 8)]),
        (effect(3) + "<transition/><transition/>" + REST, [(0, 3), (3, 7)]),
    ],
    ids=["two share it", "a transition overlaps", "two transitions do not"],
)
def test_what_is_left_of_a_sequence(sxml, inside, expected):
    timed, _ = sxml.solved(f'<sequence duration="10">{inside}</sequence>')
    assert sxml.times(timed, "effect") == expected


def test_animators_have_windows_of_their_own(sxml):
    animators = '<animator type="slide-in" duration="2"/><animator type="slide-out" duration="1"/>'
    animators += '<animator type="rot-out" duration="4"/><animator type="grow" margin-end="0.0" duration="3"/>'
    timed, _ = sxml.solved(f"<stack>{effect(10)}<overlay>{IMAGE}{animators}</overlay></stack>")
    assert sxml.times(timed, "animator") == [(0, 2), (9, 1), (6, 4), (7, 3)]


def test_a_film_in_a_longer_effect_keeps_its_place(sxml):
    timed, _ = sxml.solved('<effect type="none" duration="30"><video filename="film"/></effect>', **MEDIA)
    assert sxml.times(timed, "video") == [(0, 30)]


def test_parent_durations_without_a_parents_duration(sxml):
    with pytest.raises(InvalidContentError) as caught:
        sxml.solved('<sequence>\n<audio filename="song" duration=".."/></sequence>', **MEDIA)
    assert str(caught.value) == (
        "InvalidContentError: line 2, column 24: duration='..' in a <sequence> needs a duration of the sequence itself"
    )


def test_a_film_of_no_duration(sxml):
    with pytest.raises(InvalidContentError, match="the film has no duration"):
        sxml.solved(effect(0))


@pytest.mark.parametrize("skip", [20, 30])
def test_skip_past_the_end(sxml, skip):
    with pytest.raises(InvalidContentError, match=rf"skip={skip} is past the end: the video lasts 20.00 s"):
        sxml.solved(f'<effect type="none"><video filename="film" skip="{skip}"/></effect>', **MEDIA)


def test_thousands_of_nodes(sxml):
    timed, _ = sxml.solved(effect(0.1) * 4000)
    assert timed.duration == 400
