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

CHUNK = 65_536
SUSPICIOUS_DEPTH = 1000
SUSPICIOUS_ATTRIBUTES = 400
STEPS_PER_ATTRIBUTE = 5  # comparing two names takes about five times as long as looking at an element

_ATTRIBUTES = (
    r"""(?:[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+)*+"""
)
_TOKEN = re.compile(
    rf"<(?:((?i:script|style|textarea|title|xmp|iframe|noembed|noframes))(?=[\s/>])({_ATTRIBUTES})[\s/]*+(?:>|\Z)"
    r".*?(?:</(?i:\1)|\Z)"
    rf"|(/?+[a-zA-Z][^\s/>]*+)({_ATTRIBUTES})[\s/]*+(?:>|\Z)"
    r"|!--.*?(?:-->|\Z)|[!?/][^>]*+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"']++)?+)?+""")
_ROUGHLY_FLAT = ("<img", "<br", "<meta", "<input", "<link", "<!--", "<source", "<hr", "<p>", "<p ", "<li>", "<li ")
_FLAT = set("area base br col embed hr img input link meta source track wbr p li dt dd".split())
_FORMATTING = set("b big code em font i s small strike strong tt u".split())


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
    if any(len(piece) > SUSPICIOUS_ATTRIBUTES and len(piece.split()) > SUSPICIOUS_ATTRIBUTES for piece in text.split(">")):
        return True
    depth = 0
    for start in range(0, len(text), CHUNK):
        chunk = text[start : start + CHUNK].lower()
        closed = chunk.count("</")
        opened = chunk.count("<") - closed - sum(map(chunk.count, _ROUGHLY_FLAT))
        if depth + opened > SUSPICIOUS_DEPTH and opened - closed + depth > SUSPICIOUS_DEPTH // 2:
            return True
        if opened > 4 * SUSPICIOUS_DEPTH and _deep(chunk, depth):
            return True
        depth = max(0, depth + opened - closed)
    return False


def _deep(chunk: str, depth: int) -> bool:
    """Whether a chunk with many tags, closed within it, is deep in between."""
    for start in range(0, len(chunk), CHUNK // 16):
        part = chunk[start : start + CHUNK // 16]
        closed = part.count("</")
        depth = max(0, depth + part.count("<") - 2 * closed)
        if depth > SUSPICIOUS_DEPTH:
            return True
    return False


def _attribute_steps(attributes: str) -> int:
    count = sum(1 for _ in _ATTRIBUTE.finditer(attributes))
    return STEPS_PER_ATTRIBUTE * count * count // 2
