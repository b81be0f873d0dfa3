"""Bars: which beats begin one, from what is accented and from where the harmony changes.

    beats, rises and levels of the sound → six features of each beat → their sum as evidence for a downbeat
    → metre and place in the bar of each beat (dynamic programming)

Harmony: pitch classes (Fujishima, ICMC 1999) of the beats before and after, compared by their angle. Path: a
chain over places in the bar, as in the bar pointer model (Whiteley, Cemgil and Godsill, ISMIR 2006), in
steps of beats. Stands on numpy; import it inside a task's function alone.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragon_audio._onsets import LEVEL_STEP, filter_hertz

Array = NDArray[Any]

LEAST_BEATS = 8
"""Fewer tell nothing of bars."""
DEEP_HERTZ = 100.0
"""Below is what bass and bass drum begin with, and little else."""
BASS_HERTZ, TREBLE_HERTZ = 260.0, 2000.0
NEAR_FRAMES = 4
_NEAR_ROWS = np.array([1, 2, 3])
"""40 to 120 ms before and after a beat."""

WEIGHTS = np.array([0.4, 0.55, 0.3, 0.4, 1.2, 0.5])
"""How much each feature of `features` says, in its standard deviations: by logistic regression on 66 pieces."""
RARITY = 1.0
"""How much the evidence must outweigh: most beats are no downbeats."""
METRES = {2: -2.0, 3: 0.0, 4: 0.5}
"""Beats in a bar, and the logarithm of how likely a bar has so many, beside each other."""
_SLIP, _CHANGE, _BREAK = -8.0, -10.0, -18.0
"""Cost of a beat too many or too few in a bar, of another metre from a bar's end on, and of both."""


class Bars(NamedTuple):
    """Where bars begin.

    Args:
        first: Whether each beat is the first of a bar, (beats,).
        beats_per_bar: Of most bars; None if there are too few beats to tell.
    """

    first: Array
    beats_per_bar: int | None


def bars_of(beats: Array, rises: Array, levels: Array) -> Bars:
    """Return the bars of a piece.

    Args:
        beats: Frames of the beats, rising.
        rises: How much begins, (frames, 3).
        levels: What sounds, (rows, filters).
    """
    if len(beats) < LEAST_BEATS:
        return Bars(np.zeros(len(beats), bool), None)
    found = features(beats, rises, levels)
    spread = (found - found.mean(0)) / (found.std(0) + 1e-9)
    return laid(spread @ WEIGHTS - RARITY)


def features(beats: Array, rises: Array, levels: Array) -> Array:
    """Return what may tell a downbeat, (beats, 6).

    Change of harmony over two beats, of the bass over one and two, of the treble over one; accent of what is
    below `DEEP_HERTZ`, and of the lowest third of the filters.
    """
    means = _means_between(beats, levels)
    hertz = filter_hertz()
    bass, treble = means[:, hertz < BASS_HERTZ], means[:, hertz >= TREBLE_HERTZ]
    accents = [rises[np.clip(beats + near, 0, len(rises) - 1), 0] for near in range(-NEAR_FRAMES, NEAR_FRAMES + 1)]
    return np.stack(
        [
            _change(_pitch_classes(means), 2),
            _change(bass - bass.mean(1, keepdims=True), 1),
            _change(bass - bass.mean(1, keepdims=True), 2),
            _change(treble - treble.mean(1, keepdims=True), 1),
            deep_accents(beats, levels),
            np.max(accents, axis=0),
        ],
        axis=1,
    )


def deep_accents(frames: Array, levels: Array) -> Array:
    """Return how much begins below `DEEP_HERTZ` at each of *frames*."""
    deep = levels[:, filter_hertz() < DEEP_HERTZ].astype(np.float32)
    rows = (frames // LEVEL_STEP)[:, None]
    after, before = (np.clip(rows + way * _NEAR_ROWS, 0, len(deep) - 1) for way in (1, -1))
    accents: Array = np.maximum(deep[after].max(1) - deep[before].mean(1), 0).mean(1)
    return accents


def _means_between(beats: Array, levels: Array) -> Array:
    """Return the mean levels from each beat to the next, (beats, filters)."""
    edges = np.append(beats, 2 * beats[-1] - beats[-2]) // LEVEL_STEP
    begin = np.minimum(edges[:-1] + 1, len(levels) - 1)  # the row of the beat itself still hears what was before
    end = np.clip(edges[1:], begin + 1, len(levels))
    sums = np.add.reduceat(np.concatenate([levels, levels[-1:]]), np.stack([begin, end], 1).ravel(), dtype=np.float32)
    means: Array = sums[::2] / (end - begin)[:, None]
    return means


@lru_cache(maxsize=1)
def _classes() -> tuple[slice, Array]:
    """Return the filters of 190 to 2100 Hz, and what each adds to the twelve pitch classes, (filters, 12)."""
    hertz = filter_hertz()
    some = np.flatnonzero((hertz >= 190) & (hertz < 2100))
    folded = np.rint(12 * np.log2(hertz[some] / 440)).astype(int) % 12
    return slice(some[0], some[-1] + 1), np.eye(12, dtype=np.float32)[folded]


def _pitch_classes(means: Array) -> Array:
    """Return how strong each of the twelve pitch classes is, above what its neighbours have as well."""
    some, folded = _classes()
    part = means[:, some]
    padded = np.pad(part, ((0, 0), (5, 4))).cumsum(1)
    above = np.maximum(part - (padded[:, 9:] - padded[:, :-9]) / 9, 0)
    classes: Array = above @ folded
    return classes


def _change(values: Array, span: int) -> Array:
    """Return 1 less the cosine between the means of *span* beats before and after each beat; 0 for the first."""
    count = len(values)
    sums = np.concatenate([np.zeros((1, values.shape[1])), values.cumsum(0, dtype=float)])
    at = np.arange(count)
    before = sums[at] - sums[np.maximum(at - span, 0)]
    after = sums[np.minimum(at + span, count)] - sums[at]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    changes: Array = 1 - (before * after).sum(1) / (lengths + 1e-6)
    changes[0] = 0
    return changes


def laid(evidence: Array) -> Bars:
    """Return the most plausible bars.

    Args:
        evidence: For each beat the logarithm of how much likelier it is a downbeat than not.
    """
    states = [(metre, place) for metre in METRES for place in range(metre)]
    first = np.array([place == 0 for _, place in states])
    prior = np.array([METRES[metre] / metre for metre, _ in states])
    change = np.array([[_step(*one, *other) for other in states] for one in states])
    score = prior + np.where(first, evidence[0], 0)
    came_from = np.zeros((len(evidence), len(states)), np.int16)
    for number in range(1, len(evidence)):
        ways = score[:, None] + change
        came_from[number] = ways.argmax(0)
        score = ways.max(0) + prior + np.where(first, evidence[number], 0)
    best = int(score.argmax())
    path = [best]
    for number in range(len(evidence) - 1, 0, -1):
        best = int(came_from[number, best])
        path.append(best)
    metres = [states[state][0] for state in path]
    return Bars(first[np.array(path[::-1])], max(METRES, key=metres.count))


def _step(metre: int, place: int, next_metre: int, next_place: int) -> float:
    """Return the logarithm of how likely one place in a bar follows another."""
    if metre == next_metre:
        return 0.0 if next_place == (place + 1) % metre else _SLIP
    return _CHANGE if place == metre - 1 and next_place == 0 else _BREAK


def on_the_bass(beats: Array, levels: Array) -> Array:
    """Return the beats, or what lies halfway between them if the bass begins there: chords off the beat are louder.

    The bass must be more than twice as strong there; where quavers of the bass pass by, it is half as strong.
    """
    if len(beats) < LEAST_BEATS:
        return beats
    halfway = (beats[:-1] + beats[1:]) // 2
    return halfway if deep_accents(halfway, levels).mean() > 2 * deep_accents(beats, levels).mean() else beats
