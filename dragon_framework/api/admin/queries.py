"""The query strings of the routes for operators: each value checked, each error with its name."""

from collections.abc import Mapping, Sequence

from dragon_framework.api.problems import bad_request
from dragon_framework.api.requests import quoted

Query = Mapping[str, Sequence[str]]


def text_of(query: Query, name: str) -> str:
    """Return a text; of several the last one, empty if there is none."""
    values = query.get(name)
    return values[-1] if values else ""


def number_of(query: Query, name: str, default: int, least: int, most: int) -> int:
    """Return a number.

    Raises:
        RequestError: If it is none, or outside of its limits.
    """
    text = text_of(query, name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most):
        raise bad_request(name, "query", f"{name} must be a number from {least} to {most}, got {quoted(text)}")
    return int(text)


def choice_of(query: Query, name: str, choices: Sequence[str]) -> str:
    """Return one of *choices*; the first of them if none is given.

    Raises:
        RequestError: If it is another.
    """
    text = text_of(query, name) or choices[0]
    if text not in choices:
        raise bad_request(name, "query", f"{name} must be one of {', '.join(choices)}, got {quoted(text)}")
    return text
