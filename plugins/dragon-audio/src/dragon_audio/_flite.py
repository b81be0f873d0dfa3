"""Speech by flite (Carnegie Mellon University), where its program is installed."""

import shutil
import subprocess
import wave
from functools import lru_cache
from pathlib import Path

from dragon_audio._speech import Voice, run_program
from dragon_audio.spelling import pieces
from dragon_framework import TaskContext

MOST_CHARACTERS = 500
"""So much is spoken at once: flite holds all of it in memory, with all that it knows of each sound."""

_VOICES = {"female": "slt", "male": "rms"}


class FliteDriver:
    """Speaks with the voices `slt` and `rms`, or with those the operator names."""

    def __init__(self, female: str, male: str) -> None:
        self._voices = {"female": female or _VOICES["female"], "male": male or _VOICES["male"]}

    def missing(self) -> str:
        """Return what is missing on this machine; empty if it can speak."""
        program = shutil.which("flite")
        if program is None:
            return "the program flite is not installed"
        lost = [voice for voice in self._voices.values() if "/" not in voice and voice not in _voices_of(program)]
        return f"flite has no voice {', '.join(lost)}" if lost else ""

    def speak(self, text: str, voice: Voice, path: Path, ctx: TaskContext) -> None:
        """Write *text* as a WAV to *path*."""
        script, part = ctx.temporary_directory / "text.txt", ctx.temporary_directory / "part.wav"
        command = ["flite", "-voice", self._voices[voice], "-f", str(script), "-o", str(part)]
        with wave.open(str(path), "wb") as whole:
            for number, piece in enumerate(pieces(text, MOST_CHARACTERS)):
                script.write_text(piece, encoding="ascii")
                run_program(command, "flite", ctx)
                with wave.open(str(part), "rb") as said:
                    if number == 0:
                        whole.setparams(said.getparams())
                    whole.writeframes(said.readframes(said.getnframes()))


@lru_cache(maxsize=1)
def _voices_of(program: str) -> frozenset[str]:
    """Return the names of the voices that are built in."""
    said = subprocess.run([program, "-lv"], capture_output=True, text=True, timeout=20, check=False).stdout
    return frozenset(said.partition(":")[2].split())
