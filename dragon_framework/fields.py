"""Types for the fields of parameters and outputs. The unit of a number lives in its type.

Each is a plain Python type with a `msgspec.Meta`: limits are checked by the core, and
the unit (`x-unit` in the JSON schema) appears in messages, the reference and forms.
Add a description at the field: `width: Annotated[Pixels, Meta(description="...")]`.

Every number is bounded: JSON allows integers of any size, and query strings allow `nan`.
"""

from typing import Annotated, Any

from msgspec import Meta


def _unit(unit: str, **more: Any) -> dict[str, Any]:
    return {"x-unit": unit, **more}


MAX_SIDE_PIXELS = 65_535
"""Longest side of a picture: what JPEG can hold (ISO/IEC 10918-1, 16-bit sizes)."""

Pixels = Annotated[int, Meta(ge=1, le=MAX_SIDE_PIXELS, extra_json_schema=_unit("px"))]
"""A length in pixels, from 1 to 65,535."""

Margin = Annotated[int, Meta(ge=0, le=MAX_SIDE_PIXELS, extra_json_schema=_unit("px"))]
"""A length in pixels that may be 0."""

Seconds = Annotated[float, Meta(ge=0, le=1e7, extra_json_schema=_unit("s"))]
"""A time or duration in seconds, from 0 to 10,000,000 (115 days)."""

Degrees = Annotated[float, Meta(ge=-360, le=360, extra_json_schema=_unit("°"))]
"""An angle in degrees; positive is counter clockwise."""

Millimetres = Annotated[float, Meta(ge=0, le=1e6, extra_json_schema=_unit("mm"))]
"""A length in millimetres, as EXIF gives focal lengths."""

Hertz = Annotated[int, Meta(ge=1, le=10_000_000, extra_json_schema=_unit("Hz"))]
"""A sample rate in samples per second."""

FramesPerSecond = Annotated[float, Meta(gt=0, le=1000, extra_json_schema=_unit("fps"))]
"""A frame rate."""

KilobitsPerSecond = Annotated[int, Meta(ge=1, le=1_000_000, extra_json_schema=_unit("kbps"))]
"""A bit rate in thousands of bits per second."""

Bytes = Annotated[int, Meta(ge=0, le=2**53, extra_json_schema=_unit("B"))]
"""A size in bytes."""

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
"""How many of something."""

Ratio = Annotated[float, Meta(gt=0, le=1)]
"""A part of a whole, above 0 and at most 1."""

SourceUrl = Annotated[
    str,
    Meta(min_length=1, max_length=2_097_152, extra_json_schema={"format": "uri", "x-source": True}),
]
"""A file to read: an http or https URL, a `data:` URL, or a URL of this service's own files."""

ImageUrl = Annotated[SourceUrl, Meta(extra_json_schema={"x-media-types": ["image/*"]})]
"""A source that must be a picture. Said in the schema, and what `check_task` makes hostile files of."""

AudioUrl = Annotated[SourceUrl, Meta(extra_json_schema={"x-media-types": ["audio/*", "video/*"]})]
"""A source that must have sound."""

VideoUrl = Annotated[SourceUrl, Meta(extra_json_schema={"x-media-types": ["video/*"]})]
"""A source that must be a film."""

TextUrl = Annotated[SourceUrl, Meta(extra_json_schema={"x-media-types": ["text/*", "application/json"]})]
"""A source that must be a text: plain, HTML, CSV, JSON."""

CallbackUrl = Annotated[str, Meta(min_length=1, max_length=8192, extra_json_schema={"format": "uri"})]
"""An http or https URL that the service calls."""

Color = Annotated[
    str,
    Meta(
        pattern=r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$",
        examples=["#000000"],
        extra_json_schema={"format": "color", "x-expected": "a colour such as '#000000'"},
    ),
]
"""A colour as `#rgb`, `#rrggbb` or `#rrggbbaa`."""

_SECRET = {"format": "password", "writeOnly": True, "x-secret": True}

Secret = Annotated[str, Meta(min_length=1, max_length=8192, extra_json_schema=_SECRET)]
"""A credential: sealed while it waits, never logged, never shown again, without examples or default in schemas."""

SecretOrEmpty = Annotated[str, Meta(max_length=8192, extra_json_schema=_SECRET)]
"""A credential that not everybody has: as `Secret`, but it may be empty."""

MediaType = Annotated[str, Meta(max_length=255, examples=["image/jpeg"], extra_json_schema={"x-media-type": True})]
"""A media type, such as `image/png`."""
