"""How the nine genres play: distributions over dials and patterns that all of them share.

Nothing here is measured on real music. The tables are chosen so that genres differ the way their names promise and overlap
enough that nobody, man or machine, can tell every song's genre; docs/composed-world.md gives the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DIALS = ("tempo", "swing", "energy", "density", "brightness", "register", "room", "major", "metre3")
"""Continuous dials of a style: beats a minute, then values in [0, 1].

swing: 0 straight, 1 full triplets; energy: how hard the band plays; density: notes and layers; brightness: spectral tilt;
register: height of the melody; room: reverberation; major, metre3: probability of a major key and of 3/4 time.
"""

ROLES = ("drums", "bassline", "chords", "progression", "kit", "bass", "comp", "lead", "pad")
"""Categorical choices of a style: four patterns of data.world.patterns, a drum kit and four General MIDI programs."""

NO_PROGRAM = -1
"""Stands where a band has no melody instrument or no pad."""

Choice = str | int


@dataclass(frozen=True)
class Manner:
    """What a genre tends to: the mean of each dial and a weight for each choice of a role."""

    dials: tuple[float, ...]
    choices: Mapping[str, Mapping[Choice, float]]


def _manner(
    dials: tuple[float, ...],
    drums: dict[Choice, float],
    bassline: dict[Choice, float],
    chords: dict[Choice, float],
    progression: dict[Choice, float],
    kit: dict[Choice, float],
    bass: dict[Choice, float],
    comp: dict[Choice, float],
    lead: dict[Choice, float],
    pad: dict[Choice, float],
) -> Manner:
    return Manner(dials, dict(zip(ROLES, (drums, bassline, chords, progression, kit, bass, comp, lead, pad), strict=True)))


_ = NO_PROGRAM

# One row a genre. Dials: tempo, swing, energy, density, brightness, register, room, major, metre3. Then the nine roles.
MANNERS: dict[str, Manner] = {
    "alternative": _manner(
        (110, 0.05, 0.52, 0.55, 0.42, 0.45, 0.75, 0.45, 0.10),
        {"rock8": 3, "halftime": 3, "drive8": 2, "backbeat16": 1, "four": 1, "none": 0.5},
        {"root8": 4, "melodic": 3, "long": 2, "syncopated": 1},
        {"arp8": 4, "strum": 3, "power": 2, "riff": 2, "pad": 1},
        {"dark": 3, "axis": 2, "drone": 3, "mixo": 2, "ballad": 1},
        {8: 4, 0: 3, 16: 2, 24: 1},
        {33: 4, 34: 4, 38: 1, 35: 1},
        {27: 6, 28: 3, 25: 2, 29: 1.5, 4: 1, 81: 1},
        {_: 3, 27: 3, 29: 2, 81: 1, 53: 2, 40: 1},
        {_: 3, 89: 2, 91: 2, 50: 2, 48: 1},
    ),
    "blues": _manner(
        (90, 0.75, 0.50, 0.42, 0.46, 0.42, 0.30, 0.62, 0.12),
        {"shuffle": 6, "rock8": 2, "swing": 2, "soft": 1, "none": 1},
        {"boogie": 4, "walking": 4, "rootfifth": 2, "root8": 1},
        {"comping": 2, "quarters": 3, "boomchick": 2, "charleston": 2, "riff": 2, "strum": 1},
        {"blues": 7, "vamp": 1, "mixo": 1, "turnaround": 1},
        {0: 5, 8: 3, 40: 1, 32: 1},
        {32: 3, 33: 5, 34: 1},
        {0: 3, 26: 3, 25: 3, 27: 2, 16: 2, 29: 1},
        {22: 4, 26: 3, 29: 3, 66: 2, _: 1},
        {_: 6, 16: 2, 18: 1, 61: 1},
    ),
    "electronic": _manner(
        (124, 0.05, 0.72, 0.65, 0.72, 0.55, 0.50, 0.35, 0.02),
        {"four": 6, "break": 3, "trap": 1, "backbeat16": 1, "halftime": 1, "latin": 0.5},
        {"octave": 3, "drive": 3, "sub": 2, "root8": 2, "long": 1, "syncopated": 1},
        {"arp16": 4, "pad": 3, "offbeat": 2, "stabs": 2, "arp8": 1},
        {"dark": 2, "axis": 2, "drone": 4, "ballad": 2, "vamp": 1},
        {24: 4, 25: 5, 16: 1, 0: 0.5},
        {38: 5, 39: 4, 33: 0.5},
        {81: 4, 90: 3, 80: 2, 5: 1, 50: 1, 62: 2},
        {_: 4, 80: 2, 81: 3, 87: 1, 54: 1, 53: 0.5},
        {89: 3, 95: 3, 50: 2, 88: 2, _: 2},
    ),
    "folkcountry": _manner(
        (106, 0.15, 0.36, 0.45, 0.50, 0.55, 0.30, 0.85, 0.25),
        {"train": 4, "soft": 3, "none": 3, "rock8": 2, "shuffle": 1},
        {"rootfifth": 6, "long": 2, "walking": 1, "root8": 2},
        {"boomchick": 5, "strum": 4, "arp8": 3, "arp16": 1},
        {"plagal": 5, "fifties": 2, "mixo": 2, "axis": 2, "ballad": 1},
        {40: 3, 0: 5, 8: 1},
        {32: 6, 33: 3},
        {25: 6, 24: 3, 105: 2, 0: 1, 21: 1, 27: 1},
        {110: 3, 22: 3, 73: 1, 105: 1, 26: 1, 40: 1, _: 2},
        {_: 7, 48: 2, 21: 1, 20: 0.5},
    ),
    "funksoulrnb": _manner(
        (100, 0.30, 0.58, 0.68, 0.55, 0.50, 0.35, 0.50, 0.03),
        {"backbeat16": 6, "break": 2, "soft": 1, "four": 1, "boombap": 1, "latin": 1},
        {"funk": 5, "syncopated": 3, "octave": 1, "walking": 1, "melodic": 1},
        {"scratch": 5, "stabs": 3, "halves": 2, "comping": 1, "pad": 1},
        {"vamp": 4, "soul": 5, "turnaround": 1, "ballad": 1, "blues": 1},
        {0: 5, 8: 2, 24: 1, 25: 0.5},
        {33: 4, 36: 4, 37: 1, 38: 1},
        {4: 4, 7: 3, 28: 3, 27: 2, 16: 2, 5: 1},
        {61: 3, 65: 3, 56: 1, 66: 1, 53: 1, _: 2},
        {_: 3, 61: 2, 48: 2, 16: 2, 52: 1},
    ),
    "jazz": _manner(
        (132, 0.80, 0.38, 0.52, 0.42, 0.52, 0.45, 0.55, 0.15),
        {"swing": 7, "latin": 2, "soft": 1, "shuffle": 1, "none": 0.5},
        {"walking": 7, "melodic": 2, "long": 1, "syncopated": 1},
        {"comping": 4, "charleston": 4, "halves": 2, "stabs": 1},
        {"turnaround": 7, "soul": 2, "blues": 2, "vamp": 1},
        {32: 5, 40: 4, 0: 1},
        {32: 8, 35: 1, 33: 1},
        {0: 6, 26: 3, 4: 1, 11: 1, 16: 1},
        {66: 3, 56: 2, 65: 2, 59: 2, 71: 1, 73: 1, 26: 1, 11: 1},
        {_: 8, 61: 1, 48: 1},
    ),
    "pop": _manner(
        (114, 0.05, 0.55, 0.50, 0.72, 0.65, 0.45, 0.78, 0.04),
        {"rock8": 3, "four": 3, "backbeat16": 2, "soft": 2, "halftime": 1, "trap": 0.5},
        {"root8": 4, "long": 2, "octave": 2, "syncopated": 2, "sub": 1},
        {"halves": 3, "quarters": 2, "arp8": 2, "strum": 3, "pad": 2, "offbeat": 1},
        {"axis": 6, "fifties": 3, "ballad": 3, "plagal": 1, "soul": 1},
        {0: 4, 24: 3, 16: 1, 25: 1},
        {33: 4, 38: 3, 39: 1},
        {0: 4, 25: 2, 5: 2, 90: 2, 27: 2, 81: 1},
        {53: 3, 73: 1, 80: 1, 81: 1, 85: 1, 11: 1, _: 2},
        {50: 3, 48: 3, 89: 2, 52: 1, _: 3},
    ),
    "raphiphop": _manner(
        (89, 0.25, 0.60, 0.45, 0.40, 0.38, 0.22, 0.20, 0.01),
        {"boombap": 6, "trap": 5, "break": 2, "halftime": 1, "backbeat16": 0.5},
        {"sub": 6, "long": 2, "syncopated": 2, "funk": 1},
        {"riff": 3, "stabs": 2, "pad": 2, "arp8": 2, "halves": 2, "scratch": 0.5},
        {"dark": 4, "drone": 4, "vamp": 2, "soul": 2},
        {25: 5, 0: 3, 24: 2},
        {38: 4, 39: 2, 33: 2, 32: 1},
        {0: 3, 4: 3, 46: 1, 11: 1, 90: 1, 48: 1, 62: 1},
        {_: 5, 73: 1, 80: 1, 56: 1, 54: 1, 66: 0.5},
        {_: 4, 48: 3, 50: 2, 52: 1},
    ),
    "rock": _manner(
        (128, 0.05, 0.82, 0.60, 0.62, 0.45, 0.32, 0.50, 0.03),
        {"rock8": 4, "drive8": 5, "halftime": 1, "shuffle": 1, "backbeat16": 1},
        {"root8": 5, "drive": 3, "rootfifth": 1, "melodic": 1, "boogie": 0.5},
        {"power": 6, "strum": 2, "riff": 3, "quarters": 1},
        {"mixo": 5, "plagal": 2, "dark": 2, "axis": 2, "blues": 1},
        {16: 4, 8: 3, 0: 3},
        {34: 5, 33: 4},
        {30: 5, 29: 5, 27: 1, 25: 1, 16: 1},
        {30: 4, 29: 3, _: 3, 16: 1, 53: 0.5},
        {_: 6, 16: 2, 18: 1, 48: 1},
    ),
}
