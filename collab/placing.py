"""Which place one song has for one person, also far beyond the songs that a list would show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collab.because import Popularity, because, popularity_of
from collab.explain import Taste, explain
from collab.fallback import Terms
from collab.people import Person, scores_for, taste_of, trained_on
from collab.ranking import tie_order
from collab.recommendation import Recommendation
from collab.rungs import Ask, by_model, by_taste, popular
from collab.serving import ServingModel

POPULAR_SPREAD = 100  # the most popular songs are spread over sounds only as far as a list of this length goes


@dataclass(frozen=True)
class Place:
    """Where a song stands.

    Parameters
    ----------
    song : as a list would say it; its rank counts all songs that could be offered. Rank and score are 0, and the source is
        "catalogue-diverse", where nothing is known to rank it by.
    of : how many songs could be offered.
    heard, liked : whether the person has played it, or says that they like it; such a song is ranked, yet no list would show it.
    """

    song: Recommendation
    of: int
    heard: bool
    liked: bool
    popularity: Popularity


def place_of(serving: ServingModel, person: Person, track: int, terms: Terms) -> Place:
    """The place of a song (a row) among all that `collab.fallback.recommend` could offer, by the same scores and steps.

    Parameters
    ----------
    terms : as for a list; k and the artist cap do not count.
    """
    row = -1 if person.user is None else int(serving.users.rows([person.user])[0])
    taste = taste_of(serving, row, person)
    (scores,) = scores_for(serving, [row], [taste], [person])
    allowed = np.ones(len(serving.tracks), np.bool_)
    allowed[taste.tracks] = False
    if terms.unavailable is not None:
        allowed[terms.unavailable] = False
    allowed[track] = True
    number = int(allowed.sum())
    order = np.random.default_rng(terms.seed).permutation(len(allowed))
    ties = tie_order(np.arange(len(allowed)), np.full(len(allowed), max(row, 0)), order)
    room = np.full(int(serving.artists.max()) + 1, len(allowed), np.int64)
    before, found = 0, None
    for step, wanted in ((by_model, number), (by_taste, number), (popular, POPULAR_SPREAD)):
        offer = step(Ask(serving, scores, not trained_on(serving, row), taste, allowed, ties, room, True, wanted, terms.explore))
        at = np.flatnonzero(offer.tracks == track)
        if len(at):
            found = (before + int(at[0]) + 1, float(offer.scores[at[0]]), offer.sources[int(at[0])])
            break
        before += len(offer.tracks)
        allowed[offer.tracks] = False
    rank, score, source = found or (0, 0.0, "catalogue-diverse")
    rows = np.array([track], np.int32)
    mine = taste.tracks == track
    others = Taste(taste.tracks[~mine], taste.plays[~mine], taste.liked[~mine])  # "sounds like itself" is no reason
    (reason,) = explain(serving, rows, [source], others, terms.name_of, terms.shared_tags)
    (songs,) = because(serving, taste, rows, [source], terms.because)
    cold = not serving.listeners[track]
    song = Recommendation(serving.tracks.ids[track], rank, score, source, reason.text, cold, reason.tags, songs)
    liked = bool(taste.liked[mine].any())
    return Place(song, number, bool((taste.plays[mine] > 0).any()), liked, popularity_of(serving, track))
