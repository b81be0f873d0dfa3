"""URLs of a page as browsers write them: absolute, normalised by the URL standard.

In: the URL of the page, its `base href`, and what stands in attributes. Out: absolute
http(s) URLs without fragment, or None for what is no such thing. Stands on can_ada, the
parser of the URL standard; the join before it is the standard's in the cases that occur.
"""

import re

import can_ada

MAX_URL = 8192
MAX_DATA_URL = 100_000
_EDGES = "".join(map(chr, range(0x21)))  # C0 controls and space, which a URL may not begin or end with
_INSIDE = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_SPECIAL = re.compile(r"(https?):(?![/\\])", re.IGNORECASE)


class Resolver:
    """Makes URLs absolute; remembers those it has seen.

    Args:
        document: URL of the page; if it is a `file:`, such URLs are handed out too.
        keep_data: Whether `data:` URLs are handed out.
    """

    def __init__(self, document: str, *, keep_data: bool = False) -> None:
        self._schemes: tuple[str, ...] = ("http:", "https:")
        if document.startswith("file:"):
            self._schemes += ("file:",)
        if keep_data:
            self._schemes += ("data:",)
        self._known: dict[str, str | None] = {}
        self._set_base(document)

    def rebase(self, href: str) -> None:
        """Take *href* of a base element for what relative URLs are relative to (HTML, 4.2.3)."""
        url = self._resolved(href)
        if url is not None and not url.startswith("data:"):
            self._known.clear()
            self._set_base(url)

    def __call__(self, text: str | None) -> str | None:
        """Return the absolute URL that *text* stands for; None if it is none that is of use."""
        if not text:
            return None
        try:
            return self._known[text]
        except KeyError:
            found = self._known[text] = self._resolved(text)
            return found

    def _set_base(self, url: str) -> None:
        base = url.partition("#")[0]
        self._whole = base
        path = base.partition("?")[0]
        scheme, _, rest = path.partition("://")
        self._scheme = f"{scheme}:"
        self._origin = f"{scheme}://{rest.partition('/')[0]}"
        at = path.rfind("/")
        self._directory = path[: at + 1] if at > len(scheme) + 2 else f"{path}/"
        self._path = path
        self._usable = base.startswith(("http:", "https:", "file:"))  # a data: URL has no directory

    def _resolved(self, text: str) -> str | None:
        text = text.strip(_EDGES)
        if "\n" in text or "\t" in text or "\r" in text:
            text = text.translate(_INSIDE)
        if not text or text[0] == "#":
            return None
        if _SCHEME.match(text):
            if (special := _SPECIAL.match(text)) and f"{special[1].lower()}:" == self._scheme:
                text = text[special.end() :]  # `http:a.png` on a page of http is relative
            else:
                return self._parsed(text)
        return self._parsed(self._joined(text)) if self._usable else None

    def _joined(self, text: str) -> str:
        first = text[:1].replace("\\", "/")
        if first == "/":
            if text[1:2] not in {"/", "\\"}:
                return self._origin + text
            return ("https:" if self._scheme == "file:" else self._scheme) + text  # a saved page names hosts so
        if first == "?":
            return self._path + text
        return self._directory + text if text else self._whole

    def _parsed(self, absolute: str) -> str | None:
        scheme = absolute[: absolute.find(":") + 1].lower()
        if scheme not in self._schemes or len(absolute) > (MAX_DATA_URL if scheme == "data:" else MAX_URL):
            return None
        try:
            url = str(can_ada.parse(absolute))
        except ValueError:
            return None
        return url.partition("#")[0]
