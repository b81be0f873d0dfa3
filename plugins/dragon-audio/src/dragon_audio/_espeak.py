"""Speech by eSpeak NG, whose library and data the wheel `espeakng-loader` brings: it always works.

Called through ctypes (speak_lib.h). The library keeps one state for the whole process, which
is a task process, and so is made once in it.
"""

import ctypes
import wave
from functools import lru_cache
from pathlib import Path
from typing import Any

from dragon_audio._speech import Voice
from dragon_audio.tts import SpeechError
from dragon_framework import TaskContext

_VOICES = {"female": "en-us+f3", "male": "en-us+m3"}

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, before espeak_Synth returns
_CHARACTERS = 1  # POS_CHARACTER
_UTF8 = 1  # espeakCHARS_UTF8
_OK = 0

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakDriver:
    """Speaks with the voices `en-us+f3` and `en-us+m3`, or with those the operator names."""

    def __init__(self, female: str, male: str) -> None:
        self._voices = {"female": female or _VOICES["female"], "male": male or _VOICES["male"]}

    def missing(self) -> str:
        """Return what is missing on this machine; empty if it can speak."""
        try:
            _library()
        except (ImportError, OSError, SpeechError) as error:
            return str(error)
        return ""

    def speak(self, text: str, voice: Voice, path: Path, ctx: TaskContext) -> None:
        """Write *text* as a WAV to *path*."""
        library, rate = _library()
        kept: list[bytes] = []

        def take(samples: Any, count: int, _events: int) -> int:
            if samples and count > 0:
                kept.append(ctypes.string_at(samples, 2 * count))
            return int(ctx.cancelled)  # anything but 0 ends it

        callback = _Callback(take)
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(self._voices[voice].encode()) != _OK:
            raise SpeechError("espeak", f"it has no voice {self._voices[voice]}")
        said = text.encode("ascii") + b"\0"
        if library.espeak_Synth(said, len(said), 0, _CHARACTERS, 0, _UTF8, None, None) != _OK:
            raise SpeechError("espeak", "it refused the text")
        ctx.check()
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(b"".join(kept))


@lru_cache(maxsize=1)
def _library() -> tuple[Any, int]:
    """Return the library, ready, and the sample rate of its voices."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.espeak_SetSynthCallback.argtypes = [_Callback]
    library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    data = str(espeakng_loader.get_data_path()).encode()
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, 1 << 15)  # espeakINITIALIZE_DONT_EXIT
    if rate <= 0:
        raise SpeechError("espeak", "its data cannot be loaded")
    return library, int(rate)
