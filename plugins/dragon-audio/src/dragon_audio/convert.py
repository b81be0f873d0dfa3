"""``audio.convert``: the sound of a file in another codec."""

from typing import Annotated, Literal

from msgspec import Meta

from dragon_framework import Output, OutputFile, Parameters, TaskContext, task
from dragon_framework.fields import MediaType, Seconds, SourceUrl

FORMS = {
    # codec: ending, media type, encoder and its options
    "mp3": (".mp3", "audio/mpeg", {"acodec": "libmp3lame", "q:a": "2"}),
    "vorbis": (".ogg", "audio/ogg", {"acodec": "libvorbis", "q:a": "5"}),
    "aac": (".m4a", "audio/mp4", {"acodec": "aac", "b:a": "160k", "movflags": "+faststart"}),
    "opus": (".opus", "audio/ogg", {"acodec": "libopus", "b:a": "128k"}),
    "flac": (".flac", "audio/flac", {"acodec": "flac"}),
    "wav": (".wav", "audio/wav", {"acodec": "pcm_s16le"}),
}


class AudioConvertParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the audio file to be converted.")]
    codec: Annotated[
        Literal["mp3", "vorbis", "aac", "opus", "flac", "wav"], Meta(description="Desired codec for the output file.")
    ] = "mp3"


class AudioConvertOutput(Output, frozen=True, kw_only=True):
    duration: Annotated[Seconds, Meta(description="Duration of the output file in seconds, rounded to 1/100th second.")]
    content_type: Annotated[MediaType, Meta(description="Output file content type.")]


@task(
    "audio.convert",
    files=[OutputFile("output", "URL of the output file.", media_types=tuple(sorted({f[1] for f in FORMS.values()})))],
    cacheable=True,
    seconds=1800.0,
    preload=("dragon_audio._converting",),
)
def audio_convert(parameters: AudioConvertParameters, ctx: TaskContext) -> AudioConvertOutput:
    """Transcode an audio file, and return its duration.

    Of a video the sound is taken. Tags are kept, pictures of covers are not. What a codec
    cannot hold is converted: an mp3 has one or two channels and at most 48 kHz, opus at most
    48 kHz, aac at most 96 kHz; all else stays as it is. mp3 and vorbis are of variable bit
    rate (about 190 and 160 kbps in stereo), aac has 160 and opus 128 kbps, a wav 16 bits.

    `duration` is measured in the output, without the silence that encoders add at the ends.
    """
    from dragon_audio._converting import converted

    suffix, content_type, _ = FORMS[parameters.codec]
    path = ctx.output("output", suffix, content_type)
    duration = converted(ctx.fetch(parameters.url), parameters.url, path, parameters.codec, ctx)
    return AudioConvertOutput(duration=round(duration, 2), content_type=content_type)
