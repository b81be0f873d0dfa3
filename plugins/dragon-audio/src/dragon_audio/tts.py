"""``audio.tts``: speech from text."""

import re
from typing import Annotated, Literal

from msgspec import Meta

from dragon_audio.settings import AudioSettings
from dragon_framework import Output, OutputFile, Parameters, TaskContext, TaskError, task
from dragon_framework.errors import FieldError
from dragon_framework.fields import MediaType, Seconds

LONGEST_TEXT = 20_000
"""Characters: about half an hour of speech."""

_MARKUP = re.compile(r"\s*(<\?xml|<speak\b|<!DOCTYPE)", re.IGNORECASE)
_SPOKEN = re.compile(r"[A-Za-z0-9]")


class SpeechError(TaskError):
    """The voice could not be made to speak.

    Args:
        engine: Name of the engine.
        reason: What is wrong.
    """

    code = "speech_failed"

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(engine, reason)
        self.engine = engine
        self.reason = reason

    def __str__(self) -> str:
        return f"the text could not be spoken by {self.engine}: {self.reason}"


class AudioTtsParameters(Parameters, frozen=True, kw_only=True):
    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_TEXT,
            description="Text string to be transformed into audio via speech synthesys.",
        ),
    ]
    voice: Annotated[
        Literal["neospeech:julie", "neospeech:paul"],
        Meta(description="1 male and 1 female US English voices are available."),
    ] = "neospeech:julie"
    codec: Annotated[Literal["mp3", "ogg"], Meta(description="Codec of the audio file: mp3, or vorbis in ogg.")] = "mp3"

    def __post_init__(self) -> None:
        """Refuse what an English voice cannot read."""
        from dragon_audio.spelling import plain_text

        if _MARKUP.match(self.text):
            raise FieldError("text", "must be plain text; SSML and other markup is not understood by these voices")
        if not _SPOKEN.search(plain_text(self.text)):
            raise FieldError("text", "must have letters or digits that a US English voice can read")


class AudioTtsOutput(Output, frozen=True, kw_only=True):
    duration: Annotated[Seconds, Meta(description="Duration of the audio file in seconds, rounded to 1/100th second.")]
    content_type: Annotated[MediaType, Meta(description="Content-type of the audio file.")]
    engine: Annotated[str, Meta(description="What spoke: `flite`, `espeak`, `piper`, or another that is installed.")]


@task(
    "audio.tts",
    files=[OutputFile("output", "URL of the output file.", media_types=("audio/mpeg", "audio/ogg"))],
    cacheable=True,
    settings=AudioSettings,
    preload=("dragon_audio._speech",),
)
def audio_tts(parameters: AudioTtsParameters, ctx: TaskContext) -> AudioTtsOutput:
    """Create an audio voice-over file using Text-to-Speech (US English, male/female voices), and return its duration.

    The voices of the original service are gone; their names stand for one female and one male
    US English voice of the engine that is installed: flite's `slt` and `rms` where flite is
    there, else those of eSpeak NG, which comes with this package. Silence at both ends is cut
    off, and the loudest sample lies 3 dB below full scale.

    Numbers, dates, times, money, units, telephone numbers, addresses of pages and mail, and usual
    abbreviations are read as an American would read them. Letters with accents are read without
    them; control characters are read as spaces. When all is in words, a text has at most 40,000
    characters: that is three quarters of an hour.
    """
    from dragon_audio._speech import spoken

    suffix = ".mp3" if parameters.codec == "mp3" else ".ogg"
    path = ctx.output("output", suffix)
    duration, engine = spoken(parameters, ctx, path)
    content_type = "audio/mpeg" if parameters.codec == "mp3" else "audio/ogg"
    return AudioTtsOutput(duration=round(duration, 2), content_type=content_type, engine=engine)
