"""Speech by piper, with voice models that the operator brings.

`DRAGON_AUDIO_SPEECH=piper`, and `DRAGON_AUDIO_SPEECH_FEMALE` and `DRAGON_AUDIO_SPEECH_MALE`: paths
of `.onnx` files, with their `.onnx.json` beside them. The program `piper` comes with `pip install piper-tts`.
"""

import shutil
import sys
from pathlib import Path

from dragon_audio._speech import Voice, run_program
from dragon_framework import TaskContext


class PiperDriver:
    """Speaks with the two models it is made with."""

    def __init__(self, female: str, male: str) -> None:
        self._models = {"female": female, "male": male}
        self._program = shutil.which("piper") or shutil.which("piper", path=str(Path(sys.executable).parent))

    def missing(self) -> str:
        """Return what is missing on this machine; empty if it can speak."""
        if self._program is None:
            return "the program piper is not installed"
        lost = {voice: model for voice, model in self._models.items() if not Path(model).is_file()}
        named = ", ".join(f"speech_{voice} ({model or 'not set'})" for voice, model in lost.items())
        return f"there is no model file: {named}" if lost else ""

    def speak(self, text: str, voice: Voice, path: Path, ctx: TaskContext) -> None:
        """Write *text* as a WAV to *path*."""
        command = [str(self._program), "--model", self._models[voice], "--output_file", str(path)]
        run_program(command, "piper", ctx, " ".join(text.split()) + "\n")
