"""One mix to one encoded track, for the whole film.

In: windows of float32 samples, (2, n). Out: a NUT file of packets, which `joining` times. Stands on PyAV.

An encoder of sound answers late: what it says first is made of silence before the film (priming). MP4 can say how
much of that to leave out, with an edit list. The other containers cannot, so there the priming is filled up to whole
packets, and these are left out: sample 0 of the film is the first of the first packet. (FFmpeg's decoder of Windows
Media is silent for its first 4096 samples, whatever they are; by their times the others are right.)
"""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from dragon_video.film.profiles import Profile

Samples = NDArray[np.float32]

ENCODERS = {"aac": "aac", "mp3": "libmp3lame", "mp2": "mp2", "wmav1": "wmav1", "wmav2": "wmav2"}

_FRAME_SAMPLES = {"aac": 1024, "mp3": 1152, "mp2": 1152, "wmav1": 2048, "wmav2": 2048}

_PRIMING = {"aac": 1024, "mp3": 1105, "mp2": 481, "wmav1": 2048, "wmav2": 2048}
"""Samples by which what is decoded is late; of MP3 LAME's 576 and the decoder's 529."""


def sound_format(profile: Profile) -> str:
    """Return the container of encoded sound: NUT, but for Windows Media, whose size of blocks it does not keep."""
    return "asf" if profile.container == "wmv" else "nut"


def frame_samples(profile: Profile) -> int:
    """Return how many samples of each channel a packet has."""
    return _FRAME_SAMPLES[profile.audio_codec]


def written_priming(profile: Profile) -> int:
    """Return how many samples of each channel are before the film's first one in the written packets."""
    return _PRIMING[profile.audio_codec] if profile.container == "mp4" else 0


class SoundEncoder:
    """The sound of a film; a context manager.

    If the block is left by an exception, the file is removed.

    Args:
        path: The file to write; an ending has no meaning.
        profile: What is written.
        frames: How many pictures the film has; the sound is cut or padded to them.
    """

    def __init__(self, path: Path, profile: Profile, frames: int) -> None:
        self._path = path
        self._profile = profile
        self._left = profile.samples(frames)
        self._each, priming = frame_samples(profile), _PRIMING[profile.audio_codec]
        written = written_priming(profile)
        filling = (written - priming) % self._each
        self._leave_out = (priming + filling - written) // self._each
        self._wanted = -(-(self._left + written) // self._each)
        self._packets = 0
        self._fed = 0
        self._container = av.open(f"file:{path}", "w", format=sound_format(profile))
        # Bits of a frame that lie in the one before it would be lost with those that are left out.
        options = {"reservoir": "0"} if profile.audio_codec == "mp3" else {}
        stream = self._container.add_stream(ENCODERS[profile.audio_codec], rate=profile.sample_rate, options=options)
        assert isinstance(stream, AudioStream)
        self._stream = stream
        context = stream.codec_context
        context.layout = "stereo"
        context.bit_rate = profile.audio_kilobits * 1000
        context.thread_count = 1
        self._feed(np.zeros((2, filling), np.float32))

    def write(self, samples: Samples) -> None:
        """Encode the next samples, (2, n) float32, full scale ±1."""
        samples = samples[:, : self._left]
        self._left -= samples.shape[1]
        self._feed(samples)

    def _feed(self, samples: Samples) -> None:
        if not samples.shape[1]:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), format="fltp", layout="stereo")
        frame.sample_rate = self._profile.sample_rate
        frame.time_base = Fraction(1, self._profile.sample_rate)
        frame.pts = self._fed
        self._fed += samples.shape[1]
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: "Iterable[av.Packet[AudioStream]]") -> None:
        for packet in packets:
            number = self._packets - self._leave_out
            self._packets += 1
            if 0 <= number < self._wanted:
                packet.time_base = Fraction(1, self._profile.sample_rate)
                packet.pts = packet.dts = number * self._each
                self._container.mux(packet)

    def _finish(self) -> None:
        """Pad to the film's end, and on until the last of it has come out of the encoder."""
        self._feed(np.zeros((2, self._left + 3 * self._each), np.float32))
        self._left = 0
        self._mux(self._stream.encode(None))

    def __enter__(self) -> "SoundEncoder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException:
            kind = BaseException
            raise
        finally:
            self._container.close()
            if kind is not None:
                self._path.unlink(missing_ok=True)


def encode_sound(windows: Iterable[Samples], path: Path, profile: Profile, frames: int) -> None:
    """Encode what `mix` yields into a file for `joining.join`.

    Args:
        windows: Samples, (2, n) float32 each, at the profile's sample rate.
        path: The file to write.
        profile: What is written.
        frames: How many pictures the film has.
    """
    with SoundEncoder(path, profile, frames) as encoder:
        for window in windows:
            encoder.write(window)
