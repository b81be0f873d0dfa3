"""The sound of a film from its end to its beginning: decoded to a file once, read backwards from it.

The file holds 16 bit samples of all channels side by side, from the time of the first picture
on; what comes before it is left out, and gaps are silent. Stands on PyAV; import it inside a task's function alone.
"""

import mmap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dragon_framework.media.reading import decoded

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

BLOCK_SAMPLES = 4096
GAP_SECONDS = 0.05
"""A jump in the times of this length is a gap; less is the rounding of the container."""


class BackwardSound:
    """The samples of one sound stream.

    Args:
        path: A file to make.
        rate: Samples per second.
        channels: 1 or 2.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._path = path
        self.rate = rate
        self.layout = "mono" if channels == 1 else "stereo"
        self._width = 2 * channels
        self.samples = 0

    def read(self, container: "InputContainer", index: int, start: float, check: Callable[[], None]) -> None:
        """Decode stream *index* of a film into the file; *start* is the time of its first picture, in seconds."""
        from av.audio.resampler import AudioResampler

        stream = next(stream for stream in container.streams.audio if stream.index == index)
        resampler = AudioResampler(format="s16", layout=self.layout, rate=self.rate)
        with self._path.open("wb") as file:
            for frame in decoded(container, stream):
                check()
                if frame.time is not None:
                    wanted = round((frame.time - start) * self.rate)
                    if wanted - self.samples > GAP_SECONDS * self.rate or (self.samples == 0 and wanted > 0):
                        file.write(bytes((wanted - self.samples) * self._width))
                        self.samples = wanted
                    elif self.samples == 0 and wanted < 0:
                        self.samples = wanted
                for part in resampler.resample(frame):
                    self._append(file.write, part)
            for part in resampler.resample(None):
                self._append(file.write, part)
        self.samples = max(0, self.samples)

    def backwards(self, end: int) -> "Iterator[AudioFrame]":
        """Yield the sound as if it lasted for *end* samples, the last first, in blocks that are timed in samples."""
        from av.audio.frame import AudioFrame

        code: Literal["H", "I"] = "H" if self._width == 2 else "I"
        with self._path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.samples else None
            for at in range(0, end, BLOCK_SAMPLES):
                count = min(BLOCK_SAMPLES, end - at)
                high = end - at  # samples before this one are still to come
                block = bytes(max(0, min(count, high - max(self.samples, high - count))) * self._width)
                if data is not None and (low := high - count) < self.samples:
                    view = memoryview(data[low * self._width : min(high, self.samples) * self._width]).cast(code)
                    block += view[::-1].tobytes()
                frame = AudioFrame(format="s16", layout=self.layout, samples=count)
                frame.planes[0].update(block.ljust(frame.planes[0].buffer_size, b"\0"))
                frame.sample_rate, frame.pts = self.rate, at
                yield frame

    def _append(self, write: Callable[[bytes], object], frame: "AudioFrame") -> None:
        data = bytes(frame.planes[0])[: frame.samples * self._width]
        if self.samples < 0:
            data = data[-self.samples * self._width :]
        self.samples += frame.samples
        if data:
            write(data)
