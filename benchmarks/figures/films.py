"""`video.create` beside MoviePy and ffmpeg's zoompan: one film, drawn by each the ordinary way.

Ten photographs of 6 megapixels, 3 s each with a slow zoom, crossfades of 0.6 s, a title on a bar, music that fades:
24.6 s at 25 frames a second, x264 with the preset veryfast, CRF 18 and the same bound of the bit rate (which all
reach), key pictures 10 s apart at most; threads are what each program takes by itself. CPU time is that of a whole
process and all it starts. MoviePy goes into an environment of its own, `.venv-moviepy`.
"""

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from benchmarks.figures.audio import DRAGON
from benchmarks.peers import moviepy_film
from benchmarks.report import Figure
from dragon_framework.media.ffmpeg import ffmpeg_program

PICTURES = 10
EACH, CROSSED, FPS = 3.0, 0.6, 25
SIZES = {"720p": (1280, 720, 1500), "1080p": (1920, 1080, 3000)}


class Used(NamedTuple):
    """What a process used: CPU and wall-clock seconds, and the most memory of one process, in MB."""

    cpu: float
    wall: float
    memory: float


def measure() -> list[Figure]:
    """Measure what the issue of dragon-video, part 2, sets bars for."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        home = Path(name)
        # In a process of its own: what this one has taken would count as the peak of those it starts.
        maker = multiprocessing.get_context("spawn").Process(target=_make_media, args=(home,))
        maker.start()
        maker.join()
        if maker.exitcode:
            raise RuntimeError("the pictures could not be made")
        return [
            *_films(home, "720p", rounds=2),
            *_films(home, "1080p", rounds=1),
            *_side_by_side(home),
            *_one_pass(home),
            _parsed(),
        ]


def _films(home: Path, profile: str, rounds: int) -> list[Figure]:
    width, height, kilobits = SIZES[profile]
    font = home / "font.ttf"
    music, out = home / "music.mp3", home / "peer.mp4"
    peers = {
        "MoviePy": (moviepy_film.command(home / "pictures", music, font, width, height, kilobits, out), 0.22, 0.5),
        "ffmpeg zoompan on 4x": (_zoompan(home, width, height, kilobits, out, enlarged=4), 0.55, 0.5),
        "ffmpeg zoompan": (_zoompan(home, width, height, kilobits, out, enlarged=1), 1.0, 0.5),
    }
    ours: list[Used] = []
    theirs: dict[str, list[Used]] = {name: [] for name in peers}
    for _ in range(rounds):
        ours.append(_dragon(home, profile, processes=1))
        sharp = {"": _sharpness(home / "out" / "export.mp4")}
        for name, (command, _, _) in peers.items():
            theirs[name].append(_run(command))
            sharp[name] = _sharpness(out)
    our = min(ours)
    figures = []
    for name, (_, cpu_bar, memory_bar) in peers.items():
        peer = min(theirs[name])
        figures += [
            Figure(
                name=f"film of {PICTURES} pictures, {profile}: CPU time",
                ours=f"{our.cpu:.1f} s",
                peer=f"{peer.cpu:.1f} s, {name}",
                value=our.cpu / peer.cpu,
                bar=cpu_bar,
            ),
            Figure(
                name=f"film of {PICTURES} pictures, {profile}: most memory",
                ours=f"{our.memory:.0f} MB",
                peer=f"{peer.memory:.0f} MB, {name}",
                value=our.memory / peer.memory,
                bar=memory_bar,
            ),
            Figure(
                name=f"film of {PICTURES} pictures, {profile}: sharpness of what is seen",
                ours=f"{sharp['']:.0f}",
                peer=f"{sharp[name]:.0f}, {name}",
                value=sharp[""] / sharp[name],
                bar=0.95 if name == "MoviePy" else None,
                at_least=True,
                note="variance of the Laplacian of luma, mean of the middles of the clips",
            ),
        ]
    return figures


def _sharpness(path: Path) -> float:
    """Return the variance of the Laplacian of the luma in the middle of each clip, on the mean."""
    wanted = {round((number * (EACH - CROSSED) + EACH / 2) * FPS) for number in range(PICTURES)}
    values = []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                luma = frame.to_ndarray(format="gray")[: frame.height * 4 // 5]  # above the title
                values.append(float(cv2.Laplacian(luma, cv2.CV_64F).var()))
    return sum(values) / len(values)


def _side_by_side(home: Path) -> list[Figure]:
    one = min(_dragon(home, "720p", processes=1).wall for _ in range(2))
    two = min(_dragon(home, "720p", processes=2).wall for _ in range(2))
    return [
        Figure(
            name="film of 720p by two processes on two cores: speed",
            ours=f"{two:.1f} s",
            peer=f"{one:.1f} s, one process",
            value=one / two,
            bar=1.6,
            at_least=True,
            note="start and import of `dragon run` included",
        )
    ]


def _one_pass(home: Path) -> list[Figure]:
    both = _dragon(home, "720p", processes=1, preview="true").cpu
    export = _dragon(home, "720p", processes=1).cpu
    preview = _dragon(home, "720p", processes=1, preview="true", export="false").cpu
    return [
        Figure(
            name="preview, export and thumbnail in one run: CPU time",
            ours=f"{both:.1f} s",
            peer=f"{export + preview:.1f} s, two runs",
            value=both / (export + preview),
            bar=0.85,
        )
    ]


def _parsed() -> Figure:
    from dragon_video.film.parse import parse
    from dragon_video.film.validate import validate

    part = '<stack><effect type="kenburns" duration="3.0"><image filename="http://example.com/a.jpg"/></effect>'
    part += '<text type="zone" top="0.8" left="0.1" height="0.1" fontcolor="#ffffff">Title</text></stack>'
    body = '<transition type="crossfade" duration="0.6"/>'.join([part] * 20)
    definition = f'<movie service="craftsman-1.0"><body>{body}</body></movie>'
    times = []
    for _ in range(50):
        begin = time.process_time()
        root = parse(definition)
        validate(root)
        times.append(time.process_time() - begin)
    nodes = sum(1 for _ in root.walk())
    return Figure(
        name=f"a definition of {nodes} nodes, parsed and validated",
        ours=f"{sorted(times)[25] * 1e3:.1f} ms",
        value=sorted(times)[25] * 1e3,
        bar=5.0,
        unit="ms",
    )


def _dragon(home: Path, profile: str, *, processes: int, preview: str = "false", export: str = "true") -> Used:
    environ = os.environ | {"DRAGON_VIDEO_FILM_PROCESSES": str(processes)}
    words = (f"profile={profile}", f"preview={preview}", f"export={export}", "-o", str(home / "out"), "--overwrite")
    return _run([DRAGON, "run", "video.create", f"definition={_definition(home)}", *words], environ)


def _definition(home: Path) -> str:
    parts = []
    for number in range(PICTURES):
        way = "positive" if number % 2 == 0 else "negative"
        parts.append(
            f'<stack duration="{EACH}"><effect type="kenburns" direction="{way}">'
            f'<image filename="{home / "pictures" / str(number)}.jpg"/></effect>'
            '<overlay left="0" top="0.84" height="0.11" width="1"><image color="#00000080"/></overlay>'
            '<text type="zone" left="0.05" right="0.05" top="0.86" height="0.07">'
            f"Picture number {number} of the journey</text></stack>"
        )
    line = f'<transition type="crossfade" duration="{CROSSED}"/>'.join(parts)
    song = f'<audio filename="{home / "music.mp3"}" duration=".." fadein="1" fadeout="2"/>'
    return f'<movie service="craftsman-1.0"><body><stack><sequence>{line}</sequence>{song}</stack></body></movie>'


def _zoompan(home: Path, width: int, height: int, kilobits: int, out: Path, *, enlarged: int) -> list[str]:
    """Return the command of the film by ffmpeg's own filters, on pictures that are enlarged first or not."""
    inputs: list[str] = []
    chains: list[str] = []
    frames, wide = round(EACH * FPS), width * (5 if enlarged == 1 else 4 * enlarged) // 4
    for number in range(PICTURES):
        inputs += ["-i", str(home / "pictures" / f"{number}.jpg")]
        zoom = f"1.02+0.13*on/{frames - 1}" if number % 2 == 0 else f"1.15-0.13*on/{frames - 1}"
        drift = f"0.03*(on/{frames - 1}-0.5)"
        chains.append(
            f"[{number}:v]scale={wide}:-2,crop=iw:iw*9/16,zoompan=z='{zoom}':x='iw/2-iw/zoom/2-{drift}*iw/zoom':"
            f"y='ih/2-ih/zoom/2-{drift}*ih/zoom':d={frames}:s={width}x{height}:fps={FPS},"
            "drawbox=x=0:y=ih*0.84:w=iw:h=ih*0.11:color=black@0.5:t=fill,"
            f"drawtext=fontfile={home / 'font.ttf'}:text='Picture number {number} of the journey':"
            f"fontsize={round(height * 0.05)}:fontcolor=white:x=(w-tw)/2:y=h*0.87,"
            f"format=yuv420p,settb=1/{FPS}[c{number}]"
        )
    last = "c0"
    for number in range(1, PICTURES):
        chains.append(
            f"[{last}][c{number}]xfade=fade:duration={CROSSED}:offset={number * (EACH - CROSSED):.1f}[x{number}]"
        )
        last = f"x{number}"
    seconds = PICTURES * EACH - (PICTURES - 1) * CROSSED
    chains.append(f"[{PICTURES}:a]atrim=0:{seconds},afade=in:d=1,afade=out:st={seconds - 2}:d=2[a]")
    return [
        *(ffmpeg_program(), "-v", "error", "-nostdin", "-y", *inputs, "-i", str(home / "music.mp3")),
        *("-filter_complex", ";".join(chains), "-map", f"[{last}]", "-map", "[a]"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-maxrate", f"{kilobits}k"),
        *("-bufsize", f"{kilobits}k", "-c:a", "aac", "-b:a", "128k", str(out)),
    ]


def _run(command: list[str], environ: Mapping[str, str] | None = None) -> Used:
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command[:3])
    return Used(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def _copy_font(home: Path) -> None:
    """Copy the face of our titles under a name that filter graphs can hold."""
    from dragon_video.film.fonts import installed_directories

    upright = "Arimo[[]wght].ttf"
    found = next(path for directory in installed_directories() for path in directory.rglob(upright))
    shutil.copyfile(found, home / "font.ttf")


def _make_media(home: Path) -> None:
    """Write photographs of 3000 × 2000 px with detail at all sizes, and music."""
    (home / "pictures").mkdir()
    _copy_font(home)
    random = np.random.default_rng(7)
    for number in range(PICTURES):
        picture = _fractal(3000, 2000, 100 + number)
        for index in range(60):
            x, y = (int(value) for value in random.integers(0, (3000, 2000)))
            width, height = (int(value) for value in random.integers(20, 300, 2))
            colour = tuple(int(value) for value in random.integers(0, 255, 3))
            cv2.rectangle(picture, (x, y), (x + width, y + height), colour, -1 if index % 2 else 3, cv2.LINE_AA)
        words = (f"PHOTO {number}", (900, 1100), cv2.FONT_HERSHEY_DUPLEX, 8, (255, 255, 255), 18, cv2.LINE_AA)
        cv2.putText(picture, *words)
        cv2.imwrite(str(home / "pictures" / f"{number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    tones = ("-f", "lavfi", "-i", "sine=f=330:d=40", "-f", "lavfi", "-i", "sine=f=440:d=40")
    command = [ffmpeg_program(), "-v", "error", "-y", *tones, "-filter_complex", "amerge=inputs=2", "-b:a", "128k"]
    subprocess.run([*command, str(home / "music.mp3")], check=True)


def _fractal(width: int, height: int, seed: int) -> "np.typing.NDArray[np.uint8]":
    """Return coloured noise whose amplitude falls with the frequency as in photographs."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    shape = (height, width // 2 + 1)
    phase = np.exp(1j * random.uniform(0, 2 * np.pi, shape))
    planes = []
    for _ in range(3):
        spectrum = phase * np.exp(0.6j * random.standard_normal(shape)) / frequency**1.3
        plane = np.fft.irfft2(spectrum, s=(height, width))
        planes.append(128 + 52 * (plane - plane.mean()) / plane.std())
    pixels: np.typing.NDArray[np.uint8] = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return pixels
