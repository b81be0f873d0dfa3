"""What a node needs from outside, as a key: two nodes with the same key share one file."""

from dragon_video.film.nodes import Node

AssetKey = tuple[str, ...]


def asset_key(node: Node) -> AssetKey | None:
    """Return the key of the file behind a node; None for plain colours, and for what is no medium.

    The first part is what it is: image, video, sound, speech or map.
    """
    values = node.values
    name = values.get("filename")
    match node.name:
        case "image" if values.get("type") == "map":
            parts = (values.get(part) for part in ("center", "zoom", "size", "markers", "maptype"))
            return ("map", *("" if part is None else str(part) for part in parts))
        case "image" if name is not None:
            return "image", name, values.get("alt_filename", "")
        case "video":
            return "video", values["filename"], values.get("alt_filename", "")
        case "audio" if name is not None:
            return "sound", name
        case "audio":
            return "speech", values["voice"], node.text.strip()
        case _:
            return None
