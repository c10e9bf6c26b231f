"""The vocabulary that all genres share: drum, bass and chord patterns and chord progressions.

A pattern is one bar of 4/4 in sixteenths, one character a step, "." for silence; in 3/4 its first 12 steps are played.
No pattern belongs to one genre: data.world.genres only says how often a genre takes which.
"""

from __future__ import annotations

# General MIDI percussion keys.
KICK, STICK, SNARE, CLAP, HAT, OPEN_HAT, CRASH, RIDE, TAMBOURINE, COWBELL, SHAKER, CONGA = (
    36,
    37,
    38,
    39,
    42,
    46,
    49,
    51,
    54,
    56,
    70,
    63,
)

DRUMS: dict[str, dict[int, str]] = {
    # digits are loudness, 1 to 9
    "rock8": {KICK: "9.......9.9.....", SNARE: "....9.......9...", HAT: "7.5.7.5.7.5.7.5."},
    "drive8": {KICK: "9...9.9.9...9.9.", SNARE: "....9.......9...", OPEN_HAT: "6...6...6...6...", HAT: "..5...5...5...5."},
    "halftime": {KICK: "9.....7.........", SNARE: "........9.......", RIDE: "6...5...6...5..."},
    "backbeat16": {KICK: "9..6..8...9..6..", SNARE: "....9..3.3..9..2", HAT: "7353735373537353"},
    "four": {KICK: "9...9...9...9...", CLAP: "....8.......8...", OPEN_HAT: "..7...7...7...7."},
    "break": {KICK: "9.9.......9.....", SNARE: "....9..4.4..9...", HAT: "6.6.6.6.6.6.6.6.", SHAKER: "3434343434343434"},
    "shuffle": {KICK: "9.......9.......", SNARE: "....8.......8...", RIDE: "7...7.5.7...7.5."},
    "swing": {KICK: "4...3...4...3...", STICK: "............5...", RIDE: "7...7.6.7...7.6.", HAT: "....6.......6..."},
    "train": {KICK: "8...6...8...6...", SNARE: "3.5.7.5.3.5.7.5."},
    "boombap": {KICK: "9.....9..99.....", SNARE: "....9.......9...", HAT: "6.6.6.6.6.6.6.66"},
    "trap": {KICK: "9......9..9.....", CLAP: "........9.......", HAT: "6.6.6666.6.66.66"},
    "soft": {KICK: "6.......6.......", STICK: "....6.......6...", SHAKER: "4.3.4.3.4.3.4.3."},
    "latin": {KICK: "8..5..8.8..5..8.", STICK: "6..6..6...6.6...", CONGA: "..5...55..5...55", SHAKER: "4444444444444444"},
    "none": {TAMBOURINE: "....4.......4..."},
}

BASS: dict[str, str] = {
    # r root, o octave, t third, f fifth, s seventh or sixth, a half a tone below the next root
    "root8": "r.r.r.r.r.r.r.r.",
    "long": "r...............",
    "rootfifth": "r.......f.......",
    "walking": "r...t...f...a...",
    "boogie": "r.r.t.t.f.f.s.s.",
    "octave": "r.o.r.o.r.o.r.o.",
    "funk": "r..r..o.r.r..s.f",
    "syncopated": "r..r..r...f.r...",
    "sub": "r......r..r.....",
    "drive": "r.rrr.rrr.rrr.rr",
    "melodic": "r...f.o...s.f.t.",
}

CHORDS: dict[str, str] = {
    # = held chord, X short chord, x soft short chord, p fifth without third, l lowest tone, 0 to 3 one tone of the chord
    "pad": "=...............",
    "halves": "=.......=.......",
    "quarters": "=...=...=...=...",
    "strum": "X.x.X.xxX.x.X.xx",
    "offbeat": "..X...X...X...X.",
    "arp8": "0.1.2.3.2.1.2.1.",
    "arp16": "0123012301230123",
    "boomchick": "l...X...l...X...",
    "charleston": "=.....X.........",
    "comping": "..X..X......X..x",
    "power": "p.p.p.p.p.p.p.p.",
    "scratch": "..X..xX...X..xX.",
    "stabs": "X..X..X...X.....",
    "riff": "=.....0.1.=...2.",
}

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "M7": (0, 4, 7, 11),
    "9": (0, 4, 10, 14),
    "m9": (0, 3, 10, 14),
    "d": (0, 3, 6, 10),
    "s": (0, 5, 7),
}

PROGRESSIONS: dict[str, tuple[str, str]] = {
    # in major, in minor; "semitones above the tonic:quality", one chord a bar
    "axis": ("0: 7: 9:m 5:", "0:m 8: 3: 10:"),
    "plagal": ("0: 5: 0: 7:", "0:m 5:m 0:m 7:m"),
    "mixo": ("0: 10: 5: 0:", "0:m 10: 8: 10:"),
    "fifties": ("0: 9:m 5: 7:", "0:m 8: 5:m 7:"),
    "blues": ("0:7 5:7 0:7 7:7", "0:m7 5:m7 0:m7 7:7"),
    "turnaround": ("2:m7 7:7 0:M7 9:m7", "2:d 7:7 0:m7 8:M7"),
    "vamp": ("0:9 0:9 5:9 0:9", "0:m9 0:m9 5:9 0:m9"),
    "drone": ("0: 0:s 0: 10:", "0:m 0:m 0:m 10:"),
    "dark": ("0: 1:M7 0: 8:", "0:m 1: 0:m 8:"),
    "soul": ("0:M7 4:m7 5:M7 7:7", "0:m7 3:M7 5:m7 7:m7"),
    "ballad": ("5: 7: 4:m 9:m", "8: 10: 0:m 0:m"),
}


def chord(symbol: str) -> tuple[int, tuple[int, ...]]:
    """Root in semitones above the tonic and the chord's intervals, of e.g. "7:m7"."""
    root, quality = symbol.split(":")
    return int(root), QUALITIES[quality]
