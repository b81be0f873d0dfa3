"""What YouTube accepts of a description, and everybody of a credential, checked before a film is fetched.

developers.google.com/youtube/v3/docs/videos, properties `snippet.title`, `.description`, `.tags` and
`status.publishAt`.
"""

from collections.abc import Sequence
from datetime import datetime

TITLE_CHARACTERS = 100
DESCRIPTION_BYTES = 5000
TAGS_CHARACTERS = 500


def title_problems(title: str) -> list[str]:
    """Return what is wrong with a title."""
    found = _angles(title)
    if not title.strip():
        found.append("must not be empty")
    if len(title) > TITLE_CHARACTERS:
        found.append(f"must have at most {TITLE_CHARACTERS} characters, got {len(title)}")
    return found


def description_problems(description: str) -> list[str]:
    """Return what is wrong with a description."""
    found = _angles(description)
    size = len(description.encode())
    if size > DESCRIPTION_BYTES:
        found.append(f"must have at most {DESCRIPTION_BYTES} bytes in UTF-8, got {size}")
    return found


def tags_problems(tags: Sequence[str]) -> list[str]:
    """Return what is wrong with a list of tags."""
    found = []
    if any(not tag.strip() for tag in tags):
        found.append("must not hold an empty tag")
    if any("<" in tag or ">" in tag for tag in tags):
        found.append("must not contain < or >")
    length = tags_length(tags)
    if length > TAGS_CHARACTERS:
        found.append(
            f"must have at most {TAGS_CHARACTERS} characters altogether, with commas between them and quotes around "
            f"those with a space, got {length}"
        )
    return found


def tags_length(tags: Sequence[str]) -> int:
    """Return the length of tags as YouTube counts it: commas between them, quotes around those with a space."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def publish_at_problems(publish_at: str | None, privacy_status: str) -> list[str]:
    """Return what is wrong with the time at which a video is to be published."""
    if publish_at is None:
        return []
    found = []
    try:
        if datetime.fromisoformat(publish_at).tzinfo is None:
            found.append("must have a time zone, such as 2030-01-31T12:00:00Z")
    except ValueError:
        found.append("must be a time of ISO 8601, such as 2030-01-31T12:00:00Z")
    if privacy_status != "private":
        found.append("needs privacy_status=private: YouTube makes the video public at that time")
    return found


def credential_problems(value: str) -> list[str]:
    """Return what is wrong with a credential that has to travel in a header (RFC 9110, 5.5): visible ASCII alone."""
    if all("!" <= letter <= "~" for letter in value):
        return []
    return ["must have letters, digits and signs of ASCII alone, without spaces"]


def _angles(text: str) -> list[str]:
    return ["must not contain < or >"] if "<" in text or ">" in text else []
