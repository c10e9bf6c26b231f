"""From a style to notes: drums, bass, chords, pad and melody in beats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data.world.genres import NO_PROGRAM
from data.world.patterns import BASS, CHORDS, CRASH, DRUMS, HAT, KICK, PROGRESSIONS, RIDE, SNARE, chord
from data.world.style import Style

DRUM_CHANNEL = 9
_STEPS = 4  # a beat
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Note:
    """start, length in beats; pitch and velocity as in MIDI, 0 to 127."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """One instrument. pan: -1 left to 1 right; volume, room (reverb send), chorus in [0, 1]."""

    channel: int
    program: int
    pan: float
    volume: float
    room: float
    chorus: float
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Bar:
    """One bar's place (in beats), its chord and the next bar's root (semitones above the tonic)."""

    start: float
    steps: int
    root: int
    intervals: tuple[int, ...]
    next_root: int


def compose(style: Style, seconds: float, rng: np.random.Generator) -> tuple[Part, ...]:
    """The band's parts, enough bars to fill `seconds` of sound."""
    bars = _bars(style, seconds)
    loose = 0.004 + 0.02 * style.swing  # timing spread in beats
    side = style.width * (1.0 if rng.random() < 0.5 else -1.0)
    parts = [
        _part(style, DRUM_CHANNEL, style.kit, 0.0, 0.95, _drums(style, bars, rng), loose, rng),
        _part(style, 0, style.bass, 0.0, 0.8, _bass(style, bars, rng), loose, rng),
        _part(style, 1, style.comp, 0.7 * side, 0.88, _chords(style, bars, rng), loose, rng),
    ]
    if style.pad != NO_PROGRAM and style.density > 0.3:
        parts.append(_part(style, 2, style.pad, -0.5 * side, 0.45 + 0.2 * style.density, _pad(style, bars), loose, rng))
    if style.lead != NO_PROGRAM:
        parts.append(_part(style, 3, style.lead, -0.45 * side, 0.9, _melody(style, bars, rng), loose, rng))
    return tuple(parts)


def _bars(style: Style, seconds: float) -> list[_Bar]:
    chords = [chord(symbol) for symbol in PROGRESSIONS[style.progression][0 if style.major else 1].split()]
    count = int(seconds * style.tempo / 60.0 / style.metre) + 2
    return [
        _Bar(bar * style.metre, bar_steps, *chords[bar % len(chords)], chords[(bar + 1) % len(chords)][0])
        for bar, bar_steps in enumerate([style.metre * _STEPS] * count)
    ]


def _part(
    style: Style, channel: int, program: int, pan: float, volume: float, notes: list[Note], loose: float, rng: np.random.Generator
) -> Part:
    """Swing and humanise: every second half of a beat starts later, and hands are never exact."""
    shift, touch = loose * rng.standard_normal(len(notes)), 5.0 * rng.standard_normal(len(notes))
    played = tuple(
        Note(
            start=max(0.0, _swung(note.start, style.swing) + float(late)),
            length=note.length,
            pitch=note.pitch,
            velocity=int(np.clip(note.velocity + accent, 12, 127)),
        )
        for note, late, accent in zip(notes, shift, touch, strict=True)
    )
    dry = 0.35 if channel in (0, DRUM_CHANNEL) else 1.0
    return Part(channel, program, pan, volume, dry * style.room, 0.25 * style.room, played)


def _swung(beat: float, swing: float) -> float:
    """Move the middle of the beat from 1/2 (swing 0) to 2/3 (swing 1), everything else in proportion."""
    whole, phase = divmod(beat, 1.0)
    middle = 0.5 + swing / 6.0
    return whole + (phase * 2.0 * middle if phase < 0.5 else middle + (phase - 0.5) * 2.0 * (1.0 - middle))


def _velocity(style: Style, base: float) -> int:
    """Loudness of a stroke, `base` in [0, 1], at the band's energy."""
    return int(np.clip((36.0 + 90.0 * style.energy) * base, 1, 127))


def _drums(style: Style, bars: list[_Bar], rng: np.random.Generator) -> list[Note]:
    pattern = DRUMS[style.drums]
    ghosts = 0.5 * max(0.0, style.density - 0.45)  # probability of an extra soft stroke on an empty sixteenth
    notes = []
    for number, bar in enumerate(bars):
        fill = style.drums != "none" and number % 4 == 3 and rng.random() < 0.3 + 0.4 * style.energy
        for key, steps in pattern.items():
            for step in range(bar.steps):
                loudness = int(steps[step]) if steps[step] != "." else 0
                thin = key in (HAT, RIDE) and step % 2 == 1 and style.density < 0.45
                if loudness and not thin:
                    notes.append(Note(bar.start + step / _STEPS, 0.2, key, _velocity(style, loudness / 9)))
                elif key in (KICK, SNARE, HAT) and rng.random() < ghosts:
                    notes.append(Note(bar.start + step / _STEPS, 0.2, key, _velocity(style, 0.4)))
        if fill:
            toms = rng.integers(41, 49, size=4).tolist()
            notes += [
                Note(bar.start + style.metre - 1 + i / _STEPS, 0.2, tom, _velocity(style, 0.85)) for i, tom in enumerate(toms)
            ]
        if number % 4 == 0 and style.energy > 0.6 and rng.random() < 0.6:
            notes.append(Note(bar.start, 1.0, CRASH, _velocity(style, 0.7)))
    return notes


def _bass(style: Style, bars: list[_Bar], rng: np.random.Generator) -> list[Note]:
    low = 28 + (style.tonic - 4) % 12  # E1 upward
    steps = BASS[style.bassline]
    notes = []
    for bar in bars:
        third, fifth = bar.intervals[1], bar.intervals[2] if bar.intervals[2] < 9 else 7
        offsets = {"r": 0, "o": 12, "t": third, "f": fifth, "s": 9 if style.major else 10, "a": bar.next_root - 1 - bar.root}
        onsets = [step for step in range(bar.steps) if steps[step] != "."]
        for step, end in pairwise([*onsets, bar.steps]):
            if step and rng.random() < 0.06:
                continue
            pitch = low + bar.root % 12 + offsets[steps[step]]
            pitch -= 12 if pitch > 52 else 0
            notes.append(Note(bar.start + step / _STEPS, 0.92 * (end - step) / _STEPS, pitch, _velocity(style, 0.9)))
    return notes


def _voicing(style: Style, bar: _Bar, center: int) -> list[int]:
    """The chord's tones, each in the octave nearest above `center` - 6."""
    return sorted(center - 6 + (style.tonic + bar.root + interval - center + 6) % 12 for interval in bar.intervals)


def _chords(style: Style, bars: list[_Bar], rng: np.random.Generator) -> list[Note]:
    steps = CHORDS[style.chords]
    notes = []
    for bar in bars:
        tones = _voicing(style, bar, 52 + round(16 * style.register))
        shapes: dict[str, tuple[list[int], float, float]] = {
            "=": (tones, 0.0, 0.8),
            "X": (tones, 0.3, 0.85),
            "x": (tones[-2:], 0.2, 0.6),
            "p": ([tones[0] - 12, tones[0] - 5, tones[0]], 0.45, 0.9),
            "l": ([tones[0] - 12], 0.5, 0.85),
        }
        onsets = [step for step in range(bar.steps) if steps[step] != "."]
        for step, end in pairwise([*onsets, bar.steps]):
            offbeat = step % _STEPS != 0
            if offbeat and rng.random() < 0.7 * (1.0 - style.density) ** 1.5:
                continue
            mark = steps[step]
            pitches, length, loudness = shapes.get(mark, ([], 0.0, 0.0))
            if mark.isdigit():
                pitches, length, loudness = [tones[int(mark) % len(tones)] + 12 * (int(mark) // len(tones))], 0.5, 0.8
            length = length or 0.95 * (end - step) / _STEPS
            notes += [Note(bar.start + step / _STEPS, length, pitch, _velocity(style, loudness)) for pitch in pitches]
    return notes


def _pad(style: Style, bars: list[_Bar]) -> list[Note]:
    center = 58 + round(18 * style.register)
    return [
        Note(bar.start, 0.98 * bar.steps / _STEPS, pitch, _velocity(style, 0.65))
        for bar in bars
        for pitch in _voicing(style, bar, center)[:3]
    ]


def _melody(style: Style, bars: list[_Bar], rng: np.random.Generator) -> list[Note]:
    """A motif of two bars, sung again with small changes; strong beats fall on tones of the chord."""
    scale = _MAJOR if style.major else _MINOR
    center = 48 + style.tonic + round(28 * style.register)
    rate = 0.1 + 0.6 * style.density  # probability of an onset on an eighth
    eighths = bars[0].steps // 2
    motif = rng.random(2 * eighths) < np.where(np.arange(2 * eighths) % 2 == 0, 1.4 * rate, 0.8 * rate)
    moves = rng.choice([-2, -1, -1, 0, 1, 1, 2], size=2 * eighths)
    degree = int(rng.integers(-2, 5))
    notes = []
    for number, bar in enumerate(bars):
        half = (number % 2) * eighths
        onsets = [e for e in range(eighths) if motif[half + e] != (rng.random() < 0.08)]
        for eighth, end in pairwise([*onsets, eighths]):
            move = int(moves[half + eighth]) if rng.random() < 0.85 else int(rng.integers(-2, 3))
            degree = int(np.clip(degree + move, -5, 9))
            pitch = _scale_pitch(center, scale, degree)
            if eighth % 4 == 0:
                pitch = _nearest_of(pitch, {(style.tonic + bar.root + interval) % 12 for interval in bar.intervals})
            length = 0.5 * min(end - eighth, 4) * 0.9
            notes.append(Note(bar.start + eighth / 2, length, pitch, _velocity(style, 0.95)))
    return notes


def _scale_pitch(center: int, scale: tuple[int, ...], degree: int) -> int:
    octave, place = divmod(degree, len(scale))
    return center + 12 * octave + scale[place]


def _nearest_of(pitch: int, classes: set[int]) -> int:
    """The pitch nearest to `pitch`, the lower one of two, whose pitch class is in `classes`."""
    return next(near for distance in range(12) for near in (pitch - distance, pitch + distance) if near % 12 in classes)
