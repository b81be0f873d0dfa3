"""`audio.tts` as an offline recogniser understands it: word error rate of both voices of each engine that is here.

A hundred sentences are spoken by the task itself, as mp3, decoded at 16 kHz, and recognised by CMU Sphinx.
piper is measured where `DRAGON_AUDIO_SPEECH_FEMALE` and `DRAGON_AUDIO_SPEECH_MALE` name its models.
"""

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy.sentences import SENTENCES
from benchmarks.figures.audio import run_ffmpeg
from benchmarks.peers import sphinx_ears
from benchmarks.report import Figure
from dragon_framework.context import RunContext, SilentReporter, plugin_settings, run_in_context
from dragon_framework.registry import load_registry
from dragon_framework.settings import SourcesSettings
from dragon_framework.sources import Sources
from dragon_framework.validation import convert_parameters

VOICES = {"female": "neospeech:julie", "male": "neospeech:paul"}


def measure() -> list[Figure]:
    """Let each engine speak, and compare what was understood with what was said."""
    from dragon_audio._speech import open_driver
    from dragon_audio.tts import SpeechError

    figures = []
    for engine in ("flite", "espeak", "piper"):
        models = [os.environ.get(f"DRAGON_AUDIO_SPEECH_{kind}", "") for kind in ("FEMALE", "MALE")]
        if engine == "piper" or not any(model.endswith(".onnx") for model in models):
            try:
                open_driver(engine, *models)
            except SpeechError as error:
                print(f"    {engine}: {error}", file=sys.stderr)
                continue
            figures += [_figure(engine, kind, voice) for kind, voice in VOICES.items()]
    return figures


def _figure(engine: str, kind: str, voice: str) -> Figure:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        heard = sphinx_ears.understood(_spoken(engine, voice, Path(name)))
    wrong = [word_errors(said.lower().split(), _words(text)) for said, text in zip(SENTENCES, heard, strict=True)]
    words = sum(len(said.split()) for said in SENTENCES)
    whole = sum(not count for count in wrong)
    return Figure(
        name=f"audio.tts, {engine}, {kind} voice: word error rate by pocketsphinx",
        ours=f"{sum(wrong)} of {words} words",
        value=sum(wrong) / words,
        unit="",
        note=f"{whole} of {len(SENTENCES)} sentences without an error",
    )


def _spoken(engine: str, voice: str, directory: Path) -> list[Path]:
    """Return the sentences as WAV files of 16 kHz, made by the task."""
    task = load_registry().get("audio.tts")
    environ = {**os.environ, "DRAGON_AUDIO_SPEECH": engine}
    paths = []
    for number, text in enumerate(SENTENCES):
        with tempfile.TemporaryDirectory(dir=directory) as place:
            sources = Sources(SourcesSettings(), cache_directory=None, local_files=True)
            settings = plugin_settings(task, {}, environ)
            ctx = RunContext(task, Path(place), sources, reporter=SilentReporter(), settings=settings)
            _, files = run_in_context(task, convert_parameters(task, {"text": f"{text}.", "voice": voice}), ctx)
            paths.append(directory / f"{number}.wav")
            run_ffmpeg("-i", files[0].path, "-ar", 16_000, "-ac", 1, paths[-1])
    return paths


def _words(text: str) -> list[str]:
    """Return what was understood, without the marks of other pronunciations: `the(2)`."""
    return re.sub(r"\(\d+\)", "", text.lower()).split()


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the least number of words to change, leave out or put in that makes one of the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row = row, [number]
        for place, other in enumerate(heard, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (word != other)))
    return row[-1]
