"""The steps of `image.thumb`: read and scaled as planned → background → play icon → saved.

In: parameters and a context; out: a file, and two sizes. Stands on the other private
modules here and on the core's geometry; import it inside a task's function alone.
"""

from pathlib import Path

from PIL import Image

from dragon_framework import TaskContext
from dragon_framework.errors import TaskLimitError
from dragon_framework.fields import MAX_SIDE_PIXELS
from dragon_framework.media.geometry import Box, Size, Turn, central_part, scaled_to
from dragon_framework.media.play_icon import with_play_icon
from dragon_image._colour import laid_on
from dragon_image._scaling import Mover, Plan, read_scaled
from dragon_image._writing import save
from dragon_image.thumb import ImageThumbParameters

MAX_SIDES = {
    "jpeg": 65_500,  # JPEG_MAX_DIMENSION of libjpeg
    "gif": MAX_SIDE_PIXELS,
    "png": MAX_SIDE_PIXELS,
    "webp": 16_383,  # 14 bits
    "avif": MAX_SIDE_PIXELS,
}


def make_thumbnail(parameters: ImageThumbParameters, ctx: TaskContext, path: Path) -> tuple[Size, Size]:
    """Write the thumbnail to *path*; return the size of the original as shown, and of the thumbnail.

    Raises:
        UnreadableSourceError: If the source is no image, damaged, or too large.
        TaskLimitError: If the thumbnail would be too large.
    """
    source = ctx.fetch(parameters.url)

    def planned(stored: Size, upright: Turn) -> Plan:
        plan = plan_thumbnail(parameters, stored, upright)._replace(moved=_mover(parameters, ctx, source, upright))
        _check(ctx.task_name, plan.result, parameters.format, ctx.settings.max_pixels)
        return plan

    scaled = read_scaled(source, parameters.url, ctx, planned, with_exif=not parameters.strip)
    image = scaled.image
    if parameters.background is not None:
        image = laid_on(image, parameters.background)
    if parameters.poster:
        image = with_play_icon(image)
    ctx.check()
    save(image, path, parameters.format, parameters.quality, scaled.exif)
    return scaled.original, image.size


def plan_thumbnail(parameters: ImageThumbParameters, stored: Size, upright: Turn) -> Plan:
    """Return what to do with a picture of *stored* size that *upright* shows as it was shot."""
    turn = upright.then_rotated(parameters.rotation)
    width, height = parameters.width, parameters.height
    if turn.swaps_sides:  # the picture is cut and scaled before it is turned
        width, height = height, width
    if parameters.crop and width is not None and height is not None:
        return Plan(central_part(stored, (width, height)), (width, height), turn)
    return Plan((0, 0, *stored), scaled_to(stored, width=width, height=height), turn)


def _mover(parameters: ImageThumbParameters, ctx: TaskContext, source: Path, upright: Turn) -> Mover | None:
    """Return what moves the part that is shown to where `focus` wants it."""
    if parameters.focus == "center" or not parameters.crop:
        return None
    from dragon_image._focus import most_entropy, most_of_faces  # numpy, which others need not load

    def to_faces(image: Image.Image, box: Box) -> Box:
        faces = [_as_stored(face, image.size, upright) for face in _faces(parameters.url, ctx, source)]
        return most_of_faces(image.size, box, faces) if faces else most_entropy(image, box)

    return most_entropy if parameters.focus == "entropy" else to_faces


def _faces(url: str, ctx: TaskContext, source: Path) -> list[Box]:
    """Return the faces in the upright picture, as parts of its width and height."""
    from dragon_image._analysis import look_at
    from dragon_image._faces import open_driver

    driver = open_driver(ctx.settings.face_detector, ctx.settings.face_model)
    seen = look_at(source, url, ctx, driver.side, grey=driver.grey, enlarge=driver.enlarge).image
    return [
        (
            face.x / seen.width,
            face.y / seen.height,
            (face.x + face.width) / seen.width,
            (face.y + face.height) / seen.height,
        )
        for face in driver.find(seen)
    ]


def _as_stored(part: Box, size: Size, upright: Turn) -> Box:
    """Return *part* of an upright picture, in parts of its sides, in pixels of the stored one of *size*."""
    left, top, right, bottom = part
    for _ in range(upright.quarters):  # back, clockwise
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    if upright.mirrored:
        left, right = 1 - right, 1 - left
    return left * size[0], top * size[1], right * size[0], bottom * size[1]


def _check(task_name: str, size: Size, file_format: str, max_pixels: int) -> None:
    if max(size) > MAX_SIDES[file_format]:
        raise TaskLimitError(task_name, f"thumbnail of {size[0]} × {size[1]}", f"{MAX_SIDES[file_format]} px a side")
    if size[0] * size[1] > max_pixels:
        raise TaskLimitError(task_name, f"thumbnail of {size[0]} × {size[1]}", f"{max_pixels} pixels")
