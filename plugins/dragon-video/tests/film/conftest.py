"""Short ways to write films in tests."""

from fractions import Fraction

import pytest

from dragon_video.film.durations import solve
from dragon_video.film.parse import parse
from dragon_video.film.validate import validate


class Sxml:
    """Makes trees of definitions, and times of trees."""

    @staticmethod
    def movie(body, attributes=""):
        """Return a definition with this body."""
        return f'<movie service="craftsman-1.0"><body{attributes}>{body}</body></movie>'

    @staticmethod
    def tree(definition):
        """Return the body of a valid definition."""
        root = parse(definition)
        validate(root)
        return next(child for child in root.children if child.name == "body")

    def solved(self, body, attributes="", **lengths):
        """Return the film in time, and the warnings; *lengths* are those of media, by file name."""

        def length(node):
            told = lengths.get(node.values.get("filename", node.text.strip()))
            return None if told is None else Fraction(str(told))

        return solve(self.tree(self.movie(body, attributes)), length)

    @staticmethod
    def times(timed, name):
        """Return (start, duration) of each node called *name*."""
        return [(float(one.start), float(one.duration)) for one in timed.walk() if one.node.name == name]


@pytest.fixture(scope="session")
def sxml():
    """Write a film shortly."""
    return Sxml()
