"""Pieces and a sound to a film, without encoding anything again.

In: the files of `encoding.PieceEncoder` in order and that of `sound.encoding.SoundEncoder`. Out: a file of the
profile's container. Packets are timed anew, by counting: picture n is shown at n / frame rate, whatever the piece it
is from, and decoding times (dts) are as regular. Stands on PyAV.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from math import lcm
from pathlib import Path
from types import TracebackType

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from dragon_video.film.encoding import PIECE_FORMAT
from dragon_video.film.profiles import Profile
from dragon_video.film.sound.encoding import frame_samples, sound_format, written_priming

MUXERS = {"mp4": "mp4", "flv": "flv", "wmv": "asf", "mpg": "dvd"}
_MPEG1_MUXER = "mpeg"  # system streams of ISO/IEC 11172-1


class PiecesDifferError(Exception):
    """Two pieces of a film were encoded with different settings; together they could not be decoded."""

    def __init__(self, piece: Path, why: str) -> None:
        super().__init__(piece, why)
        self.piece = piece
        self.why = why

    def __str__(self) -> str:
        return f"{self.piece.name} cannot be joined to the pieces before it: {self.why}; encode all of them alike"


class FilmWriter:
    """A film that is put together piece by piece; a context manager.

    If the block is left by an exception, the file is removed.

    Args:
        path: The file to write.
        profile: What the pieces and the sound were encoded as.
        sound: The encoded sound; what is longer than the pictures is cut off.
    """

    def __init__(self, path: Path, profile: Profile, sound: Path) -> None:
        self.frames = 0
        """How many pictures are written."""
        self._path = path
        self._profile = profile
        self._tick = 1 / profile.frame_rate
        self._form = ("", 0, 0, b"")
        self._delay = 0
        self._picture: VideoStream | None = None
        self._sound = av.open(f"file:{sound}", "r", format=sound_format(profile))
        try:
            options = _muxer_options(profile)
            self._film: OutputContainer = av.open(f"file:{path}", "w", format=_muxer(profile), options=options)
        except BaseException:
            self._sound.close()
            raise
        self._packets = self._sound_packets(self._sound)
        self._held: Packet[AudioStream] | None = None

    def add(self, piece: Path) -> None:
        """Write all pictures of the next piece, and the sound that goes with them.

        Raises:
            PiecesDifferError: If it was encoded with other settings than the first.
        """
        with av.open(f"file:{piece}", "r", format=PIECE_FORMAT) as container:
            stream = container.streams.video[0]
            self._begin(stream, piece)
            first: Fraction | None = None
            shown = 0
            for packet in container.demux(stream):
                if not packet.size or packet.pts is None or packet.time_base is None:
                    continue
                at = packet.pts * packet.time_base
                first = at if first is None else first
                position = round((at - first) * self._profile.frame_rate)
                self._write_picture(packet, position, shown, piece)
                shown += 1
        self.frames += shown

    def _begin(self, stream: VideoStream, piece: Path) -> None:
        context = stream.codec_context
        form = context.name, context.width, context.height, context.extradata or b""
        if self._picture is None:
            self._form = form
            self._delay = context.reorder_depth
            self._picture = self._film.add_stream_from_template(stream, opaque=True)
            self._picture.time_base = self._tick
            self._picture.codec_context.framerate = self._profile.frame_rate  # FLV and ASF have it in their headers
            self._heard = self._film.add_stream_from_template(self._sound.streams.audio[0])
            self._heard.time_base = Fraction(1, self._profile.sample_rate)
        elif form[:3] != self._form[:3]:
            size = f"{form[0]} of {form[1]} × {form[2]}, not {self._form[0]} of {self._form[1]} × {self._form[2]}"
            raise PiecesDifferError(piece, f"its pictures are {size}")
        elif form != self._form:
            raise PiecesDifferError(piece, "its decoder's settings (extradata) are others")

    def _write_picture(self, packet: "Packet[VideoStream]", position: int, number: int, piece: Path) -> None:
        pts, dts = self.frames + position, self.frames + number - self._delay
        if dts > pts:
            raise PiecesDifferError(piece, f"picture {position} is needed {dts - pts} frames before it is decoded")
        self._sound_until((self.frames + number) * self._tick)
        assert self._picture is not None
        packet.stream = self._picture
        packet.time_base = self._tick
        packet.pts, packet.dts, packet.duration = pts, dts, 1
        self._film.mux(packet)

    def _sound_packets(self, container: InputContainer) -> "Iterator[Packet[AudioStream]]":
        """Yield the packets of the sound, timed in samples of the film; what is before 0 is the encoder's priming."""
        stream: AudioStream = container.streams.audio[0]
        each, at = frame_samples(self._profile), -written_priming(self._profile)
        for packet in container.demux(stream):
            if packet.size:
                packet.time_base = Fraction(1, self._profile.sample_rate)
                packet.pts = packet.dts = at
                packet.duration = each
                at += each
                yield packet

    def _sound_until(self, seconds: Fraction) -> None:
        """Write the sound up to a time; one packet is held back, because the last one may have to be shortened."""
        samples = seconds * self._profile.sample_rate
        while self._held is None or (self._held.pts or 0) < samples:
            following = next(self._packets, None)
            if following is None:
                return
            if self._held is not None:
                self._write_sound(self._held)
            self._held = following

    def _write_sound(self, packet: "Packet[AudioStream]", end: int | None = None) -> None:
        """Write a packet, or as much of it as is before sample *end*."""
        if end is not None and packet.pts is not None and packet.duration is not None:
            packet.duration = min(packet.duration, end - packet.pts)
            if packet.duration <= 0:
                return
        packet.stream = self._heard
        self._film.mux(packet)

    def _finish(self) -> None:
        samples, end = self._profile.samples(self.frames), 0
        for packet in chain([] if self._held is None else [self._held], self._packets):
            end = (packet.pts or 0) + (packet.duration or 0)
            self._write_sound(packet, samples)
            if end >= samples:
                return
        short = (samples - end) / self._profile.sample_rate
        raise ValueError(f"the sound ends {short:.3f} s before the pictures do")

    def __enter__(self) -> "FilmWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                if not self.frames:
                    raise ValueError("a film has at least one picture")
                self._finish()
        except BaseException:
            kind = BaseException
            raise
        finally:
            self._film.close()
            self._sound.close()
            if kind is not None:
                self._path.unlink(missing_ok=True)


def join(pieces: Sequence[Path], sound: Path, path: Path, profile: Profile) -> int:
    """Write a film of pieces in order and one sound; return how many pictures it has.

    Args:
        pieces: Files of `PieceEncoder`, all of this profile.
        sound: The file of `SoundEncoder`, at least as long as the pictures.
        path: The file to write, with its index at the front where the container has one.
        profile: What all of them were encoded as.

    Raises:
        PiecesDifferError: If a piece was encoded with other settings than the first.
        ValueError: If there is no picture, or the sound is shorter than the pictures.
    """
    with FilmWriter(path, profile, sound) as film:
        for piece in pieces:
            film.add(piece)
    return film.frames


def _muxer(profile: Profile) -> str:
    return _MPEG1_MUXER if profile.video_codec == "mpeg1" else MUXERS[profile.container]


def _muxer_options(profile: Profile) -> dict[str, str]:
    if profile.container == "mp4":
        # Durations of edit lists are counted in this: with FFmpeg's 1000 neither frames nor samples fit.
        scale = str(lcm(profile.frame_rate.numerator, profile.sample_rate))
        return {"movflags": "faststart", "movie_timescale": scale}
    return {}
