"""Where a song's labels come from, and which of them hold: those of a table, of its folder, or of its own tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from data.layouts.layout import Song


class Label(NamedTuple):
    """A label's value, and its source: "table" (also that of a public set), "folder" or "tag"."""

    value: str
    source: str


def labels_of(song: Song, genre_tag: str, before: Mapping[str, Label]) -> dict[str, Label]:
    """The labels of a song, kind -> label.

    A table's row is the whole truth of the song that it lists. What a table said before stays when the song is met outside of it;
    then comes the folder, then the genre that the file itself names.

    Parameters
    ----------
    genre_tag : the genre that the file names, or "".
    before : the labels that the catalogue has of it; of those from folders only the song's `keeps_labels` lets any stay.
    """
    if song.listed:
        return {kind: Label(value, "table") for kind, value in song.labels.items()}
    tag = {"genre": Label(genre_tag, "tag")} if genre_tag else {}
    earlier = {kind: label for kind, label in before.items() if label.source == "folder" and song.keeps_labels}
    folder = {kind: Label(value, "folder") for kind, value in song.labels.items()}
    table = {kind: label for kind, label in before.items() if label.source == "table"}
    return tag | earlier | folder | table
