"""The settings of the upload tasks: `DRAGON_UPLOAD_*`, or the table `[upload]` of the configuration.

Addresses are settings and never parameters: a client could send its own token elsewhere, or
somebody else's.
"""

from typing import Annotated

from msgspec import Meta, Struct

GOOGLE_UNIT_BYTES = 262_144
"""Pieces of a resumable upload are multiples of it (YouTube Data API, resumable upload protocol)."""

_URL = Meta(pattern=r"^https?://[^\s?#]+$")
_SECONDS = Meta(gt=0, le=86_400)


class UploadSettings(Struct, frozen=True, kw_only=True):
    """How films are handed to YouTube, Vimeo and Facebook."""

    youtube_url: Annotated[Annotated[str, _URL], Meta(description="Where Google's APIs are.")] = (
        "https://www.googleapis.com"
    )
    vimeo_url: Annotated[Annotated[str, _URL], Meta(description="Where Vimeo's API is.")] = "https://api.vimeo.com"
    facebook_url: Annotated[
        Annotated[str, _URL], Meta(description="Where Facebook's Graph API is, with its version.")
    ] = "https://graph.facebook.com/v26.0"
    youtube_chunk_bytes: Annotated[
        int,
        Meta(
            ge=GOOGLE_UNIT_BYTES,
            le=2**30,
            multiple_of=GOOGLE_UNIT_BYTES,
            description="Bytes of one request to YouTube; a multiple of 262144.",
        ),
    ] = 128 * 2**20
    vimeo_chunk_bytes: Annotated[int, Meta(ge=1, le=2**34, description="Bytes of one request to Vimeo.")] = 128 * 2**20
    tries: Annotated[
        int,
        Meta(ge=1, le=100, description="Faults in a row, without one byte of progress, after which it is given up."),
    ] = 10
    longest_wait_seconds: Annotated[
        Annotated[float, _SECONDS],
        Meta(description="Longest wait before a try, which is by chance and doubles its range each time."),
    ] = 64.0
    longest_asked_wait_seconds: Annotated[
        Annotated[float, _SECONDS], Meta(description="Longest wait that a provider may ask for (`Retry-After`).")
    ] = 300.0
    deadline_seconds: Annotated[
        Annotated[float, _SECONDS], Meta(description="Longest time for the bytes of one film, waits included.")
    ] = 5 * 3600.0
    connect_timeout_seconds: Annotated[Annotated[float, _SECONDS], Meta(description="Longest time to connect.")] = 10.0
    answer_timeout_seconds: Annotated[
        Annotated[float, _SECONDS], Meta(description="Longest silence of a provider after a request, or within one.")
    ] = 120.0
    confirm_polls: Annotated[
        int, Meta(ge=1, le=1000, description="How often Vimeo and Facebook are asked whether a film has arrived.")
    ] = 10
    confirm_seconds: Annotated[Annotated[float, _SECONDS], Meta(description="Wait between two of these.")] = 2.0
