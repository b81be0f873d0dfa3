"""How the films of the gallery are written: short ways to the elements that they have in common.

Stands on the standard library.
"""

from typing import NamedTuple

SECONDS = 4


class Show(NamedTuple):
    """One film of the gallery.

    Args:
        name: What it shows; with the section the name of its strip.
        body: What stands in its `body`.
        caption: What to look at; "" for what the tables say of it.
        times: When its five frames are, in seconds.
        moves: Whether its frames differ.
    """

    name: str
    body: str
    caption: str = ""
    times: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 3.96)
    moves: bool = True

    @property
    def definition(self) -> str:
        """The film in SXML."""
        body = "\n".join("    " + line for line in self.body.splitlines())
        return f'<movie service="craftsman-1.0">\n  <body>\n{body}\n  </body>\n</movie>\n'


def image(name: str, *filters: str) -> str:
    """Return an image element with filters inside."""
    inside = "".join("\n" + indented(one) for one in filters)
    return f'<image filename="{name}"' + (f">{inside}\n</image>" if filters else "/>")


def indented(text: str) -> str:
    """Return *text* two places further in."""
    return "\n".join("  " + line for line in text.splitlines())


def held(tag: str, *inside: str) -> str:
    """Return an element around others; *tag* is its name and attributes."""
    inner = "\n".join(indented(one) for one in inside)
    return f"<{tag}>\n{inner}\n</{tag.split(maxsplit=1)[0]}>"


def effect(kind: str, *inside: str, seconds: float = SECONDS, more: str = "") -> str:
    """Return an effect with pictures or other elements inside."""
    return held(f'effect type="{kind}" duration="{seconds:g}"{more}', *inside)


def over(picture: str, *inside: str) -> str:
    """Return a stack with a picture on a slow move at the back."""
    return held("stack", effect("kenburns", image(picture)), *inside)


def each(*inside: str) -> str:
    """Return effects of equal lengths, one after another."""
    seconds = SECONDS / len(inside)
    return "\n".join(effect("none", one, seconds=seconds) for one in inside)


def on(code: str, *inside: str) -> str:
    """Return a stack on a plain colour."""
    return held("stack", effect("none", f'<image color="{code}"/>'), *inside)
