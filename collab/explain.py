"""Why this song: a sentence that names something the listener really played, or how many others did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.history import History
from collab.recommendation import Source
from collab.serving import ServingModel
from data.embeddings import unit_rows

# Cosine from which two songs are said to sound alike; vectors are centred, so strangers stand near 0.
ALIKE = 0.3
MOST_TAGS = 3  # named in a reason; more is no sentence any more


@dataclass(frozen=True)
class Taste:
    """What one person played and what they say they like.

    Parameters
    ----------
    tracks : int32 (n,), song rows, each once.
    plays : float32 (n,), number of plays; 0 for a song that is liked and was never played.
    liked : bool (n,), what they say they like.
    """

    tracks: NDArray[np.int32]
    plays: NDArray[np.float32]
    liked: NDArray[np.bool_]

    def weights(self, average: float) -> NDArray[np.float32]:
        """Plays in which a like counts as much as the song played most, or as `average` if nothing was played; float32 (n,)."""
        most = float(self.plays.max(initial=0)) or average
        return np.where(self.liked, most, self.plays).astype(np.float32)


class Reason(NamedTuple):
    """A sentence, and the predicted tags in it: what stands out in this song and in the one it is compared with."""

    text: str
    tags: tuple[str, ...] = ()


def no_tags(_a: str, _b: str) -> Sequence[str]:
    """What songs share of which nothing is predicted."""
    return ()


def explain(
    serving: ServingModel,
    tracks: NDArray[np.int32],
    sources: list[Source],
    taste: Taste,
    name_of: Callable[[str], str],
    shared: Callable[[str, str], Sequence[str]] = no_tags,
) -> list[Reason]:
    """One reason for each of n recommended songs.

    Parameters
    ----------
    tracks : int32 (n,), song rows. sources : where each came from.
    name_of : track id -> name for a person.
    shared : two track ids -> predicted tags that stand out in both songs, the best first.
    """
    if not len(tracks):
        return []
    alike = _nearest(serving.content, tracks, taste.tracks)
    together = _nearest(serving.company, tracks, taste.tracks)
    described = _nearest_in_words(serving.words, tracks, taste.tracks)

    def played(position: int) -> str:
        return _played(name_of(serving.tracks.ids[taste.tracks[position]]), float(taste.plays[position]))

    def both(track: int, position: int) -> tuple[str, ...]:
        ids = serving.tracks.ids
        return tuple(shared(ids[track], ids[taste.tracks[position]])[:MOST_TAGS])

    reasons = []
    for track, source, sound, company, words in zip(tracks, sources, alike, together, described, strict=True):
        listeners = int(serving.listeners[track])
        crowd = _share(listeners, serving.history.n_active)
        if source == "popular":
            reasons.append(Reason(crowd))
        elif source == "catalogue-diverse":
            reasons.append(Reason(f"{crowd}; one of a choice spread over the sounds of this catalogue"))
        else:
            link, by_sound = _link(played, source, sound, company, words)
            tags = both(int(track), sound[0]) if by_sound else ()
            if tags:
                link += f": both {', '.join(tags)}"
            reasons.append(Reason(f"{link}; {crowd}" if listeners else f"{crowd}; {link}", tags))
    return reasons


def _nearest(vectors: NDArray[np.float32], tracks: NDArray[np.int32], among: NDArray[np.int32]) -> list[tuple[int, float]]:
    """For each of `tracks` the position in `among` of the song nearest by cosine, and the cosine; (-1, 0) if none."""
    if not len(among) or not vectors.shape[1]:
        return [(-1, 0.0)] * len(tracks)
    cosine = unit_rows(vectors[tracks]) @ unit_rows(vectors[among]).T  # (n, m)
    best = cosine.argmax(axis=1)
    return [(int(b), float(c)) for b, c in zip(best, cosine.max(axis=1), strict=True)]


def _nearest_in_words(words: History | None, tracks: NDArray[np.int32], among: NDArray[np.int32]) -> list[tuple[int, float]]:
    """As `_nearest`, by sparse features."""
    if words is None or not len(among):
        return [(-1, 0.0)] * len(tracks)
    features, values, of = words.gather(among)
    distinct, place = np.unique(features, return_inverse=True)
    nearest = []
    for track in tracks:
        own, weights = words.of(int(track))
        weight = np.zeros(len(distinct), np.float32)
        weight[np.searchsorted(distinct, own[np.isin(own, distinct)])] = weights[np.isin(own, distinct)]
        cosine = np.bincount(of, values * weight[place], len(among))
        best = int(cosine.argmax())
        nearest.append((best, float(cosine[best])) if cosine[best] > 0 else (-1, 0.0))
    return nearest


def _link(
    played: Callable[[int], str],
    source: Source,
    sound: tuple[int, float],
    company: tuple[int, float],
    words: tuple[int, float],
) -> tuple[str, bool]:
    """What ties a song to the listener, from what its source rests on: its sound (then True), or the people who play it.

    `sound`, `company` and `words` are (position in the taste, cosine) of the nearest song by content, factors and features.
    """
    together = f"liked by people who play {played(company[0])}" if company[0] >= 0 and company[1] > 0 else ""
    described = f"described like {played(words[0])}" if words[0] >= 0 and words[1] > 0 else ""
    if source == "collaborative":
        return together or "fits the whole of what you play", False
    if sound[0] >= 0 and sound[1] >= ALIKE:
        return f"sounds like {played(sound[0])}", True
    if source in ("hybrid", "hybrid-likes") and together:
        return together, False
    if described and source != "content-likes":
        return described, False
    if sound[0] >= 0 and sound[1] > 0:
        return f"nearest in sound to {played(sound[0])}", True
    return described or "fits the whole of what you play", False


def _played(name: str, plays: float) -> str:
    if plays == 0:
        return f"{name}, which you like"
    if plays == 1:
        return f"{name}, which you played once"
    return f"{name}, which you played {plays:.0f} times" if plays.is_integer() else f"{name}, which you played"


def _share(listeners: int, users: int) -> str:
    """How many people play a song, as a share where that says more than the number."""
    if not listeners:
        return "new here: no listener yet"
    if listeners < 5 or listeners / users < 0.01:
        return f"played by {listeners} of {users} listeners"
    return f"played by {100 * listeners / users:.0f} % of listeners"
