"""Thousands of damaged files through every task that takes media, in a whole service.

    .venv/bin/python tests/security/fuzz_media.py --files 5000 --seed 1

Whole files of many kinds are made, then mutated by a generator with a seed: bytes changed,
bits turned, numbers made extreme, pieces cut out, doubled, moved, or another file's. Each
goes through a task; one in ten meets a task of another kind.
In the end every task must have one final status, and an error its stable code: a decoder
that crashed, or was ended by a limit, is one of `DEATHS`, and `internal_error` is a defect. Prints counts.
"""

import argparse
import collections
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from media_lab import TASKS, definition, run, seeds, service

BATCH = 250
KINDS = {
    "image": ("image.",),
    "sound": ("audio.",),
    "film": ("video.", "audio.info", "audio.convert"),
    "page": ("html.",),
}
SUFFIXES = {
    **dict.fromkeys(("wav", "mp3", "flac", "m4a", "aiff", "ogg"), "sound"),
    **dict.fromkeys(("mp4", "webm", "avi", "flv", "ts", "mkv", "wmv", "mov"), "film"),
    "html": "page",
}
EXTREMES = tuple(
    bytes.fromhex(text) for text in ("00000000", "ffffffff", "7fffffff", "80000000", "ffffff7f", "00000001")
)
DEATHS = {"task_crashed", "limit_exceeded", "worker_lost"}
"""Codes of a task whose process or worker died, or was ended."""


def mutated(data, others, chance):
    """Return *data* damaged in one to eight places."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        if not data:
            break
        # Heads decide most: half of the places are among the first 512 bytes.
        at = chance.randrange(min(len(data), 512) if chance.random() < 0.5 else len(data))
        way = chance.randrange(8)
        if way == 0:
            data[at] = chance.randrange(256)
        elif way == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif way == 2:
            data[at : at + 4] = chance.choice(EXTREMES)
        elif way == 3:
            del data[at : at + chance.randrange(1, 64)]
        elif way == 4:
            data[at:at] = data[at : at + chance.randrange(1, 256)]
        elif way == 5:
            data[at:at] = chance.randbytes(chance.randrange(1, 32))
        elif way == 6:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            data[at : at + 64] = other[start : start + 64]
        else:
            del data[at + 1 :]
    return bytes(data)


def fuzz(files, seed, keep=""):
    """Run *files* mutated files and return counts and what is not accounted for."""
    from dragon_framework.testing.file_server import FileServer

    chance = random.Random(seed)
    counts, odd, deaths = collections.Counter(), [], []
    with tempfile.TemporaryDirectory(prefix="fuzz-media-") as name, FileServer() as server, service() as dragon:
        directory = Path(name)
        made = seeds(directory)
        contents = {path: path.read_bytes() for path in made}
        number = 0
        while number < files:
            definitions, paths = [], []
            for _ in range(min(BATCH, files - number)):
                seed_file = made[number % len(made)]
                path = directory / f"{number}{seed_file.suffix}"
                path.write_bytes(mutated(contents[seed_file], list(contents.values()), chance))
                fit = [task for task in TASKS if task.startswith(KINDS[SUFFIXES.get(seed_file.suffix[1:], "image")])]
                task = chance.choice(fit if chance.random() < 0.9 else list(TASKS))
                definitions.append(definition(task, server.serve(path)))
                paths.append(path)
                number += 1
            for told, path, status in zip(definitions, paths, run(dragon, definitions), strict=True):
                state = status["status"]
                code = (status.get("error") or {}).get("code", "") if state == "error" else ""
                counts[told["task_name"].partition(".")[0], state, code] += 1
                one = {"task": told["task_name"], "file": path.name, "status": state, "code": code}
                if state not in {"success", "error"} or (state == "error") != bool(code) or code == "internal_error":
                    odd.append(one)
                elif code in DEATHS:
                    deaths.append(one)
                if keep and one in odd + deaths:
                    Path(keep).mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, keep)
                path.unlink()
            print(f"{number} files", file=sys.stderr)
    return {
        "files": files,
        "seed": seed,
        "counts": [[*key, n] for key, n in sorted(counts.items())],
        "odd": odd,
        "deaths": deaths,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="", help="directory for the files behind deaths and oddities")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    begun = time.monotonic()
    found = fuzz(given.files, given.seed, given.keep)
    if given.json:
        print(json.dumps(found))
        return
    print(f"{given.files} mutated files, seed {given.seed}, {time.monotonic() - begun:.0f} s")
    for family, state, code, n in found["counts"]:
        print(f"{family:6} {state:8} {code:32} {n:6}")
    for word in ("deaths", "odd"):
        print(f"{word}: {len(found[word])}")
        for one in found[word]:
            print(f"  {one}")
    sys.exit(bool(found["odd"]))


if __name__ == "__main__":
    main()
