"""Pieces of music whose beats are known: composed here by rule, written as MIDI, rendered by fluidsynth.

Each lasts half a minute. What happens in a piece is placed by its beats, `at(2.5)` being half a beat after
the third, so that swing, ramps and rubato hold for every note alike. The soundfont is Debian's `fluid-soundfont-gm`.
"""

import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mido

SECONDS = 30.0
SOUNDFONTS = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), Path("/usr/share/soundfonts/FluidR3_GM.sf2"))
DRUMS = 9
KICK, SNARE, HAT, RIDE = 36, 38, 42, 51
PIANO, GUITAR, BASS, STRINGS, PAD, FLUTE = 0, 25, 33, 48, 89, 73
TICKS_PER_SECOND = 960
"""A MIDI file of 120 beats a minute and 480 ticks a beat: ticks are a measure of time here, not of music."""


@dataclass(frozen=True)
class Note:
    """One note: MIDI channel, pitch and velocity; start and length in seconds."""

    channel: int
    pitch: int
    velocity: int
    start: float
    length: float


@dataclass
class Piece:
    """A piece under way.

    Args:
        name: What it is called.
        group: What it is an example of.
        beats: Seconds of its beats, the first not at 0.
        metre: Beats in a bar.
        pickup: Beats before the first bar.
    """

    name: str
    group: str
    beats: list[float]
    metre: int = 4
    programs: dict[int, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    pickup: int = 0

    @property
    def downbeats(self) -> list[float]:
        """Seconds of the first beats of bars."""
        return self.beats[self.pickup :: self.metre]

    def at(self, beat: float) -> float:
        """Return the second of a place between beats."""
        number = min(int(beat), len(self.beats) - 2)
        first, second = self.beats[number], self.beats[number + 1]
        return first + (beat - number) * (second - first)

    def add(self, channel: int, pitch: int, velocity: int, beat: float, length: float) -> None:
        """Add a note at a place between beats, counted from the first bar, *length* beats long."""
        beat += self.pickup
        if beat < len(self.beats) - 1:
            end = self.at(beat + length)
            self.notes.append(Note(channel, pitch, velocity, self.at(beat), max(0.05, end - self.at(beat))))

    def write(self, path: Path) -> None:
        """Write it as a MIDI file."""
        track = mido.MidiTrack()
        for channel, program in self.programs.items():
            track.append(mido.Message("program_change", channel=channel, program=program))
        events = [(note.start, "note_on", note) for note in self.notes]
        events += [(note.start + note.length, "note_off", note) for note in self.notes]
        now = 0
        for second, kind, note in sorted(events, key=lambda event: (event[0], event[1])):
            tick = round(second * TICKS_PER_SECOND)
            message = mido.Message(kind, channel=note.channel, note=note.pitch, velocity=note.velocity, time=tick - now)
            track.append(message)
            now = tick
        file = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2)
        file.tracks.append(track)
        file.save(path)


def render(piece: Piece, directory: Path) -> Path:
    """Return the piece as a wav file of 44.1 kHz.

    Raises:
        RuntimeError: If fluidsynth or its soundfont is not there.
    """
    soundfont = next((path for path in SOUNDFONTS if path.exists()), None)
    if shutil.which("fluidsynth") is None or soundfont is None:
        raise RuntimeError("needs fluidsynth and FluidR3_GM.sf2: apt install fluidsynth fluid-soundfont-gm")
    score, sound = directory / f"{piece.name}.mid", directory / f"{piece.name}.wav"
    piece.write(score)
    command: list[str | Path] = ["fluidsynth", "-ni", "-q", "-r", "44100", "-F", sound, soundfont, score]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sound


def pieces() -> list[Piece]:
    """Return all pieces, composed anew and always the same."""
    made = [_song(f"pop-{bpm}", "4/4 with drums", steady(bpm)) for bpm in (60, 75, 90, 105, 120, 135, 150, 170, 200)]
    made += [_swing(f"swing-{bpm}", steady(bpm)) for bpm in (110, 140, 170, 190)]
    made += [_waltz(f"waltz-{bpm}", steady(bpm)) for bpm in (84, 108, 140, 180)]
    made += [_six_eight(f"six-eight-{bpm}", steady(bpm)) for bpm in (50, 60, 72, 90)]
    ramps = ((80, 120), (120, 80), (60, 90), (140, 180))
    made += [_song(f"ramp-{first}-{last}", "tempo ramps", ramp(first, last)) for first, last in ramps]
    made += [_piano(f"rubato-{seed}", rubato(bpm, seed), seed) for seed, bpm in enumerate((64, 76, 88, 100))]
    made += [_no_drums(f"no-drums-{bpm}", steady(bpm)) for bpm in (70, 90, 110, 130, 150)]
    made += [_quiet_intro(f"intro-{bpm}", steady(bpm)) for bpm in (80, 100, 120, 140)]
    made += [_offbeat(f"offbeat-{bpm}", steady(bpm)) for bpm in (75, 95, 115, 125)]
    return made


def steady(bpm: float) -> list[float]:
    """Return beats of one tempo."""
    return _beats(lambda _: bpm)


def ramp(first: float, last: float) -> list[float]:
    """Return beats whose tempo goes evenly from one to another."""
    return _beats(lambda second: first + (last - first) * second / SECONDS)


def rubato(bpm: float, seed: int) -> list[float]:
    """Return beats of a tempo that wanders by up to a fifth, slowly, and is a little uneven besides."""
    chance = random.Random(seed)
    drift = 0.0

    def tempo(_: float) -> float:
        nonlocal drift
        drift = max(-0.2, min(0.2, drift + chance.gauss(0, 0.04)))
        return bpm * (1 + drift) * (1 + chance.gauss(0, 0.015))

    return _beats(tempo)


def _beats(tempo: Callable[[float], float]) -> list[float]:
    beats = [0.5]
    while beats[-1] < SECONDS:
        beats.append(beats[-1] + 60 / tempo(beats[-1]))
    return beats


CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))
"""A minor, F, C, G: one to a bar."""
SCALE = (69, 71, 72, 74, 76, 79, 81)


def _chord(bar: int) -> tuple[int, ...]:
    return CHORDS[bar % len(CHORDS)]


def _bars(piece: Piece) -> range:
    return range(len(piece.beats) // piece.metre)


def _melody(piece: Piece, channel: int, velocity: int, seed: int, lengths: tuple[float, ...]) -> None:
    chance = random.Random(seed)
    beat, place = 0.0, 3
    while beat < len(piece.beats) - 1:
        length = chance.choice(lengths)
        if chance.random() > 0.15:  # else a rest
            place = max(0, min(len(SCALE) - 1, place + chance.choice((-2, -1, -1, 0, 1, 1, 2))))
            piece.add(channel, SCALE[place], velocity + chance.randint(-8, 8), beat, length * 0.9)
        beat += length


def _song(name: str, group: str, beats: list[float]) -> Piece:
    piece = Piece(name, group, beats, programs={0: PIANO, 1: BASS, 2: FLUTE})
    for bar in _bars(piece):
        start = 4 * bar
        for beat in range(4):
            piece.add(DRUMS, SNARE if beat % 2 else KICK, 100, start + beat, 0.2)
            for half in (0.0, 0.5):
                piece.add(DRUMS, HAT, 70, start + beat + half, 0.1)
        for place in (0, 1.5, 2.5):
            piece.add(1, _chord(bar)[0] - 12, 90, start + place, 0.8)
        for pitch in _chord(bar):
            piece.add(0, pitch, 70, start, 1.9)
            piece.add(0, pitch, 60, start + 2, 1.9)
    _melody(piece, 2, 80, len(name), (0.5, 0.5, 1.0, 1.0, 1.5))
    return piece


def _swing(name: str, beats: list[float]) -> Piece:
    piece = Piece(name, "swing", beats, programs={0: PIANO, 1: 32, 2: 66})
    chance = random.Random(name)
    for bar in _bars(piece):
        start = 4 * bar
        for beat in range(4):
            piece.add(DRUMS, RIDE, 90, start + beat, 0.2)
            if beat % 2:
                piece.add(DRUMS, RIDE, 75, start + beat + 2 / 3, 0.2)
                piece.add(DRUMS, 44, 80, start + beat, 0.1)
            piece.add(1, chance.choice(_chord(bar)) - 17, 95, start + beat, 0.9)  # a walking bass
        for pitch in _chord(bar):
            piece.add(0, pitch + 3, 65, start + chance.choice((0.0, 2 / 3, 1.0, 5 / 3)), 0.3)
            piece.add(0, pitch + 3, 65, start + chance.choice((2 + 2 / 3, 3.0)), 0.3)
    _melody(piece, 2, 85, 7, (2 / 3, 1 / 3, 1.0))
    return piece


def _waltz(name: str, beats: list[float]) -> Piece:
    piece = Piece(name, "3/4", beats, 3, programs={0: STRINGS, 1: BASS, 2: FLUTE})
    for bar in _bars(piece):
        start = 3 * bar
        piece.add(1, _chord(bar)[0] - 12, 100, start, 0.9)
        for beat in (1, 2):
            for pitch in _chord(bar):
                piece.add(0, pitch, 75, start + beat, 0.5)
    _melody(piece, 2, 85, 3, (1.0, 1.0, 2.0, 0.5))
    return piece


def _six_eight(name: str, beats: list[float]) -> Piece:
    piece = Piece(name, "6/8", beats, 2, programs={0: GUITAR, 1: BASS, 2: FLUTE})
    for bar in _bars(piece):
        start = 2 * bar
        low, middle, high = _chord(bar)
        for number, pitch in enumerate((low, middle, high, low + 12, high, middle)):
            piece.add(0, pitch, 85 if number % 3 == 0 else 65, start + number / 3, 0.4)
            piece.add(DRUMS, HAT, 60, start + number / 3, 0.1)
        piece.add(DRUMS, KICK, 95, start, 0.2)
        piece.add(DRUMS, SNARE, 90, start + 1, 0.2)
        piece.add(1, low - 12, 95, start, 0.9)
        piece.add(1, high - 12, 80, start + 1, 0.9)
    _melody(piece, 2, 80, 5, (1 / 3, 2 / 3, 1.0))
    return piece


def _piano(name: str, beats: list[float], seed: int) -> Piece:
    piece = Piece(name, "rubato piano", beats, programs={0: PIANO, 1: PIANO})
    for bar in _bars(piece):
        low, middle, high = _chord(bar)
        for number, pitch in enumerate((low - 12, high, middle, high) * 2):
            piece.add(0, pitch, 70 if number % 2 == 0 else 50, 4 * bar + number / 2, 0.5)
    _melody(piece, 1, 85, seed, (1.0, 0.5, 0.5, 2.0))
    return piece


def _no_drums(name: str, beats: list[float]) -> Piece:
    piece = Piece(name, "no drums", beats, programs={0: STRINGS, 1: GUITAR, 2: FLUTE})
    for bar in _bars(piece):
        for pitch in _chord(bar):
            piece.add(0, pitch, 60, 4 * bar, 3.9)
        for beat in range(4):
            for number, pitch in enumerate(_chord(bar)):
                piece.add(1, pitch, 75, 4 * bar + beat + 0.02 * number, 0.7)
    _melody(piece, 2, 80, 11, (1.0, 0.5, 2.0))
    return piece


def _quiet_intro(name: str, beats: list[float]) -> Piece:
    piece = _song(name, "quiet intros", beats)
    begin = beats[len([beat for beat in beats if beat < SECONDS * 0.3]) // 4 * 4]
    piece.notes = [note for note in piece.notes if note.start >= begin]
    piece.programs[3] = PAD
    bar = 0
    while beats[4 * bar] < begin:
        for pitch in _chord(bar):
            piece.add(3, pitch, 45, 4 * bar, 3.9)
        bar += 1
    return piece


def _offbeat(name: str, beats: list[float]) -> Piece:
    """Chords and snares off the beat, as in reggae; the bass and a kick on the third keep the beat."""
    piece = Piece(name, "syncopation", beats, programs={0: GUITAR, 1: BASS, 2: FLUTE})
    for bar in _bars(piece):
        start = 4 * bar
        for beat in range(4):
            for pitch in _chord(bar):
                piece.add(0, pitch + 12, 90, start + beat + 0.5, 0.2)
            piece.add(DRUMS, HAT, 60, start + beat, 0.1)
            piece.add(DRUMS, HAT, 75, start + beat + 0.5, 0.1)
        piece.add(DRUMS, KICK, 100, start + 2, 0.2)
        piece.add(DRUMS, SNARE, 70, start + 2, 0.2)
        for place, step in ((0, 0), (0.75, 0), (1.5, 2), (3, 1)):
            piece.add(1, _chord(bar)[step] - 12, 95, start + place, 0.6)
    _melody(piece, 2, 75, 13, (0.5, 1.0, 1.5))
    return piece
