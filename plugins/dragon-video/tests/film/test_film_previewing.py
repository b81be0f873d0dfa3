"""The beginning of a preview: when it is shown, and that it is a film of its own."""

from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from dragon_video.film.encoding import preview_encoder
from dragon_video.film.pieces import Piece, cut
from dragon_video.film.previewing import EarlyPreview
from dragon_video.film.profiles import preview_of, profile
from dragon_video.film.sound import encode_sound

SMALL = msgspec.structs.replace(preview_of(profile("240p")), width=64, height=36)
PIECES = [Piece(number, 50 * number, 50 * number + 50) for number in range(5)]


class Shown:
    """Stands for a task: keeps what is shown, and how many frames it had then."""

    def __init__(self, directory):
        self.directory = directory
        self.files = []

    def output(self, name, suffix, media_type):
        assert (name, media_type) == ("preview", "video/mp4")
        return self.directory / f"{name}{suffix}"

    def partial(self, preview):
        self.files.append(preview)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Five pieces of 2 s, each of one grey, and their sound: a click at 1 s and silence."""
    home = tmp_path_factory.mktemp("made")
    for piece in PIECES:
        with preview_encoder(piece.preview(home), SMALL, first=piece.first) as encoder:
            for _ in range(50):
                encoder.write(np.full((36, 64, 4), 40 + 30 * piece.number, np.uint8))
    sound = np.zeros((2, 10 * SMALL.sample_rate), np.float32)
    sound[:, SMALL.sample_rate] = 0.9
    encode_sound([sound], home / "sound", SMALL, 250)
    return home


def lengths(path: Path):
    """Return how many pictures there are, and how long pictures and sound last in seconds by the file's index."""
    with av.open(str(path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        told = [float(stream.duration * stream.time_base) for stream in (picture, sound)]
        return sum(1 for _ in container.decode(video=0)), *told


def test_it_is_shown_as_soon_as_there_is_a_piece_and_again_when_it_is_twice_as_long(made, tmp_path):
    shown = Shown(tmp_path)
    early = EarlyPreview(shown, SMALL, PIECES, made, lambda: made / "sound")
    counts = []

    for number in (3, 0, 1, 2, 4):
        early.add(PIECES[number])
        early.show()
        counts.append(len(shown.files))

    assert counts == [0, 1, 2, 3, 3]  # of frames: none, 50, 100, 200, and not all
    assert [lengths(path)[0] for path in shown.files] == [50, 100, 200]
    assert len(set(shown.files)) == 3


def test_what_is_shown_is_a_film_of_its_own(made, tmp_path):
    """It can be played by anything: an index at the front, and a sound as long as its pictures."""
    shown = Shown(tmp_path)
    early = EarlyPreview(shown, SMALL, PIECES, made, lambda: made / "sound")

    early.add(PIECES[0])
    early.show()

    (path,) = shown.files
    assert lengths(path) == (50, 2.0, 2.0)
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_it_waits_for_the_sound(made, tmp_path):
    shown = Shown(tmp_path)
    sound = None
    early = EarlyPreview(shown, SMALL, PIECES, made, lambda: sound)

    early.add(PIECES[0])
    early.show()
    assert shown.files == []

    sound = made / "sound"
    early.show()
    early.show()
    assert len(shown.files) == 1


def test_a_film_is_cut_for_one_process_where_its_beginning_is_wanted_early():
    wanted = profile("240p")  # 25 frames a second; pieces are multiples of 50 frames

    assert cut(400, wanted, 1) == [Piece(0, 0, 400)]
    assert cut(400, wanted, 1, early=True) == [Piece(0, 0, 150), Piece(1, 150, 300), Piece(2, 300, 400)]
    assert len(cut(400, profile("dvd-pal-16-9"), 1, early=True)) == 1  # discs are not cut
