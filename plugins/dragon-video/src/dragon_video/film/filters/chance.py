"""Numbers by chance that are the same in every process: each a hash of what it is for, never of what came before."""

import math

_WORD = (1 << 64) - 1


def chance(*keys: int) -> float:
    """Return a number from 0 up to, not including, 1, for these whole numbers.

    The mixing is that of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    """
    state = 0
    for key in keys:
        state = (state + key + 0x9E3779B97F4A7C15) & _WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _WORD
        state ^= state >> 31
    return (state >> 11) / (1 << 53)


def wander(time: float, *keys: int) -> float:
    """Return a number from -1 to 1 that goes smoothly from one hashed value to the next, one for each whole *time*."""
    start = math.floor(time)
    part = time - start
    before, after = (2 * chance(*keys, start + step) - 1 for step in (0, 1))
    return before + (after - before) * part * part * (3 - 2 * part)
