"""What a sound file holds, and how long it really is.

Headers lie: an mp3 of variable bit rate without a table says almost twice its length, raw
AAC has none, and files that were cut off say what they once were. So packets are counted,
without decoding them; only where a file has an index (mp4, mov) is the index believed,
which a remote file gives without being read whole.

Stands on PyAV through the core's `media.reading`; import it inside a task's function alone.
"""

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, NamedTuple

from dragon_framework.errors import UnreadableSourceError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

EXPECTED = "a file with sound"

_PADDING_SAMPLES = 4608
"""Headers that tell of the silence an encoder put at both ends differ from the packets by it: four frames of an mp3."""
_INDEXED = {"mov", "mp4"}
_SCANNED_MEDIA_TYPES = {
    # Registered types (IANA) where there is one: without and with a picture.
    "mov": ("audio/mp4", "video/mp4"),
    "matroska": ("audio/x-matroska", "video/x-matroska"),
    "ogg": ("audio/ogg", "video/ogg"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
    "wav": ("audio/wav", "audio/wav"),
    "w64": ("audio/x-w64", "audio/x-w64"),
    "aac": ("audio/aac", "audio/aac"),
    "flac": ("audio/flac", "audio/flac"),
    "aiff": ("audio/aiff", "audio/aiff"),
    "amr": ("audio/AMR", "audio/AMR"),
    "caf": ("audio/x-caf", "audio/x-caf"),
    "ac3": ("audio/ac3", "audio/ac3"),
    "eac3": ("audio/eac3", "audio/eac3"),
    "dts": ("audio/vnd.dts", "audio/vnd.dts"),
    "au": ("audio/basic", "audio/basic"),
    "asf": ("audio/x-ms-wma", "video/x-ms-wmv"),
    "avi": ("video/vnd.avi", "video/vnd.avi"),
    "flv": ("video/x-flv", "video/x-flv"),
    "mpegts": ("video/mp2t", "video/mp2t"),
    "mpeg": ("video/mpeg", "video/mpeg"),
}


class Sound(NamedTuple):
    """What is told of a sound stream.

    Args:
        duration: Seconds, as a player would play it.
        content_type: Media type of the file, by what its bytes are.
        codec: Name of the codec, as FFmpeg spells it: `mp3`, `vorbis`, `pcm_s16le`.
        channels: Number of channels.
        sample_rate: Samples of a channel in a second.
        bit_rate: Bits of sound in a second, measured; None if there are no packets to measure.
        title: Title, if the file has one.
        artist: Artist, if the file has one.
    """

    duration: float
    content_type: str
    codec: str
    channels: int
    sample_rate: int
    bit_rate: int | None
    title: str | None
    artist: str | None


def first_sound(container: "InputContainer", url: str) -> "AudioStream":
    """Return the first sound stream.

    Raises:
        UnreadableSourceError: If there is none.
    """
    for stream in container.streams.audio:
        if stream.codec_context.sample_rate:
            return stream
    raise UnreadableSourceError(url, EXPECTED, "it has no sound")


def probe(container: "InputContainer", url: str, file: IO[bytes], check: Callable[[], None]) -> Sound:
    """Return what the first sound stream of an open file is.

    Args:
        container: The file, at its beginning.
        url: Where it is from, for messages.
        file: The same bytes, to look at the first of them.
        check: Called now and then; what it raises ends the scan.

    Raises:
        UnreadableSourceError: If there is no sound, or none of it can be read.
    """
    stream = first_sound(container, url)
    context = stream.codec_context
    tags = {name.lower(): value.strip() for name, value in (stream.metadata | container.metadata).items()}
    content_type = media_type(container, file)
    duration, size = measured(container, stream, check)
    if duration <= 0:
        raise UnreadableSourceError(url, EXPECTED, "its sound is empty")
    return Sound(
        duration=duration,
        content_type=content_type,
        codec=context.codec.canonical_name,
        channels=context.channels,
        sample_rate=context.sample_rate,
        bit_rate=round(8 * size / duration) if size else None,
        title=tags.get("title") or None,
        artist=tags.get("artist") or None,
    )


def measured(container: "InputContainer", stream: "AudioStream", check: Callable[[], None]) -> tuple[float, int]:
    """Return the duration of a sound stream in seconds, and the bytes of its packets."""
    base = float(stream.time_base or 0)
    start = (stream.start_time or 0) * base
    header = stream.duration * base if stream.duration else 0.0
    padding = _PADDING_SAMPLES / stream.codec_context.sample_rate
    if _INDEXED & set(container.format.name.split(",")):
        entries = stream.index_entries
        if count := len(entries):
            last = entries[count - 1].timestamp
            step = last - entries[count - 2].timestamp if count > 1 else 0
            end = (last + step) * base
            size = sum(entry.size for entry in entries)
            # The header's is exact where it agrees with the index: it knows what the last packet is cut down to.
            return (header if abs(header - end) < padding else end - max(start, 0.0)), size
    end, size = 0.0, 0
    for number, packet in enumerate(container.demux(stream)):
        if number % 512 == 0:
            check()
        size += packet.size
        if packet.pts is not None and packet.size:
            end = max(end, (packet.pts + (packet.duration or 0)) * base)
    counted = end - start
    if "mp3" in container.format.name and 0 <= end - header <= padding:
        return header, size
    return counted, size


def media_type(container: "InputContainer", file: IO[bytes]) -> str:
    """Return the media type of a file, by its format and whether it has moving pictures."""
    names = container.format.name.split(",")
    pictures = any(not int(stream.disposition) & 0x400 for stream in container.streams.video)  # 0x400: attached_pic
    kind = next((name for name in names if name in _SCANNED_MEDIA_TYPES), "")
    sound, video = _SCANNED_MEDIA_TYPES.get(kind, ("application/octet-stream", "application/octet-stream"))
    if kind in {"mov", "matroska"}:
        place = file.tell()
        file.seek(0)
        head = file.read(64)
        file.seek(place)
        if kind == "matroska" and b"webm" in head:
            sound, video = "audio/webm", "video/webm"
        elif kind == "mov" and head[4:8] == b"ftyp":
            brand = head[8:12]
            if brand == b"qt  ":
                sound = video = "video/quicktime"
            elif brand.startswith(b"3g"):
                sound, video = "audio/3gpp", "video/3gpp"
        elif kind == "mov":
            sound = video = "video/quicktime"  # before there were brands
    return video if pictures else sound
