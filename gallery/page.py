"""The page of the gallery: each film as a strip of five frames, and its XML below.

In: the films, and a directory. Out: `index.md`, and the strips in `strips/`. Stands on `films`, `drawing`
and `pictures`.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2

from dragon_video.film.effects import EFFECTS
from dragon_video.film.filters import FILTERS
from dragon_video.film.transitions import TRANSITIONS
from gallery import pictures
from gallery.drawing import Film, strip
from gallery.films import sections
from gallery.shows import Show

LINES = 360
"""Height of the frames as they are drawn; those of a strip are smaller."""
FRAME_WIDTH, GAP = 200, 4
QUALITY = 82
"""Of the JPEG files, of 100."""

INTRODUCTION = """<!-- Made by `make gallery`; changes are lost. -->

# Gallery of films

What `video.create` draws: each film as five of its frames, and below them what stands in its `body`. Around it belongs

```xml
<movie service="craftsman-1.0">
  <body>
    ...
  </body>
</movie>
```

The pictures are drawn by code (`gallery/pictures.py`), the strips by the renderer itself, 360 lines high and then
reduced. [The language](../reference/sxml.md) has all attributes with their defaults, [the guide](../how-to/films.md)
whole films through the API.
"""


def strip_name(section: str, show: Show) -> str:
    """Return the file name of a film's strip."""
    return f"{section.split(maxsplit=1)[0]}-{show.name}".lower().replace(" ", "-") + ".jpg"


def caption(section: str, show: Show) -> str:
    """Return what a film shows, in one sentence: its own words, or those of the table that it is from."""
    if show.caption:
        return show.caption
    kind = show.name.split()[0]
    match section:
        case "Effects":
            told = (EFFECTS[kind].draw.__doc__ or "").split("\n")[0].removeprefix("Return ")
            return told[:1].upper() + told[1:]
        case "Transitions":
            return (TRANSITIONS[kind].make.__doc__ or "").split("\n")[0]
        case "Filters":
            return FILTERS[kind].summary
        case _:
            return ""


def page() -> str:
    """Return the text of the page."""
    parts = [INTRODUCTION]
    parts.append(" · ".join(f"[{section}](#{section.lower().replace(' ', '-')})" for section in sections()))
    for section, shows in sections().items():
        parts.append(f"## {section}")
        for show in shows:
            parts += [
                f"### {show.name}",
                caption(section, show),
                f"![{show.name}: five frames](strips/{strip_name(section, show)})",
                f"```xml\n{show.body}\n```",
            ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def write(directory: Path) -> Iterator[str]:
    """Write the page and its strips to *directory*, and yield a line for each film."""
    strips = directory / "strips"
    strips.mkdir(parents=True, exist_ok=True)
    old = set(strips.glob("*.jpg"))
    with tempfile.TemporaryDirectory(prefix="dragon-gallery-") as drawn:
        pictures.draw(Path(drawn))
        for section, shows in sections().items():
            for show in shows:
                film = Film(show.definition, Path(drawn), LINES)
                path = strips / strip_name(section, show)
                image = strip(film.frames(show.times), FRAME_WIDTH, GAP)
                options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
                cv2.imwrite(str(path), image, options)
                old.discard(path)
                yield f"{path}  {'; '.join(film.warnings)}".rstrip()
    for path in old:
        path.unlink()
    (directory / "index.md").write_text(page(), encoding="utf-8")
