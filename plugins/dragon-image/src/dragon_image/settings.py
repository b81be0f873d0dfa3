"""The settings of the image tasks: `DRAGON_IMAGE_*`, or the table `[image]` of the configuration."""

from typing import Annotated

from msgspec import Meta, Struct


class ImageSettings(Struct, frozen=True, kw_only=True):
    """What the image tasks accept."""

    max_pixels: Annotated[
        int, Meta(ge=1, le=2**31, description="Most pixels of a picture that is decoded, and of one that is written.")
    ] = 120_000_000
    """Above the 108 megapixels of phones. Decoding takes 1 to 25 bytes a pixel, most of all for JPEG 2000 and WebP."""

    max_animation_pixels: Annotated[
        int, Meta(ge=1, le=2**40, description="Most pixels of a GIF that is written, all frames together.")
    ] = 2_000_000_000
    """A thousand frames of 1080p nearly; they take about three minutes."""

    face_detector: Annotated[
        str, Meta(min_length=1, description="Driver of `image.face`: `haar`, `yunet`, or one that is installed beside.")
    ] = "haar"

    face_model: Annotated[str, Meta(description="Path of the driver's model file; `yunet` needs one.")] = ""
