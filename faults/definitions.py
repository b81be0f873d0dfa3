"""The mix of tasks, and what each must have come to in the end.

Expected values are calculated here from the sizes of the sources (the arithmetic of the
reference pages), or from the seed of the bytes; none is read from Dragon.

    outcome    `success` or `error`
    codes      the codes of the error, if it is one
    values     parts of the result
    file       how the file `output` is looked at: picture, sound, bytes
    callback   whether its final status must have been posted
"""

import hashlib
import io
import random
from collections.abc import Callable
from typing import Any

from faults.sources import PICTURES, SOUNDS

Definition = dict[str, Any]
Made = tuple[Definition, dict[str, Any]]

PNG_END = bytes.fromhex("0000000049454e44ae426082")
"""The last chunk of a PNG, IEND, with its length and checksum (PNG specification, 11.2.5)."""

CALLBACKS = 0.15
"""Share of the tasks whose end is told by a callback."""

WRITTEN_BYTES = 3_000_000
"""Most bytes of one written file."""


class Mix:
    """Makes definitions.

    Args:
        dice: Decides which.
        sources: URL of the sources.
    """

    def __init__(self, dice: random.Random, sources: str) -> None:
        self._dice = dice
        self._sources = sources
        self._count = 0
        self._makers: dict[Callable[[], Made], int] = {
            self._thumb: 22,
            self._info: 14,
            self._convert: 4,
            self._waveform: 4,
            self._flaky: 8,
            self._sleep: 18,
            self._spawn: 6,
            self._crash: 4,
            self._eat: 1,
            self._write: 10,
            self._partial: 6,
            self._wrong: 3,
        }

    def next(self) -> Made:
        """Return a definition and what it must come to."""
        self._count += 1
        (make,) = self._dice.choices(list(self._makers), list(self._makers.values()))
        definition, expected = make()
        if make != self._wrong and self._dice.random() < CALLBACKS:
            definition["url_callback"] = f"{self._sources}/callback"
            expected["callback"] = True
        return definition, expected

    def _picture(self) -> tuple[str, int, int]:
        name, (width, height) = self._dice.choice(list(PICTURES.items()))
        return f"{self._sources}/{name}", width, height

    def _thumb(self) -> Made:
        url, width, height = self._picture()
        wanted = self._dice.randint(16, 300)
        # Half a pixel goes up, as docs/reference/image.thumb.md has it: the nearest pixel.
        size = (wanted, max(1, (2 * wanted * height + width) // (2 * width)))
        definition = {"task_name": "image.thumb", "url": url, "width": wanted, "format": "png"}
        return definition, {
            "outcome": "success",
            "values": {"width": size[0], "height": size[1], "original_width": width, "original_height": height},
            "file": ("picture", size),
        }

    def _info(self) -> Made:
        url, width, height = self._picture()
        url += f"?{self._count}"
        return {"task_name": "image.info", "url": url}, _success(width=width, height=height)

    def _flaky(self) -> Made:
        url, width, height = self._picture()
        times = self._dice.randint(1, 2)
        name = url.rpartition("/")[2]
        url = f"{self._sources}/flaky/{times}/{self._count}/{name}"
        return {"task_name": "image.info", "url": url}, _success(width=width, height=height)

    def _convert(self) -> Made:
        name, (seconds, rate) = self._dice.choice(list(SOUNDS.items()))
        codec = self._dice.choice(["flac", "wav"])
        definition = {"task_name": "audio.convert", "url": f"{self._sources}/{name}", "codec": codec}
        return definition, _success(duration=seconds) | {"file": ("sound", int(seconds * rate))}

    def _waveform(self) -> Made:
        name, (seconds, _) = self._dice.choice(list(SOUNDS.items()))
        size = (self._dice.randint(50, 500), self._dice.randint(20, 90))
        definition: Definition = {"task_name": "audio.waveform", "url": f"{self._sources}/{name}", "format": "png"}
        definition |= {"width": size[0], "height": size[1]}
        return definition, _success(duration=seconds) | {"file": ("picture", size)}

    def _sleep(self) -> Made:
        longest = 0.8 if self._dice.random() < 0.8 else 3.0  # longer than a worker that stops lets it run
        return {"task_name": "fault.sleep", "seconds": round(self._dice.uniform(0, longest), 2)}, _success()

    def _spawn(self) -> Made:
        programs = self._dice.randint(1, 3)
        wait = round(self._dice.uniform(0, 0.6), 2)
        return {"task_name": "fault.spawn", "programs": programs, "wait": wait}, _success(steps=programs)

    def _crash(self) -> Made:
        how = self._dice.choice(["segfault", "abort", "exit", "kill"])
        return {"task_name": "fault.crash", "how": how}, _error("task_crashed")

    def _eat(self) -> Made:
        return {"task_name": "fault.eat"}, _error("limit_exceeded")

    def _write(self) -> Made:
        return self._written("fault.write", self._dice.randint(0, WRITTEN_BYTES), fail=False)

    def _partial(self) -> Made:
        return self._written("fault.partial", self._dice.randint(0, 100_000), fail=self._dice.random() < 0.5)

    def _written(self, name: str, size: int, *, fail: bool) -> Made:
        seed = f"{self._count}-{self._dice.randrange(10**9)}"
        definition = {"task_name": name, "size": size, "seed": seed, "fail": fail}
        if fail:
            return definition, _error("internal_error")
        digest = hashlib.sha256(content(seed, size)).hexdigest()
        return definition, _success(size=size, sha256=digest) | {"file": ("bytes", digest)}

    def _wrong(self) -> Made:
        return {"task_name": "image.thumb", "width": 0}, _error("invalid_parameters")


def content(seed: str, size: int) -> bytes:
    """Return the bytes that `fault.write` must have written."""
    return hashlib.shake_256(seed.encode()).digest(size)


def wrong_result(result: dict[str, Any], expected: dict[str, Any]) -> str:
    """Return what is wrong with the values of a result; empty if nothing is."""
    for name, value in expected["values"].items():
        given = result.get(name)
        # Durations are told to a hundredth of a second.
        same = abs(given - value) <= 0.01 if isinstance(value, float) and given is not None else given == value
        if not same:
            return f"{name} is {given!r}, not {value!r}"
    return ""


def wrong_file(data: bytes, kind: str, expected: Any) -> str:
    """Return what is wrong with an output file; empty if it is whole."""
    if kind == "bytes":
        return "" if hashlib.sha256(data).hexdigest() == expected else f"{len(data)} bytes with another digest"
    try:
        if kind == "picture":
            from PIL import Image

            with Image.open(io.BytesIO(data)) as image:
                image.load()
                size = image.size
            if not data.endswith(PNG_END):  # decoders are content with less
                return f"its end is missing after {len(data)} bytes"
            return "" if size == tuple(expected) else f"{size} pixels, not {expected}"
        import av

        with av.open(io.BytesIO(data), mode="r") as sound:
            samples = sum(int(frame.samples) for frame in sound.decode(audio=0))
    except Exception as error:  # decoders raise what they like
        return f"it cannot be decoded: {error}"
    return "" if samples == expected else f"{samples} samples, not {expected}"


def _success(**values: Any) -> dict[str, Any]:
    return {"outcome": "success", "values": values}


def _error(*codes: str) -> dict[str, Any]:
    return {"outcome": "error", "codes": set(codes)}
