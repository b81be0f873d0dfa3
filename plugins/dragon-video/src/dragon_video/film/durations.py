"""When everything begins and how long it lasts, worked out of what the definition says.

In: a validated tree and the lengths of its media. Out: a tree of `Timed` nodes with exact times.
Two passes: `natural` goes up from the media and tells what a node asks for; then times are
assigned from the body down. All in `Fraction` seconds, without any media library.

The rules: a sequence plays its children one after another, each transition overlapping its neighbours
by its whole duration; other containers play theirs together and last as long as the longest; what
asks for nothing (a picture, a text, `..`) takes what its container has, and 5 seconds in a sequence.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from dragon_video.film.errors import InvalidContentError, Problem
from dragon_video.film.language import FACES, MULTIPLE_EFFECTS
from dragon_video.film.nodes import Node
from dragon_video.film.values import PARENT

DEFAULT_SECONDS = Fraction(5)
TRANSITION_SECONDS = Fraction(1)

NANOSECONDS = 1_000_000_000
_LONGEST_DENOMINATOR = 1_000

_PASSIVE = {"filter", "animator", "camera", "transition", "style", "key"}
"""What never makes its container longer."""

_PINNED = {"slide-out", "rot-out"}
"""Animators that stand at the end, where nothing else is said."""


@dataclass(slots=True, eq=False)
class Timed:
    """A node in time.

    Args:
        node: The node.
        start: When it begins, in seconds from the beginning of the film.
        duration: How long it lasts, in seconds.
        children: What is in it, in the order of the text.
        before: For a transition: the child that leaves, None if there is none.
        after: For a transition: the child that comes.
    """

    node: Node
    start: Fraction
    duration: Fraction
    children: list["Timed"] = field(default_factory=list)
    before: "Timed | None" = None
    after: "Timed | None" = None

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds from the beginning of the film."""
        return self.start + self.duration

    def walk(self) -> Iterator["Timed"]:
        """Yield this node and all below it."""
        waiting = [self]
        while waiting:
            timed = waiting.pop()
            yield timed
            waiting.extend(reversed(timed.children))


def solve(body: Node, length: Callable[[Node], Fraction | None]) -> tuple[Timed, list[Problem]]:
    """Return the body in time, and warnings.

    Args:
        body: The body of a validated film.
        length: Tells how long the medium of an image, video or audio node is, in seconds; None for pictures.

    Raises:
        InvalidContentError: If times contradict each other; it tells every place.
    """
    solver = _Solver(length)
    total = solver.natural(body)
    timed = solver.assign(body, Fraction(0), DEFAULT_SECONDS if total is None else total)
    if solver.errors:
        raise InvalidContentError(sorted(set(solver.errors)))
    if timed.duration <= 0:
        raise InvalidContentError([body.problem("the film has no duration: everything in it lasts 0 s")])
    return timed, sorted(set(solver.warnings))


def _short(seconds: Fraction) -> Fraction:
    """Return a time without a long denominator, else down to the nanosecond: sums of thousands would take minutes."""
    if seconds.denominator <= _LONGEST_DENOMINATOR:
        return seconds
    return Fraction(seconds.numerator * NANOSECONDS // seconds.denominator, NANOSECONDS)


def margins(node: Node) -> tuple[Fraction | None, Fraction | None]:
    """Return the margins at start and end, in seconds; None where there is none."""
    values = node.values
    both = values.get("margin-both")
    return values.get("margin-start", values.get("start", both)), values.get("margin-end", both)


class _Solver:
    def __init__(self, length: Callable[[Node], Fraction | None]) -> None:
        self._length = length
        self._naturals: dict[int, Fraction | None] = {}
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def natural(self, node: Node) -> Fraction | None:
        """Return what a node lasts by itself, without its margins; None if it takes what there is."""
        key = id(node)
        if key not in self._naturals:
            self._naturals[key] = self._natural(node)
        return self._naturals[key]

    def _natural(self, node: Node) -> Fraction | None:
        given = node.values.get("duration")
        if given == PARENT:
            return None
        if given is not None:
            return Fraction(given)
        start, end = margins(node)
        if start is not None and end is not None:
            return None
        if node.name in {"audio", "video"}:
            return self._medium(node)
        if node.name in {"body", "sequence"}:
            line = self._line(node)
            return line.total if line.clips or node.name == "sequence" else None
        if node.name == "effect" and node.values.get("type") in MULTIPLE_EFFECTS:
            known = [self.natural(child) for child in node.children if child.name in FACES]
            return sum((one for one in known if one is not None), Fraction(0)) or None
        asked = [self.request(child) for child in node.children if child.name not in _PASSIVE]
        return max((one for one in asked if one is not None), default=None)

    def request(self, node: Node) -> Fraction | None:
        """Return what a node asks of its container: its natural duration and its margins."""
        natural = self.natural(node)
        if natural is None:
            return None
        start, end = margins(node)
        return natural + (start or 0) + (end or 0)

    def _medium(self, node: Node) -> Fraction | None:
        length = self._length(node)
        if length is None or node.values.get("loop"):
            return None
        skip: Fraction = node.values.get("skip", Fraction(0))
        if skip >= length > 0:
            message = f"skip={float(skip):g} is past the end: the {node.name} lasts {float(length):.2f} s"
            self.errors.append(node.problem(message, "skip"))
            return Fraction(0)
        return _short((length - skip) / Fraction(str(node.values.get("speed", 1))))

    def _line(self, node: Node, fixed: Fraction | None = None) -> "_Line":
        """Lay the children of a sequence one after another."""
        clips: list[Node] = []
        lengths: list[Fraction] = []
        joints: dict[int, list[Node]] = {}
        elastic: list[int] = []
        for child in node.children:
            if child.name == "transition":
                joints.setdefault(len(clips), []).append(child)
            elif child.name not in _PASSIVE:
                natural = self.natural(child)
                if natural is None and child.values.get("duration") == PARENT:
                    elastic.append(len(clips))
                clips.append(child)
                lengths.append(DEFAULT_SECONDS if natural is None else natural)
        if elastic and fixed is None:
            for index in elastic:
                message = "duration='..' in a <sequence> needs a duration of the sequence itself"
                self.errors.append(clips[index].problem(message, "duration"))
        if elastic and fixed is not None:
            overlaps = sum(
                (
                    one.values.get("duration", TRANSITION_SECONDS)
                    for at, two in joints.items()
                    for one in two
                    if 0 < at < len(clips) and len(two) == 1
                ),
                Fraction(0),
            )
            rest = fixed - sum(lengths) + DEFAULT_SECONDS * len(elastic) + overlaps
            for index in elastic:
                lengths[index] = max(Fraction(0), rest / len(elastic))
        return _Line(clips, lengths, joints, self.warnings)

    def assign(self, node: Node, start: Fraction, duration: Fraction) -> Timed:
        """Give *node* its time, and everything in it."""
        timed = Timed(node, start, duration)
        if node.name in {"body", "sequence"}:
            self._assign_line(timed)
        elif node.name == "effect" and node.values.get("type") in MULTIPLE_EFFECTS:
            self._assign_shares(timed)
        else:
            for child in node.children:
                timed.children.append(self._in_container(child, timed))
        return timed

    def _in_container(self, child: Node, container: Timed) -> Timed:
        whole = container.duration
        before, after = margins(child)
        natural = self.natural(child)
        if child.name == "video" and container.node.name in {"effect", "overlay"} and "duration" not in child.values:
            natural = None  # its last picture stays as long as it is looked at
        if natural is None:
            start, duration = before or Fraction(0), whole - (before or 0) - (after or 0)
        elif before is not None:
            start, duration = before, natural
        elif after is not None or child.values.get("type") in _PINNED:
            start, duration = whole - (after or 0) - natural, natural
        else:
            start, duration = Fraction(0), natural
        if start < 0:
            start, duration = Fraction(0), duration + start
        duration = max(Fraction(0), min(duration, whole - start))
        if child.name == "key":
            start, duration = Fraction(0), whole
        return self.assign(child, container.start + min(start, whole), duration)

    def _assign_shares(self, timed: Timed) -> None:
        """Give the pictures of an effect their shares: their own durations, and equal parts of what is left."""
        faces = [child for child in timed.node.children if child.name in FACES]
        own = {id(child): child.values["duration"] for child in faces if child.values.get("duration", PARENT) != PARENT}
        given = sum(own.values(), Fraction(0))
        scale = Fraction(1)
        rest = timed.duration - given
        if own and (rest < 0 or len(own) == len(faces)):
            scale, rest = timed.duration / given if given else Fraction(0), Fraction(0)
        share = rest / (len(faces) - len(own)) if len(faces) > len(own) else Fraction(0)
        at = timed.start
        for child in timed.node.children:
            if child.name in FACES:
                lasts = own[id(child)] * scale if id(child) in own else share
                timed.children.append(self.assign(child, at, lasts))
                at += lasts
            else:
                timed.children.append(self._in_container(child, timed))

    def _assign_line(self, timed: Timed) -> None:
        line = self._line(timed.node, timed.duration)
        placed: list[Timed] = []
        for clip, start, length in zip(line.clips, line.starts, line.lengths, strict=True):
            first, last = margins(clip)
            if first or last:
                self.warnings.append(clip.problem("margins have no meaning in a sequence, they are ignored"))
            begin = min(start, timed.duration)
            if start + length > timed.duration and start < timed.duration and length > 0:
                self.warnings.append(clip.problem("it is cut where its sequence ends"))
            placed.append(self.assign(clip, timed.start + begin, max(Fraction(0), min(length, timed.duration - begin))))
        clips = iter(placed)
        joints = iter(line.joints)
        for child in timed.node.children:
            if child.name == "transition":
                before, after, begin, length = next(joints)
                joint = self.assign(child, timed.start + begin, max(Fraction(0), min(length, timed.duration - begin)))
                joint.before = placed[before] if before is not None else None
                joint.after = placed[after] if after is not None else None
                timed.children.append(joint)
            elif child.name in _PASSIVE:
                timed.children.append(self._in_container(child, timed))
            else:
                timed.children.append(next(clips))


class _Line:
    """Children of a sequence, laid one after another.

    Args:
        clips: The children that last.
        lengths: How long, in seconds.
        joints: Transitions by the number of clips before them.
        warnings: Takes what is told of transitions that had to be shortened.
    """

    def __init__(
        self, clips: Sequence[Node], lengths: list[Fraction], joints: dict[int, list[Node]], warnings: list[Problem]
    ) -> None:
        self.clips = clips
        self.lengths = lengths
        sides = list(_sides(joints, len(clips)))
        wanted = [node.values.get("duration", TRANSITION_SECONDS) for node, _, _ in sides]
        taken = [Fraction(0)] * len(clips)
        shares = [
            min([value, *(lengths[side] for side in (before, after) if side is not None)])
            for value, (_, before, after) in zip(wanted, sides, strict=True)
        ]
        for share, (_, before, after) in zip(shares, sides, strict=True):
            for side in (before, after):
                if side is not None:
                    taken[side] += share
        final: list[Fraction] = []
        for share, want, (node, before, after) in zip(shares, wanted, sides, strict=True):
            scale = min(
                [
                    Fraction(1),
                    *(lengths[s] / taken[s] for s in (before, after) if s is not None and taken[s] > lengths[s]),
                ]
            )
            final.append(share * scale)
            if final[-1] < want and (before is not None or after is not None):
                message = f"the transition is shortened to {float(final[-1]):g} s: what it joins is no longer"
                warnings.append(node.problem(message))
        overlaps = {
            after: length
            for length, (_, before, after) in zip(final, sides, strict=True)
            if before is not None and after is not None
        }
        self.starts: list[Fraction] = []
        end = Fraction(0)
        for index, length in enumerate(lengths):
            self.starts.append(end - overlaps.get(index, 0))
            end = self.starts[-1] + length
        self.total = end
        self.joints: list[tuple[int | None, int | None, Fraction, Fraction]] = []
        for length, (_, before, after) in zip(final, sides, strict=True):
            if after is not None:
                begin = self.starts[after]
            elif before is not None:
                begin = self.starts[before] + lengths[before] - length
            else:
                begin = Fraction(0)
            self.joints.append((before, after, begin, length))


def _sides(joints: dict[int, list[Node]], count: int) -> Iterator[tuple[Node, int | None, int | None]]:
    """Yield each transition with the numbers of the clips that it joins; of two in a row each has one side alone."""
    for at, nodes in sorted(joints.items()):
        before = at - 1 if at > 0 else None
        after = at if at < count else None
        for number, node in enumerate(nodes):
            first, last = number == 0, number == len(nodes) - 1
            yield node, before if first else None, after if last else None
