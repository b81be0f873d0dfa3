"""The gallery: its films are valid and show what they say, and its page is the one that is made."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from dragon_video.film.effects import EFFECTS
from dragon_video.film.filters import FILTERS
from dragon_video.film.language import ADAPTERS, ANIMATORS
from dragon_video.film.transitions import TRANSITIONS
from gallery import pictures
from gallery.drawing import Film
from gallery.films import sections
from gallery.page import FRAME_WIDTH, GAP, page, strip_name

DOCS = Path(__file__).parent.parent / "docs" / "films"
SHOWN = [
    pytest.param(section, shows[at::2], id=f"{section} {at}") for section, shows in sections().items() for at in (0, 1)
]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """The pictures of the gallery, drawn once by each process of the tests."""
    directory = tmp_path_factory.mktemp("gallery")
    pictures.draw(directory)
    return directory


LINES = {"subRender": 360}
"""Heights of films that small frames do not show: this filter makes pixels coarse."""
SMALL = (16, 9)
"""Pixels to which frames are reduced before they are compared: what is left is the picture, not how it was drawn."""
TOLERANCE = 6.0
"""Most that frames of 90 lines may differ from those of the strip, of 255 on average; most other films differ by 30."""


@pytest.mark.parametrize(("section", "shows"), SHOWN)
def test_every_film_is_valid_moves_where_it_says_so_and_is_what_its_strip_shows(section, shows, drawn):
    """What differs from its strip is drawn again with `make gallery`."""
    wrong = {}
    for show in shows:
        film = Film(show.definition, drawn, LINES.get(show.name, 90))
        frames = film.frames(show.times)
        moved = any(not np.array_equal(frame, frames[0]) for frame in frames[1:])
        lit = any(int(frame[:, :, :3].max()) > 60 for frame in frames)
        apart = difference(frames, DOCS / "strips" / strip_name(section, show))
        if film.warnings or moved != show.moves or not lit or max(show.times) >= film.seconds or apart > TOLERANCE:
            wrong[show.name] = (film.warnings, moved, lit, apart)

    assert wrong == {}


def difference(frames, path):
    """Return how far the frames are from those of a strip: the mean of the colours of the one that differs most."""
    strip = cv2.imread(str(path))
    shown = [strip[:, at : at + FRAME_WIDTH] for at in range(0, strip.shape[1], FRAME_WIDTH + GAP)]
    assert len(shown) == len(frames)
    pairs = zip(frames, shown, strict=True)
    return max(float(np.abs(reduced(frame[:, :, :3]) - reduced(picture)).mean()) for frame, picture in pairs)


def reduced(picture):
    return cv2.resize(np.ascontiguousarray(picture), SMALL, interpolation=cv2.INTER_AREA).astype(float)


def test_a_strip_of_another_film_is_told(drawn):
    first, second = sections()["Effects"][:2]
    frames = Film(first.definition, drawn, 90).frames(first.times)

    assert difference(frames, DOCS / "strips" / strip_name("Effects", second)) > TOLERANCE


def test_everything_that_the_language_can_draw_is_shown():
    shown = {section: {show.name.split()[0] for show in shows} for section, shows in sections().items()}
    texts = "".join(show.body for show in sections()["Texts"])

    assert shown["Effects"] == set(EFFECTS)
    assert shown["Transitions"] == set(TRANSITIONS) - {"custom"}  # a crossfade, with a warning
    assert shown["Adapters"] >= set(ADAPTERS)
    assert shown["Animators and cameras"] >= set(ANIMATORS)
    assert shown["Filters"] == set(FILTERS) - {"distancemap", "distancecolor"}  # among the texts
    assert all(f'type="{kind}"' in texts for kind in ("zone", "legend", "advanced", "distancemap", "distancecolor"))


def test_the_committed_page_is_up_to_date():
    """Draw it again with `make gallery`."""
    assert (DOCS / "index.md").read_text(encoding="utf-8") == page()


def test_each_strip_has_five_frames_and_all_together_are_small():
    names = {strip_name(section, show) for section, shows in sections().items() for show in shows}
    files = {path.name: path for path in (DOCS / "strips").iterdir()}

    assert files.keys() == names
    for path in files.values():
        with Image.open(path) as strip:
            assert strip.width == 5 * FRAME_WIDTH + 4 * GAP, path
    assert sum(path.stat().st_size for path in files.values()) < 3_000_000
