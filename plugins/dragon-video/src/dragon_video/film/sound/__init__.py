"""The sound of a film: tracks → one mix in windows → one encoded track.

`tracks.Track` says what is heard when; `mixing.mix` yields the sum of many; `encoding.encode_sound` writes it.
"""

from dragon_video.film.sound.encoding import SoundEncoder, encode_sound
from dragon_video.film.sound.mixing import mix
from dragon_video.film.sound.tracks import Track

__all__ = ["SoundEncoder", "Track", "encode_sound", "mix"]
