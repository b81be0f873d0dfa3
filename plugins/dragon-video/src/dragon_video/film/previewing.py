"""The beginning of a preview, shown while the rest of the film is still drawn.

In: the pieces of the film as they are made, in any order. Out: files that can be played, each of all pieces from the
beginning that are there. What is stored is never changed, and may be kept by caches, so each of them has a name of its
own; each is at least twice as long as the one before, so that together they are no larger than two previews. Stands
on `joining`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from dragon_framework import TaskContext
from dragon_video.film.joining import join
from dragon_video.film.pieces import Piece
from dragon_video.film.profiles import Profile

LONGER = 2
"""Times the length of what was shown last that the next one has at least."""


class EarlyPreview:
    """Joins what there is of a preview, and shows it as the partial result `preview`.

    Args:
        ctx: Of the task.
        profile: What the preview is written as.
        pieces: All pieces of the film, in order.
        directory: Where they are.
        sound: Returns the encoded sound of the whole film; None while it is not ready.
    """

    def __init__(
        self,
        ctx: TaskContext,
        profile: Profile,
        pieces: Sequence[Piece],
        directory: Path,
        sound: Callable[[], Path | None],
    ) -> None:
        self._ctx = ctx
        self._profile = profile
        self._pieces = pieces
        self._directory = directory
        self._sound = sound
        self._done: set[int] = set()
        self._count = 0
        self._frames = 0  # of what was shown last

    def add(self, piece: Piece) -> None:
        """Take a piece that is made."""
        self._done.add(piece.number)

    def show(self) -> None:
        """Show what begins the film, if the sound is ready and there is much more of it than was shown last.

        All of it is not shown here: it is joined as a film of its own at once.
        """
        ready = 0
        while ready < len(self._pieces) and self._pieces[ready].number in self._done:
            ready += 1
        if ready in {0, len(self._pieces)}:
            return
        frames = self._pieces[ready - 1].last - self._pieces[0].first
        if frames < LONGER * self._frames or (sound := self._sound()) is None:
            return
        self._frames = frames
        self._count += 1
        path = self._ctx.output("preview", f".{self._count}.mp4", "video/mp4")
        join([one.preview(self._directory) for one in self._pieces[:ready]], sound, path, self._profile)
        self._ctx.partial(preview=path)
