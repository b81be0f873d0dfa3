"""Text to nodes: strict about the text, and indifferent to what it means.

In: the definition as XML. Out: the root node. Nothing is ever resolved or fetched: document
types, and with them entities of the document's own, are refused; depth, number and size are limited.
"""

from xml.parsers import expat

from dragon_video.film.errors import InvalidXMLError, Problem
from dragon_video.film.nodes import Node

MAX_BYTES = 2_000_000
MAX_DEPTH = 100
MAX_NODES = 50_000
MAX_ATTRIBUTE_BYTES = 16_384
MAX_ATTRIBUTES = 200
"""Of one element: more than the language has."""

_LONG_TEXT = 100_000


def parse(definition: str) -> Node:
    """Return the root of *definition*.

    Raises:
        InvalidXMLError: If it is not well formed, has a document type, or is too large, deep or long.
    """
    source = definition.lstrip("\ufeff").encode("utf-8", "surrogatepass")
    if not source.strip():
        raise InvalidXMLError('the definition is empty; expected <movie service="craftsman-1.0"><body>...')
    if len(source) > MAX_BYTES:
        raise InvalidXMLError(f"the definition has {len(source)} bytes; at most {MAX_BYTES} are allowed")
    builder = _Builder(source)
    try:
        builder.parser.Parse(source, True)
    except expat.ExpatError as error:
        column = error.offset + 1
        raise InvalidXMLError([Problem(error.lineno, column, f"not well-formed: {_reason(error)}")]) from None
    assert builder.root is not None
    return builder.root


def _reason(error: expat.ExpatError) -> str:
    reason = expat.ErrorString(error.code) or "syntax error"
    if "mismatched tag" in reason:
        return "this end tag does not match the last start tag"
    if "undefined entity" in reason:
        return "unknown entity; write &amp; for an ampersand, or the character itself"
    return reason.removeprefix("not well-formed ").strip("()")


class _Builder:
    """Makes nodes of what expat sees."""

    def __init__(self, source: bytes) -> None:
        self.root: Node | None = None
        self._source = source
        self._open: list[Node] = []
        self._count = 0
        self.parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype

    def _fail(self, message: str) -> InvalidXMLError:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        return InvalidXMLError([Problem(line, column, message)])

    def _doctype(self, *_: object) -> None:
        raise self._fail("a document type (<!DOCTYPE ...>) is not allowed; entities cannot be defined")

    def _start(self, name: str, attributes: list[str]) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise self._fail(f"more than {MAX_NODES} elements")
        if len(self._open) >= MAX_DEPTH:
            raise self._fail(f"elements are nested more than {MAX_DEPTH} deep")
        if len(attributes) // 2 > MAX_ATTRIBUTES:
            raise self._fail(f"<{name}> has {len(attributes) // 2} attributes; at most {MAX_ATTRIBUTES} are allowed")
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        for key, value in pairs.items():
            if len(value) > MAX_ATTRIBUTE_BYTES:
                raise self._fail(f"{key!r} of <{name}> is longer than {MAX_ATTRIBUTE_BYTES} characters")
        parser = self.parser
        node = Node(
            name,
            pairs,
            line=parser.CurrentLineNumber,
            column=parser.CurrentColumnNumber + 1,
            offset=parser.CurrentByteIndex,
            source=self._source,
        )
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        node = self._open[-1]
        if len(node.text) + len(text) > _LONG_TEXT:
            raise self._fail(f"the text of <{node.name}> is longer than {_LONG_TEXT} characters")
        node.text += text
