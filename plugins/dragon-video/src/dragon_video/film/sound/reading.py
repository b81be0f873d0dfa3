"""A source of sound, read from its beginning to its end in stereo at one rate.

In: a local file that a stranger made. Out: arrays of float32, (2, n), full scale ±1. Sound is placed by counting
samples, because the first times of compressed sound are not those of its samples; what times say is heeded where
they jump. Stands on PyAV through the core's `media`.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.filter import Graph
from numpy.typing import NDArray

from dragon_framework.media.kinds import has_codec, moving_pictures
from dragon_framework.media.reading import decoded, open_media
from dragon_video.film.sound.tracks import samples_in

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

Samples = NDArray[np.float32]

EXPECTED = "a file with sound"

GAP_SECONDS = 0.05
"""A jump in the times of this length is a gap; less is the rounding of the container."""

EXACT_TIMES = {"mov", "wav", "w64", "flac", "aiff", "caf"}
"""Formats whose index leads to a packet and the exact number of its first sample."""

SOUGHT_SECONDS = 20
"""What is skipped is decoded and left out up to this; a longer one is sought for, where times are exact."""

RUN_UP_SECONDS = 2
"""Decoding begins so long before what is sought: decoders need what comes before."""

KEPT_SAMPLES = 88_200
"""What is repeated is kept in memory up to this length: two seconds or so."""

_ZEROS = 65_536


class SoundReader:
    """A source that is read on and on; close it when done.

    Args:
        path: A local file.
        rate: Samples per second of what is read.
        skip: Seconds of the source to leave out at its beginning.
        speed: 2 is twice as fast, at the same pitch.
        loop: Whether it begins anew when it ends.
        name: What messages call it.
        check: Called now and then; raises when the task is cancelled.
    """

    def __init__(
        self,
        path: Path,
        rate: int,
        *,
        skip: Fraction = Fraction(0),
        speed: Fraction = Fraction(1),
        loop: bool = False,
        name: str = "",
        check: Callable[[], None] = lambda: None,
    ) -> None:
        def once() -> Iterator[Samples]:
            return _read(path, name or path.name, rate, skip, check)

        blocks = _repeated(once) if loop else once()
        self._blocks = blocks if speed == 1 else _stretched(blocks, rate, speed)
        self._rest: Samples = np.zeros((2, 0), np.float32)

    def add_to(self, target: Samples) -> int:
        """Add the next samples to *target*, (2, n) float32; return how many there were, below n at the end.

        Raises:
            UnreadableSourceError: If it is no medium, or damaged.
        """
        done, wanted = 0, target.shape[1]
        while done < wanted:
            if not self._rest.shape[1]:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._rest = block
            some = self._rest[:, : wanted - done]
            target[:, done : done + some.shape[1]] += some
            done += some.shape[1]
            self._rest = self._rest[:, some.shape[1] :]
        return done

    def close(self) -> None:
        """Close the file."""
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()


def _repeated(once: Callable[[], Iterator[Samples]]) -> Iterator[Samples]:
    kept: list[Samples] | None = []
    while True:
        heard = 0
        for block in once():
            heard += block.shape[1]
            if kept is not None:
                kept.append(block)
                kept = kept if heard <= KEPT_SAMPLES else None
            yield block
        if not heard:  # nothing would come for ever
            return
        if kept is not None:  # it is short: decoding all that is skipped for it again and again could take hours
            whole = np.tile(np.concatenate(kept, axis=1), (1, -(-KEPT_SAMPLES // heard)))
            while True:
                yield whole


def _stretched(blocks: Iterator[Samples], rate: int, speed: Fraction) -> Iterator[Samples]:
    """Yield the sound at another speed: FFmpeg's `atempo`, in steps of at most 2, above which it leaves sound out."""
    graph = Graph()
    nodes = [graph.add_abuffer(sample_rate=rate, format="fltp", layout="stereo", time_base=Fraction(1, rate))]
    steps = 1
    while not Fraction(1, 2) ** steps <= speed <= Fraction(2) ** steps:
        steps += 1
    nodes += [graph.add("atempo", f"{float(speed) ** (1 / steps):.9f}") for _ in range(steps)]
    nodes += [graph.add("aformat", "sample_fmts=fltp"), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    at = 0
    for block in chain(blocks, [None]):
        if block is None:
            nodes[0].push(None)
        elif not block.shape[1]:
            continue
        else:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            at += block.shape[1]
            nodes[0].push(frame)
        yield from _pulled(nodes[-1])


def _pulled(sink: "object") -> Iterator[Samples]:
    import av

    while True:
        try:
            frame = sink.pull()  # type: ignore[attr-defined]
        except (av.BlockingIOError, av.EOFError):
            return
        yield _array(frame)


def _read(path: Path, name: str, rate: int, skip: Fraction, check: Callable[[], None]) -> Iterator[Samples]:
    """Yield the sound of a file from *skip* seconds on; nothing if it has none."""
    left_out = samples_in(skip, rate)
    with open_media(path, name, EXPECTED) as container:
        stream = next((stream for stream in container.streams.audio if has_codec(stream)), None)
        if stream is None:
            return
        sought = _sought(container, stream, skip)
        blocks = _placed(container, stream, rate, check, sought=sought)
        at = 0
        while at < left_out:
            block = next(blocks, None)
            if block is None:
                return
            at += block.shape[1]
            if at > left_out:
                yield block[:, left_out - at :]
        yield from blocks


def _sought(container: "InputContainer", stream: "AudioStream", skip: Fraction) -> bool:
    """Go to a little before *skip*, if the format can and it is worth it."""
    exact = EXACT_TIMES.intersection(container.format.name.split(","))
    if skip <= SOUGHT_SECONDS or not exact or not stream.time_base or stream.start_time is None:
        return False
    target = int((skip - RUN_UP_SECONDS) / stream.time_base) + stream.start_time
    container.seek(target, stream=stream, backward=True, any_frame=False)
    return True


def _origin(container: "InputContainer") -> float | None:
    """Return the time that is the file's 0: that of its first picture; None for sound alone, which is its own."""
    for picture in moving_pictures(container):
        if picture.start_time is not None and picture.time_base:
            return float(picture.start_time * picture.time_base)
    return None


def _placed(
    container: "InputContainer", stream: "AudioStream", rate: int, check: Callable[[], None], *, sought: bool
) -> Iterator[Samples]:
    """Yield all of the sound from the file's 0 on; what was passed over by seeking, and gaps, as silence."""
    origin = _origin(container)
    if origin is None and sought and stream.start_time is not None and stream.time_base:
        origin = float(stream.start_time * stream.time_base)
    resampler: _Resampler | None = None
    begun, heard, drop = 0.0, 0, 0
    for frame in decoded(container, stream):
        check()
        if not frame.samples or not frame.sample_rate:
            continue
        told, gap = frame.time, 0.0
        if told is not None:
            origin = told if origin is None else origin
            told -= origin
        if resampler is None:
            begun = 0.0 if told is None or (abs(told) <= GAP_SECONDS and not sought) else told
            drop = max(0, -samples_in(begun, rate))
            yield from _silence(samples_in(begun, rate))
        else:
            expected = begun + heard / resampler.source_rate
            gap = 0.0 if told is None or told - expected <= GAP_SECONDS else told - expected
            if gap or not resampler.takes(frame):
                yield from resampler.rest()
                yield from _silence(samples_in(gap, rate))
                begun, heard, resampler = expected + gap, 0, None
        resampler = resampler or _Resampler(frame, rate)
        heard += frame.samples
        for block in resampler.stereo(frame):
            yield block[:, drop:] if drop else block
            drop = max(0, drop - block.shape[1])
    if resampler is not None:
        yield from resampler.rest()


class _Resampler:
    """Frames of one form to stereo arrays at one rate.

    One channel is heard on both sides as loud as it is (as the Web Audio API has it, 1.1 of its rules of mixing up);
    FFmpeg would turn it down by 3 dB. More than two are mixed down by FFmpeg's rules.
    """

    def __init__(self, frame: AudioFrame, rate: int) -> None:
        self._form = self._form_of(frame)
        self.source_rate = frame.sample_rate
        layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
        plain = self._form == ("fltp", layout, rate)
        self._resampler = None if plain else AudioResampler(format="fltp", layout=layout, rate=rate)

    def takes(self, frame: AudioFrame) -> bool:
        """Whether a frame is of the form of the first."""
        return self._form_of(frame) == self._form

    def stereo(self, frame: AudioFrame) -> list[Samples]:
        """Return what there is to tell after this frame."""
        if self._resampler is None:
            return [_array(frame)]
        frame.pts = None  # where it belongs is known
        return [_array(one) for one in self._resampler.resample(frame)]

    def rest(self) -> list[Samples]:
        """Return what is left at the end."""
        return [] if self._resampler is None else [_array(one) for one in self._resampler.resample(None)]

    @staticmethod
    def _form_of(frame: AudioFrame) -> tuple[str, str, int]:
        return frame.format.name, frame.layout.name, frame.sample_rate


def _array(frame: AudioFrame) -> Samples:
    """Return a planar frame of one or two channels as an array, (2, n); `to_ndarray` takes three times as long."""
    block = np.empty((2, frame.samples), np.float32)
    planes = frame.planes
    block[0] = np.frombuffer(planes[0], np.float32, frame.samples)  # type: ignore[call-overload]
    block[1] = np.frombuffer(planes[-1], np.float32, frame.samples)  # type: ignore[call-overload]
    return block


def _silence(samples: int) -> Iterator[Samples]:
    for start in range(0, samples, _ZEROS):
        yield np.zeros((2, min(_ZEROS, samples - start)), np.float32)
