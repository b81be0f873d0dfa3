"""What kind of file a medium is: its media type, by what is in it.

Stands on PyAV through `reading`; importing this module loads nothing.
"""

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

_MEDIA_TYPES = {
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
    "gif": ("image/gif", "image/gif"),
    "mxf": ("application/mxf", "application/mxf"),
}
_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC


def moving_pictures(container: "InputContainer") -> "list[VideoStream]":
    """Return the video streams that are no covers, and whose codec is known."""
    return [
        stream
        for stream in container.streams.video
        if has_codec(stream) and not int(stream.disposition) & _ATTACHED_PICTURE
    ]


def has_codec(stream: "Stream") -> bool:
    """Whether the codec of a stream is known; else its `codec_context` is None, which PyAV's types leave out."""
    return getattr(stream, "codec_context", None) is not None


def media_type(container: "InputContainer", file: IO[bytes]) -> str:
    """Return the media type of a file, by its format and whether it has moving pictures."""
    names = container.format.name.split(",")
    pictures = bool(moving_pictures(container))
    kind = next((name for name in names if name in _MEDIA_TYPES), "")
    sound, video = _MEDIA_TYPES.get(kind, ("application/octet-stream", "application/octet-stream"))
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
