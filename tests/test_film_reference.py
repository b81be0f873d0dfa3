"""The reference of the language of films: all of it is there, and what it says of defaults is so."""

import functools
from pathlib import Path

import numpy as np
import pytest

from dragon_video.film.describing import meanings
from dragon_video.film.describing.meanings import written
from dragon_video.film.describing.page import page
from dragon_video.film.effects import EFFECTS
from dragon_video.film.filters import FILTERS
from dragon_video.film.language import ADAPTERS, ANIMATORS, ELEMENTS, FILTER_ATTRIBUTES
from dragon_video.film.profiles import profiles
from dragon_video.film.soundtrack import tracks
from dragon_video.film.transitions import TRANSITIONS
from gallery import pictures
from gallery.drawing import Film
from gallery.filtering import filtered
from gallery.shows import effect, held, image, over

REFERENCE = Path(__file__).parent.parent / "docs" / "reference" / "sxml.md"
TWO = effect("none", image("sea.jpg"), seconds=2), effect("none", image("city.jpg"), seconds=2)
SONG = '<audio filename="song.wav"/>'
KEYS = '<key time="0" pos="-0.5,0,0"/>', '<key time="3" pos="0.5,0.2,0"/>'


def moved(kind):
    animator = held(f'animator type="{kind}"', *KEYS) if kind == "custom" else f'<animator type="{kind}"/>'
    return held("stack", held('overlay width="0.4" duration="4"', image("logo.png"), animator))


def joined(kind):
    typed = f' type="{kind}"' if kind else ""
    timed = "" if kind == "crossfade" else ' duration="1.5"'
    return "\n".join((TWO[0], f"<transition{typed}{timed}/>", TWO[1]))


EXAMPLES = {
    "effect": [
        effect(kind, image("city.jpg"), *([image("sea.jpg")] if EFFECTS[kind].most > 1 else [])) for kind in EFFECTS
    ],
    "overlay": [
        over("sea.jpg", held(f"overlay{box}", image("logo.png")))
        for box in ("", ' width="0.5"', ' right="0.1" height="0.3"')
    ],
    "text": [
        over("sea.jpg", f"<text{attributes}>A text to read</text>")
        for attributes in (
            "",
            ' type="legend" backgroundcolor="#ff0000"',
            ' type="advanced"',
            ' fontsize="40" width="0.3"',
        )
    ],
    "audio": [held('stack duration="6"', SONG, '<audio filename="boat.mp4" duck-others="0.3"/>')],
    "video": [
        effect("none", '<video filename="boat.mp4"/>'),
        held("stack", held("overlay", '<video filename="boat.mp4" duck-others="0.5"/>'), SONG),
    ],
    "transition": [*(joined(kind) for kind in TRANSITIONS if kind != "custom"), joined("")],
    "animator": [moved(kind) for kind in ANIMATORS],
    "camera": [
        held("stack", effect("none", image("sea.jpg")), *[held("camera", held('animator type="custom"', *KEYS))] * 2)
    ],
}
DEFAULTS = [
    pytest.param(element, name, meaning.default, id=f"{element} {name}")
    for element, told in meanings.ATTRIBUTES.items()
    for name, meaning in told.items()
    if meaning.default and element in EXAMPLES
]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """The pictures of the gallery, drawn once by each process of the tests."""
    directory = tmp_path_factory.mktemp("reference")
    pictures.draw(directory)
    return directory


@functools.cache
def seen_and_heard(body, directory):
    """Return some frames and all tracks of a film; what is compared with many others is drawn once."""
    film = Film(f'<movie service="craftsman-1.0"><body>{body}</body></movie>', directory, 45)
    times = [film.seconds * part for part in (0.1, 0.45, 0.6, 0.9)]
    return np.stack(film.frames(times)), tracks(film.timed, film.assets)


def test_the_committed_page_is_up_to_date():
    """Write it again with `make docs`."""
    assert REFERENCE.read_text(encoding="utf-8") == page()


def test_every_element_and_attribute_has_a_meaning_and_no_other():
    assert meanings.ELEMENTS.keys() == ELEMENTS.keys()
    for name, element in ELEMENTS.items():
        told = meanings.ATTRIBUTES.get(name, {}).keys()

        assert told == element.attributes.keys() - (FILTER_ATTRIBUTES.keys() if name in {"filter", "key"} else set()), (
            name
        )


def test_every_kind_of_thing_has_its_line():
    text = page()

    for name in (*EFFECTS, *TRANSITIONS, *ADAPTERS, *ANIMATORS, *profiles()):
        assert f"\n| `{name}` |" in text, name
    for name, kind in FILTERS.items():
        section = text.split(f"\n### Filter {name}\n")[1].split("\n###")[0]
        assert all(f"\n| `{parameter}` |" in section for parameter in kind.parameters), name


@pytest.mark.parametrize(("element", "name", "default"), DEFAULTS)
def test_a_default_that_is_written_out_changes_nothing(element, name, default, drawn):
    changed = []
    for body in EXAMPLES[element]:
        opening = body.split(f"<{element}", 1)[1].split(">", 1)[0]
        if f"{name}=" in opening:
            continue
        given = body.replace(f"<{element}", f'<{element} {name}="{default}"', 1)
        frames, heard = seen_and_heard(body, drawn)
        other_frames, other_heard = seen_and_heard(given, drawn)
        changed.append(not np.array_equal(frames, other_frames) or heard != other_heard)

    assert changed
    assert not any(changed)


@pytest.mark.parametrize("kind", [kind for kind in FILTERS if kind not in {"distancemap", "distancecolor", "colormap"}])
def test_a_parameter_of_a_filter_that_is_written_out_changes_nothing(kind, drawn):
    body = filtered(kind).body
    opening = body.split(f'<filter type="{kind}"', 1)[1].split(">", 1)[0]
    frames, _ = seen_and_heard(body, drawn)
    for name, parameter in FILTERS[kind].parameters.items():
        if parameter.default is None or f"{name}=" in opening or f" {name}=" in body.split("<key", 1)[-1]:
            continue
        given = f'<filter type="{kind}" {name}="{written(parameter.default)}"'

        assert np.array_equal(seen_and_heard(body.replace(f'<filter type="{kind}"', given, 1), drawn)[0], frames), name
