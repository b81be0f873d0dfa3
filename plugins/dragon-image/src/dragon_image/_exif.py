"""What the camera wrote into a picture (EXIF), with every value checked.

In: an image that `_reading.open_image` returned. Out: `Exif` with plain values, None for
what is missing, impossible or broken: hostile metadata never fails a task. Tag numbers and
meanings are those of Exif 2.32. Stands on Pillow; import it inside a task's function alone.
"""

import math
import re
import warnings
import zlib
from typing import IO, Any, NamedTuple

from PIL import ExifTags, Image, ImageFile

from dragon_framework.errors import TaskError
from dragon_framework.media.geometry import Size, Turn, upright

_DATE = re.compile(r"(?!0000)\d{4}:(?:0[1-9]|1[0-2]):(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)")
_TAIL_BYTES = 64 * 1024
_MOST_BYTES = 65_533  # a JPEG segment without the two bytes of its length
_TOLD = {
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Copyright,
}
_ISO_ELSEWHERE = 65_535  # "65535 or more: see the tags from 0x8831 on" (PhotographicSensitivity)


class Exif(NamedTuple):
    """The values of one picture; None for what is not known.

    Args:
        orientation: 1 to 8.
        date_time: When it was shot, `YYYY:MM:DD HH:MM:SS`.
        flash: Whether the flash fired.
        focal_length: In millimetres, above 0.
        iso_speed: Sensitivity (ISO 12232), above 0.
        exposure_time: In seconds, above 0.
    """

    orientation: int | None = None
    date_time: str | None = None
    flash: bool | None = None
    focal_length: float | None = None
    iso_speed: float | None = None
    exposure_time: float | None = None


def read_exif(image: ImageFile.ImageFile) -> Exif:
    """Return the EXIF values of *image*, without decoding its pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow remarks on what it skips
        base, shot = _tags(image)
    orientation = base.get(ExifTags.Base.Orientation)
    flash = shot.get(ExifTags.Base.Flash)
    return Exif(
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else None,
        date_time=_date(shot.get(ExifTags.Base.DateTimeOriginal))
        or _date(shot.get(ExifTags.Base.DateTimeDigitized))
        or _date(base.get(ExifTags.Base.DateTime)),
        flash=bool(flash & 1) if isinstance(flash, int) else None,
        focal_length=_number(shot.get(ExifTags.Base.FocalLength), 1e6),
        iso_speed=_iso_speed(shot),
        exposure_time=_number(shot.get(ExifTags.Base.ExposureTime), 1e7),
    )


def kept_exif(image: ImageFile.ImageFile, size: Size) -> bytes:
    """Return the EXIF of *image* for an upright copy of it of *size*; empty if there is none that can be read.

    It tells what was there of description, camera, maker, rights, time, settings and
    position. Makers' private notes, which are lost when they are moved, the thumbnail and
    all that describes how pixels were stored are left out, and so is everything if it would
    not fit into a JPEG.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = image.getexif() if image.format == "TIFF" else _parsed(image)
            kept = Image.Exif()
            kept.update({tag: value for tag, value in found.items() if tag in _TOLD})
            shot = {
                tag: value
                for tag, value in found.get_ifd(ExifTags.IFD.Exif).items()
                if tag not in {ExifTags.Base.MakerNote, ExifTags.IFD.Interop}
            }
            position = dict(found.get_ifd(ExifTags.IFD.GPSInfo))
            if not (kept or shot or position):
                return b""
            kept[ExifTags.Base.Orientation] = 1
            shot[ExifTags.Base.ExifImageWidth], shot[ExifTags.Base.ExifImageHeight] = size
            kept[ExifTags.IFD.Exif] = shot
            if position:
                kept[ExifTags.IFD.GPSInfo] = position
            data = kept.tobytes()
        except Exception:  # noqa: BLE001  (as in `_tags`: hostile bytes are no metadata)
            return b""
    return data if len(data) <= _MOST_BYTES else b""


def shown(image: ImageFile.ImageFile, orientation: int | None) -> tuple[Size, Turn]:
    """Return the size of *image* as shown, and the turn its decoded pixels need for that.

    Pillow turns TIFF pictures itself and says the turned size from the start.
    """
    if image.format == "TIFF":
        return image.size, Turn()
    turn = upright(orientation)
    return turn.size(image.size), turn


def _tags(image: ImageFile.ImageFile) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the tags of the picture, and those of how it was shot; empty where they are broken."""
    if image.format == "TIFF":
        image.info.pop("xmp", None)  # browsers do not turn a picture for what its XMP says; Pillow would
    try:
        exif = image.getexif() if image.format == "TIFF" else _parsed(image)
        base = dict(exif)
    except TaskError:
        raise
    except Exception:  # noqa: BLE001  (what the parser raises on hostile bytes has no common class)
        return {}, {}
    try:
        return base, dict(exif.get_ifd(ExifTags.IFD.Exif))
    except TaskError:
        raise
    except Exception:  # noqa: BLE001  (as above; the orientation may still be good)
        return base, {}


def _parsed(image: ImageFile.ImageFile) -> Image.Exif:
    exif = Image.Exif()
    data = image.info.get("exif")
    if image.format == "PNG" and data is None:
        # `getexif` would decode the whole picture to look behind its pixels.
        data = _hex_profile(image) or (_late_chunk(image.fp) if image.fp is not None else None)
    if isinstance(data, bytes) and data:
        exif.load(data)
    return exif


def _hex_profile(image: ImageFile.ImageFile) -> bytes | None:
    """Return EXIF that ImageMagick wrote as text, before PNG had a chunk for it: name, length, hexadecimal lines."""
    for keyword in ("Raw profile type exif", "Raw profile type APP1"):
        if isinstance(text := image.info.get(keyword), str):
            return bytes.fromhex("".join(text.split("\n")[3:]))
    return None


def _late_chunk(file: IO[bytes]) -> bytes | None:
    """Return the content of an `eXIf` chunk behind a PNG's pixels, in the last 64 KiB of the file.

    Its checksum tells it from pixels that look alike (PNG, third edition, 5.3 and 11.3.2.6).
    """
    position = file.tell()
    try:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    finally:
        file.seek(position)
    start = tail.rfind(b"eXIf")
    if start < 4:
        return None
    stop = start + 4 + int.from_bytes(tail[start - 4 : start])
    if zlib.crc32(tail[start:stop]) != int.from_bytes(tail[stop : stop + 4]):
        return None
    return tail[start + 4 : stop]


def _iso_speed(shot: dict[int, Any]) -> float | None:
    speed = _number(shot.get(ExifTags.Base.ISOSpeedRatings), 1e9)
    if speed == _ISO_ELSEWHERE:
        for tag in (
            ExifTags.Base.ISOSpeed,
            ExifTags.Base.RecommendedExposureIndex,
            ExifTags.Base.StandardOutputSensitivity,
        ):
            if (better := _number(shot.get(tag), 1e9)) is not None:
                return better
    return speed


def _number(value: Any, most: float) -> float | None:
    """Return *value*, or the first of several, as a number above 0 and up to *most*."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, str | bytes):
        return None  # not the type that EXIF gives these tags
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) and 0 < number <= most else None


def _date(value: Any) -> str | None:
    """Return a date in EXIF's form; None for blanks, zeros and anything else."""
    if not isinstance(value, str):
        return None
    text = value.rstrip("\0 ")
    return text if _DATE.fullmatch(text) else None
