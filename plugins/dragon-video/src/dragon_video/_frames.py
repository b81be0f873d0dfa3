"""The picture on screen at a time, exactly: the last one whose time is not after it.

In: an open film and times in seconds from the first picture. Out: PyAV's frames. A seek
lands on a key picture at or before the time and decoding goes on from there; containers
without a good index land too late, and are sought in again, further back. A time that is
close ahead of the last one is reached by decoding on, without a seek.

Stands on PyAV; import it inside a task's function alone.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

UNSAFE = {"mpegts", "mpeg", "avi", "flv", "mpegvideo", "rm", "h264", "hevc"}
"""Formats (as FFmpeg names them) whose seeks may land after the key picture: media measured one by one."""

EPSILON_SECONDS = 1e-6
WHOLE_SECONDS = 0.35
"""So long before the asked time every picture is decoded; before that, those that no other needs are left out."""

AHEAD_SECONDS = 1.0
"""A time at most so far ahead is reached without a seek, where no index tells what is nearer."""

FIRST_STEP_SECONDS = 1.0
STEP_GROWTH = 3


class FrameReader:
    """Finds pictures of one video stream by their time.

    Args:
        container: The open film; nobody else may read it meanwhile.
        stream: One of its video streams.
        check: Called now and then; raises when the task is cancelled.
        duration: How long the film is said to be, in seconds; 0 if that is not known. It saves work, no more.
    """

    def __init__(
        self, container: "InputContainer", stream: "VideoStream", check: Callable[[], None], *, duration: float = 0.0
    ) -> None:
        self._container = container
        self._stream = stream
        self._check = check
        self._base = float(stream.time_base or 0) or 1.0
        self._start = stream.start_time or 0
        formats = set(container.format.name.split(","))
        self._unsafe = bool(UNSAFE & formats)
        self._untimed = "avi" in formats
        self._keys = [] if self._unsafe else _key_times(stream, self._start, self._base)
        self._duration = duration
        self._target = 0.0
        self._skips = False
        self._frames: Iterator[VideoFrame] | None = None
        self._held: VideoFrame | None = None
        self._next: VideoFrame | None = None
        self._own = _decoder_with_alpha(stream)
        if self._own is None and not stream.codec_context.is_open:
            stream.thread_type = "AUTO"

    def at(self, seconds: float) -> "VideoFrame | None":
        """Return the picture on screen at *seconds*: the first one before it begins, the last one after the end.

        None if there is none at all that can be decoded.
        """
        if self._untimed:
            self._read_palette()
            # Times are counted in the order of decoding, so the first picture has not always the first.
            first = self._sought(0.0, skip=False)
            self._start = self._start if first is None or first.pts is None else first.pts
            self._untimed = False
        if self._held is not None and self._is_ahead(seconds):
            self._target = self._sensible(seconds)
            found = self._decode_on(seconds)
        else:
            found = self._sought(seconds, skip=not self._unsafe)
        if self._skips and found is not None and self.time_of(found) < self._target - WHOLE_SECONDS:
            # It has been on screen for long; one that was left out may have followed it.
            found = self._sought(seconds, skip=False)
        return found

    def _read_palette(self) -> None:
        """Decode one packet: FFmpeg hands out the palette of AVI with the very first, and a seek would lose it."""
        import av

        if self._stream.codec_context.pix_fmt != "pal8":
            return
        with contextlib.suppress(av.InvalidDataError, StopIteration):
            next(self._container.demux(self._stream)).decode()

    def _sensible(self, seconds: float) -> float:
        """Return where all pictures must be decoded for *seconds*: no later than the film is said to end."""
        return min(seconds, self._duration) if self._duration > 0 else seconds

    def time_of(self, frame: "VideoFrame") -> float:
        """Return when *frame* comes on screen, in seconds from the first picture."""
        return ((frame.pts or 0) - self._start) * self._base

    def _is_ahead(self, seconds: float) -> bool:
        """Whether decoding on reaches *seconds* sooner than a seek would."""
        assert self._held is not None
        here = self.time_of(self._held)
        if seconds < here - EPSILON_SECONDS:
            return False
        if self._next is not None and seconds < self.time_of(self._next) - EPSILON_SECONDS:
            return True
        if seconds - here <= WHOLE_SECONDS:  # a seek would cost more, even to a key picture
            return True
        if self._keys:
            key = max((key for key in self._keys if key <= seconds + EPSILON_SECONDS), default=0.0)
            return key <= here + EPSILON_SECONDS
        return seconds - here <= AHEAD_SECONDS

    def _sought(self, seconds: float, *, skip: bool) -> "VideoFrame | None":
        """Seek, and decode up to *seconds*; further back when that landed too late."""
        back = 0.0
        self._skips = skip
        self._target = self._sensible(seconds)
        while True:
            goal = seconds - back
            ticks = self._start + max(0, int(goal / self._base))
            # The times of these formats may begin anywhere: their beginning is before all of them.
            self._container.seek(
                0 if self._unsafe and goal <= 0 else ticks, stream=self._stream, backward=True, any_frame=False
            )
            self._frames = self._decoded()
            self._held = self._next = None
            first = next(self._frames, None)
            if first is not None and (goal <= 0 or self.time_of(first) <= seconds + EPSILON_SECONDS):
                self._held = first
                return self._decode_on(seconds)
            if goal <= 0:
                return first
            back = back * STEP_GROWTH if back else FIRST_STEP_SECONDS

    def _decode_on(self, seconds: float) -> "VideoFrame | None":
        assert self._frames is not None
        while True:
            if self._next is None:
                self._next = next(self._frames, None)
                if self._next is None:
                    return self._held
            if self.time_of(self._next) > seconds + EPSILON_SECONDS:
                return self._held
            self._held, self._next = self._next, None

    def _decoded(self) -> "Iterator[VideoFrame]":
        """Yield the pictures from where the container was sought to, the first key picture onwards."""
        import av

        context = self._own or self._stream.codec_context
        if self._own is not None:
            self._own.flush_buffers()  # a seek does that for the stream's own decoder alone
        context.skip_frame = "NONREF" if self._skips else "DEFAULT"
        whole, found = not self._skips, False
        for number, packet in enumerate(self._container.demux(self._stream)):
            if number % 32 == 0:
                self._check()
            if not found:
                if packet.size and not packet.is_keyframe:
                    continue
                found = True
            if self._skips and packet.pts is not None:
                near = (packet.pts - self._start) * self._base >= self._target - WHOLE_SECONDS
                if near != whole:
                    context.skip_frame = "DEFAULT" if near else "NONREF"
                    whole = near
            try:
                frames = packet.decode() if self._own is None else self._own.decode(packet)
            except av.InvalidDataError:  # a damaged packet: players go on, too
                continue
            for frame in frames:
                if frame.pts is not None:
                    yield frame


ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these do not read the second stream of pictures, which is the transparency."""


def _decoder_with_alpha(stream: "VideoStream") -> "VideoCodecContext | None":
    """Return a decoder that reads the transparency of WebM (`AlphaMode` of Matroska), where there is some."""
    from av import CodecContext
    from av.video.codeccontext import VideoCodecContext

    name = ALPHA_DECODERS.get(stream.codec_context.codec.canonical_name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    decoder = CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = stream.codec_context.extradata
    return decoder


def _key_times(stream: "VideoStream", start: int, base: float) -> list[float]:
    """Return when key pictures are, as the index tells; empty if it does not."""
    return [(entry.timestamp - start) * base for entry in stream.index_entries if entry.is_keyframe]
