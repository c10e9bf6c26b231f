"""Recommendations without a recording that the list, or the person, already has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from collab.fallback import Person, Terms, one_answer
from collab.people import taste_of
from collab.recommendation import Recommendation
from collab.serving import ServingModel
from data.catalogue import Catalogue
from data.errors import InputError
from data.list_limits import Duplicate, Gate, Limits
from data.tracks import Track

ROUNDS = 50  # lists that are asked for until one needs nothing left out


def unrepeated_answer(
    serving: ServingModel,
    catalogue: Catalogue,
    person: Person,
    terms: Terms,
    limits: Limits,
    *,
    first: list[Recommendation] | None = None,
    known: dict[str, Track] | None = None,
) -> tuple[list[Recommendation], list[Duplicate]]:
    """`one_answer` with what `limits` refuses replaced by what comes next, and the duplicates that it does without.

    What the person has played or likes counts as standing: another copy of it is no new song. Recordings are told by bytes,
    MusicBrainz id and name, not by sound. The artist cap is that of `terms`.

    Parameters
    ----------
    first : what `one_answer` says, where that is known already. known : songs that have been read; more are added.
    """
    row = -1 if person.user is None else int(serving.users.rows([person.user])[0])
    known = {} if known is None else known
    mine = [serving.tracks.ids[track] for track in taste_of(serving, row, person).tracks.tolist()]
    before = [] if limits.keep_duplicates else list(_tracks(catalogue, mine, known).values())
    hidden: dict[str, Duplicate] = {}
    for last in range(ROUNDS, 0, -1):
        gate = Gate(limits)
        for track in before:
            gate.stands(track)
        picked, first = first or one_answer(serving, person, terms), None
        tracks = _tracks(catalogue, [item.track_id for item in picked], known)
        kept = [item for item in picked if item.track_id in tracks and gate.admits(tracks[item.track_id])]
        hidden |= {duplicate.track_id: duplicate for duplicate in gate.duplicates}
        refused = {item.track_id for item in picked} - {item.track_id for item in kept}
        if not refused or last == 1:
            break
        out = np.array([serving.tracks.row(track_id) for track_id in sorted(refused)], np.int32)
        gone = np.empty(0, np.int32) if terms.unavailable is None else terms.unavailable
        terms = replace(terms, unavailable=np.concatenate([gone, out]))
    if not kept:
        raise InputError("no song is left to recommend within these limits", code="all-heard", hint="Loosen them, or add songs")
    return [replace(item, rank=rank) for rank, item in enumerate(kept, start=1)], list(hidden.values())


def _tracks(catalogue: Catalogue, ids: list[str], known: dict[str, Track]) -> Mapping[str, Track]:
    """Those of the songs that are in the catalogue; each is read once."""
    missing = [track_id for track_id in ids if track_id not in known]
    if missing:
        known |= catalogue.tracks_by_id(missing)
    return {track_id: known[track_id] for track_id in ids if track_id in known}
