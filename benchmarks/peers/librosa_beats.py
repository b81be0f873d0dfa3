"""librosa's beat tracker and mir_eval's measure, from PyPI, in an environment of their own.

`python librosa_beats.py track FILE...` prints beats and seconds for each file as JSON, after one run to warm up
if there are several; `python librosa_beats.py judge` reads pairs of true and found beats and prints F-measures.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REQUIREMENTS = ("librosa>=0.11,<0.12", "mir_eval>=0.8,<0.9")
ENVIRONMENT = Path(".venv-librosa")


def command(*words: object) -> list[str]:
    """Return the command that runs this module there."""
    from benchmarks.environments import python_with  # not where this file is run: it is alone there

    return [str(python_with(ENVIRONMENT, REQUIREMENTS)), __file__, *map(str, words)]


class Tracked(NamedTuple):
    """The beats of a file, in seconds, and the CPU seconds it took to find them."""

    beats: list[float]
    seconds: float


def track(paths: Sequence[Path]) -> list[Tracked]:
    """Return what was found in each file, all in one process."""
    ran = subprocess.run(command("track", *paths), stdout=subprocess.PIPE, check=True)
    return [Tracked(*one) for one in json.loads(ran.stdout)]


def judge(pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> list[float]:
    """Return the F-measure of each pair of true and found beats: within 70 ms, without the first 5 s."""
    ran = subprocess.run(command("judge"), input=json.dumps(pairs).encode(), stdout=subprocess.PIPE, check=True)
    judged: list[float] = json.loads(ran.stdout)
    return judged


def _track(paths: list[str]) -> list[Tracked]:
    import librosa

    tracked = []
    for path in [paths[0], *paths] if len(paths) > 1 else paths:
        begin = time.process_time()
        samples, rate = librosa.load(path)
        _, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
        tracked.append(Tracked(beats.tolist(), time.process_time() - begin))
    return tracked[-len(paths) :]


def _judge(pairs: list[list[list[float]]]) -> list[float]:
    import mir_eval
    import numpy as np

    trim = mir_eval.beat.trim_beats
    return [mir_eval.beat.f_measure(trim(np.array(true)), trim(np.array(found))) for true, found in pairs]


if __name__ == "__main__":
    answer: object = _track(sys.argv[2:]) if sys.argv[1] == "track" else _judge(json.load(sys.stdin))
    print(json.dumps(answer))
