"""Notes of a run, shown to clients: nothing secret, nothing long."""

import pytest

from dragon_framework.notes import MOST_NOTES, note, shown_command, shown_url, take_notes


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:hush@example.com:8443/a/b.mp4?signature=hush#part", "https://example.com:8443/a/b.mp4?…"),
        ("http://example.com/", "http://example.com/"),
        ("data:image/png;base64,aHVzaA==", "data:image/png;base64,…"),
        ("http://[hush", "…"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url, shown):
    assert shown_url(url) == shown


def test_a_command_is_shown_without_directories():
    words = ["ffmpeg", "-i", "file:/srv/dragon/runs/12-ab/KEY.0/001-a.mp4", "-vf", "lut3d=/srv/x/a.cube", "/tmp/o.mp4"]

    assert shown_command(words) == "ffmpeg -i file:…/001-a.mp4 -vf lut3d=…/a.cube …/o.mp4"
    assert len(shown_command(["x" * 5000])) == 2001


def test_notes_are_few_and_taken_once():
    for number in range(MOST_NOTES + 5):
        note("commands", str(number))

    assert len(take_notes()["commands"]) == MOST_NOTES
    assert take_notes() == {}
