"""Speech by flite (Carnegie Mellon University), where its program is installed."""

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from dragon_audio._speech import Voice, run_program
from dragon_framework import TaskContext

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
        script = ctx.temporary_directory / "text.txt"
        script.write_text(text, encoding="ascii")
        run_program(["flite", "-voice", self._voices[voice], "-f", str(script), "-o", str(path)], "flite", ctx)


@lru_cache(maxsize=1)
def _voices_of(program: str) -> frozenset[str]:
    """Return the names of the voices that are built in."""
    said = subprocess.run([program, "-lv"], capture_output=True, text=True, timeout=20, check=False).stdout
    return frozenset(said.partition(":")[2].split())
