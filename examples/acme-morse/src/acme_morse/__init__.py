"""An engine of audio.tts for Dragon: Morse code."""
