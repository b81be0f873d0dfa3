"""The pictures of the docs are those that `make pictures` makes, small, and shown somewhere."""

from pathlib import Path

from make_pictures import MOST_BYTES, PICTURES

ROOT = Path(__file__).parents[2]


def test_each_picture_of_the_docs_is_made_by_the_command_small_and_shown():
    kept = {path.stem: path for path in (ROOT / "docs" / "images").iterdir()}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text() for page in pages)

    assert kept.keys() == PICTURES.keys()
    assert all(path.stat().st_size <= MOST_BYTES for path in kept.values())
    assert all(f"images/{path.name}" in text for path in kept.values())
