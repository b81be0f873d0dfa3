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
from dragon_framework.media.kinds import has_codec, media_type

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

EXPECTED = "a file with sound"

MOST_CHANNELS = 8
"""Seven and a low one: more have no layout that a player knows, or that can be mixed down."""

_PADDING_SAMPLES = 4608
"""Headers that tell of the silence an encoder put at both ends differ from the packets by it: four frames of an mp3."""
_INDEXED = {"mov", "mp4"}


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
        if has_codec(stream) and stream.codec_context.sample_rate:
            return stream
    raise UnreadableSourceError(url, EXPECTED, "it has no sound")


def with_a_layout(stream: "AudioStream", url: str) -> None:
    """Check that the channels of a sound stream are so few that they can be mixed.

    Raises:
        UnreadableSourceError: If they are more than `MOST_CHANNELS`.
    """
    channels = stream.codec_context.channels
    if channels > MOST_CHANNELS:
        raise UnreadableSourceError(url, f"sound of at most {MOST_CHANNELS} channels", f"it has {channels}")


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
