"""Answers: what to play next. Light on purpose: numpy and SQLite, no torch, no lightfm, no pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from collab.because import popularity_of
from collab.fallback import Person, Terms, answers
from collab.recommendation import Recommendation
from data.asked_song import song_asker
from data.catalogue import Catalogue
from data.errors import InputError
from data.list_limits import Limits
from data.predicted_tags import PredictedTags, read_predicted_tags
from data.tracks import Track
from recsys.report import SILENT, Report
from recsys.steps import reasons
from recsys.steps.current import Current, current_model
from recsys.steps.song_vectors import item_of
from recsys.steps.unrepeated import unrepeated_answer
from recsys.workspace import open_workspace

_ITEM = ("rank", "track_id", "score", "source", "reason", "cold", "tags")


def recommend(
    root: Path,
    *,
    user: str | None = None,
    likes: Sequence[str] = (),
    k: int = 10,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
    explore: float = 0.0,
) -> dict[str, Any]:
    """The best `k` songs that `user` has not heard.

    An unknown user, or none, gets the fallback, and "known_user" and "notes" say so.

    Parameters
    ----------
    likes : songs, see `data.asked_song`. album_cap, keep_duplicates : see `data.list_limits`.
    explore : from 0, accurate, to 1, where popularity counts against a song as much as the model speaks for it.

    Returns
    -------
    {"user", "known_user", "model_version", "items": [{"rank", "track_id", "artist", "title", "album", "duration" (s), "path",
    "score", "source", "reason", "cold", "tags", "because", "labels", "popularity"}], "hidden": as of `recsys.steps.similar`,
    "notes": lines for a person}; "tags" are predicted, and shared with the song that "reason" compares with; the last three are
    explained in `recsys.steps.reasons`.

    Raises
    ------
    InputError : no workspace, no model, an unknown song among the likes, k, artist_cap or explore out of range, or nothing is
        left to recommend.
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        current = current_model(workspace, catalogue, [user] if user is not None else [])
        likes = liked_songs(current, catalogue, likes)
        terms = terms_of(current, catalogue, k, artist_cap, explore, because=reasons.SONGS)
        person, limits = Person(user, likes, current.newer.get(user or "")), Limits(None, album_cap, keep_duplicates)
        picked, hidden = unrepeated_answer(current.serving, catalogue, person, terms, limits)
        notes = [note for note in (note_on(user, current, picked), current.note) if note]
        known = user is not None and user in current.serving.users
        items = _items(catalogue, current, picked, terms)
    return {
        "user": user,
        "known_user": known,
        "model_version": current.serving.version,
        "items": items,
        "hidden": [duplicate._asdict() for duplicate in hidden],
        "notes": notes,
    }


def recommend_many(
    root: Path,
    users_file: Path,
    out: Path,
    *,
    k: int = 10,
    artist_cap: int | None = None,
    album_cap: int | None = None,
    keep_duplicates: bool = False,
    explore: float = 0.0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Recommend for every user of a text file (one id a line) and write Parquet: user_id and what `recommend` says of an item.

    Returns
    -------
    "path", "users", "unknown_users", "users_who_heard_everything", "rows", "notes", "summary".

    Raises
    ------
    InputError : as `recommend`; the file of users cannot be read or names none; `out` cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.files import atomic_path

    users = _users_of(users_file)
    workspace = open_workspace(root)
    columns: dict[str, list[Any]] = {name: [] for name in ("user_id", *_ITEM)}
    heard_all = 0
    with workspace.catalogue(readonly=True) as catalogue, report.task("users") as progress:
        current = current_model(workspace, catalogue, users)
        terms = terms_of(current, catalogue, k, artist_cap, explore)
        limits, tracks = Limits(None, album_cap, keep_duplicates), {track.track_id: track for track in catalogue.tracks()}
        people = [Person(user, (), current.newer.get(user)) for user in users]
        for done, (person, picked) in enumerate(zip(people, answers(current.serving, people, terms), strict=True), start=1):
            heard_all += not picked
            if picked:
                picked, _ = unrepeated_answer(  # noqa: PLW2901
                    current.serving, catalogue, person, terms, limits, first=picked, known=tracks
                )
            for item in picked:
                columns["user_id"].append(person.user)
                for name in _ITEM:
                    columns[name].append(getattr(item, name))
            progress(done, len(users))
    with atomic_path(out) as path:
        pq.write_table(pa.table(columns | {"tags": pa.array(columns["tags"], pa.list_(pa.string()))}), path)
    rows, unknown = len(columns["user_id"]), sum(user not in current.serving.users for user in users)
    summary = (
        f"{rows} recommendations for {len(users)} users in {out}; {unknown} of them unknown, {heard_all} have heard everything"
    )
    return {
        "path": str(out),
        "users": len(users),
        "unknown_users": unknown,
        "users_who_heard_everything": heard_all,
        "rows": rows,
        "notes": [current.note] if current.note else [],
        "summary": summary,
    }


def _users_of(path: Path) -> list[str]:
    """The distinct lines of a file, in order."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of users: {error}") from None
    users = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not users:
        raise InputError(f"{path} names no user", hint="Write one user id a line")
    return users


def _shared_tags(catalogue: Catalogue) -> Callable[[str, str], Sequence[str]]:
    """What `collab.fallback.recommend` asks for; the tags are read when the first reason asks for one."""

    @cache
    def tags() -> PredictedTags | None:
        return read_predicted_tags(catalogue)

    def shared(a: str, b: str) -> Sequence[str]:
        known = tags()
        return () if known is None else known.shared(a, b)

    return shared


def liked_songs(current: Current, catalogue: Catalogue, likes: Sequence[str]) -> list[str]:
    """Track ids of the songs that are liked. Raises InputError for what is no song, or none that the model knows."""
    if not likes:
        return []
    ask = song_asker(catalogue)
    return [in_model(current, ask(like).track_id) for like in likes]


def in_model(current: Current, track_id: str) -> str:
    """The same id. Raises InputError if the model does not know the song."""
    if track_id not in current.serving.tracks:
        raise InputError(f"song {track_id!r} is not in the model yet", hint="Run `recsys embed`, then `recsys train-hybrid`")
    return track_id


def terms_of(
    current: Current, catalogue: Catalogue, k: int, artist_cap: int | None, explore: float, *, because: int = 0
) -> Terms:
    """What holds for every answer from this catalogue."""
    names: dict[str, Track] = {}

    def name_of(track_id: str) -> str:
        if track_id not in names:
            names.update(catalogue.tracks_by_id([track_id]))
        return names[track_id].name if track_id in names else track_id

    return Terms(
        k,
        current.gone,
        artist_cap,
        explore=explore,
        name_of=name_of,
        shared_tags=_shared_tags(catalogue),
        because=because,
    )


def note_on(user: str | None, current: Current, picked: Sequence[Recommendation]) -> str:
    """What an answer to a user whom the model does not know rests on; "" for one it knows."""
    if user is None or user in current.serving.users:
        return ""
    what = "what they played since it was trained" if user in current.newer else "the songs they like"
    if any(item.source == "content-likes" for item in picked):
        return f"user {user!r} is unknown to the model; the answer rests on the sound of {what}"
    if any(item.source in ("hybrid-likes", "hybrid-content", "collaborative") for item in picked):
        return f"user {user!r} is unknown to the model; the answer rests on {what}"
    if any(item.source == "popular" for item in picked):
        return f"user {user!r} is unknown; this is what most listeners play. Give songs with --like for a better answer"
    return f"user {user!r} is unknown; this is a choice from all sounds. Give songs with --like for a better answer"


def _items(catalogue: Catalogue, current: Current, picked: Sequence[Recommendation], terms: Terms) -> list[dict[str, Any]]:
    """The recommended songs with their names and explanations."""
    speaking = (song.track_id for item in picked for song in item.because)
    tracks = catalogue.tracks_by_id([*(item.track_id for item in picked), *speaking])
    items = []
    for item in picked:
        track, row = tracks[item.track_id], current.serving.tracks.row(item.track_id)
        told = {
            "score": round(float(item.score), 6),
            "source": item.source,
            "reason": item.reason,
            "cold": item.cold,
            "tags": list(item.tags),
            "because": reasons.because_of(item.because, tracks),
            "labels": reasons.labels_of(track, item.because, tracks, terms.shared_tags),
            "popularity": reasons.popularity_of(popularity_of(current.serving, row)),
        }
        items.append(item_of(item.rank, track) | told)
    return items
