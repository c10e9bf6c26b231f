"""The split in time: learn from what was played before a moment, find what was heard for the first time after it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.ids import artist_numbers
from data.listens import Listens
from data.listens_join import aggregated
from data.splits.split import Split


def temporal_split(events: Listens, artists: Sequence[str] = (), *, held_out: float = 0.2, cut: int | None = None) -> Split:
    """Train holds all that was played before the cut, test the (user, track) pairs first heard at the cut or after it.

    Candidates are all songs of the catalogue: on the day of the cut nobody knows which of the songs that nobody has played yet
    will be played. Listens of songs without any before the cut therefore stay in test, and are counted. Left out, and counted:
    listens without a time, for they may be of either side; pairs with such a listen, for nobody knows when they were first heard;
    what a listener plays again; listeners without a listen before the cut. Artists are not held apart: a song by an artist whom
    the listener plays already is an easier question than one by another, so those are counted too.

    Parameters
    ----------
    events : one row an event, as `stored_listens.load` gives it with `events=True`. Rows that stand for several plays of a pair
        are taken to lie at their time as a whole; with the time of the last play, pairs known before the cut would pass for new.
    artists : I names, "" where unknown; for that count alone.
    held_out : share of the first hearings that lie after the cut, in (0, 1); less where many lie at one moment.
    cut : Unix seconds, instead of `held_out`.

    Returns
    -------
    Split : train and test hold one row a pair, weights added. Its count "cut, Unix seconds" is the moment.

    Raises
    ------
    InputError : `events` have no times (code "no-times"); `held_out` is out of range.
    """
    if not 0 < held_out < 1:
        raise InputError(f"held_out={held_out} must lie in (0, 1)")
    if events.time is None:
        raise InputError("a split in time needs listens with times and there are none", code="no-times")
    dated = events.time > 0
    first, undated_pair = _first_hearing(events)
    moment = _cut(events, first, held_out) if cut is None else cut
    before, after = dated & (events.time < moment), dated & (events.time >= moment)
    new = after & (first >= moment)
    unknown = new & undated_pair
    new &= ~undated_pair
    active = np.bincount(events.user[before], minlength=len(events.users)) > 0
    train, test = _by_pair(events, before), _by_pair(events, new & active[events.user])
    cold = train.track_counts() == 0
    counts = {
        "events": len(events),
        "events without a time (left out)": int((~dated).sum()),
        "events before the cut": int(before.sum()),
        "events after the cut": int(after.sum()),
        "of songs that the listener had played before (left out)": int((after & (first < moment)).sum()),
        "of songs that the listener may have played before: also played at an unknown time (left out)": int(unknown.sum()),
        "of users without a listen before the cut (left out)": int((new & ~active[events.user]).sum()),
        "train listens": len(train),
        "test listens": len(test),
        "test listens of songs without listens before the cut (kept: every song is a candidate)": int(cold[test.track].sum()),
        "test listens of artists whom the listener had played before the cut (kept)": _of_known_artists(train, test, artists),
        "test users": len(np.unique(test.user)),
        "candidates": len(cold),
        "candidates without listens before the cut": int(cold.sum()),
        "cut, Unix seconds": int(moment),
    }
    return Split("temporal", train, test, cold, np.ones(len(cold), np.bool_), -1, 0, counts)


def _first_hearing(events: Listens) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each event the time of the first dated one of its pair, int64 (n,), and whether the pair has one without a time."""
    assert events.time is not None
    _, of_event = np.unique(events.user.astype(np.int64) * (len(events.tracks) + 1) + events.track, return_inverse=True)
    never = np.iinfo(np.int64).max
    first = np.full(int(of_event.max(initial=-1)) + 1, never, np.int64)
    np.minimum.at(first, of_event, np.where(events.time > 0, events.time, never))
    undated = np.zeros(len(first), np.bool_)
    undated[of_event[events.time <= 0]] = True
    return first[of_event], undated[of_event]


def _cut(events: Listens, first: NDArray[np.int64], held_out: float) -> int:
    """The earliest moment from which on at most `held_out` of the first hearings lie."""
    assert events.time is not None
    opening = np.sort(events.time[(events.time > 0) & (events.time == first)])  # events at their pair's first time
    if not len(opening):
        return 0
    kept = math.ceil(len(opening) * (1 - held_out) - 1e-9)
    later = opening[opening > opening[kept - 1]]
    return int(later[0]) if len(later) else int(opening[-1]) + 1


def _of_known_artists(train: Listens, test: Listens, artists: Sequence[str]) -> int:
    """How many listens of `test` are of an artist that the same user has in `train`; a song of unknown artist has its own."""
    number = artist_numbers(artists or [""] * len(train.tracks), train.tracks).astype(np.int64)
    asked, played = (part.user.astype(np.int64) * (len(train.tracks) + 1) + number[part.track] for part in (test, train))
    return int(np.isin(asked, played).sum())


def _by_pair(events: Listens, keep: NDArray[np.bool_]) -> Listens:
    """The events that `keep` marks, bool (n,), one row a (user, track) pair with weights added."""
    assert events.time is not None
    return aggregated(
        events.user[keep].astype(np.int64),
        events.track[keep].astype(np.int64),
        events.weight[keep].astype(np.float64),
        events.time[keep],
        users=events.users,
        tracks=events.tracks,
    )[0]
