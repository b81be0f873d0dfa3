"""Engines of speech: one interface, drivers by name, and what becomes of what they say.

A driver is a class with the interface of `SpeechDriver`, found by the setting `speech` in
the entry-point group `dragon_audio.speech`:

    [project.entry-points."dragon_audio.speech"]
    flite = "dragon_audio._flite:FliteDriver"

Stands on numpy, stevedore and the core's `media`; import it inside a task's function alone.
"""

import subprocess
import wave
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import ffmpeg
import numpy as np
from stevedore import DriverManager
from stevedore.exception import NoMatches

from dragon_audio._probe import EXPECTED, first_sound, measured
from dragon_audio.convert import FORMS
from dragon_audio.reading import read_aloud
from dragon_audio.spelling import plain_text
from dragon_audio.tts import AudioTtsParameters, SpeechError
from dragon_framework import TaskContext
from dragon_framework.errors import InvalidParametersError
from dragon_framework.media.ffmpeg import FfmpegError, compiled, input_of, run_ffmpeg
from dragon_framework.media.reading import open_media

GROUP = "dragon_audio.speech"
AUTOMATIC = ("flite", "espeak")
"""What `auto` tries, the best first."""

LONGEST_SPOKEN = 40_000
"""Characters of a text in words: three quarters of an hour of speech. Of digits a third of that many takes as long."""

OUTPUT_RATE = 44_100
LOUDEST = 0.708
"""3 dB below full scale."""
QUIET = 0.003
"""Below this part of the loudest sample is silence (50 dB)."""
EDGE_SECONDS = 0.05

Voice = Literal["female", "male"]


class SpeechDriver(Protocol):
    """What an engine has; made for each run with the operator's voices, empty strings for its own."""

    def __init__(self, female: str, male: str) -> None: ...

    def missing(self) -> str:
        """Return what is missing on this machine; empty if it can speak."""
        ...

    def speak(self, text: str, voice: Voice, path: Path, ctx: TaskContext) -> None:
        """Write *text*, ASCII, as a WAV of 16 bits and one channel to *path*.

        Raises:
            SpeechError: If it cannot.
        """
        ...


def spoken(parameters: AudioTtsParameters, ctx: TaskContext, path: Path) -> tuple[float, str]:
    """Write the speech to *path*; return its duration in seconds, and the name of the engine.

    Raises:
        SpeechError: If there is no engine, or it fails.
        InvalidParametersError: If the text is too long when numbers and signs are in words.
        NoRoomError: If the disk is full.
    """
    said = plain_text(read_aloud(parameters.text))
    if len(said) > LONGEST_SPOKEN:
        problem = f"has {len(said)} characters when numbers and signs are in words, at most {LONGEST_SPOKEN} are read"
        raise InvalidParametersError(ctx.task_name, {"text": [problem]})
    name, driver = open_driver(ctx.settings.speech, ctx.settings.speech_female, ctx.settings.speech_male)
    raw, clean = ctx.temporary_directory / "raw.wav", ctx.temporary_directory / "speech.wav"
    voice: Voice = "female" if parameters.voice == "neospeech:julie" else "male"
    driver.speak(said, voice, raw, ctx)
    tidy(raw, clean, name)
    options = FORMS["mp3" if parameters.codec == "mp3" else "vorbis"][2]
    opened, allowed = input_of(clean)
    graph = ffmpeg.input(opened, **allowed).output(f"file:{path}", ar=str(OUTPUT_RATE), **options)
    try:
        run_ffmpeg(compiled(graph), ctx)
    except FfmpegError as error:
        raise SpeechError(name, "what it said could not be encoded") from error
    with open_media(path, path.name, EXPECTED) as container:
        duration, _ = measured(container, first_sound(container, path.name), ctx.check)
    return duration, name


def open_driver(name: str, female: str, male: str) -> tuple[str, SpeechDriver]:
    """Return the engine called *name*, or the first that can speak if that is `auto`.

    Raises:
        SpeechError: If there is none, or something of it is missing.
    """
    reasons = []
    for one in AUTOMATIC if name == "auto" else (name,):
        driver: SpeechDriver = _class(one)(female, male)
        reason = driver.missing()
        if not reason:
            return one, driver
        reasons.append(f"{one}: {reason}")
    raise SpeechError(name, "; ".join(reasons))


@lru_cache(maxsize=8)
def _class(name: str) -> Any:
    try:
        manager: Any = DriverManager(GROUP, name, on_load_failure_callback=_raise)
    except NoMatches as error:
        raise SpeechError(name, "no engine of that name is installed") from error
    return manager.driver


def _raise(_manager: object, _point: object, error: BaseException) -> None:
    raise error


def tidy(raw: Path, clean: Path, engine: str) -> None:
    """Write what was spoken without the silence at both ends, as loud as it may be.

    Raises:
        SpeechError: If nothing was spoken.
    """
    try:
        with wave.open(str(raw), "rb") as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
            samples = samples.reshape(-1, file.getnchannels()).mean(1)
    except (OSError, EOFError, wave.Error) as error:
        raise SpeechError(engine, "it wrote no sound") from error
    loudest = float(np.abs(samples).max(initial=0))
    if loudest == 0:
        raise SpeechError(engine, "it said nothing")
    heard = np.flatnonzero(np.abs(samples) > QUIET * loudest)
    edge = int(EDGE_SECONDS * rate)
    samples = samples[max(0, heard[0] - edge) : heard[-1] + 1 + edge] * (LOUDEST * 32_767 / loudest)
    with wave.open(str(clean), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(samples).astype("<i2").tobytes())


def run_program(command: Sequence[str], engine: str, ctx: TaskContext, text: str = "") -> None:
    """Run an engine's program to its end, with *text* as its input; it is killed when the task is cancelled.

    Raises:
        SpeechError: If it fails.
    """
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            waiting: bytes | None = text.encode("ascii")
            while True:
                try:
                    process.communicate(waiting, timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    waiting = None
                    ctx.check()
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode:
        raise SpeechError(engine, f"its program ended with status {process.returncode}")


def voices() -> list[tuple[str, str, str, str]]:
    """Return what `dragon doctor` says of the engines: name, state, text, help."""
    found = []
    for name, help_text in (
        ("flite", "`make voices`, or the package `flite` of the system, brings better voices."),
        ("espeak", "Reinstall dragon-audio: its dependency espeakng-loader is not complete."),
    ):
        try:
            missing = _class(name)("", "").missing()
        except Exception as error:  # noqa: BLE001  # a look that breaks is a finding
            missing = repr(error)
        state = "ok" if not missing else "warning"
        text = missing or "one female and one male US English voice"
        found.append((f"speech by {name}", state, text, "" if not missing else help_text))
    return found
