"""Pieces of music whose bars are known: composed by chance from parts that bands use, beside those of `pieces`.

Each draws its tempo, its metre, how long a chord lasts, what drums, bass and chords play, and how many beats
come before the first bar, so that counting from the first beat is no way to find the bars.
"""

import random

from benchmarks.accuracy.pieces import (
    BASS,
    CHORDS,
    DRUMS,
    FLUTE,
    GUITAR,
    HAT,
    KICK,
    PAD,
    PIANO,
    SCALE,
    SNARE,
    STRINGS,
    Piece,
    steady,
)

CRASH = 49
MEASURED = range(16)
"""Seeds of the pieces that are measured; the weights of the task were fitted on others, from 100 on."""

_DRUMS = {
    4: (((0, 2), (1, 3)), ((0, 2.5), (1, 3)), ((0, 1, 2, 3), (1, 3)), ((0, 1.5, 2.5), (2,)), ((0, 2, 2.5), (1, 3))),
    3: (((0,), (1, 2)), ((0, 1.5), (2,)), ((0,), (2,))),
}
"""For each metre, beats of the bar with the bass drum, and with the snare drum."""
_BASSES = {4: ((0, 2), (0, 1.5, 2.5), (0, 1, 2, 3), (0, 0.5, 2, 3.5)), 3: ((0,), (0, 2), (0, 1, 2))}
_CHORDS = {
    4: ((0,), (0, 2), (0, 1, 2, 3), (1, 3), (0, 1.5, 3), tuple(half / 2 for half in range(8))),
    3: ((0,), (1, 2), (0, 1, 2), tuple(half / 2 for half in range(6))),
}


def barred(seeds: range = MEASURED) -> list[Piece]:
    """Return a piece for each seed, always the same: one in four in 3/4, one in four without drums."""
    return [_band(seed) for seed in seeds]


def _band(seed: int) -> Piece:
    chance = random.Random(seed)
    metre = 3 if seed % 4 == 3 else 4
    name, bpm = f"band-{seed}", chance.uniform(72, 158)
    programs = {0: chance.choice((PIANO, GUITAR, STRINGS)), 1: chance.choice((BASS, 32)), 2: FLUTE, 3: PAD}
    piece = Piece(name, f"bands in {metre}/4", steady(bpm), metre, programs=programs, pickup=chance.randrange(metre))
    chord_bars = chance.choice((0.5, 1, 1, 1, 2) if metre == 4 else (1, 1, 2))
    kicks, snares = chance.choice(_DRUMS[metre])
    bass, strums = chance.choice(_BASSES[metre]), chance.choice(_CHORDS[metre])
    drums, pad, crash = seed % 4 != 1, chance.random() < 0.4, chance.random() < 0.5
    roots = [chance.choice(CHORDS)]
    while len(roots) < 4:
        roots.append(chance.choice([chord for chord in CHORDS if chord != roots[-1]]))
    for beat in range(-piece.pickup, 0):
        piece.add(2, chance.choice(SCALE), 85, beat, 0.9)
        if drums:
            piece.add(DRUMS, HAT, 70, beat, 0.1)
    for bar in range((len(piece.beats) - piece.pickup) // metre):
        start = bar * metre

        def chord(beat: float, bar: int = bar) -> tuple[int, ...]:
            return roots[int((bar + beat / metre) / chord_bars) % len(roots)]

        for at in bass:
            piece.add(1, chord(at)[0] - 12, 92 + chance.randint(-5, 5), start + at, 0.8)
        for at in strums:
            for pitch in chord(at):
                piece.add(0, pitch, 72 + chance.randint(-6, 6), start + at, 0.6)
        if pad:
            for pitch in chord(0):
                piece.add(3, pitch + 12, 50, start, min(chord_bars, 1) * metre * 0.95)
        if drums:
            for at in kicks:
                piece.add(DRUMS, KICK, 98, start + at, 0.2)
            for at in snares:
                piece.add(DRUMS, SNARE, 92, start + at, 0.2)
            for half in range(2 * metre):
                piece.add(DRUMS, HAT, 66 + 8 * (half % 2 == 0), start + half / 2, 0.1)
            if crash and bar % 4 == 0:
                piece.add(DRUMS, CRASH, 85, start, 0.8)
    now, place = 0.0, 3
    while now < len(piece.beats) - piece.pickup - 1:
        length = chance.choice((0.5, 0.5, 1.0, 1.0, 1.5, 2.0))
        if chance.random() > 0.2:  # else a rest
            place = max(0, min(len(SCALE) - 1, place + chance.choice((-2, -1, 0, 1, 2))))
            piece.add(2, SCALE[place], 78 + chance.randint(-8, 8), now, length * 0.9)
        now += length
    return piece
