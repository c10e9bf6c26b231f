"""How one artist plays and how one song sounds: draws from the genres' tables, before a note is written."""

from __future__ import annotations

import bisect
import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.world.genres import DIALS, MANNERS, ROLES, Choice
from data.world.spec import GENRES

BLUR = 0.04
"""Probability that an artist takes a favourite from all genres' common stock instead of the own genre's."""

GUEST_OF_ARTIST, GUEST_OF_SONG = 0.13, 0.08
"""Probability that a song mixes in the artist's second genre, or any other genre."""

SHARPNESS = 2.0
"""Exponent on the weights of data.world.genres: above 1 a genre keeps more to its most typical choices."""

FAVOURITES = (0.74, 0.18)
"""Probability that a song takes the artist's first or second favourite of a role; else it draws from the genre's table."""

MAJOR_LIFT = 0.07
"""A song in major is this much brighter and higher than its artist's centre, one in minor as much darker and lower."""

# Spread of each dial (order of DIALS): between artists of a genre, and between songs of an artist. Tempo: in octaves.
_ARTIST_SPREAD = np.array([0.11, 0.07, 0.08, 0.08, 0.08, 0.10, 0.08, 0.20, 0.0])
_SONG_SPREAD = np.array([0.11, 0.05, 0.11, 0.12, 0.08, 0.14, 0.05, 0.0, 0.0])
_TEMPO, _ENERGY, _BRIGHTNESS, _REGISTER, _MAJOR, _METRE3 = 0, 2, 4, 5, 7, 8


@dataclass(frozen=True)
class Style:
    """What can be heard of a song. tempo in beats a minute; swing to room in [0, 1] as in data.world.genres.DIALS.

    tonic : 0 (C) to 11; metre : beats a bar, 3 or 4; drums, bassline, chords, progression : names in data.world.patterns;
    kit, bass, comp, lead, pad : General MIDI programs, -1 for none; width : stereo width in [0, 1];
    drive : saturation, 0 clean to 1; level : peak of the clip in dB of full scale, -14 to -3.
    """

    tempo: float
    swing: float
    energy: float
    density: float
    brightness: float
    register: float
    room: float
    major: bool
    metre: int
    tonic: int
    drums: str
    bassline: str
    chords: str
    progression: str
    kit: int
    bass: int
    comp: int
    lead: int
    pad: int
    width: float
    drive: float
    level: float

    @property
    def arousal(self) -> float:
        """Calm (below 0) to excited (above 0), roughly in [-2, 2]: a weighted sum of what is composed."""
        tempo = math.log2(self.tempo / 108.0) / 0.25
        drums = -0.8 if self.drums == "none" else 0.0
        return 0.35 * tempo + 2.6 * (self.energy - 0.55) + 1.8 * (self.density - 0.52) + drums

    @property
    def valence(self) -> float:
        """Sad (below 0) to happy (above 0), roughly in [-2, 2]."""
        tempo = math.log2(self.tempo / 108.0) / 0.25
        return (0.4 if self.major else -0.4) + 0.2 * tempo + 2.2 * (self.brightness - 0.53) + 1.8 * (self.register - 0.5)

    @property
    def mood(self) -> str:
        """Russell's quadrant: Q1 excited and happy, Q2 excited and sad, Q3 calm and sad, Q4 calm and happy."""
        return ("Q1" if self.valence > 0 else "Q2") if self.arousal > 0 else ("Q4" if self.valence > 0 else "Q3")


@dataclass(frozen=True)
class Artist:
    """One artist's manner: what stays recognisable from song to song.

    dials : float64 (9,), the artist's centre of each dial (tempo as log2 of beats a minute);
    favourites : role -> first and second favourite; second_genre : the genre that some songs lean to;
    tonics : three keys the artist likes; width, drive, level : as in Style.
    """

    name: str
    genre: str
    second_genre: str
    dials: NDArray[np.float64]
    favourites: Mapping[str, tuple[Choice, Choice]]
    tonics: tuple[int, ...]
    width: float
    drive: float
    level: float


def draw_artist(name: str, genre: str, rng: np.random.Generator) -> Artist:
    """An artist of `genre`, drawn around the genre's manner."""
    others = [other for other in GENRES if other != genre]
    dials = _genre_dials(genre) + _ARTIST_SPREAD * rng.standard_normal(len(DIALS))
    loud = MANNERS[genre].dials[DIALS.index("energy")]
    return Artist(
        name=name,
        genre=genre,
        second_genre=others[rng.integers(len(others))],
        dials=dials,
        favourites={role: (_favourite(genre, role, rng), _favourite(genre, role, rng)) for role in ROLES},
        tonics=tuple(int(tonic) for tonic in rng.choice(12, size=3, replace=False)),
        width=float(rng.uniform(0.2, 1.0)),
        drive=float(np.clip(0.9 * loud - 0.15 + 0.18 * rng.standard_normal(), 0.0, 1.0)),
        level=float(-3.0 - 9.0 * np.clip(0.9 - loud + 0.15 * rng.standard_normal(), 0.0, 1.0)),
    )


def draw_song(artist: Artist, rng: np.random.Generator) -> tuple[Style, str, float]:
    """A song of `artist`: its style, the genre that it mixes in ("" for none) and that genre's share in [0, 1)."""
    guest, share = _guest(artist, rng)
    dials = artist.dials + _SONG_SPREAD * rng.standard_normal(len(DIALS))
    if guest:
        dials = (1.0 - share) * dials + share * _genre_dials(guest)
    choices: dict[str, Choice] = {}
    for role in ROLES:
        first, second = artist.favourites[role]
        borrowed, draw = rng.random(2)
        if guest and borrowed < share:
            choices[role] = pick(guest, role, rng)
        elif draw < FAVOURITES[0]:
            choices[role] = first
        elif draw < sum(FAVOURITES):
            choices[role] = second
        else:
            choices[role] = pick(artist.genre, role, rng)
    major = bool(rng.random() < np.clip(dials[_MAJOR], 0.05, 0.95))
    dials[[_BRIGHTNESS, _REGISTER]] += MAJOR_LIFT if major else -MAJOR_LIFT
    swing, energy, density, brightness, register, room = np.clip(dials[1:7], 0.02, 0.98).tolist()
    style = Style(
        tempo=float(np.clip(2.0 ** dials[_TEMPO], 60.0, 185.0)),
        swing=swing,
        energy=energy,
        density=density,
        brightness=brightness,
        register=register,
        room=room,
        major=major,
        metre=3 if rng.random() < dials[_METRE3] else 4,
        tonic=artist.tonics[rng.integers(3)] if rng.random() < 0.8 else int(rng.integers(12)),
        drums=str(choices["drums"]),
        bassline=str(choices["bassline"]),
        chords=str(choices["chords"]),
        progression=str(choices["progression"]),
        kit=int(choices["kit"]),
        bass=int(choices["bass"]),
        comp=int(choices["comp"]),
        lead=int(choices["lead"]),
        pad=int(choices["pad"]),
        width=float(np.clip(artist.width + 0.08 * rng.standard_normal(), 0.0, 1.0)),
        drive=float(np.clip(artist.drive + 0.8 * (energy - artist.dials[_ENERGY]) + 0.04 * rng.standard_normal(), 0.0, 1.0)),
        level=float(np.clip(artist.level + 12.0 * (energy - artist.dials[_ENERGY]) + 0.5 * rng.standard_normal(), -14.0, -3.0)),
    )
    return style, guest, share


def pick(genre: str, role: str, rng: np.random.Generator) -> Choice:
    """One of the genre's choices for a role, drawn in proportion to its weight ** SHARPNESS."""
    choices, cumulative = _stock(genre, role)
    return choices[bisect.bisect(cumulative, rng.random() * cumulative[-1])]


@functools.cache
def _stock(genre: str, role: str) -> tuple[tuple[Choice, ...], tuple[float, ...]]:
    weights = MANNERS[genre].choices[role]
    return tuple(weights), tuple(itertools.accumulate(weight**SHARPNESS for weight in weights.values()))


def _guest(artist: Artist, rng: np.random.Generator) -> tuple[str, float]:
    draw, share = rng.random(), float(rng.uniform(0.2, 0.55))
    if draw < GUEST_OF_ARTIST:
        return artist.second_genre, share
    if draw < GUEST_OF_ARTIST + GUEST_OF_SONG:
        others = [other for other in GENRES if other != artist.genre]
        return others[rng.integers(len(others))], share
    return "", 0.0


def _favourite(genre: str, role: str, rng: np.random.Generator) -> Choice:
    stock = GENRES[rng.integers(len(GENRES))] if rng.random() < BLUR else genre
    return pick(stock, role, rng)


def _genre_dials(genre: str) -> NDArray[np.float64]:
    dials = np.array(MANNERS[genre].dials, dtype=np.float64)
    dials[_TEMPO] = math.log2(dials[_TEMPO])  # tempo mixes and spreads in octaves
    return dials
