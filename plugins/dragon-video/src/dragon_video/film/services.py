"""What a film takes from elsewhere while it is made: speech from the task `audio.tts`, maps from a driver.

No plugin needs another: `audio.tts` is looked for among the installed tasks when a film speaks, and an error
says what to install if it is not there.
"""

from pathlib import Path

from dragon_framework import TaskContext
from dragon_framework.errors import InvalidParametersError, SourceError, UnknownTaskError
from dragon_video.film.errors import CouldNotDownloadError, InvalidContentError
from dragon_video.film.gathering import Cartographer, Speaker
from dragon_video.film.nodes import Node
from dragon_video.settings import VideoSettings

SPEECH_TASK = "audio.tts"

_MAP = ("center", "zoom", "size", "markers", "maptype")


def speaker(ctx: TaskContext) -> Speaker:
    """Return what speaks, by way of the task `audio.tts`."""

    def speak(voice: str, text: str) -> Path:
        try:
            return ctx.run(SPEECH_TASK, text=text, voice=voice).files["output"]
        except UnknownTaskError as error:
            raise InvalidContentError(
                "a film with voices needs the task audio.tts; install it with: pip install dragon-audio"
            ) from error
        except InvalidParametersError as error:
            told = "; ".join(f"{name} {', '.join(problems)}" for name, problems in error.errors.items())
            raise InvalidContentError(f"this cannot be spoken: {told}") from error

    return speak


def map_drawer(ctx: TaskContext, settings: VideoSettings) -> Cartographer:
    """Return what draws maps, by the driver that the settings name."""

    def fetch(url: str) -> Path:
        try:
            return ctx.fetch(url)
        except SourceError as error:
            raise CouldNotDownloadError(f"a map needs a tile that cannot be fetched: {error}") from error

    def draw(node: Node) -> Path:
        import cv2

        from dragon_video.film.fonts import Fonts
        from dragon_video.film.maps import MapRequest, open_maps

        given = {name: node.values[name] for name in _MAP if name in node.values}
        fonts = Fonts(Path(settings.fonts) if settings.fonts else None)
        frame = open_maps(settings).draw(MapRequest(**given), fetch, fonts)
        path = ctx.temporary_directory / f"map-{abs(hash(tuple(sorted(given.items()))))}.png"
        cv2.imwrite(str(path), frame)
        return path

    return draw
