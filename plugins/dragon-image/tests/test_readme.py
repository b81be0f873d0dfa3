"""The examples of the README give what it shows."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import ExifTags, Image

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sh\n(dragon run .*?)\n```\n\n```json\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def photo(tmp_path):
    """The photo that the README speaks of: upright, from a camera that was held so."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    shot[ExifTags.Base.DateTimeOriginal] = "2026:05:17 18:04:31"
    shot[ExifTags.Base.ExposureTime] = 1 / 125
    shot[ExifTags.Base.ISOSpeedRatings] = 80
    shot[ExifTags.Base.FocalLength] = 5.7
    shot[ExifTags.Base.Flash] = 16
    Image.new("RGB", (4032, 3024), "teal").save(tmp_path / "photo.jpg", exif=exif)


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


def test_the_examples_print_what_the_readme_shows(photo, tmp_path):
    """In their order: some read what others have written."""
    program = Path(sys.executable).with_name("dragon")

    for command, expected in EXAMPLES:
        answer = subprocess.run([program, *shlex.split(command)[1:]], cwd=tmp_path, capture_output=True, check=True)

        printed = json.loads(answer.stdout)
        assert printed == json.loads(expected)
        assert "output" not in printed or (tmp_path / printed["output"]).is_file()
