"""How a film is cut into pieces, and what makes one: frames → encoders → files.

Pieces begin where the encoder may begin anew, so that they are joined without another encoding. The
one with the thumbnail comes first. Stands on `plan` and `encoding`.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dragon_video.film.encoding import PieceEncoder, preview_encoder, write_thumbnail
from dragon_video.film.plan import Drawing, Plan
from dragon_video.film.profiles import Profile

LONGEST_SECONDS = 10
PIECES_EACH = 3
"""So many pieces for each process, or more: the last ones end at about the same time."""

LEAST_FRAMES = 12
"""A last piece with fewer is part of the one before: it would be shorter than the encoder looks ahead."""


@dataclass(frozen=True)
class Order:
    """What is to be written.

    Args:
        plan: The film.
        profile: Of the frames that are drawn, and of the export.
        preview: Of the preview; None if there is none.
        export: Whether there is an export.
        directory: Where pieces go.
        thumbnail: Number of the frame that is the thumbnail.
        thumbnail_path: Its file.
    """

    plan: Plan
    profile: Profile
    preview: Profile | None
    export: bool
    directory: Path
    thumbnail: int
    thumbnail_path: Path


@dataclass(frozen=True)
class Piece:
    """A stretch of frames.

    Args:
        number: Its place in the film, from 0.
        first: Number of its first frame.
        last: Number of the frame after its last one.
    """

    number: int
    first: int
    last: int

    def export(self, directory: Path) -> Path:
        """Return the file of its pictures."""
        return directory / f"export-{self.number}.nut"

    def preview(self, directory: Path) -> Path:
        """Return the file of its pictures for the preview."""
        return directory / f"preview-{self.number}.nut"


def cut(frames: int, profile: Profile, processes: int, *, early: bool = False) -> list[Piece]:
    """Return the pieces of a film, in order: for several processes, some for each.

    Args:
        frames: How many the film has.
        profile: What is written; some are not cut at all.
        processes: How many work side by side.
        early: Whether the first pieces are wanted before the last: then it is cut for one process as well.
    """
    if not profile.cuttable or (processes < 2 and not early):
        return [Piece(0, 0, frames)]
    most = max(profile.gop, int(LONGEST_SECONDS * profile.frame_rate) // profile.gop * profile.gop)
    each = -(-frames // (processes * PIECES_EACH))
    each = min(most, -(-each // profile.gop) * profile.gop)
    starts = list(range(0, frames, each))
    if len(starts) > 1 and frames - starts[-1] < LEAST_FRAMES:
        starts.pop()
    return [
        Piece(number, first, last)
        for number, (first, last) in enumerate(zip(starts, [*starts[1:], frames], strict=True))
    ]


def ordered(pieces: Sequence[Piece], thumbnail: int) -> list[Piece]:
    """Return *pieces* in the order to make them in: the one with the thumbnail, then from the beginning on."""
    return sorted(pieces, key=lambda piece: (not piece.first <= thumbnail < piece.last, piece.number))


def make(piece: Piece, order: Order, drawing: Drawing, told: Callable[[int], None]) -> None:
    """Draw and encode a piece.

    Args:
        piece: Which.
        order: What is to be written.
        drawing: Makes the frames.
        told: Called after each frame with its number.
    """
    with ExitStack() as stack:
        export = preview = None
        if order.export:
            path = piece.export(order.directory)
            export = stack.enter_context(PieceEncoder(path, order.profile, first=piece.first))
        if order.preview is not None:
            path = piece.preview(order.directory)
            preview = stack.enter_context(preview_encoder(path, order.preview, first=piece.first))
        for number in range(piece.first, piece.last):
            frame = drawing.frame(number)
            if number == order.thumbnail:
                write_thumbnail(frame, order.thumbnail_path, order.profile)
            if export is not None:
                yuv = export.write(frame)
                if preview is not None:
                    preview.write_yuv(yuv, order.profile.matrix)
            elif preview is not None:
                preview.write(frame)
            told(number)
