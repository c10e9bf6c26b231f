"""What a text file of listens is, told by its first bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import BinaryIO, NamedTuple

from data.importers import generic, lastfm, listenbrainz, spotify
from data.importers.parsed import ItemKind, Sieve

_BOM = b"\xef\xbb\xbf"
Read = Callable[[BinaryIO, Sieve], None]


class Format(NamedTuple):
    """What is known of a file from its first bytes; `listens` is False for what an export holds beside them, to be counted."""

    name: str
    read: Read
    kind: ItemKind = "track"
    personal: bool = False
    listens: bool = True


def format_of(head: bytes) -> Format | None:
    """The format of a text file that begins so, or None."""
    text = head.removeprefix(_BOM)
    bare = text.lstrip()
    if spotify.is_extended(bare):
        return Format("spotify", spotify.read_extended, personal=True)
    if spotify.is_short(bare):
        return Format("spotify-short", spotify.read_short, personal=True)
    if listenbrainz.is_beside(bare):
        return Format("listenbrainz", partial(listenbrainz.read_lines, users=False), personal=True, listens=False)
    if listenbrainz.is_lines(bare) or listenbrainz.is_array(bare):
        users = listenbrainz.names_users(bare)
        read = listenbrainz.read_array if bare.startswith(b"[") else listenbrainz.read_lines
        return Format("listenbrainz", partial(read, users=users), personal=not users)
    if lastfm.is_scrobbles(text):
        return Format("lastfm", lastfm.read_scrobbles, personal=True)
    if generic.is_table(text):
        first_line = text.split(b"\n", 1)[0]
        name = "tsv" if generic.delimiter_of(first_line) == "\t" else "csv"
        return Format(name, partial(generic.read_text, head=text))
    if lastfm.is_1k(text):
        return Format("lastfm-1k", lastfm.read_1k)
    if lastfm.is_360k(text):
        return Format("lastfm-360k", lastfm.read_360k, "artist")
    if lastfm.is_taste_profile(text):
        return Format("msd-taste-profile", lastfm.read_taste_profile)
    if lastfm.is_plain(text):
        return Format("lastfm-plain", lastfm.read_plain, personal=True)
    return None
