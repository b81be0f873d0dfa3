"""CMU Sphinx as an offline listener: `pocketsphinx` from PyPI, whose wheel carries a model of US English.

`python sphinx_ears.py` reads paths of WAV files, 16 kHz, 16 bits, one channel, one a line, and prints what it
understood of each, one a line. It runs in an environment of its own. It is a weak listener, trained on people in
quiet rooms: its figures order the voices, and say little of what a person understands.
"""

import subprocess
import sys
import venv
import wave
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = ("pocketsphinx>=5.1,<6",)
ENVIRONMENT = Path(".venv-pocketsphinx")


def install() -> Path:
    """Return the Python of the environment, after making it if it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        print(f"    installing pocketsphinx into {ENVIRONMENT}", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    return python


def understood(paths: Sequence[Path]) -> list[str]:
    """Return the words that were understood in each file."""
    lines = "".join(f"{path}\n" for path in paths)
    ran = subprocess.run([install(), __file__], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return ran.stdout.split("\n")[: len(paths)]


def _listen() -> None:
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=16_000, loglevel="FATAL", fwdflat=False)  # one pass less: half the time
    for line in sys.stdin:
        with wave.open(line.strip(), "rb") as file:
            samples = file.readframes(file.getnframes())
        decoder.start_utt()
        decoder.process_raw(samples, full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        print(heard.hypstr if heard else "", flush=True)


if __name__ == "__main__":
    _listen()
