"""Text as a person would read it aloud: numbers, dates, times, money, units and abbreviations in words.

In: text as it was written. Out: the same with words in the place of what an American reader would say in
words. The rules run one after the other, the most particular first, and each leaves nothing that a later one
could take for something else. Stands on the standard library alone; `spelling` makes ASCII of what is left.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from dragon_audio.abbreviations import abbreviations
from dragon_audio.numerals import cardinal, decimal, digits, is_year, ordinal, plural, roman, year

# fmt: off
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
_DENOMINATORS = {2: "half", 4: "quarter"}
_UNITS = {
    "km/h": "kilometer per hour", "mph": "mile per hour", "kWh": "kilowatt hour", "km": "kilometer", "cm": "centimeter",
    "mm": "millimeter", "m": "meter", "mi": "mile", "ft": "foot", "yd": "yard", "kg": "kilogram", "mg": "milligram",
    "g": "gram", "lb": "pound", "lbs": "pound", "oz": "ounce", "ml": "milliliter", "mL": "milliliter", "l": "liter",
    "L": "liter", "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "kbps": "kilobit per second", "Mbps": "megabit per second", "Gbps": "gigabit per second", "Hz": "hertz",
    "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "ms": "millisecond", "s": "second", "sec": "second",
    "min": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "W": "watt", "kW": "kilowatt", "MW": "megawatt",
    "V": "volt", "mA": "milliamp", "dB": "decibel", "px": "pixel", "fps": "frame per second", "bpm": "beat per minute",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree", "%": "percent",
}
# fmt: on
_UNCHANGED = {"percent", "hertz", "kilohertz", "megahertz", "gigahertz"}
_MONEY = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yen", "")}
_PLURALS = {"foot": "feet", "penny": "pence", "yen": "yen"}
_SCALES = {"k": "thousand", "K": "thousand", "M": "million", "m": "million", "B": "billion", "bn": "billion"}
_COUNTED = {"war", "chapter", "part", "act", "volume", "section", "phase", "type", "book", "appendix", "level", "bowl"}
"""Words after which a Roman numeral counts (World War Two); after names it gives a place (Henry the Eighth)."""

_WRITTEN = str.maketrans(
    {"\u00a0": " ", "\u2009": " ", "\u202f": " ", "½": " 1/2", "¼": " 1/4", "¾": " 3/4", "\u2019": "'", "\u2212": "-"}
)
"""What is the same to the rules: spaces that do not break, fractions, the apostrophe and the minus of printers."""
_NO_NAMES = {"A", "An", "The", "This", "That", "His", "Her", "My", "Your", "Our", "Their", "And", "Or"}

_AMOUNT = r"(\d{1,3}(?:,\d{3}){1,5}|\d{1,18})"  # longer rows of digits are no amounts
_MONTH = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)"
_MONTH_NAME = rf"\b(?:{_MONTH}\.?|({'|'.join(_MONTHS)}))"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_START = r"(?<![\w.,/:-])"
_END = r"(?![\w/-])(?![.,:]\d)"


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str]


def read_aloud(text: str) -> str:
    """Return *text* with everything in words that an American reader would say in words.

    Addresses of pages and of mail, telephone numbers, dates (`2026-11-26`, `11/26/2026`, `Nov. 26, 2026`), times,
    decades, money, units, ranges, fractions, ordinals, Roman numerals, numbers and usual abbreviations. What can
    be read in two ways is read as it is most often meant: `1984` as a year, `3-4` as a range, `St.` by what follows.
    """
    text = abbreviations(text.translate(_WRITTEN))
    for rule in _RULES:
        text = rule.pattern.sub(rule.say, text)
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def _number(text: str) -> str:
    """Return a number as it was written, with commas and a point."""
    bare = text.replace(",", "")
    return year(int(bare)) if is_year(text) else decimal(bare)


def _amount(text: str) -> str:
    return decimal(text.replace(",", ""))


def _many(count: str, word: str) -> str:
    """Return *word* in the number that *count* asks for."""
    first, *rest = word.split(" ")
    if count.replace(",", "") == "1" or first in _UNCHANGED:
        return word
    if rest and rest[0] == "hour" and first == "kilowatt":
        return f"{first} hours"
    return " ".join([_PLURALS.get(first) or plural(first), *rest])


def _date(month: int, day: int, year_number: int | None) -> str:
    said = f"{_MONTHS[month - 1]} {ordinal(day)}"
    return said if year_number is None else f"{said}, {year(year_number)}"


def _month(found: re.Match[str], short: int, long: int) -> int:
    names = [name[:3] for name in _MONTHS]
    return names.index((found[short] or found[long])[:3]) + 1


def _short_year(text: str) -> int:
    """Return the year of two digits: this century up to 49, as spreadsheets do up to 29 and telephones to 99."""
    return int(text) if len(text) == 4 else int(text) + (2000 if int(text) < 50 else 1900)


def _url(found: re.Match[str]) -> str:
    address = re.sub(r"^https?://", "", found[0], flags=re.IGNORECASE)
    tail = re.search(r"[.,;:!?)]+$", address)
    address, end = (address[: tail.start()], tail[0]) if tail else (address, "")
    return _address(address.rstrip("/")) + end


def _mail(found: re.Match[str]) -> str:
    return _address(found[0])


def _address(text: str) -> str:
    """Return the parts of an address with the names of what stands between them."""
    names = {".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", "?": "question mark", "=": "equals"}
    names |= {"&": "and", "#": "hash", ":": "colon", "%": "percent", "+": "plus", "~": "tilde"}
    parts = re.findall(r"\d+|[^\W\d_]+|[^\w]|_", text)
    return " ".join(digits(part) if part.isdecimal() else names.get(part, part) for part in parts)


def _telephone(found: re.Match[str]) -> str:
    groups = [digits(group) for group in re.findall(r"\d+", found[0])]
    return ("plus " if found[0].startswith("+") else "") + ", ".join(groups)


def _time(found: re.Match[str]) -> str:
    hour, minute, half = int(found[1]), int(found[2]), found[3]
    if minute:
        said = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif half:
        said = cardinal(hour)
    else:
        said = f"{cardinal(hour)} o'clock" if 1 <= hour <= 12 else f"{cardinal(hour)} hundred" if hour else "midnight"
    return said + (f" {half[0].lower()} m" if half else "")


def _lasting(found: re.Match[str]) -> str:
    parts = [(found[1], "hour"), (found[2], "minute"), (found[3], "second")]
    return " ".join(f"{cardinal(int(count))} {_many(str(int(count)), word)}" for count, word in parts)


def _prices(found: re.Match[str]) -> str:
    return f"{_amount(found[2])} to {_amount(found[3])} {_many('2', _MONEY[found[1]][0])}"


def _money(found: re.Match[str]) -> str:
    sign, whole, cents, scale = found[1], found[2], found[3], found[4]
    unit, part = _MONEY[sign]
    if scale:
        amount = _amount(whole + (f".{cents}" if cents else ""))
        return f"{amount} {_SCALES.get(scale.strip(), scale.strip())} {_many('2', unit)}"
    if cents is not None and (len(cents) != 2 or not part):
        return f"{_amount(f'{whole}.{cents}')} {_many('2', unit)}"
    said = f"{_amount(whole)} {_many(whole, unit)}"
    if cents is None or int(cents) == 0:
        return said
    small = f"{cardinal(int(cents))} {_many(str(int(cents)), part)}"
    return small if int(whole.replace(",", "")) == 0 else f"{said} and {small}"


def _measure(found: re.Match[str]) -> str:
    minus = "minus " if found[1] else ""
    amount = found[2] + (found[3] or "")
    return f"{minus}{_amount(amount)} {_many(amount, _UNITS[found[4]])}"


def _fraction(found: re.Match[str]) -> str:
    whole, above, below = found[1], int(found[2]), int(found[3])
    if (above, below) == (24, 7):
        return "twenty-four seven"
    if below < 2 or below > 100 or (above > below and not whole):
        return f"{cardinal(int(whole)) + ' ' if whole else ''}{cardinal(above)} over {cardinal(below)}"
    name = _DENOMINATORS.get(below) or ordinal(below)
    said = f"{cardinal(above)} {name if above == 1 else plural(name)}"
    return f"{cardinal(int(whole))} and {said}" if whole else said


def _decade(found: re.Match[str]) -> str:
    tens = plural(cardinal(int(found[2])))
    if found[2] == "00":
        tens = "hundreds" if found[1] != "20" else ""
    if found[1] == "20" and found[2] == "00":
        return "two thousands"
    return f"{cardinal(int(found[1]))} {tens}" if found[1] else tens


def _roman(found: re.Match[str]) -> str:
    number, counted = roman(found[2]), found[1].lower() in _COUNTED
    if not number or (not counted and (len(found[2]) == 1 or "L" in found[2] or found[1] in _NO_NAMES)):
        return found[0]  # Malcolm X, size XL, an IV drip
    return f"{found[1]} {cardinal(number) if counted else 'the ' + ordinal(number)}"


def _version(found: re.Match[str]) -> str:
    said = " point ".join(decimal(part) for part in found[2].split("."))
    return f"version {said}" if found[1] else said


def _left(found: re.Match[str]) -> str:
    """Say digits that no rule has taken: parts of names (MP3), codes, version numbers."""
    before = f"{found[1].rstrip('-')} " if found[1] else ""
    after = f" {found[3]}" if found[3] else ""
    return f"{before}{_number(found[2])}{after}"


def _rule(pattern: str, say: Callable[[re.Match[str]], str], flags: int = 0) -> _Rule:
    return _Rule(re.compile(pattern, flags), say)


_RULES = (
    _rule(r"\b(?:https?://|www\.)[^\s<>\"']{1,2000}", _url, re.IGNORECASE),
    _rule(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b", _mail),
    _rule(r"\b[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,63}){0,4}\.(?:com|org|net|edu|gov|io)\b(?:/[\w./-]{1,500})?", _url),
    _rule(r"(?<![\w.-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])", _telephone),
    _rule(r"(?<![\w.,-])\d{3}-\d{4}(?![\w-])", _telephone),
    _rule(r"(?<![\w.,/-])911(?![\w.,/-]\w)", lambda _: "nine one one"),
    _rule(r"(?<![\w.,/-])9/11(?![\w/])", lambda _: "nine eleven"),
    _rule(r"(?<![\w.,/-])([1-9])'(\d|1[01])\"(?!\w)", lambda f: f"{cardinal(int(f[1]))} foot {cardinal(int(f[2]))}"),
    _rule(r"\b(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b", lambda f: _date(int(f[2]), int(f[3]), int(f[1]))),
    _rule(
        rf"{_START}(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/(\d{{4}}|\d{{2}}){_END}",
        lambda f: _date(int(f[1]), int(f[2]), _short_year(f[3])),
    ),
    _rule(
        rf"{_MONTH_NAME} (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?{_END}",
        lambda f: _date(_month(f, 1, 2), int(f[3]), int(f[4]) if f[4] else None),
    ),
    _rule(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)? {_MONTH_NAME}(?:,? (\d{{4}}))?{_END}",
        lambda f: _date(_month(f, 2, 3), int(f[1]), int(f[4]) if f[4] else None),
    ),
    _rule(rf"{_MONTH_NAME} (?=\d{{4}}\b)", lambda f: f"{_MONTHS[_month(f, 1, 2) - 1]} "),
    _rule(rf"{_START}(\d{{1,2}}):([0-5]\d):([0-5]\d){_END}", _lasting),
    _rule(rf"{_START}([01]?\d|2[0-3]):([0-5]\d) ?([AaPp]\.?[Mm]\b\.?(?! [A-Z]))?(?![\w:])", _time),
    _rule(r"\b(1[0-2]|[1-9]) ?([AaPp])\.?[Mm]\b(?:\.(?! [A-Z]|$))?", lambda f: f"{_amount(f[1])} {f[2].lower()} m"),
    _rule(r"(?<!\w)'?(1[1-9]|20)?(\d0)s\b", _decade),
    _rule(rf"([$€£¥]) ?{_AMOUNT}(?: ?\u2013 ?|-)\1?{_AMOUNT}(?![\w.,/-])", _prices),
    _rule(rf"([$€£¥]) ?{_AMOUNT}(?:\.(\d{{1,4}}))?((?:bn|[kKMmB])\b| (?:thousand|[mb]illion|trillion)\b)?", _money),
    _rule(r"(?<![\w,.])#(?=\d)", lambda _: "number "),
    _rule(r"\bNo\. ?(?=\d)", lambda _: "number "),
    _rule(rf"{_START}{_AMOUNT}(?: ?\u2013 ?|-)(?={_AMOUNT} ?(?:{_UNIT})(?![\w/]))", lambda f: f"{_amount(f[1])} to "),
    _rule(rf"(?<!\w)(-?){_AMOUNT}(\.\d{{1,18}})? ?({_UNIT})(?![\w/])", _measure),
    _rule(r"(?<![\w.,/])(?:(\d{1,4}) )?(\d{1,4})/(\d{1,4})(?![\w/])", _fraction),
    _rule(rf"{_START}{_AMOUNT}(?: ?[\u2013] ?|-){_AMOUNT}(?![\w/:-])", lambda f: f"{_number(f[1])} to {_number(f[2])}"),
    _rule(r"(?<![\w.,])(\d{1,15})(?:st|nd|rd|th)\b", lambda f: ordinal(int(f[1]))),
    _rule(r"\b([A-Z][a-z]{1,30}) ((?=[IVXL]{2,7}\b)[IVXL]{2,7}|V|X)\b", _roman),
    _rule(r"\b([vV]?)(\d{1,3}(?:\.\d{1,5}){2,6})\b", _version),
    _rule(rf"(?<![\w)])-(?={_AMOUNT})", lambda _: "minus "),
    _rule(rf"(?<![\w.,]){_AMOUNT}(\.\d{{1,18}})?(?!\w)", lambda f: _number(f[1] + (f[2] or ""))),
    _rule(r"(?<![\w.])\.(\d{1,18})(?!\w)", lambda f: f"point {digits(f[1])}"),
    _rule(r"([A-Za-z]-?)?(\d+)([A-Za-z])?", _left),
)
