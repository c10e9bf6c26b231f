"""A way from one song to another in small steps. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

SMOOTHNESS = 2.0  # weight of the steps against nearness to the waypoints; measured, see docs/lists.md
WIDTHS = (300, 1000)  # songs looked at for each waypoint; more only where the limits leave no way through fewer


class Cap(NamedTuple):
    """At most `most` songs of one code; codes int32 (n,), one a song, -1 is not limited."""

    codes: NDArray[np.int32]
    most: int


def waypoints(a: NDArray[np.float32], b: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """`count` points on the great circle from `a` to `b`, both of unit length, evenly spaced, both included: float32 (count, d).

    Spherical linear interpolation (Shoemake, SIGGRAPH 1985). Opposite ends, which no one circle joins, go through zero.
    """
    t = np.linspace(0.0, 1.0, count)[:, None]
    angle = float(np.arccos(np.clip(a.astype(np.float64) @ b, -1.0, 1.0)))
    sine = np.sin(angle)
    if sine < 1e-6:
        return ((1 - t) * a + t * b).astype(np.float32)
    return np.asarray((np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / sine, np.float32)


def journey(
    unit: NDArray[np.float32],
    start: int,
    end: int,
    k: int,
    *,
    blocked: NDArray[np.bool_] | None = None,
    caps: Sequence[Cap] = (),
    smoothness: float = SMOOTHNESS,
) -> NDArray[np.int32]:
    """Rows of up to k songs from `start` to `end`, both included, none twice; fewer where limits leave no way of that length.

    Song i is to lie near waypoint i and near song i - 1: of all ways through the songs near each waypoint, the one with the
    smallest sum of (angle to the waypoint)² + smoothness * (angle to the song before)⁴, found by dynamic programming. A fourth
    power, so that many small steps are better than one large one. Since no song may stand twice, that is best among the ways
    that begin with the best beginnings, not for certain among all.

    Parameters
    ----------
    unit : float32 (n, d), rows of length 1, or of zeros where nothing is known; those are passed by.
    blocked : bool (n,), songs to pass by; the ends may be among them.

    Raises
    ------
    InputError : k below 2, or start and end are one song.
    """
    if k < 2:
        raise InputError(f"k={k} must be 2 or more: a way has two ends")
    if start == end:
        raise InputError("a way needs two different songs")
    allowed = np.asarray(unit.any(axis=1))
    if blocked is not None:
        allowed &= ~blocked
    allowed[[start, end]] = False
    k = min(k, 2 + int(allowed.sum()))
    while k > 2:
        stops = waypoints(unit[start], unit[end], k)[1:-1]
        for width in WIDTHS:
            found = _best_way(unit, start, end, stops, allowed, caps, smoothness, width)
            if found is not None:
                return np.array([start, *found, end], np.int32)
            if width >= allowed.sum():
                break
        k = min(k - 1, round(0.9 * k))
    return np.array([start, end], np.int32)


def _best_way(
    unit: NDArray[np.float32],
    start: int,
    end: int,
    stops: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    caps: Sequence[Cap],
    smoothness: float,
    width: int,
) -> list[int] | None:
    """The songs between the ends, one for each of `stops` (m, d); None if there is no way through the `width` nearest of each."""
    ways: list[list[int]] = [[]]
    cost = np.zeros(1, np.float32)  # of each way so far
    last = unit[[start]]  # where each way stands
    for stop in stops:
        near = np.where(allowed, unit @ stop, -np.inf)
        count = min(width, int(allowed.sum()))
        songs = np.argpartition(-near, count - 1)[:count]
        songs = songs[np.lexsort((songs, -near[songs]))]
        total = cost[None] + np.float32(smoothness) * _angles(unit[songs] @ last.T) ** 4  # (songs, ways)
        _close(total, songs, [[start, end, *way] for way in ways], caps)
        before = total.argmin(axis=1)
        cost = total[np.arange(len(songs)), before] + _angles(near[songs]) ** 2
        passable = np.flatnonzero(cost < np.inf)
        if not len(passable):
            return None
        ways = [[*ways[before[at]], int(songs[at])] for at in passable.tolist()]
        cost, last = cost[passable], unit[songs[passable]]
    return ways[int((cost + np.float32(smoothness) * _angles(last @ unit[end]) ** 4).argmin())]


def _angles(cosine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Angles in radians, float32 of the shape of `cosine`."""
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)), np.float32)


def _close(total: NDArray[np.float32], songs: NDArray[np.intp], ways: list[list[int]], caps: Sequence[Cap]) -> None:
    """Make infinite, in place, what song i costs after way j, `total[i, j]`, where it cannot follow: it stands there already, or
    a limit is reached.
    """
    place = {song: at for at, song in enumerate(songs.tolist())}
    for column, way in enumerate(ways):
        met = [place[song] for song in way if song in place]
        total[met, column] = np.inf
        for codes, most in caps:
            values, times = np.unique(codes[way], return_counts=True)
            total[np.isin(codes[songs], values[(times >= most) & (values >= 0)]), column] = np.inf
