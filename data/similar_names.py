"""Names that are nearly the same: slips of the pen, told apart from other songs and other artists."""

from __future__ import annotations

import re
from collections.abc import Sequence

LEAST = 90.0  # of 100: share of letters in common, of both names, in order (indel similarity)
LEAD = 3.0  # by so much the best must be better than the next
SHORTEST = 6  # letters: among shorter names a slip of the pen is another name
SHORTEST_WORD = 4
LEAST_WORD = 75.0
_FIXED = re.compile(r".*\d.*|[ivx]+")  # numbers, also Roman
# Words that make it another recording, or the contrary.
_TELLING = re.compile(
    "live|remix|mix|edit|acoustic|demo|instrumental|karaoke|cover|version|sessions?|unplugged|reprise|interlude|intro|outro"
    "|orchestral|piano|dub|extended|radio|club|mono|stereo|take|alternate|alternative|rehearsal|medley|part|never|with|without"
)


def nearest_artist(name: str, names: Sequence[str]) -> str | None:
    """The one of `names` (see `data.names.artist_words`) that is `name` but for a slip of the pen; None if none or several."""
    return _nearest(name, names)


def nearest_title(title: str, titles: Sequence[str]) -> str | None:
    """As `nearest_artist`, of titles of one artist (see `data.names.song_words`)."""
    return _nearest(title, titles)


def _nearest(name: str, names: Sequence[str]) -> str | None:
    from rapidfuzz import fuzz, process

    if len(name) < SHORTEST:
        return None
    # (score_hint and cutoff let rapidfuzz stop early; the second best counts as well, whether or not it is a slip of the pen)
    best = process.extract(name, names, scorer=fuzz.ratio, score_cutoff=LEAST - LEAD, limit=2)
    if not best or best[0][1] < LEAST or (len(best) > 1 and best[1][1] > best[0][1] - LEAD):
        return None
    found: str = best[0][0]
    return found if is_slip(name, found) else None


def is_slip(one: str, other: str) -> bool:
    """Whether two names have the same words but for slips of the pen in long ones; a plural is none."""
    from rapidfuzz import fuzz

    ours, theirs = one.split(), other.split()
    if len(ours) != len(theirs):
        return False
    for a, b in zip(ours, theirs, strict=True):
        if a == b:
            continue
        if min(len(a), len(b)) < SHORTEST_WORD or any(_FIXED.fullmatch(word) or _TELLING.fullmatch(word) for word in (a, b)):
            return False
        if a == b + "s" or b == a + "s" or fuzz.ratio(a, b) < LEAST_WORD:
            return False
    return True
