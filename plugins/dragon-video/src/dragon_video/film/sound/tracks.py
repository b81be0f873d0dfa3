"""What is heard in a film, and when: one source on one stretch of time."""

from fractions import Fraction
from math import floor
from pathlib import Path

from msgspec import Struct

MOST_VOLUME = 10.0
LEAST_SPEED, MOST_SPEED = Fraction(1, 100), Fraction(100)


class Track(Struct, frozen=True, kw_only=True):
    """A source of sound on the film's time.

    All times are seconds. A song, a voice, and the sound of a video are all alike; a file without sound is silence, and
    so is what a source that ends early leaves of its duration.

    Raises:
        ValueError: If a value is out of its range; the message names it.
    """

    path: Path
    """A local file."""
    duration: Fraction
    """How long it is heard; above 0."""
    start: Fraction = Fraction(0)
    """When in the film it begins."""
    skip: Fraction = Fraction(0)
    """How much of the source is left out at its beginning, counted at its own speed."""
    speed: Fraction = Fraction(1)
    """2 is twice as fast, at the same pitch."""
    volume: float = 1.0
    """Factor on the amplitude, 0 to 10."""
    fade_in: Fraction = Fraction(0)
    """So long the amplitude rises from 0, linearly."""
    fade_out: Fraction = Fraction(0)
    """So long it falls to 0 at the end."""
    crossfade_in: Fraction = Fraction(0)
    """Length of the transition it begins in: the power rises as that of the other side falls."""
    crossfade_out: Fraction = Fraction(0)
    """Length of the transition it ends in."""
    loop: bool = False
    """Whether the source begins anew, at `skip`, when it ends."""
    duck_others: float | None = None
    """Makes it a master: factor on the volume of tracks that are no masters, while it sounds; 0 to 1."""
    duck_threshold: float = 0.05
    """Part of its own greatest amplitude that it must pass to sound; 0 to 1."""
    duck_margin: Fraction = Fraction(1, 2)
    """The others are low for so long before it sounds, and after."""
    duck_fade: Fraction = Fraction(1)
    """The others need so long to go down, before that, and up, after."""
    name: str = ""
    """What messages call the source, such as its URL."""

    def __post_init__(self) -> None:
        times = ("start", "skip", "fade_in", "fade_out", "crossfade_in", "crossfade_out", "duck_margin", "duck_fade")
        for field in times:
            if getattr(self, field) < 0:
                raise ValueError(f"{field} must be at least 0 s, got {getattr(self, field)}")
        if self.duration <= 0:
            raise ValueError(f"duration must be above 0 s, got {self.duration}")
        if not LEAST_SPEED <= self.speed <= MOST_SPEED:
            raise ValueError(f"speed must be {float(LEAST_SPEED)} to {MOST_SPEED}, got {float(self.speed)}")
        if not 0 <= self.volume <= MOST_VOLUME:
            raise ValueError(f"volume must be 0 to {MOST_VOLUME:g}, got {self.volume}")
        if self.duck_others is not None and not 0 <= self.duck_others <= 1:
            raise ValueError(f"duck_others must be 0 to 1, got {self.duck_others}")
        if not 0 <= self.duck_threshold <= 1:
            raise ValueError(f"duck_threshold must be 0 to 1, got {self.duck_threshold}")


def samples_in(seconds: Fraction | float, rate: int) -> int:
    """Return how many samples a time has at so many a second: the nearest, halves up."""
    return floor(Fraction(seconds) * rate + Fraction(1, 2))
