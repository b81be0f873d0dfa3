"""Numbers as American English says them. Stands on the standard library alone."""

# fmt: off
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
_GROUPS = ("", "thousand", "million", "billion", "trillion", "quadrillion")
MOST_DIGITS = 3 * len(_GROUPS)
"""Longer numbers are said digit by digit."""
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_FIRST_YEAR, _LAST_YEAR = 1100, 2099


def cardinal(number: int) -> str:
    """Return a number as a person counts: 1234 is one thousand two hundred thirty-four."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number >= 10**MOST_DIGITS:
        return digits(str(number))
    if number == 0:
        return _SMALL[0]
    said = []
    for place in reversed(range(len(_GROUPS))):
        group = number // 1000**place % 1000
        if group:
            said += [_below_thousand(group), _GROUPS[place]]
    return " ".join(word for word in said if word)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    said = [f"{_SMALL[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        said.append(_TENS[tens] + (f"-{_SMALL[ones]}" if ones else ""))
    elif rest:
        said.append(_SMALL[rest])
    return " ".join(said)


def ordinal(number: int) -> str:
    """Return a place in a row: 23 is twenty-third."""
    said = cardinal(number)
    at = max(said.rfind(" "), said.rfind("-")) + 1
    last = said[at:]
    if last not in _ORDINALS:
        return said[:at] + (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return said[:at] + _ORDINALS[last]


def digits(text: str) -> str:
    """Return the digits in *text* one by one: 4067 is four zero six seven."""
    return " ".join(_SMALL[int(character)] for character in text if character.isdecimal())


def decimal(text: str) -> str:
    """Return a number of digits, with or without a point: 3.14 is three point one four."""
    whole, point, rest = text.partition(".")
    if (len(whole) > 1 and whole[0] == "0") or len(whole) > MOST_DIGITS:
        said = digits(whole)  # a code, no amount
    else:
        said = cardinal(int(whole or "0"))
    return f"{said} point {digits(rest)}" if point and rest else said


def is_year(text: str) -> bool:
    """Whether four digits are said like a year: 1100 to 2099."""
    return len(text) == 4 and text.isdecimal() and _FIRST_YEAR <= int(text) <= _LAST_YEAR


def year(number: int) -> str:
    """Return a year: 1984 is nineteen eighty-four, 1905 nineteen oh five, 2005 two thousand five."""
    century, rest = divmod(number, 100)
    if number < _FIRST_YEAR or 2000 <= number < 2010:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(words: str) -> str:
    """Return the plural of the last word of a number: twenties, thousands, sixths, halves."""
    if words.endswith("half"):
        return words[:-1] + "ves"
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


def roman(text: str) -> int:
    """Return the value of a Roman numeral of I, V, X and L, 0 if it is none."""
    total = 0
    for place, letter in enumerate(text):
        value = _ROMAN[letter]
        total += -value if any(_ROMAN[later] > value for later in text[place + 1 : place + 2]) else value
    return total if _as_roman(total) == text else 0


def _as_roman(number: int) -> str:
    said = ""
    for value, letters in ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while number >= value:
            said, number = said + letters, number - value
    return said
