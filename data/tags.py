"""What a song says of itself: the tags in the file, or else its file name."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

_TRACK_NUMBER = re.compile(r"^\d{1,3}(?:[.\s_-]+|$)")


@dataclass(frozen=True)
class Tags:
    """Artist, title, album and genre; "" where unknown."""

    artist: str = ""
    title: str = ""
    album: str = ""
    genre: str = ""


def read_tags(path: Path) -> Tags:
    """The tags of one file; artist and title come from its name where it has neither.

    Never fails: a song without tags is a song.
    """
    from tinytag import TinyTag

    try:
        found = TinyTag.get(path, duration=False)
        tags = Tags(*(clean(value) for value in (found.artist, found.title, found.album, found.genre)))
    except Exception as error:  # whatever stands in a stranger's tag, the sound decides whether the song is usable
        log.debug("no tags in %s: %s", path, error)
        tags = Tags()
    if tags.artist or tags.title:
        return tags
    artist, title = artist_and_title(path.stem)
    return Tags(artist, title, tags.album, tags.genre)


def artist_and_title(stem: str) -> tuple[str, str]:
    """Artist and title from a file name without suffix: "Artist - Title" or "Artist-Title", a track number before it ignored.

    ("", "") where the name has no such form; ("", title) for "01 - Title".
    """
    rest = _TRACK_NUMBER.sub("", clean(stem).replace("_", " "), count=1)
    numbered = rest != clean(stem).replace("_", " ")
    for separator in (" - ", "-"):
        artist, found, title = (part.strip() for part in rest.partition(separator))
        if found or separator == "-":
            break
    if any(c.isalpha() for c in artist) and any(c.isalpha() for c in title):
        return artist, title
    return ("", rest.strip()) if numbered and any(c.isalpha() for c in rest) else ("", "")


def clean(text: str | None) -> str:
    """One line of valid Unicode without control characters and surrounding blanks; "" for None."""
    if not text:
        return ""
    valid = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in valid).split())


def normalised(name: str) -> str:
    """A name for comparison: letters and digits of all scripts.

    Case, accents, punctuation and spacing do not count, "&" is "and".
    """
    flat = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    kept = "".join(c if c.isalnum() else " " for c in flat if not unicodedata.combining(c))
    return " ".join(kept.split()) or name.strip().casefold()
