"""What can be wrong with the content of a film; each message is for the author of the definition."""


class FilmError(Exception):
    """The film cannot be made as it is defined; the text says why, without the name of the class."""


class InvalidXMLError(FilmError):
    """The definition is not well-formed, or not of the language."""


class InvalidContentError(FilmError):
    """The definition is well-formed, but asks for what cannot be."""


class InvalidFontError(FilmError):
    """A file that is used as a font is none."""


class InvalidImageError(FilmError):
    """A file that is used as a picture is none."""


class CouldNotDownloadError(FilmError):
    """An asset could not be fetched."""
