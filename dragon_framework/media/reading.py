"""Opening sound and video that strangers made, with PyAV: which containers, and what may be reached.

A medium can name other files: playlists (HLS, DASH), concat scripts, image sequences. So a
container is opened only if its format is on the list here, which has none of these, and
only the protocol that reads the file itself is allowed. Both lists are needed: with
protocols alone, a playlist with the ending of a film still reads local files.

Stands on PyAV; the extra `dragon-framework[media]` brings it. Importing this module loads nothing.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dragon_framework.errors import NoRoomError, TaskError, UnreadableSourceError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

FORMATS = (
    # containers of sound and video
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "flv", "asf", "mpeg", "mpegts", "mpegvideo"),
    *("ogg", "rm", "swf", "dv", "mxf", "wtv", "gif", "h264", "hevc", "m4v"),
    # sound alone
    *("mp3", "wav", "w64", "aac", "flac", "aiff", "amr", "caf", "ac3", "eac3", "dts", "au", "ape", "tta", "wv", "voc"),
)
"""Names of demuxers, as FFmpeg spells them, that read one file and nothing beside it."""

FORMAT_WHITELIST = ",".join(FORMATS)


@contextmanager
def open_media(file: Path | IO[bytes], url: str, expected: str = "a sound or video file") -> "Iterator[InputContainer]":
    """Open a medium for reading; it is closed when the block is left.

    Args:
        file: A local file, or a seekable binary file such as `ctx.open` returns.
        url: Where it is from, for messages.
        expected: What it should be, with its article.

    Raises:
        UnreadableSourceError: If it is no such file, or what is in it turns out to be damaged
            inside the block.
        NoRoomError: If what is written inside the block finds the disk full.
    """
    import av

    options = {"format_whitelist": FORMAT_WHITELIST, "protocol_whitelist": "file"}
    with reading(url, expected):
        opened = f"file:{file}" if isinstance(file, Path) else file
        with av.open(opened, "r", metadata_errors="replace", container_options=options) as container:
            yield container


def decoded(container: "InputContainer", stream: "AudioStream") -> "Iterator[AudioFrame]":
    """Yield the frames of a sound stream; packets that are damaged are passed over, as players do.

    Args:
        container: An open medium, at its beginning or where it was sought to.
        stream: One of its sound streams.
    """
    import av

    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        yield from frames


@contextmanager
def reading(url: str, expected: str = "a sound or video file") -> Iterator[None]:
    """Turn what PyAV raises on a damaged file into `UnreadableSourceError`.

    Args:
        url: What is read, for messages.
        expected: What it should be, with its article.

    Raises:
        UnreadableSourceError: If it is damaged.
        NoRoomError: If a disk was full: what reads a medium often writes meanwhile.
    """
    import av

    try:
        yield
    except TaskError:
        raise  # a source that could not be read on
    except (av.InvalidDataError, av.ArgumentError) as error:  # the second: a format that is not on the list
        raise UnreadableSourceError(url, expected, "it is of no format that is read here, or damaged") from error
    except (av.FFmpegError, OSError) as error:  # an empty file cannot be sought in
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:  # what is read is not to blame
            raise NoRoomError from error
        raise UnreadableSourceError(url, expected, "it is damaged or cut off") from error
    except (IndexError, ValueError) as error:
        if not _raised_in_pyav(error):
            raise
        raise UnreadableSourceError(url, expected, "what it says of itself changes on the way") from error


def _raised_in_pyav(error: Exception) -> bool:
    """Whether it comes out of PyAV itself: a stream that begins late, a frame of another form than those before it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith("av/")  # compiled: no path of a file
