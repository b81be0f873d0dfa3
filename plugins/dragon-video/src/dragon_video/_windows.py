"""The pictures of a film from the last to the first, in bounded memory.

A film decodes forwards alone, from a key picture on. So it is cut into windows, the last one
is decoded and kept, and handed out from its end; then the one before it. A window holds
whole groups of pictures while they fit; a group that does not is cut into several windows,
each of which decodes the group again from its key picture.

Stands on PyAV; import it inside a task's function alone.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LEAST_FRAMES = 8

Window = tuple[int, int]
"""Times (pts) of the first and the last picture in it."""


def picture_times(
    container: "InputContainer", stream: "VideoStream", check: Callable[[], None]
) -> tuple[list[int], set[int]]:
    """Return the times of all pictures in order, and those of key pictures, by reading the packets; none is decoded.

    Packets without a time are left out: who counts on all pictures makes a copy that has them.
    """
    times, keys = [], set()
    for number, packet in enumerate(container.demux(stream)):
        if number % 512 == 0:
            check()
        if packet.size and packet.pts is not None and not packet.is_discard:
            times.append(packet.pts)
            if packet.is_keyframe:
                keys.add(packet.pts)
    return sorted(set(times)), keys


def windows(times: list[int], keys: set[int], most: int) -> list[Window]:
    """Return the windows of a film, in order, of at most *most* pictures each."""
    groups: list[list[int]] = []
    for time in times:
        if not groups or time in keys:
            groups.append([])
        groups[-1].append(time)
    cut: list[list[int]] = []
    for group in groups:
        if cut and len(cut[-1]) + len(group) <= most:
            cut[-1] += group
            continue
        parts = -(-len(group) // most)
        size = -(-len(group) // parts)
        cut += [group[start : start + size] for start in range(0, len(group), size)]
    return [(part[0], part[-1]) for part in cut]


def backwards(
    container: "InputContainer",
    stream: "VideoStream",
    cut: list[Window],
    keep: "Callable[[VideoFrame], VideoFrame]",
    check: Callable[[], None],
) -> "Iterator[VideoFrame]":
    """Yield the pictures of all windows, the last first.

    Args:
        container: The film.
        stream: Its video stream.
        cut: Its windows.
        keep: Makes of each picture what is kept of it, with the same time.
        check: Called for each picture; raises when the task is cancelled.
    """
    import av

    for first, last in reversed(cut):
        kept: list[VideoFrame] = []
        container.seek(first, stream=stream, backward=True, any_frame=False)
        over = False
        for packet in container.demux(stream):
            check()
            try:
                frames = packet.decode()
            except av.InvalidDataError:  # a damaged packet: players go on, too
                continue
            for frame in frames:
                if frame.pts is None or frame.pts < first:
                    continue
                if frame.pts > last:
                    over = True
                    break
                kept.append(keep(frame))
            if over:
                break
        while kept:
            yield kept.pop()
