"""Text as the engines take it: ASCII, without control characters.

Stands on the standard library alone.
"""

import re
import unicodedata

_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
        "—": ", ",
        "―": ", ",
        "…": "...",
        "•": ", ",
        "€": " euros ",
        "£": " pounds ",
        "¥": " yen ",
        "©": " copyright ",
        "®": " registered ",
        "™": " trademark ",
        "°": " degrees ",
        "×": " times ",
        "÷": " divided by ",
        "½": " 1/2 ",
        "¼": " 1/4 ",
        "¾": " 3/4 ",
        "ß": "ss",
        "æ": "ae",
        "Æ": "Ae",
        "œ": "oe",
        "Œ": "Oe",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
    }
)


def plain_text(text: str) -> str:
    """Return *text* in ASCII: signs as their words, letters without accents, all else as spaces."""
    spread = unicodedata.normalize("NFKD", text.translate(_SAME))
    plain = "".join(character for character in spread if not unicodedata.combining(character))
    plain = "".join(character if " " <= character <= "~" or character == "\n" else " " for character in plain)
    return re.sub(r"[ \t]+", " ", plain).strip()


def pieces(text: str, most: int) -> list[str]:
    """Return *text* in pieces of at most *most* characters, cut between sentences, else words, else anywhere."""
    cut: list[str] = []
    rest = text.strip()
    while len(rest) > most:
        ends = [found.end() for found in re.finditer(r"[.!?;:]\s+|\n+", rest[:most])]
        at = ends[-1] if ends else rest.rfind(" ", 1, most) + 1 or most
        cut.append(rest[:at].strip())
        rest = rest[at:].strip()
    return [piece for piece in (*cut, rest) if piece]
