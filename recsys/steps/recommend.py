"""Answers: what to play next. Light on purpose: numpy and SQLite, no torch, no lightfm, no pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from collab.fallback import Person, Terms, answers, one_answer
from collab.recommendation import Recommendation
from data.catalogue import Catalogue
from data.errors import InputError
from data.predicted_tags import PredictedTags, read_predicted_tags
from data.tracks import Track
from recsys.report import SILENT, Report
from recsys.steps.current import Current, current_model
from recsys.workspace import open_workspace

_ITEM = ("rank", "track_id", "score", "source", "reason", "cold", "tags")


def recommend(
    root: Path,
    *,
    user: str | None = None,
    likes: Sequence[str] = (),
    k: int = 10,
    artist_cap: int | None = None,
    explore: float = 0.0,
) -> dict[str, Any]:
    """The best `k` songs that `user` has not heard.

    An unknown user, or none, gets the fallback, and "known_user" and "notes" say so. Likes are track ids. `explore` goes from 0,
    accurate, to 1, where popularity counts against a song as much as the model speaks for it.

    Returns
    -------
    {"user", "known_user", "model_version", "items": [{"rank", "track_id", "artist", "title", "score", "source", "reason",
    "cold", "tags"}], "notes": lines for a person}; "tags" are predicted, and shared with the song that "reason" compares with.

    Raises
    ------
    InputError : no workspace, no model, an unknown song among the likes, k, artist_cap or explore out of range, or nothing is
        left to recommend.
    """
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        current = current_model(workspace, catalogue, [user] if user is not None else [])
        _check_likes(current, catalogue, likes)
        terms = _terms(current, catalogue, k, artist_cap, explore)
        picked = one_answer(current.serving, Person(user, likes, current.newer.get(user or "")), terms)
        notes = [note for note in (_note_on(user, current, picked), current.note) if note]
        known = user is not None and user in current.serving.users
        items = _items(catalogue, picked)
    return {"user": user, "known_user": known, "model_version": current.serving.version, "items": items, "notes": notes}


def recommend_many(
    root: Path,
    users_file: Path,
    out: Path,
    *,
    k: int = 10,
    artist_cap: int | None = None,
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
        terms = _terms(current, catalogue, k, artist_cap, explore)
        people = [Person(user, (), current.newer.get(user)) for user in users]
        for done, (user, picked) in enumerate(zip(users, answers(current.serving, people, terms), strict=True), start=1):
            heard_all += not picked
            for item in picked:
                columns["user_id"].append(user)
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


def _check_likes(current: Current, catalogue: Catalogue, likes: Sequence[str]) -> None:
    for like in likes:
        if like not in current.serving.tracks:
            catalogue.track(like)  # raises if it is no song at all
            raise InputError(f"song {like!r} is not in the model yet", hint="Run `recsys embed`, then `recsys train-hybrid`")


def _terms(current: Current, catalogue: Catalogue, k: int, artist_cap: int | None, explore: float) -> Terms:
    names: dict[str, Track] = {}

    def name_of(track_id: str) -> str:
        if track_id not in names:
            names.update(catalogue.tracks_by_id([track_id]))
        return names[track_id].name if track_id in names else track_id

    shared = _shared_tags(catalogue)
    return Terms(k, current.gone, artist_cap, explore=explore, name_of=name_of, shared_tags=shared)


def _note_on(user: str | None, current: Current, picked: Sequence[Recommendation]) -> str:
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


def _items(catalogue: Catalogue, picked: Sequence[Recommendation]) -> list[dict[str, Any]]:
    """The recommended songs with their names."""
    tracks = catalogue.tracks_by_id(item.track_id for item in picked)
    return [
        {
            "rank": item.rank,
            "track_id": item.track_id,
            "artist": tracks[item.track_id].artist,
            "title": tracks[item.track_id].title,
            "score": round(float(item.score), 6),
            "source": item.source,
            "reason": item.reason,
            "cold": item.cold,
            "tags": list(item.tags),
        }
        for item in picked
    ]
