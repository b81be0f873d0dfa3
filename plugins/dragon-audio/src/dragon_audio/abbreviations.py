"""Abbreviations and signs as American English says them. Stands on the standard library alone."""

import re
from typing import NamedTuple


class _Abbreviation(NamedTuple):
    pattern: re.Pattern[str]
    words: str


def _read(pattern: str, words: str) -> _Abbreviation:
    return _Abbreviation(re.compile(pattern), words)


_END = r"(?: *$|(?= *[\n\"')]| +[A-Z]))"
"""Where a sentence ends after a point: the point is kept."""
_STREET = r"(?<=[a-z]|\d) "
"""After the name of a street, which ends in a small letter, or its number (5th)."""

ABBREVIATIONS = (
    _read(r"\bMr\.", "Mister"),
    _read(r"\bMrs\.", "Missus"),
    _read(r"\bMs\.", "Miz"),
    _read(
        r"\b(?!(?:In|On|At|The|To|From|Of|And|By|For|With|Near)\b)([A-Z][a-z]+|\d+(?:st|nd|rd|th)) St\.", r"\1 Street"
    ),
    _read(r"\bSt\. (?=[A-Z])", "Saint "),
    _read(rf"{_STREET}Dr\.(?= *(?:$|[,;\n]|(?:in|on|at|and|is|to|from|near|was)\b))", " Drive"),
    _read(r"\bDr\.", "Doctor"),
    _read(rf"{_STREET}Ave\.", " Avenue"),
    _read(rf"{_STREET}Blvd\.", " Boulevard"),
    _read(rf"{_STREET}Rd\.", " Road"),
    _read(rf"{_STREET}Ln\.", " Lane"),
    _read(rf"{_STREET}Hwy\.", " Highway"),
    _read(r"\bApt\. ?(?=\w)", "Apartment "),
    _read(r"\bMt\. (?=[A-Z])", "Mount "),
    _read(r"\bFt\. (?=[A-Z])", "Fort "),
    _read(r"\bProf\.", "Professor"),
    _read(r"\bGen\. (?=[A-Z])", "General "),
    _read(r"\bGov\. (?=[A-Z])", "Governor "),
    _read(r"\bSen\. (?=[A-Z])", "Senator "),
    _read(r"\bRep\. (?=[A-Z])", "Representative "),
    _read(r"\bCapt\. (?=[A-Z])", "Captain "),
    _read(r"\bCol\. (?=[A-Z])", "Colonel "),
    _read(r"\bLt\. (?=[A-Z])", "Lieutenant "),
    _read(r"\bSgt\. (?=[A-Z])", "Sergeant "),
    _read(r"\bRev\. (?=[A-Z])", "Reverend "),
    _read(r"\bHon\. (?=[A-Z])", "Honorable "),
    _read(r"\bJr\.", "Junior"),
    _read(r"\bSr\.", "Senior"),
    _read(r"\bPh\.D\.?", "P H D"),
    _read(r"\bU\.S\.A\.", "U S A"),
    _read(r"\bU\.S\.", "U S"),
    _read(r"\bU\.K\.", "U K"),
    _read(r"\bD\.C\.", "D C"),
    _read(r"\bInc\.", "Incorporated"),
    _read(r"\bLtd\.", "Limited"),
    _read(r"\bCorp\.", "Corporation"),
    _read(r"\bCo\.(?= |,|$)", "Company"),
    _read(r"\bBros\.", "Brothers"),
    _read(r"\bDept\.", "Department"),
    _read(r"\bdept\.", "department"),
    _read(r"\bgovt\.", "government"),
    _read(r"\b[Ee]st\. (?=\d)", "established "),
    _read(r"\b[Aa]pprox\.", "approximately"),
    _read(r"\b[Vv]s\.?(?= )", "versus"),
    _read(rf"\betc\.{_END}", "et cetera."),
    _read(r"\betc\.", "et cetera"),
    _read(r"\b[Ee]\.g\.", "for example"),
    _read(r"\b[Ii]\.e\.", "that is"),
    _read(r"\bet al\.", "and others"),
    _read(r"\b[Nn]os?\. (?=\d)", "number "),
    _read(r"\bpp\. (?=\d)", "pages "),
    _read(r"\bp\. (?=\d)", "page "),
    _read(r"\b([Vv])ol\. (?=\w)", r"\1olume "),
    _read(r"\b([Cc])h\. (?=\d)", r"\1hapter "),
    _read(r"\b([Ff])igs?\. (?=\d)", r"\1igure "),
    _read(r"\b([Ss])ec\. (?=\d)", r"\1ection "),
    _read(r"\bw/o\b", "without"),
    _read(r"\bw/ ?(?=\w)", "with "),
    _read(r"\bMon\.(?=,| )", "Monday"),
    _read(r"\bTues?\.(?=,| )", "Tuesday"),
    _read(r"\bWed\.(?=,| )", "Wednesday"),
    _read(r"\bThurs?\.(?=,| )", "Thursday"),
    _read(r"\bFri\.(?=,| )", "Friday"),
    _read(r"\bSat\.(?=,| )", "Saturday"),
    _read(r"\bSun\.(?=,| )", "Sunday"),
    _read(r" ?&+ ?", " and "),
    _read(r"(?<=[\w)]) \+ (?=[\w(])|(?<=\w)\+(?=\w)", " plus "),
    _read(r"(?<=[\w)]) ?= ?(?=[\w(-])", " equals "),
    _read(r"(?<=\w) [x\u00d7] (?=\d)", " by "),
    _read(r"(?<!\w)~ ?(?=\d)", "about "),
)


def abbreviations(text: str) -> str:
    """Return *text* with usual abbreviations and signs in words; `St.` and `Dr.` by what stands around them."""
    for abbreviation in ABBREVIATIONS:
        text = abbreviation.pattern.sub(abbreviation.words, text)
    return text
