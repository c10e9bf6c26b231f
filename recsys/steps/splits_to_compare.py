"""The splits on which recommenders are compared, as far as the workspace's data allow them; saved as files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.catalogue import Catalogue
from data.errors import InputError
from data.splits import Split, cold_split, cold_user_split, temporal_split, warm_split, write_split
from recsys.steps.encoders import trained_encoder
from recsys.steps.fold_rows import song_folds
from recsys.steps.inputs import Interactions, read_events
from recsys.workspace import Workspace

WARM, TEMPORAL, COLD, COLD_USER = "warm", "temporal", "cold", "cold-user"
SPLITS = (WARM, TEMPORAL, COLD, COLD_USER)


def splits_to_compare(
    workspace: Workspace,
    catalogue: Catalogue,
    interactions: Interactions,
    wanted: Sequence[str],
    *,
    folds: int,
    seeds: int,
    seed: int,
) -> tuple[list[Split], list[str]]:
    """Make the wanted splits and save them in place of those of an earlier evaluation.

    Parameters
    ----------
    wanted : of `SPLITS`; all that the data allow if empty.
    folds : cold splits, each of which hides one part of the artists (of the songs, where no artist is known).
    seeds : warm and cold-user splits, each drawn anew.

    Returns
    -------
    the splits that hold something out, in the order of `SPLITS`; notes on what could not be made.

    Raises
    ------
    InputError : an unknown split; "temporal" is asked for and no time is known; too few listens to hold any out; too few artists.
    """
    unknown = [name for name in wanted if name not in SPLITS]
    if unknown:
        raise InputError(f"split {unknown[0]!r} must be one of {', '.join(SPLITS)}", code="unknown-split")
    listens, artists = interactions.listens, [track.artist for track in interactions.tracks]
    names, notes, splits = set(wanted or SPLITS), [], []
    if TEMPORAL in names and listens.time is None:
        if wanted:
            raise InputError(
                "the split 'temporal' needs listens with times and none has one",
                code="no-times",
                hint="Import a history that says when songs were played, or leave this split out",
            )
        names.remove(TEMPORAL)
        notes.append("No listen has a time: there is no split in time.")
    if WARM in names:
        splits += [warm_split(listens, artists, seed=seed + n) for n in range(seeds)]
    if TEMPORAL in names:
        splits += _temporal(workspace, catalogue, artists)
    if COLD in names:
        splits += _cold(workspace, interactions, folds, seed)
        if not any(artists):
            notes.append("No artist is known: cold folds hold out songs, each as an artist of its own.")
    if COLD_USER in names:
        splits += [cold_user_split(listens, artists, seed=seed + n) for n in range(seeds)]
    return _saved(workspace, splits, notes), notes


def _temporal(workspace: Workspace, catalogue: Catalogue, artists: Sequence[str]) -> list[Split]:
    events = read_events(workspace, catalogue)
    return [] if events is None else [temporal_split(events, artists)]


def _cold(workspace: Workspace, interactions: Interactions, folds: int, seed: int) -> list[Split]:
    """One split a fold of artists, folds as the networks have them."""
    about = trained_encoder(workspace)
    fold_of_song = song_folds(interactions.tracks, str(about["label"]) if about else "", "artist", folds, seed)
    fold_of = np.array([fold_of_song[track.track_id] for track in interactions.tracks], np.int32)
    return [cold_split(interactions.listens, fold_of, fold, seed=seed) for fold in range(folds)]


def _saved(workspace: Workspace, splits: Sequence[Split], notes: list[str]) -> list[Split]:
    """Write all splits and return those that hold listens out; the others are noted."""
    empty = [split for split in splits if not len(split.test)]
    if len(empty) == len(splits):
        raise InputError("there are too few listens to hold any out", code="too-few-listens")
    for name in dict.fromkeys(split.name for split in empty):
        of_name = [split for split in splits if split.name == name]
        number = sum(split.name == name for split in empty)
        notes.append(f"{number} of {len(of_name)} {name} splits hold out no listen and are left out.")
    for old in [*workspace.splits.glob("*.npz"), *workspace.splits.glob("*.json")]:
        old.unlink()
    for split in splits:
        part = f"fold-{split.fold}" if split.fold >= 0 else f"seed-{split.seed}"
        write_split(workspace.splits / f"{split.name}-{part}", split)
    return [split for split in splits if len(split.test)]
