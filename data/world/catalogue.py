"""The composed catalogue as a plan: every artist, song, label and audible property, without a sound being made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.world.genres import NO_PROGRAM
from data.world.names import album_name, artist_names, titles
from data.world.spec import ARTIST, CATALOGUE, GENRES, SONG, WorldSpec
from data.world.style import Artist, Style, draw_artist, draw_song

FAMILIES = ("keys", "guitar", "strings", "wind", "synth")
"""Instrument families whose share in a band is an audible property."""

PROPERTIES = ("tempo", "swing", "energy", "density", "brightness", "valence", *FAMILIES, *GENRES)
"""Columns of `properties`: what listeners can have a taste for. The genre columns hold each genre's share of the song."""


@dataclass(frozen=True)
class Song:
    """One song of the plan.

    index : row in the catalogue; path : relative to the world's folder; guest : the genre mixed in, "" for none;
    share : the guest's share in [0, 1); style : what can be heard.
    """

    index: int
    track_id: str
    path: str
    artist: str
    title: str
    album: str
    genre: str
    guest: str
    share: float
    style: Style

    @property
    def mood(self) -> str:
        """The mood label, Q1 to Q4."""
        return self.style.mood


def catalogue(spec: WorldSpec) -> tuple[Song, ...]:
    """All songs, genre by genre and artist by artist; 10,000 songs take about two seconds.

    Each song's style derives from (seed, index) and its artist's manner alone.
    """
    sizes = [_artist_sizes(spec, genre) for genre in range(len(GENRES))]
    names = iter(artist_names(sum(map(len, sizes)), spec.rng(CATALOGUE)))
    songs: list[Song] = []
    for genre, artists in enumerate(sizes):
        for number, size in enumerate(artists):
            rng = spec.rng(ARTIST, genre, number)
            artist = draw_artist(next(names), GENRES[genre], rng)
            songs += _songs_of(artist, size, len(songs), spec, rng)
    return tuple(songs)


def properties(songs: Sequence[Song]) -> NDArray[np.float32]:
    """Audible properties, float32 (len(songs), len(PROPERTIES)): the truth behind the sound, for the law of the listeners.

    tempo is log2 of beats a minute; swing, energy, density, brightness lie in [0, 1]; valence roughly in [-2, 2];
    a family's column is its share among the song's pitched instruments; a genre's column is its share of the song.
    """
    rows = [_properties(song) for song in songs]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(PROPERTIES))


def _artist_sizes(spec: WorldSpec, genre: int) -> list[int]:
    """Songs of each artist of a genre: at least two where there are enough, the rest spread at random."""
    songs = spec.songs // len(GENRES) + (genre < spec.songs % len(GENRES))
    artists = max(1, round(songs / spec.songs_per_artist))
    least = min(2, spec.songs_per_artist, songs // artists)
    extra = spec.rng(CATALOGUE, genre).multinomial(songs - least * artists, np.full(artists, 1.0 / artists))
    return [least + int(more) for more in extra]


def _songs_of(artist: Artist, size: int, first: int, spec: WorldSpec, rng: np.random.Generator) -> list[Song]:
    albums = [album_name(rng) for _ in range(-(-size // 8))]
    songs = []
    for place, title in enumerate(titles(size, rng)):
        index = first + place
        style, guest, share = draw_song(artist, spec.rng(SONG, index))
        songs.append(
            Song(
                index=index,
                track_id=f"C{index + 1:06d}",
                path=f"audio/{artist.genre}/{artist.name} - {title}.mp3",
                artist=artist.name,
                title=title,
                album=albums[place // 8],
                genre=artist.genre,
                guest=guest,
                share=share,
                style=style,
            )
        )
    return songs


def _properties(song: Song) -> list[float]:
    style = song.style
    programs = [program for program in (style.comp, style.lead, style.pad) if program != NO_PROGRAM]
    families = [sum(_family(program) == family for program in programs) / len(programs) for family in FAMILIES]
    shares = [(genre == song.genre) * (1.0 - song.share) + (genre == song.guest) * song.share for genre in GENRES]
    dials = [math.log2(style.tempo), style.swing, style.energy, style.density, style.brightness, style.valence]
    return [*dials, *families, *shares]


def _family(program: int) -> str:
    """Instrument family of a General MIDI program."""
    if program < 24 or program in (46,):
        return "keys"  # pianos, mallets, organs; the harp is played like them
    if program < 40 or program == 105:
        return "guitar"
    if (program < 56 and program != 54) or program == 110:
        return "strings"  # and choirs, which fill the same place
    return "wind" if program < 80 else "synth"
