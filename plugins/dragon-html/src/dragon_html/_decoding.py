"""From the bytes of a page to its text, by the rules of the HTML and Encoding standards.

In: bytes, and the `Content-Type` that the server sent. Out: text. The order is: byte
order mark, `charset` of the header, `meta` within the first 1024 bytes; without any of
them UTF-8 if the bytes are UTF-8, else windows-1252.
"""

import codecs
import re

PRESCAN_BYTES = 1024  # HTML, 13.2.3.2: a parser looks that far for a meta element

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))

_CHARSET = re.compile(r"""charset\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s;"']++))""", re.IGNORECASE)
_SKIPPED = re.compile(rb"<!--.*?(?:-->|\Z)|<meta(?=[\s/])([^>]*)", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(rb"""([^\s/=>]++)\s*+(?:=\s*+(?:"([^"]*)"|'([^']*)'|([^\s>"']++)))?+""")

# Encoding Standard, 4.2: labels of each encoding, where Python's own name does not do.
_LABELS = {
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 x-user-defined",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp866": "866 cp866 csibm866 ibm866",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022_jp": "csiso2022jp iso-2022-jp",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
    "windows-949",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    **{
        f"iso8859-{number}": f"iso-8859-{number} iso8859-{number} iso8859{number} iso_8859-{number} {more}"
        for number, more in {
            2: "csisolatin2 iso-ir-101 iso_8859-2:1987 l2 latin2",
            3: "csisolatin3 iso-ir-109 iso_8859-3:1988 l3 latin3",
            4: "csisolatin4 iso-ir-110 iso_8859-4:1988 l4 latin4",
            5: "csisolatincyrillic cyrillic iso-ir-144 iso_8859-5:1988",
            6: "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i iso-ir-127",
            7: "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso_8859-7:1987 sun_eu_greek",
            8: "csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i iso-ir-138 logical visual",
            10: "csisolatin6 iso-ir-157 l6 latin6",
            13: "",
            14: "",
            15: "csisolatin9 l9",
            16: "",
        }.items()
    },
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}


def decode(data: bytes, content_type: str) -> str:
    """Return the text of a page; what its encoding cannot tell is U+FFFD."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    declared = header_charset(content_type) or meta_charset(data[:PRESCAN_BYTES])
    if declared is not None:
        return data.decode(declared, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def header_charset(content_type: str) -> str | None:
    """Return the codec that a `Content-Type` names; None if it names none that is known."""
    found = _CHARSET.search(content_type)
    return _codec(found[1] or found[2] or found[3] or "") if found else None


def meta_charset(head: bytes) -> str | None:
    """Return the codec that a meta element in *head* declares (HTML, 13.2.3.2: prescan)."""
    for element in _SKIPPED.finditer(head):
        if element[1] is None:
            continue
        attributes: dict[str, str] = {}
        for name, *values in _ATTRIBUTE.findall(element[1]):
            attributes.setdefault(name.decode("latin-1").lower(), b"".join(values).decode("latin-1"))
        codec = None
        if "charset" in attributes:
            codec = _codec(attributes["charset"])
        elif attributes.get("http-equiv", "").lower() == "content-type":
            codec = header_charset(attributes.get("content", ""))
        if codec is not None:
            return "utf-8" if codec.startswith("utf-16") else codec  # what was read so far was no UTF-16
    return None


def _codec(label: str) -> str | None:
    return _CODECS.get(label.strip("\t\n\f\r ").lower())
