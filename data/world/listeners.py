"""Who plays what in the composed world: a written law over audible properties, artists and popularity.

The law, for listener l and song s (docs/composed-world.md explains it):

    utility(l, s) = GENRE g_l[s] + DIALS w_l . z_s / sqrt(d) + LOYAL [artist of s is one of l's] + log popularity(s)
    songs of l    = the n_l largest of utility(l, s) + Gumbel noise     (Plackett and Luce: a draw without replacement)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.ids import IdMap
from data.listens import Listens
from data.world.catalogue import PROPERTIES, Song, catalogue, properties
from data.world.spec import CHOICE, GENRES, POPULARITY, TASTE, WorldSpec

GENRE_WEIGHT = 1.1
DIAL_WEIGHT = 1.6
LOYALTY = 1.6
ARTIST_ZIPF, SONG_ZIPF = 0.9, 0.6
"""Popularity of an artist of rank a with a song of rank r inside the artist: a ** -0.9 * r ** -0.6."""

YEAR_START, YEAR = 1_704_067_200, 366 * 86_400  # 2024-01-01 00:00 UTC, seconds
_BLOCK = 256  # listeners at a time: bounds memory to some tens of MB at 10,000 songs


def listens(spec: WorldSpec, songs: Sequence[Song] | None = None) -> Listens:
    """One row a (listener, song) pair, by listener and time; weight is the number of plays, >= 1.

    Parameters
    ----------
    songs : `catalogue(spec)` where the caller has it already. All of them are in the result's id map, played or not.

    Returns
    -------
    Listens : time is the first play, Unix seconds inside 2024. A listener plays some 45 songs of 540, more of larger catalogues.
    """
    songs = catalogue(spec) if songs is None else songs
    artists = IdMap.of(song.artist for song in songs)
    artist = artists.rows([song.artist for song in songs])
    dials, shares = _sound(songs)
    fame = np.log(popularity(spec, songs)).astype(np.float32)
    taste, choice = spec.rng(TASTE), spec.rng(CHOICE)
    users, tracks, plays, times = [], [], [], []
    for first in range(0, spec.listeners, _BLOCK):
        block = min(_BLOCK, spec.listeners - first)
        liking = _liking(block, dials, shares, artist, len(artists), taste)  # (block, songs)
        for row, count in enumerate(_activity(block, len(songs), taste)):
            drive = liking[row] + fame + choice.gumbel(size=len(songs)).astype(np.float32)
            chosen = np.argpartition(-drive, count - 1)[:count]
            start = choice.uniform(0.0, 0.6)
            when = np.sort(YEAR_START + (YEAR * choice.uniform(start, 1.0, size=count)).astype(np.int64))
            chosen = np.sort(chosen)[choice.permutation(count)]
            pleasure = 0.5 + 0.45 * (liking[row, chosen] - liking[row].mean()) + 0.8 * choice.standard_normal(count)
            users.append(np.full(count, first + row, dtype=np.int32))
            tracks.append(chosen.astype(np.int32))
            plays.append(1.0 + np.floor(np.exp(np.minimum(pleasure, 6.2))))
            times.append(when)
    return Listens(
        user=np.concatenate(users),
        track=np.concatenate(tracks),
        weight=np.concatenate(plays).astype(np.float32),
        time=np.concatenate(times),
        users=IdMap(tuple(f"L{number + 1:06d}" for number in range(spec.listeners)), "user"),
        tracks=IdMap(tuple(song.track_id for song in songs), "track"),
    )


def popularity(spec: WorldSpec, songs: Sequence[Song]) -> NDArray[np.float64]:
    """Popularity of each song, float64 (songs,), > 0: Zipf over artists in random order, times Zipf over an artist's songs.

    It does not hang on the sound: a cold artist's fame cannot be heard.
    """
    rng = spec.rng(POPULARITY)
    names = sorted({song.artist for song in songs})
    fame = dict(zip(names, (1.0 + rng.permutation(len(names))) ** -ARTIST_ZIPF, strict=True))
    order = rng.permutation(len(songs))
    seen: dict[str, int] = {}
    result = np.empty(len(songs))
    for row in order.tolist():
        name = songs[row].artist
        seen[name] = seen.get(name, 0) + 1
        result[row] = fame[name] * seen[name] ** -SONG_ZIPF
    return result


def _sound(songs: Sequence[Song]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is heard: standardised dials and families (songs, d), and genre shares (songs, 9), float32."""
    table = properties(songs)
    split = len(PROPERTIES) - len(GENRES)
    dials = table[:, :split]
    spread = dials.std(axis=0)
    return (dials - dials.mean(axis=0)) / np.where(spread > 0, spread, 1.0), table[:, split:]


def _liking(
    block: int,
    dials: NDArray[np.float32],
    shares: NDArray[np.float32],
    artist: NDArray[np.int32],
    artists: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Utility without popularity of `block` listeners for each song, float32 (block, songs)."""
    affinity = np.log(rng.dirichlet(np.full(len(GENRES), 0.35), size=block) + 0.03)
    affinity -= affinity.mean(axis=1, keepdims=True)
    weights = rng.standard_normal((block, dials.shape[1])) * (DIAL_WEIGHT / np.sqrt(dials.shape[1]))
    # einsum, not a BLAS product: the same bytes with any number of threads.
    liking = GENRE_WEIGHT * np.einsum("bg,sg->bs", affinity.astype(np.float32), shares)
    liking += np.einsum("bd,sd->bs", weights.astype(np.float32), dials)
    liking = np.asarray(liking, dtype=np.float32)
    counts = np.bincount(artist, minlength=artists).astype(np.float32)
    for listener in range(block):
        # Loyalty follows taste: one to six artists, drawn by how well their songs please on average.
        mean = np.bincount(artist, weights=liking[listener], minlength=artists) / counts
        favourites = np.argsort(-(mean + rng.gumbel(size=artists)))[: 1 + min(int(rng.poisson(2.0)), 5)]
        liking[listener] += LOYALTY * np.isin(artist, favourites)
    return liking


def _activity(block: int, songs: int, rng: np.random.Generator) -> list[int]:
    """How many songs each listener plays: log-normal, median 36 of 540 songs, growing with the catalogue's cube root."""
    median = 36.0 * (songs / 540.0) ** (1.0 / 3.0)
    counts = np.exp(np.log(median) + 0.6 * rng.standard_normal(block))
    return [int(count) for count in np.clip(counts, 5, max(5, songs // 3))]
