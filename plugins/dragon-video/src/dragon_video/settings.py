"""The settings of the video tasks: `DRAGON_VIDEO_*`, or the table `[video]` of the configuration."""

from typing import Annotated

from msgspec import Meta, Struct


class VideoSettings(Struct, frozen=True, kw_only=True):
    """How the video tasks work here."""

    fonts: Annotated[
        str,
        Meta(
            description="Directory with fonts (TrueType, OpenType, collections) that texts of films may name, by "
            "family or by file name; empty for none but the free fonts that are installed as packages."
        ),
    ] = ""

    maps: Annotated[
        str,
        Meta(
            min_length=1,
            description="Where maps in films come from: `tiles`, or the name of a driver that is installed beside.",
        ),
    ] = "tiles"

    map_tiles: Annotated[
        str,
        Meta(
            description="URL of a map tile of 256 × 256 pixels in Web Mercator, with `{z}`, `{x}` and `{y}` in it and, "
            "if the server has several kinds, `{maptype}` (`map`, `hybrid`, `satellite`); empty: no maps."
        ),
    ] = ""

    map_attribution: Annotated[
        str, Meta(description="Who made the map tiles, as their licence asks; written in the corner of each map.")
    ] = ""

    film_seconds: Annotated[
        float, Meta(gt=0, le=360_000, description="Longest film that `video.create` makes, in seconds.")
    ] = 7200.0

    film_processes: Annotated[
        int,
        Meta(
            ge=0,
            le=256,
            description="Processes that draw one film side by side; 0 for as many as there are processors, at most 8.",
        ),
    ] = 0

    film_spread: Annotated[
        bool,
        Meta(
            description="Whether idle workers make pieces of long films that other workers make; whose, the setting "
            "`worker.help` says."
        ),
    ] = True

    film_spread_seconds: Annotated[
        float, Meta(ge=0, description="Shortest film that is spread over workers, in seconds.")
    ] = 60.0
