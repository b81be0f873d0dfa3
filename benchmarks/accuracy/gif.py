"""`image.gif` beside Pillow's plain save and ffmpeg's palettegen and paletteuse: error, bytes, CPU, memory.

Errors are those of the frames as a viewer shows them, decoded by Pillow, against the pictures
they were made of: plain, and after a Gaussian blur of 1 px, which is how the eye takes
dithering. CPU is that of whole processes, `dragon run` with its start against `ffmpeg`, both
reading the same PNG files.
"""

import importlib.util
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from benchmarks.accuracy import films
from benchmarks.accuracy.pixels import error
from benchmarks.report import Figure

SIZE = (480, 270)
FRAMES = 20
FRAMES_TIMED = 100
FRAMES_MANY = 1000
GRAPH = "split[a][b];[a]palettegen[p];[b][p]paletteuse"

Maker = Callable[[list[Path], Path], None]


def measure() -> list[Figure]:
    """Measure three films, the time of a hundred frames, and the memory of a thousand."""
    ffmpeg = _ffmpeg()
    makers: dict[str, Maker] = {"Dragon": _dragon, "Pillow": _pillow}
    if ffmpeg is not None:
        makers["ffmpeg"] = lambda frames, out: _run_ffmpeg(ffmpeg, frames, out)
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        root = Path(directory)
        for name, film in (("pan", films.pan), ("still camera", films.still_camera), ("drawing", films.drawing)):
            figures += _compared(f"image.gif, {name}", film(FRAMES, SIZE), makers, root)
        frames = _saved(films.pan(FRAMES_TIMED, SIZE), root)
        if ffmpeg is not None:
            ours = min(_cpu(lambda: _dragon(frames, root / "a.gif")) for _ in range(3))
            peer = min(_cpu(lambda: _run_ffmpeg(ffmpeg, frames, root / "b.gif")) for _ in range(3))
            figures.append(
                Figure(
                    name=f"image.gif, {FRAMES_TIMED} frames of {SIZE[0]} × {SIZE[1]}: CPU",
                    ours=f"{ours:.2f} s",
                    peer=f"{peer:.2f} s ffmpeg palettegen, paletteuse",
                    value=ours / peer,
                    bar=1.5,
                )
            )
        figures.append(_memory(frames, root))
    if ffmpeg is None:
        figures.append(
            Figure(name="image.gif beside ffmpeg", ours="", value=0, note="neither on PATH nor as imageio-ffmpeg")
        )
    return figures


def _compared(name: str, film: list[Image.Image], makers: dict[str, Maker], root: Path) -> list[Figure]:
    frames = _saved(film, root)
    plain, blurred, sizes = {}, {}, {}
    for maker, make in makers.items():
        out = root / "out.gif"
        make(frames, out)
        sizes[maker] = out.stat().st_size / 1000
        with Image.open(out) as image:
            shown = _shown(image, len(film))
        plain[maker] = sum(error(*pair) for pair in zip(shown, film, strict=True)) / len(film)
        blurred[maker] = sum(error(*pair, blur=1.0) for pair in zip(shown, film, strict=True)) / len(film)
    figures = []
    for what, values, unit, bar in (
        ("error after a blur of 1 px", blurred, " of 255", 1.0),
        ("error", plain, " of 255", None),
        ("bytes", sizes, " kB", None),
    ):
        others = {maker: value for maker, value in values.items() if maker != "Dragon"}
        best = min(others.values())
        figures.append(
            Figure(
                name=f"{name}: {what}",
                ours=f"{values['Dragon']:.2f}{unit}",
                peer=", ".join(f"{value:.2f}{unit} {maker}" for maker, value in others.items()),
                value=values["Dragon"] / best if best else 1.0 + values["Dragon"],
                bar=bar,
            )
        )
    return figures


def _shown(image: Image.Image, count: int) -> list[Image.Image]:
    """Return the frames as shown; Pillow's save merges equal ones, which then take longer."""
    frames: list[Image.Image] = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames += [image.convert("RGB")] * max(1, round(image.info.get("duration", 100) / 100))
    return frames[:count]


def _saved(film: list[Image.Image], root: Path) -> list[Path]:
    directory = root / "frames"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    paths = [directory / f"{number:04d}.png" for number in range(len(film))]
    for path, frame in zip(paths, film, strict=True):
        frame.save(path, compress_level=1)
    return paths


def _dragon(frames: list[Path], out: Path) -> None:
    program = Path(sys.executable).with_name("dragon")
    directory = out.parent / "made"
    asked = json.dumps([str(path) for path in frames])
    subprocess.run(
        [program, "run", "image.gif", f"images={asked}", "-o", directory], check=True, stdout=subprocess.DEVNULL
    )
    (directory / "output.gif").replace(out)


def _pillow(frames: list[Path], out: Path) -> None:
    images = [Image.open(path).convert("RGB") for path in frames]
    images[0].save(out, save_all=True, append_images=images[1:], duration=100, loop=0)


def _run_ffmpeg(program: str, frames: list[Path], out: Path) -> None:
    pattern = frames[0].parent / "%04d.png"
    command: list[str | Path] = [
        program,
        "-v",
        "error",
        "-y",
        "-framerate",
        "10",
        "-i",
        pattern,
        "-filter_complex",
        GRAPH,
        out,
    ]
    subprocess.run(command, check=True)


def _ffmpeg() -> str | None:
    """Return the path of ffmpeg: on PATH, else that of the package imageio-ffmpeg."""
    if (found := shutil.which("ffmpeg")) is not None:
        return found
    spec = importlib.util.find_spec("imageio_ffmpeg")
    if spec is None or spec.origin is None:
        return None
    return next((str(path) for path in Path(spec.origin).parent.glob("binaries/ffmpeg-*")), None)


def _cpu(call: Callable[[], None]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_PEAK = """
import resource, runpy, sys
sys.argv = ["dragon", *sys.argv[1:]]
try:
    runpy.run_path(sys.argv.pop(1), run_name="__main__")
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def _memory(frames: list[Path], root: Path) -> Figure:
    """Compare the peak of a process that makes a hundred frames with one that makes a thousand."""
    program = Path(sys.executable).with_name("dragon")
    peaks = []
    for count in (FRAMES_TIMED, FRAMES_MANY):
        # Files of their own, for a picture that is named twice is fetched once.
        copies = [path.with_name(f"{turn}-{path.name}") for turn in range(count // len(frames)) for path in frames]
        for number, copy in enumerate(copies):
            if not copy.exists():
                copy.hardlink_to(frames[number % len(frames)])
        asked = json.dumps([str(path) for path in copies])
        task: list[str | Path] = ["run", "image.gif", f"images={asked}", "-o", root / "many"]
        command = [sys.executable, "-c", _PEAK, program, *task]
        done = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        peaks.append(int(done.stderr.split()[-1]) / 1000)
    return Figure(
        name=f"image.gif, {FRAMES_MANY:,} frames of {SIZE[0]} × {SIZE[1]}: memory beyond that of {FRAMES_TIMED}",
        ours=f"{peaks[0]:.0f} → {peaks[1]:.0f} MB",
        value=peaks[1] - peaks[0],
        bar=20.0,
        unit="MB",
    )
