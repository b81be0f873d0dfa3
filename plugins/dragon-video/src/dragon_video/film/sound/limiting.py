"""No sample over the ceiling, and no audible step where a loud place is turned down.

A limiter with look-ahead: the gain goes down before a peak, stays, and comes back slowly. What needs no turning down
goes through untouched, bit for bit. Arithmetic alone: numpy arrays, no files.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]

CEILING = 10 ** (-1 / 20)
"""-1 dBFS: room for what lossy codecs add (EBU R 128 s1 asks for as much)."""

BLOCKS_PER_SECOND = 1000
LOOK_AHEAD_BLOCKS = 5
RELEASE_SECONDS = 0.150

_NOTHING = 1e-6  # turned down by less is not turned down


class Limiter:
    """A stream of samples in, the same number out, none over `CEILING`.

    Each block of 1 ms has a gain that it needs. The gain of a block is the least that it and the next five need, or
    what is left of earlier ones, which fades with a time constant of 150 ms; its mean over five blocks, with lines
    between them, is applied. Each of these is one that the block's own need went into, so the mean is not above it.

    Args:
        rate: Samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._block = max(1, rate // BLOCKS_PER_SECOND)
        self._decay = -self._block / (rate * RELEASE_SECONDS)  # logarithm, per block
        self._pending: Samples = np.zeros((2, 0), np.float32)
        self._depths: Floats = np.zeros(LOOK_AHEAD_BLOCKS)  # 1 - gain, of the blocks before the pending ones
        self._begun = False

    def process(self, samples: Samples) -> Samples:
        """Take the next samples, (2, n); return those that are done, which may be fewer or more."""
        pending = np.concatenate((self._pending, samples), axis=1)
        ready = pending.shape[1] // self._block - LOOK_AHEAD_BLOCKS
        if ready <= 0:
            self._pending = pending
            return pending[:, :0]
        return self._limited(pending, ready)

    def rest(self) -> Samples:
        """Return what is left at the end."""
        count = self._pending.shape[1]
        padding = self._block * (LOOK_AHEAD_BLOCKS + 1)
        padded = np.concatenate((self._pending, np.zeros((2, padding), np.float32)), axis=1)
        return self._limited(padded, padded.shape[1] // self._block - LOOK_AHEAD_BLOCKS)[:, :count]

    def _limited(self, pending: Samples, ready: int) -> Samples:
        block, ahead = self._block, LOOK_AHEAD_BLOCKS
        done, self._pending = pending[:, : ready * block], pending[:, ready * block :]
        looked = pending[:, : (ready + ahead) * block].reshape(2, ready + ahead, block)
        peaks = np.maximum(looked.max(axis=(0, 2)), -looked.min(axis=(0, 2))).astype(np.float64)
        needed = 1.0 - np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
        if not self._begun:  # the blocks before the first one looked ahead as well
            self._depths = np.maximum.accumulate(needed[:ahead])
            self._begun = True
        if not needed.any() and not self._depths.any():
            return done
        depths = self._released(sliding_window_view(needed, ahead + 1).max(axis=1))
        known = np.concatenate((self._depths, depths))
        self._depths = known[-ahead:]
        edges = 1.0 - sliding_window_view(known, ahead).mean(axis=1)  # at the beginnings of blocks, and the last's end
        slope = np.arange(block) / block
        gain = (edges[:-1, None] + np.diff(edges)[:, None] * slope).reshape(-1)
        limited: Samples = done * gain.astype(np.float32)
        return limited

    def _released(self, needed: Floats) -> Floats:
        """Return d with d[k] = max(needed[k], d[k-1] e^decay): as logarithms, that is a running maximum."""
        every = np.concatenate((self._depths[-1:], needed))
        steps = self._decay * np.arange(every.size)
        with np.errstate(divide="ignore"):
            depths = np.exp(np.maximum.accumulate(np.log(every) - steps) + steps)[1:]
        return np.where(depths < _NOTHING, 0.0, depths)
