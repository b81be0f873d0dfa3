"""Opening pictures that strangers made: which formats, how large, and what their errors mean.

In: a seekable binary file. Out: a Pillow image, or `UnreadableSourceError`. Only raster
formats whose decoders live in the process are opened: nothing here starts a program (as
Pillow does for EPS) or follows a name inside the file. Sizes are looked at before pixels
are decoded. Stands on Pillow and pillow-heif; import it inside a task's function alone.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pillow_heif
from PIL import (
    AvifImagePlugin,
    BlpImagePlugin,
    BmpImagePlugin,
    CurImagePlugin,
    DcxImagePlugin,
    DdsImagePlugin,
    FitsImagePlugin,
    FliImagePlugin,
    FtexImagePlugin,
    GbrImagePlugin,
    GifImagePlugin,
    IcnsImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    ImImagePlugin,
    ImtImagePlugin,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    McIdasImagePlugin,
    MpoImagePlugin,
    MspImagePlugin,
    PcdImagePlugin,
    PcxImagePlugin,
    PixarImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    QoiImagePlugin,
    SgiImagePlugin,
    SpiderImagePlugin,
    SunImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
    XbmImagePlugin,
    XpmImagePlugin,
    XVThumbImagePlugin,
)

from dragon_framework.errors import TaskError, UnreadableSourceError
from dragon_framework.fields import MAX_SIDE_PIXELS

# Embedded thumbnails may show another picture, and depth and auxiliary pictures are never asked for.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

# The most frequent first; then the old and the rare, and last those without a signature at the beginning.
# Not here, of all that Pillow knows: EPS and PostScript, WMF and EMF (other programs draw them); FPX and MIC
# (not without olefile); IPTC, which opens whatever lies inside; BUFR, GRIB, HDF5 and MPEG (no decoder is there).
FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,  # MPO, several JPEGs in one file, is opened by it
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        GifImagePlugin.GifImageFile,
        AvifImagePlugin.AvifImageFile,
        pillow_heif.HeifImageFile,
        TiffImagePlugin.TiffImageFile,
        BmpImagePlugin.BmpImageFile,
        Jpeg2KImagePlugin.Jpeg2KImageFile,
        PsdImagePlugin.PsdImageFile,
        IcoImagePlugin.IcoImageFile,
        CurImagePlugin.CurImageFile,
        IcnsImagePlugin.IcnsImageFile,
        QoiImagePlugin.QoiImageFile,
        DdsImagePlugin.DdsImageFile,
        PpmImagePlugin.PpmImageFile,
        PcxImagePlugin.PcxImageFile,
        SgiImagePlugin.SgiImageFile,
        XbmImagePlugin.XbmImageFile,
        XpmImagePlugin.XpmImageFile,
        SunImagePlugin.SunImageFile,
        FitsImagePlugin.FitsImageFile,
        FliImagePlugin.FliImageFile,
        DcxImagePlugin.DcxImageFile,
        BlpImagePlugin.BlpImageFile,
        FtexImagePlugin.FtexImageFile,
        GbrImagePlugin.GbrImageFile,
        MspImagePlugin.MspImageFile,
        PixarImagePlugin.PixarImageFile,
        McIdasImagePlugin.McIdasImageFile,
        XVThumbImagePlugin.XVThumbImageFile,
        PcdImagePlugin.PcdImageFile,
        SpiderImagePlugin.SpiderImageFile,
        ImImagePlugin.ImImageFile,
        ImtImagePlugin.ImtImageFile,
        TgaImagePlugin.TgaImageFile,
    )
)

# Registered types (IANA), and the common one where none is, for what Pillow calls otherwise or not at all.
_MEDIA_TYPES = {
    MpoImagePlugin.MpoImageFile.format: "image/jpeg",
    "PNG": "image/png",  # animated or not
    "ICO": "image/vnd.microsoft.icon",
    "CUR": "image/vnd.microsoft.icon",
    "QOI": "image/qoi",
    "DDS": "image/vnd.ms-dds",
    "PCX": "image/vnd.zbrush.pcx",
    "SGI": "image/sgi",
    "FITS": "image/fits",
    "PCD": "image/x-photo-cd",
    "SUN": "image/x-sun-raster",
    "FLI": "video/x-flic",
}
_JPEG_2000_CODESTREAM = b"\xff\x4f\xff\x51"
_ICO = b"\x00\x00\x01\x00"


def open_image(file: IO[bytes], url: str, max_pixels: int, *, header_only: bool = False) -> ImageFile.ImageFile:
    """Return the image in *file*, its pixels not yet decoded.

    Args:
        file: The file; stays open, and must, for as long as the image is used.
        url: Where it is from, for messages.
        max_pixels: Most pixels the image may declare.
        header_only: The pixels will not be decoded, so their number does not matter.

    Raises:
        UnreadableSourceError: If it is no raster image of a known format, or too large.
    """
    # The opener of ICO decodes the picture inside at once.
    limit = None if header_only and file.read(4) != _ICO else max_pixels
    with _decoding(url, limit, "its bytes begin like no raster format that is read here"):
        image = Image.open(file, formats=FORMATS)
    width, height = image.size
    if max(width, height) > MAX_SIDE_PIXELS:
        expected = f"an image of at most {MAX_SIDE_PIXELS} px a side"
        raise UnreadableSourceError(url, expected, f"it has {width} × {height} px")
    if min(width, height) < 1:
        raise UnreadableSourceError(url, "an image", "it has no pixels")
    return image


def load(image: ImageFile.ImageFile, url: str, max_pixels: int) -> None:
    """Decode the pixels of *image*, all of them.

    Raises:
        UnreadableSourceError: If they are damaged, cut off, or more than the file declared.
    """
    with _decoding(url, max_pixels, "it is damaged or cut off"):
        image.load()
        if image.mode == "P" and image.palette is None:
            image.putpalette(image.im.getpalette())  # Pillow forgets the one of a picture inside an ICNS file


@contextmanager
def _decoding(url: str, max_pixels: int | None, problem: str) -> Iterator[None]:
    """Turn whatever a decoder raises into `UnreadableSourceError`.

    Args:
        url: What is decoded, for messages.
        max_pixels: Most pixels of any picture in the file; None for any number.
        problem: What it means that no decoder takes the file.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except TaskError:
        raise  # a source that could not be read on
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnreadableSourceError(url, f"an image of at most {max_pixels} pixels") from error
    except UnidentifiedImageError as error:
        raise UnreadableSourceError(url, "an image", problem) from error
    except Exception as error:  # what decoders raise on hostile bytes has no common class
        raise UnreadableSourceError(url, "an image", "it is damaged or cut off") from error
    finally:
        Image.MAX_IMAGE_PIXELS = before


def media_type(image: ImageFile.ImageFile) -> str:
    """Return the media type of the format that *image* was read from, by its bytes."""
    if image.format == "JPEG2000" and image.fp is not None:
        image.fp.seek(0)
        if image.fp.read(4) == _JPEG_2000_CODESTREAM:
            return "image/j2c"
    return _MEDIA_TYPES.get(image.format or "") or image.get_format_mimetype() or "application/octet-stream"
