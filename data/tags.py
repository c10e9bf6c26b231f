"""What a song says of itself: the tags in the file, or else its file name."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from data.musicbrainz import mbids_in

log = logging.getLogger(__name__)

TAGS_VERSION = 1  # raised whenever more is read of a file's tags: the next scan reads those of an older version again

LONGEST = 500  # characters of a name that are kept: a tag is a stranger's text and may be a book
_TRACK_NUMBER = re.compile(r"^\d{1,3}(?:[.\s_-]+|$)")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d{1,3}(?:\D|$))")
# Marks that turn the direction of writing: a title with one would turn all that is printed after it.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@dataclass(frozen=True)
class Tags:
    """What a file says of its song; "" and 0 where unknown, MusicBrainz ids as lower-case UUIDs."""

    artist: str = ""
    title: str = ""
    album: str = ""
    genre: str = ""
    album_artist: str = ""
    year: int = 0
    number: int = 0
    recording_mbid: str = ""
    artist_mbid: str = ""
    release_mbid: str = ""


def read_tags(path: Path) -> Tags:
    """The tags of one file; artist and title come from its name where it has neither.

    ID3 (also in WAV and AIFF), Vorbis comments, MP4 and ASF. Never fails: a song without tags is a song.
    """
    from tinytag import TinyTag

    try:
        found = TinyTag.get(path, duration=False)
        artist, title, album, genre, album_artist = map(
            _name, (found.artist, found.title, found.album, found.genre, found.albumartist)
        )
        year, number = year_of(found.year or ""), number_of(found.track or "")
        tags = Tags(artist, title, album, genre, album_artist, year, number, *mbids_in(found.other))
    except Exception as error:  # whatever stands in a stranger's tag, the sound decides whether the song is usable
        log.debug("no tags in %s: %s", path, error)
        tags = Tags()
    if tags.artist or tags.title:
        return tags
    artist, title = artist_and_title(path.stem)
    return replace(tags, artist=artist, title=title)


def _name(text: str | None) -> str:
    return clean((text or "")[: 4 * LONGEST].translate(_TURNING))[:LONGEST].rstrip()


def year_of(text: str) -> int:
    """The year of a date in any order, e.g. "1999-05-01" or "1.5.1999"; 0 where it names none from 1500 to 2099."""
    found = _YEAR.search(str(text)[:LONGEST])
    return int(found[1]) if found else 0


def number_of(text: str | int) -> int:
    """A song's number on its album, of "3" or "3/12"; 0 where there is none from 1 to 9999."""
    first = str(text)[:LONGEST].partition("/")[0].strip()
    return int(first) if first.isascii() and first.isdecimal() and len(first) <= 4 else 0


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
