"""The knobs of the composed demo world and the random streams that hang on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from data.errors import InputError
from data.files import fingerprint

GENRES = ("alternative", "blues", "electronic", "folkcountry", "funksoulrnb", "jazz", "pop", "raphiphop", "rock")
"""The nine genres, spelt as folders and labels."""

MODEL = 1
"""Version of the model of the world: raise it when the same spec would give other songs or other listens."""

NOTICE = (
    "This world is composed by a program: no song, artist or listener in it is real, "
    "and figures measured on it say nothing about real music or real people."
)

# Names of the random streams. Each draws on its own, so that e.g. more listeners never change a song.
CATALOGUE, ARTIST, SONG, SCORE, POPULARITY, TASTE, CHOICE = range(7)


@dataclass(frozen=True)
class WorldSpec:
    """What to compose; the same spec gives the same bytes.

    Parameters
    ----------
    songs : number of songs, 9 to 999,999; spread evenly over the nine genres.
    listeners : number of listeners, 1 to 999,999.
    seconds : length of each song's clip in seconds, 1 to 600.
    seed : integer >= 0.
    songs_per_artist : mean number of songs of an artist, 1 to 100.

    Raises
    ------
    InputError : a value is of the wrong type or outside its range.
    """

    songs: int = 540
    listeners: int = 600
    seconds: float = 10.0
    seed: int = 0
    songs_per_artist: int = 6

    def __post_init__(self) -> None:
        _whole("songs", self.songs, len(GENRES), 999_999, hint=f"Each of the {len(GENRES)} genres needs a song")
        _whole("listeners", self.listeners, 1, 999_999)
        _whole("seed", self.seed, 0, 2**63 - 1)
        _whole("songs_per_artist", self.songs_per_artist, 1, 100)
        if isinstance(self.seconds, bool) or not isinstance(self.seconds, int | float) or not 1 <= self.seconds <= 600:
            raise InputError(f"seconds={self.seconds!r} must be a number from 1 to 600", code="bad-spec")
        object.__setattr__(self, "seconds", float(self.seconds))  # 10 and 10.0 are the same world

    def as_dict(self) -> dict[str, Any]:
        """The knobs as JSON-able values."""
        return asdict(self)

    def fingerprint(self) -> str:
        """A short name for the world that this spec gives."""
        return fingerprint("composed-world", MODEL, self.as_dict())

    def rng(self, *stream: int) -> np.random.Generator:
        """The generator of one named stream, e.g. `rng(SONG, 17)`: independent of all others."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=stream))


def _whole(name: str, value: object, low: int, high: int, *, hint: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name}={value!r} must be a whole number from {low:,} to {high:,}", code="bad-spec", hint=hint)
