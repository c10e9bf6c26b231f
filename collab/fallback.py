"""The ladder from what is known of a listener to songs: model, likes, popularity, and the catalogue itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.because import because
from collab.explain import Taste, explain, no_tags
from collab.exploring import check_explore
from collab.people import Person, Plays, scores_for, taste_of, trained_on
from collab.ranking import tie_order, users_at_a_time
from collab.recommendation import Recommendation, Source
from collab.rungs import Ask, by_model, by_taste, diverse, popular
from collab.serving import ServingModel
from data.errors import InputError

__all__ = ["Person", "Plays", "Terms", "answers", "one_answer", "recommend"]


@dataclass(frozen=True)
class Terms:
    """What holds for every answer.

    Parameters
    ----------
    k : length of a list; shorter only where there are fewer songs, or the artist cap leaves fewer.
    unavailable : int32 (n,), song rows that must not be offered.
    artist_cap : at most so many songs of one artist, or None.
    exclude_heard : leave out what the person played.
    explore : in [0, 1], from accurate to exploratory: how much popularity counts against a song, see `collab.exploring`.
    name_of : track id -> name, for the reasons.
    shared_tags : two track ids -> predicted tags that stand out in both, for the reasons.
    seed : breaks ties.
    because : how many of the songs that speak for a song are named with it; 0, and nothing is computed.

    Raises
    ------
    InputError : k or artist_cap below 1, explore outside of [0, 1].
    """

    k: int = 10
    unavailable: NDArray[np.int32] | None = None
    artist_cap: int | None = None
    exclude_heard: bool = True
    explore: float = 0.0
    name_of: Callable[[str], str] = str
    shared_tags: Callable[[str, str], Sequence[str]] = no_tags
    seed: int = 0
    because: int = 0

    def __post_init__(self) -> None:
        if self.k < 1 or (self.artist_cap is not None and self.artist_cap < 1):
            raise InputError(f"k={self.k} and artist_cap={self.artist_cap} must be 1 or more")
        check_explore(self.explore)


def recommend(
    serving: ServingModel,
    user: str | None = None,
    likes: Sequence[str] = (),
    k: int = 10,
    *,
    heard_extra: Plays | None = None,
    unavailable: NDArray[np.int32] | None = None,
    artist_cap: int | None = None,
    exclude_heard: bool = True,
    explore: float = 0.0,
    name_of: Callable[[str], str] = str,
    shared_tags: Callable[[str, str], Sequence[str]] = no_tags,
    seed: int = 0,
) -> list[Recommendation]:
    """The best songs for one person, from the highest step of the ladder that knows anything, filled up from the steps below.

    1. The model has something to say: of a user whose listens it was trained on and who played nothing since, its scores; else
       it folds in what the person played and likes, without training. Songs without listens are ranked by their sound.
    2. Likes or listens that the model learns nothing from: songs that sound like them.
    3. Nothing known: what most listeners play; spread over sounds, and first at most 2 songs an artist, then the next 2, so that
       a list is never short.
    4. No listens either: songs spread over sounds and artists.

    Parameters
    ----------
    user, likes, heard_extra : see `Person`. The others : see `Terms`.

    Raises
    ------
    InputError : as of `Terms`, an unknown like (code "unknown-id"), or every song is heard (code "all-heard").
    """
    terms = Terms(k, unavailable, artist_cap, exclude_heard, explore, name_of, shared_tags, seed)
    return one_answer(serving, Person(user, likes, heard_extra), terms)


def one_answer(serving: ServingModel, person: Person, terms: Terms) -> list[Recommendation]:
    """As `recommend`."""
    (answer,) = answers(serving, [person], terms)
    if not answer:
        number = len(serving.tracks)
        who = "no song is left to recommend" if person.user is None else f"user {person.user!r} has heard all {number} songs"
        raise InputError(who, code="all-heard", hint="Add songs")
    return answer


def answers(serving: ServingModel, people: Sequence[Person], terms: Terms) -> Iterator[list[Recommendation]]:
    """One list after the other, as `recommend` would give it; empty for somebody who has heard every song.

    The model is asked for as many people at a time as fit a bounded memory.
    """
    size = users_at_a_time(len(serving.tracks))
    order = np.random.default_rng(terms.seed).permutation(len(serving.tracks))
    for start in range(0, len(people), size):
        block = people[start : start + size]
        rows = [-1 if person.user is None else int(serving.users.rows([person.user])[0]) for person in block]
        tastes = [taste_of(serving, row, person) for row, person in zip(rows, block, strict=True)]
        for row, taste, scores in zip(rows, tastes, scores_for(serving, rows, tastes, block), strict=True):
            yield _answer(serving, row, taste, scores, terms, order)


def _answer(
    serving: ServingModel, row: int, taste: Taste, scores: NDArray[np.float32] | None, terms: Terms, order: NDArray[np.int64]
) -> list[Recommendation]:
    allowed = np.ones(len(serving.tracks), np.bool_)
    allowed[taste.tracks if terms.exclude_heard else taste.tracks[taste.liked]] = False
    if terms.unavailable is not None:
        allowed[terms.unavailable] = False
    if not allowed.any():
        return []
    ties = tie_order(np.arange(len(allowed)), np.full(len(allowed), max(row, 0)), order)
    room = np.full(int(serving.artists.max()) + 1, terms.artist_cap or len(allowed), np.int64)
    capped, stranger = terms.artist_cap is not None, not trained_on(serving, row)
    picked: list[tuple[int, float, Source]] = []
    for step in (by_model, by_taste, popular, diverse):
        wanted = terms.k - len(picked)
        offer = step(Ask(serving, scores, stranger, taste, allowed, ties, room, capped, wanted, terms.explore))
        for track, score, source in zip(offer.tracks.tolist(), offer.scores.tolist(), offer.sources, strict=True):
            if len(picked) < terms.k and room[serving.artists[track]] > 0:
                room[serving.artists[track]] -= 1
                picked.append((track, score, source))
        allowed[offer.tracks] = False  # a lower step does not offer them again
        if len(picked) == terms.k:
            break
    rows, sources = np.array([p[0] for p in picked], np.int32), [p[2] for p in picked]
    reasons = explain(serving, rows, sources, taste, terms.name_of, terms.shared_tags)
    speaking = because(serving, taste, rows, sources, terms.because) if terms.because else [()] * len(rows)
    return [
        Recommendation(
            serving.tracks.ids[track], rank, score, source, reason.text, not serving.listeners[track], reason.tags, songs
        )
        for rank, ((track, score, source), reason, songs) in enumerate(zip(picked, reasons, speaking, strict=True), start=1)
    ]
