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
# fmt: off
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth", "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth",
    "twenty-fifth", "twenty-sixth", "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth",
    "thirty-first",
)
# fmt: on
_ISO_DATE = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_US_DATE = re.compile(r"\b(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/(\d{4})\b")
_ABBREVIATIONS = {
    r"\bMr\.": "Mister",
    r"\bMrs\.": "Missus",
    r"\bDr\.": "Doctor",
    r"\bProf\.": "Professor",
    r"\bvs\.": "versus",
    r"\betc\.": "et cetera.",
    r"\be\.g\.": "for example",
    r"\bi\.e\.": "that is",
    r"\bapprox\.": "approximately",
    r"\bNo\. (?=\d)": "number ",
    r"%": " percent ",
    r"&": " and ",
}


def plain_text(text: str) -> str:
    """Return *text* in ASCII: signs as their words, letters without accents, all else as spaces."""
    spread = unicodedata.normalize("NFKD", text.translate(_SAME))
    plain = "".join(character for character in spread if not unicodedata.combining(character))
    plain = "".join(character if " " <= character <= "~" or character == "\n" else " " for character in plain)
    return re.sub(r"[ \t]+", " ", plain).strip()


def read_aloud(text: str) -> str:
    """Return plain text with dates and abbreviations as a person would say them.

    Dates are ISO 8601 (`2026-11-26`) and those of the United States (`11/26/2026`).
    """
    text = _ISO_DATE.sub(lambda found: _date(int(found[2]), int(found[3]), int(found[1])), text)
    text = _US_DATE.sub(lambda found: _date(int(found[1]), int(found[2]), int(found[3])), text)
    for pattern, words in _ABBREVIATIONS.items():
        text = re.sub(pattern, words, text)
    return re.sub(r" +", " ", text).strip()


def _date(month: int, day: int, year: int) -> str:
    return f"{_MONTHS[month - 1]} {_ORDINALS[day - 1]}, {_year(year)}"


def _year(year: int) -> str:
    """Return a year as two numbers where it is said so: 19 84, 20 26; 2005 stays as it is."""
    century, rest = divmod(year, 100)
    return str(year) if rest < 10 or year < 1100 else f"{century} {rest}"


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
