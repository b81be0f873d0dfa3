"""What a film takes from elsewhere while it is made: speech from the task `audio.tts`, maps from a driver.

No plugin needs another: `audio.tts` is looked for among the installed tasks when a film speaks, and an error
says what to install if it is not there.
"""

from pathlib import Path

from dragon_framework import TaskContext
from dragon_framework.errors import InvalidParametersError, UnknownTaskError
from dragon_video.film.errors import InvalidContentError
from dragon_video.film.gathering import Cartographer, Speaker
from dragon_video.film.nodes import Node
from dragon_video.settings import VideoSettings

SPEECH_TASK = "audio.tts"


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
    """Return what draws maps."""

    def draw(node: Node) -> Path:
        raise InvalidContentError([node.problem("maps are not drawn yet")])

    return draw
