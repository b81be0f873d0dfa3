"""From the many ways pixels are stored to sRGB with 8 bits a channel.

In: a decoded Pillow image of any mode. `plain` makes one that can be resized, and `to_srgb`
one that can be saved: L, LA, RGB or RGBA. Two steps, because colours are converted after
resizing, when there are few of them. Stands on Pillow with LittleCMS; import it inside a
task's function alone.
"""

import io
import math
from functools import lru_cache
from typing import Any

from PIL import Image, ImageChops, ImageCms, ImageColor

PLAIN_MODES = ("L", "LA", "RGB", "RGBA", "CMYK", "LAB")

_GREY_STEPS = {"L;2": 85, "L;4": 17, "L;2I": 85, "L;4I": 17}  # 255 / (2**bits - 1)
_WHITE_16 = 65_535
_LONGEST_NAME = 200
_STEP_16 = 257  # 65535 / 255


def plain(image: Image.Image, stored_as: Any = None) -> Image.Image:
    """Return *image* in one of `PLAIN_MODES`, with every kind of transparency in its alpha channel.

    Sixteen bits become eight by division by 257, rounded. Integers of 32 bits are taken for
    sixteen if they lie in 0 to 65535; if not, and for floats outside 0 to 1, the smallest
    value of the picture becomes black and the largest white, since no format says more.

    Args:
        image: Decoded pixels, and `transparency` in its info.
        stored_as: Pillow's name for how the pixels were stored (`L;2`, `RGB;16B`), if known.
    """
    mode = image.mode
    if mode == "F" or mode.startswith("I"):  # I, I;16, I;16B, ...
        return _from_wide(image if mode == "F" else image.convert("I"))
    if "transparency" in image.info:
        _correct_transparency(image, str(stored_as))
    transparent = image.has_transparency_data
    if mode in {"1", "L", "LA", "La"}:
        wanted = "LA" if transparent else "L"
    elif mode in {"CMYK", "LAB"}:
        wanted = mode
    else:
        wanted = "RGBA" if transparent else "RGB"
    return image if mode == wanted and "transparency" not in image.info else image.convert(wanted)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return *image*, of one of `PLAIN_MODES`, in sRGB: L, LA, RGB or RGBA.

    The embedded ICC profile tells its colours; the conversion is relative colorimetric with
    black point compensation. A profile that is broken, or is one of another colour model
    than the pixels, is no information: then grey and RGB are taken for sRGB, and CMYK for
    plain ink, where red is (1 - cyan) × (1 - black).
    """
    colours = image.mode.removesuffix("A")
    transform = _transform(profile or b"", colours)
    if transform is None:
        return image.convert("RGB") if colours == "CMYK" else image
    alpha = image.getchannel("A") if image.mode != colours else None
    converted = transform.apply(image if alpha is None else image.convert(colours))
    if colours == "L":
        converted = converted.convert("L")
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def profile_name(profile: bytes | None) -> str | None:
    """Return the description in an ICC profile, such as `Display P3`; None if it has none that can be read."""
    if not profile:
        return None
    try:
        text = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    name = "".join(character for character in text if character.isprintable()).strip()
    return name[:_LONGEST_NAME] or None


def laid_on(image: Image.Image, colour: str) -> Image.Image:
    """Return *image*, L, LA, RGB or RGBA, over *colour* (`#rgb`, `#rrggbb` or `#rrggbbaa`)."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    rgba = ImageColor.getcolor(colour, "RGBA")
    ground = Image.new("RGBA", image.size, rgba)
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB") if ground.getchannel("A").getextrema() == (255, 255) else ground


def without_alpha(image: Image.Image) -> Image.Image:
    """Return *image*, L, LA, RGB or RGBA, laid on white."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    flat = Image.new(image.mode[:-1], image.size, "white")
    flat.paste(image.convert(flat.mode), mask=image.getchannel("A"))
    return flat


def uninverted(image: Image.Image) -> Image.Image:
    """Return a CMYK JPEG as it is meant if it has no marker of Adobe's.

    Adobe's programs store ink inverted and say who they are; Pillow inverts every CMYK JPEG
    (see "Special color spaces" in libjpeg.txt).
    """
    if image.mode == "CMYK" and "adobe" not in image.info:
        return ImageChops.invert(image)
    return image


def _from_wide(image: Image.Image) -> Image.Image:
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]  # one channel: two numbers
    if image.mode == "I" and low >= 0 and high <= _WHITE_16:
        return _from_16_bits(image)
    if image.mode == "F" and ((low >= 0 and high <= 1) or not math.isfinite(high - low)):
        low, high = 0.0, 1.0
    scale = 255 / (high - low) if high > low else 0.0
    offset = 0.5 - low * scale
    return image.convert("F").point(lambda value: value * scale + offset).convert("L")


def _from_16_bits(image: Image.Image) -> Image.Image:
    grey = image.point([(value + _STEP_16 // 2) // _STEP_16 for value in range(_WHITE_16 + 1)], "L")
    transparent = grey.info.pop("transparency", None)
    if isinstance(transparent, int):
        grey.putalpha(image.point([0 if value == transparent else 255 for value in range(_WHITE_16 + 1)], "L"))
    return grey


def _correct_transparency(image: Image.Image, stored_as: str) -> None:
    """Give the transparent colour of a PNG in the 8 bits that its pixels were brought to."""
    value = image.info["transparency"]
    if isinstance(value, int) and stored_as in _GREY_STEPS:
        image.info["transparency"] = value * _GREY_STEPS[stored_as]
    elif isinstance(value, tuple) and stored_as.startswith("RGB;16"):
        image.info["transparency"] = tuple(part >> 8 for part in value)


@lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from *mode* to sRGB, or None if *profile* is of no use.

    LittleCMS refuses a profile of another colour model than the pixels.
    """
    if not profile and mode != "LAB":
        return None
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else ImageCms.createProfile("LAB"),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _transform(b"", mode) if profile else None
