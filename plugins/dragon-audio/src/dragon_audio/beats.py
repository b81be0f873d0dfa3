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
    downbeats: Annotated[
        tuple[Timestamp, ...],
        Meta(description="Those of `beats` that begin a bar; empty if there are fewer than eight beats."),
    ]
    beats_per_bar: Annotated[
        Annotated[int, Meta(ge=2, le=4)] | None,
        Meta(description="Beats in a bar, of most bars: 2, 3 or 4; null if there are no downbeats."),
    ]
    confidence: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="How likely the beats are right, 0 to 1, by how well the sound repeats itself from beat to "
            "beat: speech and noise stay below 0.1, music with a beat comes to 0.9. Whether somebody would count twice "
            "or half as fast is not in it.",
        ),
    ]


@task("audio.beats", cacheable=True, seconds=1800.0, preload=("dragon_audio._bars", "dragon_audio._beats"))
def audio_beats(parameters: AudioBeatsParameters, ctx: TaskContext) -> AudioBeatsOutput:
    """Find beats in an audio file.

    What begins (attacks of notes and drums) is looked for in bass, middle and treble, each
    counting the same; from how it repeats the tempo is followed, 45 to 220 beats a minute; and
    through both the most plausible chain of beats is laid. Sounds without any attack, and
    those shorter than two seconds, have no beats.

    Bars begin where bass and bass drum are accented and the harmony changes, in 2, 3 or 4 beats.

    A beat that could be counted twice as fast or half as fast is sometimes told so: there is
    no right answer to that in the sound alone.
    """
    from dragon_audio._bars import bars_of, on_the_bass
    from dragon_audio._beats import tracked
    from dragon_audio._onsets import FRAMES_PER_SECOND, heard

    sound = heard(ctx.fetch(parameters.url), parameters.url, ctx)
    found = tracked(sound.rises)
    frames = on_the_bass(found.beats, sound.levels)
    bars = bars_of(frames, sound.rises, sound.levels)
    beats = tuple(round(float(frame) / FRAMES_PER_SECOND, 3) for frame in frames)
    distances = sorted(later - earlier for earlier, later in itertools.pairwise(beats))
    middle = distances[len(distances) // 2] if distances else 0
    return AudioBeatsOutput(
        beats=beats,
        duration=round(sound.duration),
        tempo=round(60 / middle, 1) if middle > 0 else None,
        downbeats=tuple(beat for beat, first in zip(beats, bars.first, strict=True) if first),
        beats_per_bar=bars.beats_per_bar,
        confidence=round(found.confidence, 2),
    )
