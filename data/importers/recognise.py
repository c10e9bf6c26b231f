"""Tell by its content what a source of listens is, file, folder or zip archive; names say nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from data.errors import InputError
from data.files import fingerprint, hash_file
from data.importers import generic, hetrec
from data.importers.formats import Read, format_of
from data.importers.members import Member, file_member, folder_members, is_zip, zip_members
from data.importers.parsed import ItemKind, Sieve, Sink

KNOWN = (
    "Known are tables with a header that names a user and a song (CSV, TSV, Parquet, RecBole's .inter), exports of Spotify,"
    " ListenBrainz and Last.fm as file, folder or zip, the sets Last.fm-1K, Last.fm-360K, HetRec Last.fm and MSD taste profile"
)
Progress = Callable[[int, int], None]


class Part(NamedTuple):
    """One file of a source and how it is read."""

    member: Member
    read: Read


@dataclass(frozen=True)
class Source:
    """A recognised source of listens.

    Parameters
    ----------
    path : absolute path of what was named.
    format : short name, e.g. "csv", "spotify".
    kind : what its items are.
    personal : True where its rows do not say who listened.
    files : all files that are read, for the hash.
    parts : these files, or what is in them.
    passed_over : names of files beside these that could be listens and are of no known format.
    read_whole : reads it where it is no stream (Parquet); then there are no parts.
    """

    path: Path
    format: str
    kind: ItemKind
    personal: bool
    files: tuple[Path, ...]
    parts: tuple[Part, ...] = ()
    passed_over: tuple[str, ...] = ()
    read_whole: Callable[[Path, Sieve, Progress], None] | None = None

    def content_hash(self, user: str = "") -> str:
        """Hash of all that is read and, where the source is personal, of whose it is."""
        hashes = [hash_file(path) for path in self.files]
        return fingerprint(hashes, "user", user) if self.personal else fingerprint(hashes)

    def parse(self, sink: Sink, progress: Progress | None = None) -> Sieve:
        """Read the listens into `sink`; what comes back has the counts.

        Raises
        ------
        InputError : there is no row (code "no-rows"), or none of them is good (code "no-good-rows"); a file is damaged.
        """
        report = progress or (lambda done, total: None)
        sieve = Sieve(sink, self.kind)
        if self.read_whole is not None:
            self.read_whole(self.path, sieve, report)
        total, done = sum(part.member.size for part in self.parts), 0
        for part in self.parts:
            sieve.file = part.member.name if len(self.parts) > 1 else ""
            with part.member.open() as stream:
                part.read(_told(stream, done, total, report), sieve)
            done += part.member.size
            report(done, total)
        if not sieve.rows:
            raise InputError(f"{self.path} has a header but no rows", code="no-rows")
        if not sieve.good:
            counts = (*sieve.rejected, *sieve.filtered)
            reasons = "; ".join(f"{one.reason}: {one.rows}, first in line {one.first_line}" for one in counts)
            raise InputError(f"{self.path}: none of its rows is a listen ({reasons})", code="no-good-rows")
        return sieve


def _told(stream: BinaryIO, done: int, total: int, report: Progress) -> BinaryIO:
    """The stream, which reports how far it was read."""
    read = stream.read
    position = 0

    def reporting(size: int = -1) -> bytes:
        nonlocal position
        data = read(size)
        position += len(data)
        report(min(done + position, total), total)
        return data

    class Told:
        """Only what the readers use."""

        read = staticmethod(reporting)
        readline = staticmethod(stream.readline)

    return Told()  # type: ignore[return-value]


def recognise(path: Path) -> Source:
    """Find out how to read a file, or a folder or zip archive that holds an export or a known data set.

    Raises
    ------
    InputError : it does not exist (code "missing"), is empty ("empty-file") or of no known format ("unknown-format"), or an
        archive is damaged or a trap.
    """
    if path.is_dir():
        if (path / hetrec.PLAYS).is_file():
            return recognise(path / hetrec.PLAYS)
        return _several(path.resolve(), folder_members(path.resolve()))
    member = file_member(path)
    head = member.head()
    if not head:
        raise InputError(f"{path} is empty (0 bytes)", code="empty-file")
    path = path.resolve()
    if is_zip(head):
        return _several(path, zip_members(path))
    if head.startswith(b"PAR1"):
        if generic.parquet_columns(path):
            return Source(path, "parquet", "track", False, (path,), read_whole=generic.read_parquet)
        raise InputError(f"{path} names no user and song", code="unknown-format", hint=KNOWN)
    if hetrec.is_plays(head):
        artists = hetrec.artists_file(path)
        files = (path,) if artists is None else (path, artists)
        return _hetrec(path, files, member, None if artists is None else file_member(artists))
    found = format_of(head)
    if found is None:
        raise InputError(f"{path} is in no known format of listens", code="unknown-format", hint=KNOWN)
    return Source(path, found.name, found.kind, found.personal, (path,), (Part(member, found.read),))


def _hetrec(path: Path, files: tuple[Path, ...], plays: Member, artists: Member | None) -> Source:
    part = Part(plays, partial(hetrec.read_hetrec, artists=artists))
    return Source(path, "hetrec", "lastfm-artist", False, files, (part,))


def _several(path: Path, members: Sequence[Member]) -> Source:
    """A source of all the files that are listens of one format; what else lies beside them is passed over."""
    heads = [(member, member.head()) for member in members]
    plays = [member for member, head in heads if hetrec.is_plays(head)]
    if len(plays) == 1:
        beside = {member.name: member for member in members}
        artists = beside.get(plays[0].name.removesuffix(hetrec.PLAYS) + hetrec.ARTISTS)
        read = tuple(Path(member.name) for member in (plays[0], artists) if member is not None) if path.is_dir() else (path,)
        return _hetrec(path, read, plays[0], artists)
    found = [(member, known) for member, head in heads if (known := format_of(head)) is not None]
    listens = [known for _, known in found if known.listens]
    names = {known.name for known in listens}
    if len(names) != 1:
        held = f"holds listens in several formats ({', '.join(sorted(names))})" if names else "holds no listens in a known format"
        hint = "Import the files one by one" if names else KNOWN
        raise InputError(f"{path} {held}", code="unknown-format", hint=hint)
    if len({known.personal for known in listens}) != 1:
        raise InputError(
            f"{path}: some of its files name their users and some do not", code="unknown-format", hint="Import them one by one"
        )
    first = listens[0]
    found = [(member, known) for member, known in found if known.name == first.name]
    files = tuple(Path(member.name) for member, _ in found) if path.is_dir() else (path,)
    parts = tuple(Part(member, known.read) for member, known in found)
    strangers = tuple(member.name for member, head in heads if format_of(head) is None and _could_be_listens(member.name))
    return Source(path, first.name, first.kind, first.personal, files, parts, strangers)


def _could_be_listens(name: str) -> bool:
    return name.lower().endswith((".json", ".jsonl", ".listens", ".csv", ".tsv"))
