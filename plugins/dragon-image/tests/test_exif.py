"""The camera's values, and that hostile ones do no harm. Types: 2 text, 3 short, 4 long, 5 and 10 rational."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

ORIENTATION, DATE, EXIF = 0x0112, 0x0132, 0x8769
EXPOSURE, ISO, RECOMMENDED, SENSITIVITY, SHOT, FLASH, FOCAL = 0x829A, 0x8827, 0x8832, 0x8833, 0x9003, 0x9209, 0x920A
SHORT, LONG, RATIONAL, TEXT = 3, 4, 5, 2

VALUES = ("date_time", "flash", "focal_length", "iso_speed", "exposure_time")


def rational(numerator, denominator):
    return struct.pack("<II", numerator, denominator)


GOOD = [
    (EXPOSURE, RATIONAL, 1, rational(1, 640)),
    (ISO, SHORT, 1, 640),
    (SHOT, TEXT, 20, b"2009:11:02 01:21:55\0"),
    (FLASH, SHORT, 1, 16),  # "did not fire, compulsory"
    (FOCAL, RATIONAL, 1, rational(28, 1)),
]


@pytest.fixture
def exif_of(info, saved, make):
    """Values of a JPEG with these entries."""

    def read(shot=(), entries=()):
        path = saved(Image.new("RGB", (2, 1)), "a.jpg", exif=make.exif(entries, shot))
        return info(path).values

    return read


def test_the_sample_of_the_reference(exif_of):
    assert {name: exif_of(GOOD)[name] for name in VALUES} == {
        "date_time": "2009:11:02 01:21:55",
        "flash": False,
        "focal_length": 28.0,
        "iso_speed": 640,
        "exposure_time": 0.0015625,
    }


def exif_by_pillow():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 8
    exif.get_ifd(ExifTags.IFD.Exif)[FLASH] = 1
    return exif.tobytes()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif", "a.heic"])
def test_every_format_with_exif_is_read(info, saved, name):
    output = info(saved(Image.new("RGB", (64, 48)), name, exif=exif_by_pillow()))

    assert output.flash is True


def test_exif_behind_the_pixels_of_a_png_is_found(info, thumb, saved, make):
    late = make.png(width=2, height=1, rows=b"\0\0\xff", after=[(b"eXIf", make.exif([(ORIENTATION, 3, 1, 6)])[6:])])

    output = info(saved(late, "a.png"))

    assert (output.width, output.height, output.exif_orientation) == (1, 2, 6)
    assert thumb(saved(late, "a.png")).size == (1, 2)


def test_what_only_looks_like_a_chunk_behind_the_pixels_is_not_read(info, saved, make):
    """The checksum is that of other bytes."""
    late = make.png(after=[(b"eXIf", make.exif([(ORIENTATION, 3, 1, 6)])[6:])])
    broken = late.replace(b"\x12\x01\x03\x00\x01\x00\x00\x00\x06", b"\x12\x01\x03\x00\x01\x00\x00\x00\x08")
    assert broken != late

    assert info(saved(broken, "a.png")).exif_orientation is None


def test_exif_that_imagemagick_wrote_as_text_is_read(info, saved, make):
    data = make.exif([(ORIENTATION, 3, 1, 3)])
    text = f"\nexif\n{len(data):8}\n{data.hex()}\n".encode()
    path = saved(make.png(before=[(b"tEXt", b"Raw profile type exif\0" + text)]), "a.png")

    assert info(path).exif_orientation == 3


def test_missing_values_are_null(exif_of, info, saved):
    for values in (exif_of(), info(saved(Image.new("RGB", (2, 1)), "bare.jpg")).values):
        assert {name: values[name] for name in VALUES} == dict.fromkeys(VALUES)


@pytest.mark.parametrize(
    ("entry", "name", "expected"),
    [
        ((EXPOSURE, RATIONAL, 1, rational(0, 0)), "exposure_time", None),  # not a number
        ((EXPOSURE, RATIONAL, 1, rational(1, 0)), "exposure_time", None),  # infinite
        ((EXPOSURE, RATIONAL, 1, rational(0, 1)), "exposure_time", None),  # no time at all
        ((EXPOSURE, RATIONAL, 1, rational(2**32 - 1, 1)), "exposure_time", None),  # 136 years
        ((EXPOSURE, 10, 1, struct.pack("<ii", -1, 2)), "exposure_time", None),
        ((EXPOSURE, TEXT, 4, b"1/60"), "exposure_time", None),
        ((EXPOSURE, RATIONAL, 1, rational(5, 2)), "exposure_time", 2.5),
        ((FOCAL, RATIONAL, 1, rational(0, 1)), "focal_length", None),  # an unknown lens
        ((FOCAL, RATIONAL, 1, rational(425, 100)), "focal_length", 4.25),
        ((FOCAL, 11, 1, struct.pack("<f", float("nan"))), "focal_length", None),
        ((FOCAL, 12, 1, struct.pack("<d", float("inf"))), "focal_length", None),
        ((ISO, SHORT, 2, struct.pack("<HH", 200, 0)), "iso_speed", 200),
        ((ISO, SHORT, 1, 0), "iso_speed", None),
        ((FLASH, SHORT, 1, 0), "flash", False),
        ((FLASH, SHORT, 1, 1), "flash", True),
        ((FLASH, SHORT, 1, 0x5F), "flash", True),  # fired, auto, return light, red-eye reduction
        ((FLASH, SHORT, 1, 0x58), "flash", False),
        ((FLASH, SHORT, 1, 0x20), "flash", False),  # no flash function
        ((FLASH, TEXT, 3, b"on\0"), "flash", None),
        ((SHOT, TEXT, 20, b"    :  :     :  :  \0"), "date_time", None),  # "unknown"
        ((SHOT, TEXT, 20, b"0000:00:00 00:00:00\0"), "date_time", None),
        ((SHOT, TEXT, 20, b"2009:13:02 01:21:55\0"), "date_time", None),
        ((SHOT, TEXT, 9, b"yesterday"), "date_time", None),
        ((SHOT, TEXT, 20, b"2009:11:02 01:21:55 "), "date_time", "2009:11:02 01:21:55"),
        ((SHOT, SHORT, 1, 7), "date_time", None),
    ],
)
def test_an_impossible_value_is_null_and_an_odd_one_is_understood(exif_of, entry, name, expected):
    assert exif_of([entry])[name] == expected


def test_the_date_of_the_file_stands_in_for_the_date_of_the_shot(exif_of):
    changed = (DATE, TEXT, 20, b"2020:02:03 04:05:06\0")

    assert exif_of(entries=[changed])["date_time"] == "2020:02:03 04:05:06"
    assert exif_of([(SHOT, TEXT, 20, b"2009:11:02 01:21:55\0")], [changed])["date_time"] == "2009:11:02 01:21:55"


def test_a_sensitivity_beyond_two_bytes_is_read_from_the_newer_tags(exif_of):
    """65535 says "look there" (Exif 2.32, PhotographicSensitivity)."""
    assert exif_of([(ISO, SHORT, 1, 65_535), (SENSITIVITY, LONG, 1, 102_400)])["iso_speed"] == 102_400
    assert exif_of([(ISO, SHORT, 1, 65_535), (RECOMMENDED, LONG, 1, 80_000)])["iso_speed"] == 80_000
    assert exif_of([(ISO, SHORT, 1, 65_535)])["iso_speed"] == 65_535


@pytest.mark.parametrize(
    "entries",
    [
        [(ORIENTATION, SHORT, 2**32 - 1, 0)],
        [(ORIENTATION, SHORT, 2**31, 6)],
        [(EXIF, LONG, 1, 2**32 - 1)],  # a directory beyond the end
        [(EXIF, LONG, 1, 8)],  # a directory that is the first one again
        [(EXIF, TEXT, 4, b"oops")],
        [(0x8825, LONG, 1, 8), (0xA005, LONG, 1, 8)],
        [(tag, 99, 7, 7) for tag in range(200)],
    ],
)
def test_a_broken_directory_gives_nulls(exif_of, entries):
    values = exif_of(entries=entries)

    assert {name: values[name] for name in VALUES} == dict.fromkeys(VALUES)


def test_a_broken_directory_of_the_shot_leaves_the_orientation(exif_of):
    values = exif_of(entries=[(ORIENTATION, SHORT, 1, 6), (EXIF, LONG, 1, 2**32 - 1)])

    assert values["exif_orientation"] == 6


def test_what_comes_before_a_value_beyond_the_end_is_read(exif_of):
    values = exif_of([*GOOD[:4], (FOCAL, RATIONAL, 1, struct.pack("<I", 60_000))])

    assert values["focal_length"] is None
    assert values["iso_speed"] == 640


@given(data=st.binary(max_size=200), keep=st.integers(0, 60))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_exif_fails_a_task(info, saved, make, data, keep):
    """Random bytes behind a beginning that is right."""
    exif = make.exif([(ORIENTATION, SHORT, 1, 1)], GOOD)[: 6 + keep] + data

    values = info(saved(Image.new("RGB", (2, 1)), "a.jpg", exif=exif)).values

    assert values["content_type"] == "image/jpeg"
