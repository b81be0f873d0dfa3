"""Is this tree in the language? Everything that is wrong, at once, each with its place.

In: a parsed tree. Out: the same tree with typed `values` in each node, and the warnings: attributes that
the language does not know are ignored, with a warning; elements that it does not know are errors.
"""

import difflib
from collections.abc import Callable, Collection, Iterator

from dragon_video.film import filters, language
from dragon_video.film.adapters import adapter
from dragon_video.film.effects import EFFECTS, planes
from dragon_video.film.errors import InvalidContentError, InvalidXMLError, Problem
from dragon_video.film.language import ELEMENTS, FACES, MEDIA, MULTIPLE_EFFECTS, SINGLE_EFFECTS, Element
from dragon_video.film.matrices import Viewport
from dragon_video.film.nodes import Node
from dragon_video.film.transitions import transition

MOST_PROBLEMS = 100
"""More are counted, and not told."""

MOST_SUGGESTIONS = 1_000


def validate(root: Node) -> list[Problem]:
    """Give each node of *root* its values, and return the warnings, in the order of the text.

    Raises:
        InvalidXMLError: If anything is wrong; it tells everything that is.
    """
    check = _Check()
    check.document(root)
    if check.errors:
        raise InvalidXMLError(most_told(check.errors))
    return sorted(check.warnings)


def most_told(problems: Collection[Problem]) -> list[Problem]:
    """Return the first of *problems* in the order of the text, and how many more there are."""
    told = sorted(problems)[:MOST_PROBLEMS]
    if len(problems) > MOST_PROBLEMS:
        told.append(Problem(0, 0, f"and {len(problems) - MOST_PROBLEMS} more"))
    return told


def suggestion(word: str, known: Collection[str]) -> str:
    """Return "; did you mean 'x'?" if one of *known* is near *word*, else nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    folded = [one for one in known if one.lower() == word.lower()]
    found = folded or near
    return f"; did you mean {found[0]!r}?" if found else ""


class _Check:
    """Collects what is wrong with one tree."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self._simple = False

    def document(self, root: Node) -> None:
        if root.name != "movie":
            self.errors.append(root.problem(f"the root is <{root.name}>; expected <movie>"))
            return
        self._simple = root.attributes.get("service") in {"slideshow-1.0", "stupeflix-1.0"}
        bodies = [child for child in root.children if child.name == "body"]
        if len(bodies) != 1:
            self.errors.append(
                (bodies[1] if bodies else root).problem(f"<movie> has {len(bodies)} <body>; expected one")
            )
        waiting: list[tuple[Node, Node | None, bool]] = [(root, None, False)]
        known: list[tuple[Node, Node | None]] = []
        while waiting:
            node, parent, free = waiting.pop()
            if node.name in ELEMENTS:
                known.append((node, parent))
            inside = self._node(node, parent, free=free)
            waiting.extend((child, node, inside) for child in node.children)
        for node, parent in known:
            self._rules(node, parent)

    def _node(self, node: Node, parent: Node | None, *, free: bool) -> bool:
        """Check one node, and return whether those below it are in a widget, where anything may stand."""
        element = ELEMENTS.get(node.name)
        if element is None:
            message = f"unknown element <{node.name}>{self._near(node.name, ELEMENTS)}"
            (self.warnings if free else self.errors).append(node.problem(message))
            return free
        if not element.text and node.text.strip() and not free:
            shown = " ".join(node.text.split())[:40]
            self.errors.append(node.problem(f"<{node.name}> holds no text, but has {shown!r}"))
        self._attributes(node, element)
        if parent is not None and not free:
            self._placed(node, parent)
        return free or node.name == "widget"

    def _near(self, word: str, known: Collection[str]) -> str:
        """As `suggestion`, while there are few problems: looking for what is near takes a millisecond."""
        return suggestion(word, known) if len(self.errors) + len(self.warnings) < MOST_SUGGESTIONS else ""

    def _placed(self, node: Node, parent: Node) -> None:
        allowed = ELEMENTS[parent.name].children if parent.name in ELEMENTS else None
        if allowed is None:
            return
        misplaced = node.name not in allowed
        if node.name in MEDIA and parent.name == "body" and not self._simple:
            misplaced = True
        if misplaced:
            help_ = "put it in an <effect> or <overlay>" if node.name in MEDIA else _expected(allowed)
            self.errors.append(node.problem(f"<{node.name}> may not stand in <{parent.name}>; {help_}"))

    def _attributes(self, node: Node, element: Element) -> None:
        for name, text in node.attributes.items():
            kind = element.attributes.get(name)
            if kind is None:
                if not element.open:
                    message = f"<{node.name}> has no attribute {name!r}, it is ignored"
                    self.warnings.append(node.problem(message + self._near(name, element.attributes), name))
                continue
            try:
                node.values[name] = kind.read(text)
            except (ValueError, OverflowError, ZeroDivisionError):
                shown = text if len(text) <= 60 else text[:57] + "..."
                message = f"{name}={shown!r} of <{node.name}>: expected {kind.expected}{suggestion(text, kind.choices)}"
                self.errors.append(node.problem(message, name))
        for name in element.required:
            if name not in node.attributes:
                expected = element.attributes[name].expected
                self.errors.append(node.problem(f"<{node.name}> needs the attribute {name!r}: {expected}"))

    def _rules(self, node: Node, parent: Node | None) -> None:
        """Check what one attribute says of another, or of the children, once all have their values."""
        self.errors.extend(_margins(node))
        rule = _RULES.get(node.name)
        if rule is not None:
            self.errors.extend(rule(node, parent))
        if node.name in {"filter", "sphere", "stack", "effect"}:
            self.warnings.extend(_without_effect(node))


def _expected(allowed: frozenset[str]) -> str:
    return f"expected {', '.join(f'<{name}>' for name in sorted(allowed))}" if allowed else "nothing may"


def _margins(node: Node) -> Iterator[Problem]:
    given = node.attributes
    if "margin-both" in given and ("margin-start" in given or "margin-end" in given):
        yield node.problem("margin-both stands for both margins; leave out margin-start and margin-end", "margin-both")
    both = "margin-both" in given or ("margin-start" in given and "margin-end" in given)
    if both and "duration" in given and node.name not in MEDIA:
        yield node.problem("duration and both margins are given; leave one of them out", "duration")
    if "start" in given and "margin-start" in given:
        yield node.problem("start and margin-start mean the same; leave one of them out", "start")


def _effect(node: Node, parent: Node | None) -> Iterator[Problem]:
    kind = str(node.values.get("type"))
    faces = [child for child in node.children if child.name in FACES]
    if kind in SINGLE_EFFECTS and len(faces) != 1:
        yield node.problem(
            f"effect {kind!r} shows one picture, but has {len(faces)}; expected one <image>, <video> or element"
        )
    if kind in EFFECTS and node.values.keys() & EFFECTS[kind].options:
        yield from _tried(node, lambda: planes(kind, [1.5], 1.5, 0.5, 1.0, node.values))
    if kind in MULTIPLE_EFFECTS and not 1 <= len(faces) <= language.MOST_PICTURES:
        yield node.problem(f"effect {kind!r} shows 1 to {language.MOST_PICTURES} pictures, but has {len(faces)}")


def _tried(node: Node, draw: Callable[[], object]) -> Iterator[Problem]:
    """Yield what whoever draws *node* says of its attributes."""
    try:
        draw()
    except InvalidContentError as error:
        for problem in error.problems:
            name = problem.message.split(" ", 1)[0]
            yield node.problem(problem.message, name if name in node.attributes else None)


def _overlay(node: Node, parent: Node | None) -> Iterator[Problem]:
    media = [child for child in node.children if child.name in MEDIA]
    if len(media) > 1:
        yield media[1].problem("an <overlay> shows one <image> or <video>; use one overlay for each")


def _text(node: Node, parent: Node | None) -> Iterator[Problem]:
    if not node.text.strip() and not node.attributes.get("reference"):
        yield node.problem("<text> has no text")


def _audio(node: Node, parent: Node | None) -> Iterator[Problem]:
    if "filename" not in node.attributes and "voice" not in node.attributes:
        yield node.problem("<audio> needs a filename, or a voice and a text to speak")
    if "voice" in node.attributes and "filename" not in node.attributes and not node.text.strip():
        yield node.problem("<audio> has a voice, but no text to speak", "voice")
    if node.text.strip() and "voice" not in node.attributes:
        yield node.problem('<audio> has a text, but no voice to speak it; add voice="neospeech:julie"')


def _image(node: Node, parent: Node | None) -> Iterator[Problem]:
    if node.attributes.get("type") == "map":
        if "center" not in node.attributes:
            yield node.problem('<image type="map"> needs a center, such as center="48.8566,2.3522"')
    elif "filename" not in node.attributes and "color" not in node.attributes:
        yield node.problem('<image> needs a filename, a color, or type="map"')


def _transition(node: Node, parent: Node | None) -> Iterator[Problem]:
    if node.values.get("type") == "custom" and [child.name for child in node.children] != ["widget"]:
        yield node.problem("a transition of type 'custom' holds one <widget>", "type")
    if node.children and node.values.get("type", "crossfade") != "custom":
        yield node.problem("only a transition of type 'custom' holds elements")
    if node.values.keys() - {"type", "duration"}:
        kind = node.values.get("type", "crossfade")
        yield from _tried(node, lambda: transition(kind, node.values, Viewport(16, 9, 16 / 9)))


def _filter(node: Node, parent: Node | None) -> Iterator[Problem]:
    kind = node.values.get("type")
    if kind is None:
        return
    if kind in language.REFUSED_FILTERS or any(child.name == "filtercode" for child in node.children):
        yield node.problem(f"filter {kind!r}: {filters.REFUSED.get(kind, 'it may not hold code')}", "type")
    elif kind not in language.FILTERS:
        message = f"unknown filter {kind!r}{suggestion(kind, language.FILTERS)}"
        yield node.problem(f"{message}; expected one of {', '.join(language.FILTERS)}", "type")
    if kind in language.ADAPTER_FILTERS:
        yield from _tried(node, lambda: adapter(kind, 1.5, 1.5, 0.5, node.values))
    known = filters.FILTERS.get(kind)
    if known is None:
        return
    for name, problem in known.problems(node.values):
        yield node.problem(f"{name} of filter {kind!r}: {problem}", name)
    if sum(child.name in FACES for child in node.children) < known.children[0]:
        yield node.problem(f"filter {kind!r} needs a picture in it, such as an <image>")


def _animator(node: Node, parent: Node | None) -> Iterator[Problem]:
    keys = [child for child in node.children if child.name == "key"]
    custom = node.values.get("type") == "custom"
    if custom and not keys:
        yield node.problem("an animator of type 'custom' needs at least one <key>")
    if keys and node.values.get("type") not in {"custom", None}:
        yield keys[0].problem("only an animator of type 'custom' has keys")
    in_filter = parent is not None and parent.name == "filter"
    if in_filter and node.values.get("type") not in {"custom", None}:
        yield node.problem("an animator in a <filter> is of type 'custom'", "type")
    known = filters.FILTERS.get(parent.values.get("type", "")) if parent is not None and in_filter else None
    names = [frozenset(key.attributes) - {"time"} for key in keys]
    for key, given in zip(keys, names, strict=True):
        if given != names[0]:
            first = ", ".join(sorted(names[0])) or "none"
            yield key.problem(f"all keys of an animator give the same attributes; the first gives {first}")
        placing = given & language.KEY_ATTRIBUTES.keys()
        if not in_filter and given - placing:
            yield key.problem(f"{', '.join(sorted(given - placing))}: only keys in a filter's animator give that")
        if in_filter and placing:
            yield key.problem(
                f"{', '.join(sorted(placing))}: keys in a filter's animator give attributes of the filter"
            )
        if known is not None:
            for name, problem in known.problems(key.values):
                yield key.problem(f"{name} of filter {known.name!r}: {problem}", name)
        if not given:
            yield key.problem("<key> gives nothing; expected some of " + ", ".join(language.KEY_ATTRIBUTES))
    times = [key.values["time"] for key in keys if "time" in key.values]
    if len(set(times)) < len(times):
        yield node.problem("two keys of this animator have the same time")


_RULES = {
    "effect": _effect,
    "overlay": _overlay,
    "text": _text,
    "audio": _audio,
    "image": _image,
    "transition": _transition,
    "filter": _filter,
    "animator": _animator,
}


def _without_effect(node: Node) -> Iterator[Problem]:
    if node.values.get("type") in language.IGNORED_FILTERS:
        kind = node.values["type"]
        yield node.problem(f"filter {kind!r}: {filters.IGNORED[kind]}", "type")
    if node.name == "sphere":
        yield node.problem("<sphere> is drawn as a flat picture")
    kind = str(node.values.get("type"))
    if node.name == "effect" and kind in EFFECTS:
        known = EFFECTS[kind].options | {"type", "timeOffset", "depthEnable"} | language.TIME.keys()
        for name in node.values.keys() - known:
            yield node.problem(f"{name!r} has no meaning for the effect {kind!r}, it is ignored", name)
    for name in ("screenWidth", "screenHeight", "static"):
        if node.name == "stack" and name in node.attributes:
            yield node.problem(f"{name!r} of <stack> has no effect here", name)
