"""What a finished film is: the profiles that a client names, with their codecs, sizes, rates and containers.

In: a name. Out: a frozen `Profile`. The table is `profiles.json` beside this file. Stands on msgspec alone.
"""

from fractions import Fraction
from functools import cache
from importlib.resources import files
from math import floor

import msgspec
from msgspec import Struct

BT709, BT601 = 1, 6
"""Matrices of colour, as ISO/IEC 23091-2 numbers them (6 is that of SMPTE 170M, which equals BT.601's)."""

GOP_SECONDS = 2
"""At most so far apart are pictures that a film can be entered at, and so long is the unit that pieces are made of."""

PREVIEW_LINES = 360

ENDINGS = {"mp4": "video/mp4", "flv": "video/x-flv", "wmv": "video/x-ms-wmv", "mpg": "video/mpeg"}
"""Containers, which are endings of file names as well, and their media types."""


class Profile(Struct, frozen=True, kw_only=True):
    """How a film is written.

    Sizes in pixels as stored; the display aspect is width by height as shown; frames per second; bit rates in
    kilobits (1000 bits) per second; samples of each of the two channels of sound per second.
    """

    name: str
    width: int
    height: int
    display_aspect: Fraction
    frame_rate: Fraction
    container: str
    video_codec: str
    video_kilobits: int
    audio_codec: str
    audio_kilobits: int
    sample_rate: int

    @property
    def aspect(self) -> float:
        """The display ratio A of the scene: width by height as shown."""
        return float(self.display_aspect)

    @property
    def sample_aspect(self) -> Fraction:
        """Width by height of one pixel as shown.

        Where the height times the ratio is no even number (854 × 480) this is a hair off 1, so that the picture as a
        whole has exactly the ratio of its profile.
        """
        return self.display_aspect * Fraction(self.height, self.width)

    @property
    def media_type(self) -> str:
        """The media type of the file."""
        return ENDINGS[self.container]

    @property
    def matrix(self) -> int:
        """The matrix that colours are converted by, `BT709` or `BT601`.

        H.264 says in its stream which it is, so it is BT.709 at any size. The older codecs cannot say it (MPEG-1,
        MPEG-4 as FFmpeg writes it, FLV1, WMV), or are read by players that do not ask (DVD): for them it is what
        the standards of their day have, BT.601 (ISO/IEC 11172-2, 2.4.1; DVD-Video), and what players take for
        granted where nothing is said.
        """
        return BT709 if self.video_codec == "h264" else BT601

    @property
    def cuttable(self) -> bool:
        """Whether a film may be encoded in pieces.

        Not where the decoder's buffer is of a fixed size (MPEG-1 and 2 for discs): the encoder must know how full it
        is, so one encoder takes all frames in order.
        """
        return self.container != "mpg"

    @property
    def gop(self) -> int:
        """Frames from one picture that decoding can begin at to the next, at most; pieces are multiples of it.

        On discs 15 for 25 frames a second and 18 for 29.97 (DVD-Video).
        """
        if self.container == "mpg":
            return 15 if self.frame_rate <= 25 else 18
        return max(1, round(GOP_SECONDS * self.frame_rate))

    def frames(self, seconds: Fraction | float) -> int:
        """Return how many frames a film of this length has: the nearest, halves up, at least 1."""
        return max(1, floor(Fraction(seconds) * self.frame_rate + Fraction(1, 2)))

    def seconds(self, frames: int) -> Fraction:
        """Return how long so many frames are shown, in seconds."""
        return frames / self.frame_rate

    def samples(self, frames: int) -> int:
        """Return how many samples of sound belong to so many frames: the nearest, halves up."""
        return floor(self.seconds(frames) * self.sample_rate + Fraction(1, 2))


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    width: int
    height: int
    display_aspect_ratio: str
    frame_rate: str
    container: str
    video_codec: str
    video_bitrate_kbps: int
    audio_codec: str
    audio_bitrate_kbps: int


@cache
def profiles() -> dict[str, Profile]:
    """Return all profiles by name, in the order of their names."""
    rows = msgspec.json.decode((files(__package__) / "profiles.json").read_bytes(), type=list[_Row])
    return {
        row.name: Profile(
            name=row.name,
            width=row.width,
            height=row.height,
            display_aspect=Fraction(row.display_aspect_ratio.replace(":", "/")),
            frame_rate=Fraction(row.frame_rate),
            container=row.container,
            video_codec=row.video_codec,
            video_kilobits=row.video_bitrate_kbps,
            audio_codec=row.audio_codec,
            audio_kilobits=row.audio_bitrate_kbps,
            sample_rate=48000 if row.container == "mpg" else 44100,  # DVD-Video knows 48 kHz alone for MPEG sound
        )
        for row in rows
    }


def profile(name: str) -> Profile:
    """Return the profile of this name.

    Raises:
        KeyError: If there is none; the message says which are.
    """
    try:
        return profiles()[name]
    except KeyError:
        raise KeyError(f"there is no profile {name!r}; there are {', '.join(profiles())}") from None


def preview_of(profile: Profile) -> Profile:
    """Return what a film's preview is written as: H.264 and AAC, square pixels, at most 360 lines, the same frames.

    Where the film has AAC as well, the preview's is the same, so that one encoded sound serves both.
    """
    lines = min(PREVIEW_LINES, profile.height)
    width = max(2, 2 * round(lines * profile.display_aspect / 2))
    return Profile(
        name=f"preview of {profile.name}",
        width=width,
        height=lines - lines % 2,
        display_aspect=profile.display_aspect,
        frame_rate=profile.frame_rate,
        container="mp4",
        video_codec="h264",
        video_kilobits=600,
        audio_codec="aac",
        audio_kilobits=profile.audio_kilobits if profile.audio_codec == "aac" else 96,
        sample_rate=profile.sample_rate,
    )
