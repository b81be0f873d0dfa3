"""Morse code (ITU-R M.1677-1) as an engine of `audio.tts`: `DRAGON_AUDIO_SPEECH=morse`.

A dash is three dots long; a dot lies between the elements of a letter, three between
letters, seven between words. The female voice is a third higher.
"""

import math
import struct
import wave
from pathlib import Path
from typing import Literal

from dragon_framework import TaskContext

RATE_HZ = 8000
DOT_SECONDS = 0.06  # 20 words a minute: PARIS is 50 dots
PITCH_HZ = {"male": 600.0, "female": 750.0}
CODE = {
    "a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--.", "h": "....", "i": "..",
    "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-.", "o": "---", "p": ".--.", "q": "--.-", "r": ".-.",
    "s": "...", "t": "-", "u": "..-", "v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--..",
    "0": "-----", "1": ".----", "2": "..---", "3": "...--", "4": "....-", "5": ".....", "6": "-....", "7": "--...",
    "8": "---..", "9": "----.", ".": ".-.-.-", ",": "--..--", "?": "..--..", "'": ".----.", "-": "-....-",
}  # fmt: skip


class MorseDriver:
    """Speaks anything, in Morse code; it has no other voices."""

    def __init__(self, female: str, male: str) -> None:
        pass

    def missing(self) -> str:
        """Return nothing: it needs only the standard library."""
        return ""

    def speak(self, text: str, voice: Literal["female", "male"], path: Path, ctx: TaskContext) -> None:
        """Write *text* as a WAV to *path*."""
        dot = int(RATE_HZ * DOT_SECONDS)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            for on, dots in signals(text):
                ctx.check()  # a long text can be cancelled
                file.writeframes(_tone(PITCH_HZ[voice], dots * dot) if on else bytes(2 * dots * dot))


def signals(text: str) -> list[tuple[bool, int]]:
    """Return (whether there is a tone, for how many dots) of a text; what has no code is left out."""
    found: list[tuple[bool, int]] = []
    for word in text.lower().split():
        letters = [CODE[letter] for letter in word if letter in CODE]
        for letter in letters:
            for element in letter:
                found += [(True, 3 if element == "-" else 1), (False, 1)]
            found[-1] = (False, 3)
        if letters:
            found[-1] = (False, 7)
    return found


def _tone(pitch_hz: float, samples: int) -> bytes:
    turn = 2 * math.pi * pitch_hz / RATE_HZ
    return b"".join(struct.pack("<h", int(20_000 * math.sin(turn * number))) for number in range(samples))
