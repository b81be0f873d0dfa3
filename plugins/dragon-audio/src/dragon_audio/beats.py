"""``audio.beats``: where the beats of a piece of music are."""

import itertools
from typing import Annotated

from msgspec import Meta

from dragon_framework import Output, Parameters, TaskContext, task
from dragon_framework.fields import SourceUrl

Timestamp = Annotated[float, Meta(ge=0, le=1e7, extra_json_schema={"x-unit": "s"})]


class AudioBeatsParameters(Parameters, frozen=True, kw_only=True):
    url: Annotated[SourceUrl, Meta(description="URL of the audio file")]


class AudioBeatsOutput(Output, frozen=True, kw_only=True):
    beats: Annotated[
        tuple[Timestamp, ...],
        Meta(description="An array containing the timestamps of the detected beats, in seconds, rounded to 1/1000 s."),
    ]
    duration: Annotated[int, Meta(ge=0, le=10_000_000, description="The processed audio file duration in seconds.")]
    tempo: Annotated[
        Annotated[float, Meta(gt=0, le=1000)] | None,
        Meta(description="Beats in a minute, by the median of the distances between beats; null if there are none."),
    ]


@task("audio.beats", cacheable=True, seconds=1800.0, preload=("dragon_audio._beats",))
def audio_beats(parameters: AudioBeatsParameters, ctx: TaskContext) -> AudioBeatsOutput:
    """Find beats in an audio file.

    What begins (attacks of notes and drums) is looked for in bass, middle and treble, each
    counting the same; from how it repeats the tempo is followed, 45 to 220 beats a minute; and
    through both the most plausible chain of beats is laid. Sounds without any attack, and
    those shorter than two seconds, have no beats.

    A beat that could be counted twice as fast or half as fast is sometimes told so: there is
    no right answer to that in the sound alone.
    """
    from dragon_audio._beats import beats_of

    found, duration = beats_of(ctx.fetch(parameters.url), parameters.url, ctx)
    beats = tuple(round(float(time), 3) for time in found)
    distances = sorted(later - earlier for earlier, later in itertools.pairwise(beats))
    middle = distances[len(distances) // 2] if distances else 0
    return AudioBeatsOutput(beats=beats, duration=round(duration), tempo=round(60 / middle, 1) if middle > 0 else None)
