"""MusicBrainz ids: lower-case UUIDs, and the names under which taggers write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SEPARATORS = re.compile(r"[\s/;,\0]+")  # several ids in one field
_LONGEST = 4096  # characters looked at

# Field of a Track -> names in files and tables, letters alone. What Picard calls "track id" is the recording's; its "release
# track id" names one place on one release and is none of these. "ufid" is ID3's frame for it, with its owner's URL.
_NAMES = {
    "recording_mbid": ("ufid", "musicbrainztrackid", "musicbrainzrecordingid", "recordingmbid"),
    "artist_mbid": ("musicbrainzartistid", "artistmbid"),
    "release_mbid": ("musicbrainzalbumid", "musicbrainzreleaseid", "releasembid", "albummbid"),
}
FIELDS = tuple(_NAMES)


def mbid_of(text: str) -> str:
    """The first MusicBrainz id in a field, lower-case; "" where there is none.

    A field may hold several ids, one after the other; what is no UUID is passed over.
    """
    parts = _SEPARATORS.split(text[:_LONGEST].lower())
    return next((part for part in parts if _UUID.fullmatch(part)), "")


def field_of(name: str) -> str:
    """Which field of a Track a tag or a column of this name is: "recording_mbid", "artist_mbid", "release_mbid" or ""."""
    letters = "".join(c for c in name.lower() if c.isalpha())
    return next((field for field, names in _NAMES.items() if letters in names), "")


def mbids_in(tags: Mapping[str, Iterable[str]]) -> tuple[str, str, str]:
    """The ids of recording, artist and release among a file's further tags (name -> values); "" where there is none.

    ID3 (UFID, TXXX), Vorbis comments, MP4 and ASF write them under different names.
    """
    found = dict.fromkeys(FIELDS, "")
    for name, values in sorted(tags.items(), key=lambda item: item[0] != "ufid"):  # (what stands there is the standard's)
        field = field_of(name)
        if field and not found[field]:
            found[field] = next((mbid for value in values if (mbid := mbid_of(str(value)))), "")
    return found["recording_mbid"], found["artist_mbid"], found["release_mbid"]
