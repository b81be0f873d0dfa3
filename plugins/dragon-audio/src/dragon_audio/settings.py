"""The settings of the audio tasks: `DRAGON_AUDIO_*`, or the table `[audio]` of the configuration."""

from typing import Annotated

from msgspec import Meta, Struct


class AudioSettings(Struct, frozen=True, kw_only=True):
    """How the audio tasks work here."""

    speech: Annotated[
        str,
        Meta(
            min_length=1,
            description="Engine of `audio.tts`: `flite`, `espeak`, `piper`, one that is installed beside, or `auto`, "
            "the first that is there of `flite` and `espeak`.",
        ),
    ] = "auto"

    speech_female: Annotated[
        str, Meta(description="Voice of `neospeech:julie`, as the engine names it: for `piper` the path of its model.")
    ] = ""

    speech_male: Annotated[
        str, Meta(description="Voice of `neospeech:paul`, as the engine names it: for `piper` the path of its model.")
    ] = ""
