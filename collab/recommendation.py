"""One recommended song, and the words for where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Source = Literal[
    "hybrid",
    "hybrid-likes",
    "hybrid-content",
    "collaborative",
    "content",
    "content-likes",
    "popular",
    "catalogue-diverse",
]
"""How a song came to be recommended, from the most to the least that is known:

- "hybrid": a user with listens, a song with listens, a model of both listens and sound.
- "hybrid-likes": the same model and kind of song for a person whom it was not trained on, from what they played since or like.
- "hybrid-content": the same model, a song without listens, placed by its sound or its tags alone.
- "collaborative": a model of listens alone. "content": a model of sound or tags alone.
- "content-likes": songs that sound like what this person played or likes, where the model can say nothing of person or song.
- "popular": nothing is known of the person; what most listeners play, spread over artists and sounds.
- "catalogue-diverse": no listens either; songs spread over all the sounds and artists of the catalogue.
"""


class Sources(NamedTuple):
    """Sources of an engine's songs with listens and without, and of the same for a person whom it was not trained on."""

    warm: Source
    cold: Source
    stranger: Source
    stranger_cold: Source


_HYBRID = Sources("hybrid", "hybrid-content", "hybrid-likes", "hybrid-content")
_COLLABORATIVE = Sources("collaborative", "collaborative", "collaborative", "collaborative")
_CONTENT = Sources("content", "content", "content-likes", "content-likes")

# Every engine that can be served; the first is the default.
SOURCES: dict[str, Sources] = {
    "hybrid": _HYBRID,
    "als": _HYBRID,
    "ease": _HYBRID,
    "bpr": _HYBRID,
    "lightfm": _HYBRID,
    "als-cf": _COLLABORATIVE,
    "ease-cf": _COLLABORATIVE,
    "bpr-cf": _COLLABORATIVE,
    "lightfm-cf": _COLLABORATIVE,
    "content": _CONTENT,
    "content-ridge": _CONTENT,
    "features": _CONTENT,
    "popularity": Sources("popular", "popular", "popular", "popular"),
}


class Because(NamedTuple):
    """A song that speaks for another: its id, and its share of all that speaks for it, in (0, 1]."""

    track_id: str
    share: float


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
    because : the songs that speak most for it, see `collab.because`; () unless they were asked for.
    """

    track_id: str
    rank: int
    score: float
    source: Source
    reason: str
    cold: bool
    tags: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()
