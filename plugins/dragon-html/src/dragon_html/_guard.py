"""Pages that would take a parser minutes are refused before they are parsed.

Three things cost the tree builder of the HTML standard more than their bytes: each tag
looks through all elements that are open, each attribute through all of its element, and
each paragraph repeats all formatting elements (`<b>`, `<font>`) that were left open. Here
they are counted: first roughly, with a few searches, then, if the page looks suspicious,
tag by tag. A page that hides from the count is still ended by the task's time limit.
"""

import re

MAX_STEPS = 400_000_000
"""Looks at open elements or attributes: about two seconds."""
MAX_REPEATED = 1_000_000
"""Formatting elements that are made again."""

CHUNK = 4096
SUSPICIOUS_DEPTH = 500
SUSPICIOUS_ATTRIBUTES = 400
SUSPICIOUS_ENDS = 2000
STEPS_PER_ATTRIBUTE = 5  # comparing two names takes about five times as long as looking at an element

_ATTRIBUTES = r"""(?:[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+)*+"""
_TOKEN = re.compile(
    rf"<(?:((?i:script|style|textarea|title|xmp|iframe|noembed|noframes))(?=[\s/>])({_ATTRIBUTES})[\s/]*+(?:>|\Z)"
    r".*?(?:</(?i:\1)|\Z)"
    rf"|(/?+[a-zA-Z][^\s/>]*+)({_ATTRIBUTES})[\s/]*+(?:>|\Z)"
    r"|!--.*?(?:-->|\Z)|[!?/][^>]*+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"']++)?+)?+""")
_ROUGHLY_FLAT = {
    "img", "IMG", "br>", "br/", "br ", "BR>", "met", "MET", "inp", "INP", "lin", "LIN", "!--", "!do", "!DO", "sou",
    "hr>", "hr/", "li>", "li ", "/li", "/p>", "dt>", "/dt", "dd>", "/dd",
}  # fmt: skip
_COMMON_FLAT = ("<img", "<br", "<input", "<meta", "<!--")
_FLAT = {
    "a", "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    "p", "li", "dt", "dd",
}  # fmt: skip
_FORMATTING = {"b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"}


def refusal(text: str) -> str | None:
    """Return why a page is not parsed; None if it can be."""
    if not _suspicious(text):
        return None
    open_count: dict[str, int] = {}
    depth = steps = formatting = repeated = 0
    for token in _TOKEN.finditer(text):
        name = token[3]
        if name is None:
            if token[2] and len(token[2]) > SUSPICIOUS_ATTRIBUTES:
                steps += _attribute_steps(token[2])
            continue
        steps += depth
        if name[0] == "/":
            name = name[1:].lower()
            if open_count.get(name, 0):
                open_count[name] -= 1
                depth -= 1
                formatting -= name in _FORMATTING
            continue
        name = name.lower()
        if name in _FORMATTING:
            formatting += 1
        else:
            repeated += formatting if formatting > 3 else 0  # of equal ones the standard repeats three
        if name not in _FLAT:
            open_count[name] = open_count.get(name, 0) + 1
            depth += 1
        if len(token[4]) > SUSPICIOUS_ATTRIBUTES:
            steps += _attribute_steps(token[4])
        if steps > MAX_STEPS:
            return "its elements are nested too deeply, or have too many attributes, for its size"
        if repeated > MAX_REPEATED:
            return "it leaves too many formatting elements open"
    return None


def _suspicious(text: str) -> bool:
    """Whether something may be deep or have many attributes; seldom true for a real page."""
    pieces = text.split(">")
    if max(map(len, pieces)) > SUSPICIOUS_ATTRIBUTES and any(_many_words(piece) for piece in pieces):
        return True
    if text.count(">") - text.count("<") > SUSPICIOUS_ENDS:  # within the quotes of attributes, or in scripts
        return True
    return _perhaps_deep(text) and _deep(text)


def _many_words(piece: str) -> bool:
    """Whether the tag at the end of *piece* has many words, which may be attributes."""
    if len(piece) <= SUSPICIOUS_ATTRIBUTES:
        return False
    tag = piece[piece.rfind("<") + 1 :]
    return len(tag) > SUSPICIOUS_ATTRIBUTES and tag[:1].isalpha() and len(tag.split()) > SUSPICIOUS_ATTRIBUTES


def _perhaps_deep(text: str) -> bool:
    """Count tags by the chunk: quick, and wrong where tags that need no end are many."""
    depth = 0
    for start in range(0, len(text), CHUNK):
        chunk = text[start : start + CHUNK]
        closed = chunk.count("</")
        opened = chunk.count("<") - closed
        if depth + opened > SUSPICIOUS_DEPTH:
            return True
        depth = max(0, depth + opened - closed - sum(map(chunk.count, _COMMON_FLAT)))
    return False


def _deep(text: str) -> bool:
    """Count tags one by one, without looking at their attributes."""
    depth = 0
    pieces = iter(text.split("<"))
    for piece in pieces:
        name = piece[:3]
        if name in _ROUGHLY_FLAT or piece[:2] in {"p>", "p "}:
            continue
        if name[:1] != "/":
            if name in {"scr", "SCR"} and piece[:6].lower() == "script" and piece[6:7] in {">", " ", "\t", "\n", "/"}:
                for inner in pieces:  # a script is no markup
                    if inner[:7].lower() == "/script":
                        break
                continue
            depth += 1
            if depth > SUSPICIOUS_DEPTH:
                return True
        elif depth:
            depth -= 1
    return False


def _attribute_steps(attributes: str) -> int:
    count = sum(1 for _ in _ATTRIBUTE.finditer(attributes))
    return STEPS_PER_ATTRIBUTE * count * count // 2
