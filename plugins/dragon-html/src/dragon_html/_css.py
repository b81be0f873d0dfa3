"""URLs of pictures in CSS: `url(...)` and the strings of `image-set(...)`. Pure.

In: the text of a style attribute or element. Out: the URLs as written, escapes undone.
Comments, and the rules whose URLs are fonts, style sheets or names (`@font-face`,
`@import`, `@namespace`), are passed over. Each pattern goes once over the text.
"""

import re
from collections.abc import Iterator

_STRING = r""""(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?"""
_TOKEN = re.compile(
    rf"""/\*.*?(?:\*/|\Z)
    |@font-face\s*+\{{(?:{_STRING}|[^}}"'])*+\}}?
    |@(?:import|namespace|charset)\b(?:{_STRING}|url\([^)]*+\)?|[^;"'])*+;?
    |(?<![-\w])url\(\s*+(?:(?P<quoted>{_STRING})|(?P<plain>(?:[^\s()"'\\]|\\(?:[0-9a-fA-F]{{1,6}}\s?|.))++))\s*+(?:\)|\Z)
    |(?P<set>image-set\()
    |type\(\s*+(?:{_STRING})
    |(?P<string>{_STRING})
    |(?P<end>[;}}])""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
# What most style attributes are: one URL, and no other quotes, escapes or parentheses.
_ONE = re.compile(
    r"""[^"'\\@(]*(?<![-\w])url\(\s*+(?:"([^"\\\n]*+)"|'([^'\\\n]*+)'|([^\s()"'\\]++))\s*+\)[^"'\\(]*+""", re.IGNORECASE
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(\n)|(.))", re.DOTALL)
_NO_PICTURES = (".htc", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".css")


def css_urls(css: str) -> Iterator[str]:
    """Yield the URLs of pictures in *css*, in order."""
    if (one := _ONE.fullmatch(css)) is not None and "/*" not in css:
        url = one[1] or one[2] or one[3] or ""
        if url and not _is_other(url):
            yield url
        return
    in_set = False
    for token in _TOKEN.finditer(css):
        kind = token.lastgroup
        if kind == "set":
            in_set = True
        elif kind == "end":
            in_set = False
        elif kind == "plain" or kind == "quoted" or (kind == "string" and in_set):
            url = token[kind]
            if kind != "plain":
                url = url[1:-1] if url[-1] == url[0] and len(url) > 1 else url[1:]
            if "\\" in url:
                url = _ESCAPE.sub(_unescaped, url)
            if not _is_other(url):
                yield url


def _is_other(url: str) -> bool:
    return url.partition("?")[0].partition("#")[0].lower().endswith(_NO_PICTURES)


def _unescaped(escape: "re.Match[str]") -> str:
    if escape[1]:
        number = int(escape[1], 16)
        return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    return escape[3] or ""
