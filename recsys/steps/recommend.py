"""Answers: what to play next. Light on purpose: numpy and SQLite, no torch, no lightfm, no pandas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from collab.fallback import Plays
from collab.fallback import recommend as ladder
from collab.new_songs import with_new_songs
from collab.recommendation import Recommendation
from collab.serving import ServingModel
from collab.serving_files import load_serving
from data import stored_listens
from data.catalogue import Catalogue
from data.embeddings import read_embeddings
from data.errors import InputError
from data.tracks import Track
from recsys.report import SILENT, Report
from recsys.steps.inputs import listens_state
from recsys.workspace import Workspace, open_workspace


def recommend(
    root: Path, *, user: str | None = None, likes: Sequence[str] = (), k: int = 10, artist_cap: int | None = None
) -> dict[str, Any]:
    """The best `k` songs that `user` has not heard.

    An unknown user, or none, gets the fallback, and "known_user" and "notes" say so. Likes are track ids.

    Returns
    -------
    {"user", "known_user", "model_version", "items": [{"rank", "track_id", "artist", "title", "score", "source", "reason",
    "cold"}], "notes": lines for a person}.

    Raises
    ------
    InputError : no workspace, no model, an unknown song among the likes, or nothing is left to recommend.
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        serving, stale = _model(workspace, catalogue)
        newer = _newer_plays(workspace, catalogue, serving, [user] if user is not None else []) if stale else {}
        picked = _ask(serving, catalogue, newer, user, likes, k, artist_cap)
        return _answer(serving, catalogue, user, picked, _notes(catalogue, serving, stale, user, likes, newer))


def recommend_many(
    root: Path, users_file: Path, out: Path, *, k: int = 10, artist_cap: int | None = None, report: Report = SILENT
) -> str:
    """Recommend for every user of a text file (one id a line) and write Parquet: user_id and what `recommend` says of an item."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.files import atomic_path

    users = _users_of(users_file)
    workspace = open_workspace(root)
    columns: dict[str, list[Any]] = {name: [] for name in ("user_id", "rank", "track_id", "score", "source", "reason", "cold")}
    skipped = 0
    with workspace.catalogue(readonly=True) as catalogue, report.task("users") as progress:
        serving, stale = _model(workspace, catalogue)
        newer = _newer_plays(workspace, catalogue, serving, users) if stale else {}
        for done, user in enumerate(users, start=1):
            try:
                picked = _ask(serving, catalogue, newer, user, (), k, artist_cap)
            except InputError as error:
                if error.code != "all-heard":
                    raise
                skipped += 1
                picked = []
            for item in picked:
                columns["user_id"].append(user)
                for name in ("rank", "track_id", "score", "source", "reason", "cold"):
                    columns[name].append(getattr(item, name))
            progress(done, len(users))
    with atomic_path(out) as path:
        pq.write_table(pa.table(columns), path)
    heard = f"; {skipped} of them have heard everything" if skipped else ""
    return f"{len(columns['user_id'])} recommendations for {len(users)} users in {out}{heard}"


def _users_of(path: Path) -> list[str]:
    try:
        users = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of users: {error}") from None
    if not users:
        raise InputError(f"{path} names no user", hint="Write one user id a line")
    return list(dict.fromkeys(users))


def _model(workspace: Workspace, catalogue: Catalogue) -> tuple[ServingModel, bool]:
    """The trained model, with songs embedded since; and whether songs or listens have changed since it was trained."""
    if not (workspace.hybrid / "serving.json").exists():
        raise InputError("there is no trained model in the workspace", code="no-model", hint="Run `recsys train-hybrid` first")
    serving = load_serving(workspace.hybrid)
    stale = serving.listens_fingerprint != listens_state(workspace, catalogue)
    if stale and (workspace.embeddings / "embeddings.json").exists():
        embeddings = read_embeddings(workspace.embeddings)
        # Vectors of another encoder say nothing to this model; then the new songs wait until it is trained again.
        if embeddings.fingerprint == serving.embeddings_fingerprint:
            serving = with_new_songs(serving, embeddings, {track.track_id: track.artist for track in catalogue.tracks()})
    return serving, stale


def _ask(
    serving: ServingModel,
    catalogue: Catalogue,
    newer: dict[str, Plays],
    user: str | None,
    likes: Sequence[str],
    k: int,
    artist_cap: int | None,
) -> list[Recommendation]:
    names: dict[str, Track] = {}

    def name_of(track_id: str) -> str:
        if track_id not in names:
            names.update(catalogue.tracks_by_id([track_id]))
        return names[track_id].name if track_id in names else track_id

    extra = newer.get(user) if user is not None else None
    return ladder(serving, user, likes, k, heard_extra=extra, artist_cap=artist_cap, name_of=name_of)


def _newer_plays(workspace: Workspace, catalogue: Catalogue, serving: ServingModel, users: Sequence[str]) -> dict[str, Plays]:
    """What users played since the model was trained: never recommended again, and a taste for users it does not know."""
    listens, _ = stored_listens.load(workspace.listens, catalogue.tracks())
    rows = serving.tracks.rows(listens.tracks.ids)  # song rows of the model, -1 for songs that it cannot place
    plays = listens.matrix()
    newer: dict[str, Plays] = {}
    for user, u in zip(users, listens.users.rows(users).tolist(), strict=True):
        if u < 0:
            continue
        cells = slice(plays.indptr[u], plays.indptr[u + 1])
        tracks, weights = rows[plays.indices[cells]], plays.data[cells]
        fresh = tracks >= 0
        if user in serving.users:
            fresh &= ~np.isin(tracks, serving.history.of(serving.users.row(user))[0])
        if fresh.any():
            newer[user] = Plays(tracks[fresh].astype(np.int32), weights[fresh].astype(np.float32))
    return newer


def _notes(
    catalogue: Catalogue,
    serving: ServingModel,
    stale: bool,
    user: str | None,
    likes: Sequence[str],
    newer: dict[str, Plays],
) -> list[str]:
    notes = []
    if user is not None and user not in serving.users:
        if user in newer:
            notes.append(f"user {user!r} is new to the model; the answer rests on the sound of what they played")
        elif likes:
            notes.append(f"user {user!r} is unknown; the answer rests on the songs they like")
        else:
            notes.append(
                f"user {user!r} is unknown; this is what most listeners play. Give songs with --like for a better answer"
            )
    if stale:
        missing = catalogue.count() - len(serving.tracks)
        later = f", and {missing} songs are not in it (run `recsys embed`)" if missing > 0 else ""
        notes.append(f"songs or listens have changed since the model was trained{later}: run `recsys train-hybrid`")
    return notes


def _answer(
    serving: ServingModel, catalogue: Catalogue, user: str | None, picked: list[Recommendation], notes: list[str]
) -> dict[str, Any]:
    tracks = catalogue.tracks_by_id(item.track_id for item in picked)
    items = []
    for item in picked:
        track = tracks.get(item.track_id, Track(item.track_id, ""))
        items.append(
            {
                "rank": item.rank,
                "track_id": item.track_id,
                "artist": track.artist,
                "title": track.title,
                "score": round(float(item.score), 6),
                "source": item.source,
                "reason": item.reason,
                "cold": item.cold,
            }
        )
    known = user is not None and user in serving.users
    return {"user": user, "known_user": known, "model_version": serving.version, "items": items, "notes": notes}
