"""What a film is made of: files on disk, and what is known of each.

In: paths that were fetched. Out: an `Asset` for each, with what the times and the scene need: sizes, lengths,
whether there is sound. Everything in it can be sent to another process. Stands on Pillow, and on PyAV
through the plugin's probe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dragon_framework.errors import UnreadableSourceError, public_url
from dragon_framework.media.reading import open_media
from dragon_video.film.errors import InvalidContentError, InvalidImageError

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_PIXELS = 100_000_000
"""Of a still picture, as it is decoded."""

PICTURE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""What is opened as a picture, as Pillow names formats."""

Kind = Literal["image", "video", "sound"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Args:
        kind: What it is used as.
        path: Where it lies.
        width: As shown, in square pixels; 0 for sound.
        height: As *width*.
        seconds: How long it lasts; None for pictures.
        sound: Whether it can be heard.
    """

    kind: Kind
    path: Path
    width: int = 0
    height: int = 0
    seconds: Fraction | None = None
    sound: bool = False

    @property
    def ratio(self) -> float:
        """Width by height as shown."""
        return self.width / self.height


def probed(path: Path, kind: Kind, name: str, check: Callable[[], None]) -> Asset:
    """Return what a file is.

    Args:
        path: A local file.
        kind: What it should be.
        name: What the client calls it, for messages.
        check: Raises when the task is cancelled.

    Raises:
        InvalidImageError: If it is no picture or video that is read here.
        InvalidContentError: If it should be heard, and has no sound.
    """
    if kind == "image":
        return _picture(path, name)
    if kind == "video":
        return _video(path, name, check)
    return _sound(path, name, check)


def _picture(path: Path, name: str) -> Asset:
    from PIL import Image

    from dragon_video.film.stills import oriented_size

    try:
        with Image.open(path, formats=PICTURE_FORMATS) as image:
            width, height = oriented_size(image)
    except Image.DecompressionBombError as error:
        raise InvalidImageError(f"{public_url(name)} has more than {MAX_PIXELS} pixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        formats = "JPEG, PNG, GIF, WebP, BMP or TIFF"
        raise InvalidImageError(f"{public_url(name)} is no picture that is read here; expected {formats}") from error
    if width * height > MAX_PIXELS:
        raise InvalidImageError(f"{public_url(name)} has {width} × {height} pixels; at most {MAX_PIXELS} are read")
    return Asset("image", path, width, height)


def _video(path: Path, name: str, check: Callable[[], None]) -> Asset:
    from dragon_video._probe import probe

    try:
        with open_media(path, name, "a video file") as container, path.open("rb") as file:
            film = probe(container, name, file, check)
    except UnreadableSourceError as error:
        raise InvalidImageError(f"{public_url(name)} is no video that is read here: {error.problem}") from error
    width, height = film.shown
    if film.duration <= 0:
        raise InvalidImageError(f"{public_url(name)} is a video of no duration")
    return Asset("video", path, width, height, _exact(film.duration), film.audio_index is not None)


def _sound(path: Path, name: str, check: Callable[[], None]) -> Asset:
    try:
        with open_media(path, name, "a sound file") as container:
            seconds = _heard_seconds(container, check)
    except UnreadableSourceError as error:
        raise InvalidContentError(f"{public_url(name)} is no sound that is read here: {error.problem}") from error
    if not seconds:
        raise InvalidContentError(f"{public_url(name)} has no sound")
    return Asset("sound", path, seconds=seconds, sound=True)


def _heard_seconds(container: "InputContainer", check: Callable[[], None]) -> Fraction:
    """Return how long the first sound of a file lasts by its packets, which do not lie as headers do; 0 for none."""
    if not container.streams.audio:
        return Fraction(0)
    stream = container.streams.audio[0]
    base = stream.time_base or Fraction(0)
    total = Fraction(0)
    for number, packet in enumerate(container.demux(stream)):
        if number % 512 == 0:
            check()
        total += (packet.duration or 0) * base
    if not total and container.duration:
        total = Fraction(container.duration, 1_000_000)
    return _exact(float(total))


def _exact(seconds: float) -> Fraction:
    """Return a duration that was measured, to the microsecond."""
    return Fraction(round(seconds * 1_000_000), 1_000_000)
