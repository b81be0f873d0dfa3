"""``audio.info``: what a sound file is, and how long."""

from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.fields import Hertz, MediaType, Seconds, SourceUrl


class AudioInfoParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the audio file to be scanned.")]


class AudioInfoOutput(Output, frozen=True, kw_only=True):
    duration: Annotated[Seconds, Meta(description="Duration of the audio file in seconds, rounded to 1/100th second.")]
    content_type: Annotated[MediaType, Meta(description="Content-type of the audio file, by what its bytes are.")]
    codec: Annotated[str, Meta(description="Codec of the audio file, as FFmpeg names it: `mp3`, `vorbis`, `aac`.")]
    channels: Annotated[int, Meta(ge=1, le=1024, description="Number of channels.")]
    sample_rate: Annotated[Hertz, Meta(description="Samples of each channel in a second.")]
    bit_rate: Annotated[
        Annotated[int, Meta(ge=0, le=2**53)] | None,
        Meta(description="Bits of sound in a second, on the average of the whole file."),
    ]
    title: Annotated[str | None, Meta(description="Title in the file's tags; null if it has none.")]
    artist: Annotated[str | None, Meta(description="Artist in the file's tags; null if it has none.")]


@task("audio.info", cacheable=True, preload=("dragon_audio._probe",))
def audio_info(parameters: AudioInfoParameters, ctx: TaskContext) -> AudioInfoOutput:
    """Return duration and codec of an audio file.

    Of a video it describes the sound: the first sound stream that can be read.

    The duration is that of playing the file. It is counted packet by packet, because headers
    are often wrong (an mp3 of variable bit rate without a table) or missing (raw AAC); of mp4
    and mov files the index is read alone. The silence that an encoder adds at both ends is
    left out where the file tells of it.
    """
    from dragon_audio._probe import EXPECTED, probe
    from dragon_framework.media.reading import open_media

    file = ctx.open(parameters.url)
    with open_media(file, parameters.url, EXPECTED) as container:
        sound = probe(container, parameters.url, file, ctx.check)
    return AudioInfoOutput(
        duration=round(sound.duration, 2),
        content_type=sound.content_type,
        codec=sound.codec,
        channels=sound.channels,
        sample_rate=sound.sample_rate,
        bit_rate=sound.bit_rate,
        title=sound.title,
        artist=sound.artist,
    )
