"""One recommended song, and the words for where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal[
    "hybrid",
    "hybrid-content",
    "collaborative",
    "content",
    "content-likes",
    "popular",
    "catalogue-diverse",
]
"""How a song came to be recommended, from the most to the least that is known:

- "hybrid": a user with listens, a song with listens, a model of both listens and sound.
- "hybrid-content": the same user, a song without listens, placed by its sound alone.
- "collaborative": a model of listens alone. "content": a model of sound alone.
- "content-likes": songs that sound like what this person played or likes, of whom the model knows nothing yet.
- "popular": nothing is known of the person; what most listeners play, spread over artists.
- "catalogue-diverse": no listens either; songs spread over all the sounds and artists of the catalogue.
"""

# Engine -> source of (a song with listens, a song without).
SOURCES: dict[str, tuple[Source, Source]] = {
    "lightfm": ("hybrid", "hybrid-content"),
    "als": ("hybrid", "hybrid-content"),
    "lightfm-cf": ("collaborative", "collaborative"),
    "als-cf": ("collaborative", "collaborative"),
    "content": ("content", "content"),
    "popularity": ("popular", "popular"),
}


@dataclass(frozen=True)
class Recommendation:
    """One line of an answer.

    Parameters
    ----------
    track_id : external id.
    rank : 1 is best.
    score : higher is better; comparable only between songs of the same source.
    source : see `Source`.
    reason : one sentence for a person.
    cold : whether the song has no listens yet.
    tags : predicted tags that the song shares with the one that `reason` says it sounds like.
    """

    track_id: str
    rank: int
    score: float
    source: Source
    reason: str
    cold: bool
    tags: tuple[str, ...] = ()
