"""The table of profiles, and what is computed from a row."""

from fractions import Fraction
from typing import get_args

import pytest

from dragon_video.film.profiles import BT601, BT709, preview_of, profile, profiles
from dragon_video.profile_names import ProfileName


def test_there_are_the_66_profiles_of_the_original():
    assert len(profiles()) == 66
    assert {"360p", "720p-vhq-29-97-fps", "dvd-ntsc-16-9-h", "iphone-16-9-12fp", "special", "wmv2-large-4-3"} <= set(
        profiles()
    )
    assert {one.container for one in profiles().values()} == {"mp4", "flv", "wmv", "mpg"}
    assert {one.video_codec for one in profiles().values()} == {
        "h264",
        "mpeg4",
        "mpeg2",
        "mpeg1",
        "flv1",
        "wmv1",
        "wmv2",
    }


def test_the_schema_names_each_profile_of_the_table_once():
    """The names stand beside the table, for a schema that is made without reading files."""
    named = get_args(ProfileName)

    assert len(named) == len(set(named))
    assert set(named) == set(profiles())


@pytest.mark.parametrize(
    ("name", "seconds", "frames"),
    [
        ("720p", 10, 250),
        ("720p", Fraction(246, 10), 615),
        ("720p", Fraction(1, 50), 1),  # half a frame is one
        ("720p", Fraction(3, 50), 2),  # halves go up
        ("720p", 0, 1),  # a film has at least one
        ("720p-29-97-fps", 10, 300),  # 299.7
        ("360p-23-976-fps", Fraction(1001, 24), 1000),
        ("iphone-sslow", 8, 50),  # 6.25 a second
    ],
)
def test_a_film_has_the_nearest_number_of_frames(name, seconds, frames):
    assert profile(name).frames(seconds) == frames


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        # ITU-R BT.601 sizes with all 720 columns shown, as ISO/IEC 13818-2 has it: display ratio by stored ratio.
        ("dvd-pal-16-9", "64/45"),
        ("dvd-pal-4-3", "16/15"),
        ("dvd-ntsc-16-9", "32/27"),
        ("dvd-ntsc-4-3", "8/9"),
        ("dvd-pal-4-3-h", "12/11"),
        ("mobile-small", "12/11"),  # CIF and QCIF, ITU-T H.261
        ("720p", "1"),
        ("480p", "1280/1281"),  # 854 × 480, shown as 16:9
    ],
)
def test_pixels_are_as_wide_as_the_display_ratio_makes_them(name, ratio):
    assert profile(name).sample_aspect == Fraction(ratio)


def test_films_that_cannot_name_their_matrix_have_that_of_their_day():
    assert profile("240p").matrix == BT709
    assert profile("dvd-pal-4-3").matrix == profile("wmv2-large-4-3").matrix == BT601


def test_sound_is_counted_in_whole_samples():
    assert profile("720p").samples(250) == 441_000
    assert profile("dvd-ntsc-4-3").samples(30) == 48_048  # 1.001 s
    assert profile("720p-29-97-fps").samples(1) == 1471  # 1471.47


@pytest.mark.parametrize("name", ["720p", "dvd-pal-16-9", "square-640", "mobile-small", "480p-4-3-29-97-fps", "1080p"])
def test_a_preview_is_small_and_has_square_pixels(name):
    full, preview = profile(name), preview_of(profile(name))

    assert preview.height <= 360
    assert preview.width % 2 == preview.height % 2 == 0
    assert float(preview.sample_aspect) == pytest.approx(1, abs=2 / preview.width)
    assert (preview.frame_rate, preview.display_aspect) == (full.frame_rate, full.display_aspect)
    assert (preview.container, preview.video_codec, preview.audio_codec) == ("mp4", "h264", "aac")


def test_a_name_that_is_none_is_answered_with_those_that_are():
    with pytest.raises(KeyError, match="no profile '720'; there are 1080p, 1080p-24-fps, 240p"):
        profile("720")
