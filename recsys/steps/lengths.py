"""How long a list is to be: so many songs, or so many minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data.errors import InputError
from data.tracks import Track

USUAL = 240.0  # seconds of a song, where no song of the library says how long it is
TRIES = 6


def check_length(k: int | None, minutes: float | None) -> None:
    """Raise InputError for a length that is none."""
    if k is not None and minutes is not None:
        raise InputError(f"k={k} and minutes={minutes:g} do not go together", hint="Give one of them")
    if k is not None and k < 1:
        raise InputError(f"k={k} must be at least 1")
    if minutes is not None and not 0 < minutes <= 10_000:
        raise InputError(f"minutes={minutes:g} must lie in (0, 10000]")


def usual_length(tracks: Sequence[Track]) -> float:
    """Mean length in seconds, of the songs that have one."""
    known = [track.duration for track in tracks if track.duration > 0]
    return sum(known) / len(known) if known else USUAL


def seconds_of(tracks: Sequence[Track], usual: float) -> float:
    """How long the songs play; one of unknown length counts as a usual one."""
    return sum(track.duration if track.duration > 0 else usual for track in tracks)


def prefix_for(tracks: Sequence[Track], minutes: float, usual: float) -> int:
    """How many of the first songs come closest to so many minutes, at least 1."""
    wanted, total = 60.0 * minutes, 0.0
    for count, track in enumerate(tracks, start=1):
        longer = total + seconds_of([track], usual)
        if longer >= wanted:
            return max(1, count if longer - wanted <= wanted - total else count - 1)
        total = longer
    return max(1, len(tracks))


def number_for(make: Callable[[int], list[Track]], minutes: float, usual: float, least: int) -> list[Track]:
    """The list that comes closest to so many minutes, of a few that `make` makes of a number of songs, at least `least`."""
    wanted = 60.0 * minutes
    count = max(least, round(wanted / usual))
    best: list[Track] = []
    tried: set[int] = set()
    for _ in range(TRIES):
        if count in tried:
            break
        tried.add(count)
        made = make(count)
        seconds = seconds_of(made, usual)
        missing = wanted - seconds
        if not best or abs(missing) < abs(wanted - seconds_of(best, usual)):
            best = made
        if len(made) < count and missing > 0:
            break  # there are no more
        # As many as it takes of the length that these have; or else one more or less.
        count = max(least, len(made) + (round(missing * len(made) / seconds) or (1 if missing > 0 else -1)))
    return best
