"""Scan folders into the catalogue: only what is new or changed is opened; what cannot be used is written down with its reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from data.audio import Probe, probe
from data.catalogue import Catalogue, Failure, FileState
from data.errors import InputError
from data.layouts.layout import SUFFIXES, Layout, Song
from data.layouts.reading import read_layouts
from data.scan_report import ScanReport
from data.song_files import hash_of, lies_below, name_of, size_and_time
from data.song_labels import Label, labels_of
from data.tags import Tags, read_tags
from data.tracks import Track

# Reasons that may go away while the file stays the same: such a file is tried again at every scan.
_PASSING = frozenset({"unopenable", "missing", "not-a-file"})


def scan(
    catalogue: Catalogue,
    folders: Iterable[Path],
    *,
    folder_label: str = "auto",
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ScanReport:
    """Bring the catalogue up to date with the songs in `folders`.

    A file whose size and time of change are as before is not opened, a refused one neither. Each song is one transaction: killed
    at any moment, the next scan goes on.

    Parameters
    ----------
    folder_label : "auto": where all songs lie in two or more folders side by side that look like classes and not like artists or
        albums, the folder is the song's "genre"; elsewhere labels from folders stay as an earlier scan left them.
        "none": they go, and a genre is what the file's tag says. Or the kind of label that the folder gives, the innermost one
        in a deep tree; it takes the place of all earlier labels from folders.
    dry_run : only report and write nothing; a moved file counts as new and a broken one too, as none is decoded.
    progress : called with (songs looked at, songs in all).

    Raises
    ------
    InputError : a folder is missing, is no folder, or holds no audio (code "no-audio"); its table cannot be read at all;
        `folder_label` is empty.
    """
    run = _Scan.begin(catalogue, dry_run)
    layouts = read_layouts(folders, folder_label, run.tags_of)
    for layout in layouts:
        if not layout.songs:
            run.note_problems(layout)
            why = (
                f" ({len(layout.problems)} rows or folders cannot be used: {layout.problems[0].reason})"
                if layout.problems
                else ""
            )
            hint = f"Known suffixes: {' '.join(sorted(SUFFIXES))}"
            if layout.tables:
                hint = f"It holds a public set's table ({layout.tables[0].name}): give the folder of the set's audio as well"
            raise InputError(f"{layout.root} holds no audio file{why}", code="no-audio", hint=hint)
    # Folders given may lie in one another: each file is looked at once.
    songs = {name_of(song.path): (song, layout.root) for layout in reversed(layouts) for song in reversed(layout.songs)}
    for done, path in enumerate(reversed(songs), start=1):
        run.look_at(*songs[path])
        if progress is not None:
            progress(done, len(songs))
    for layout in layouts:  # after the songs: one that takes another file's place strikes what the ledger says of that file
        run.note_problems(layout)
    run.note_vanished([layout.root for layout in layouts], set(songs))
    return run.report


@dataclass(frozen=True)
class _Scan:
    """One run: the catalogue as it is in memory, kept in step with what is written."""

    catalogue: Catalogue
    dry_run: bool
    report: ScanReport
    states: dict[str, FileState]
    paths: dict[str, str]  # track_id -> path
    tracks: dict[str, Track]
    label_sources: dict[str, dict[str, str]]  # track_id -> kind -> source
    failures: dict[str, Failure]
    gone: dict[str, list[str]]  # content hash -> ids of songs whose file is no longer there

    @classmethod
    def begin(cls, catalogue: Catalogue, dry_run: bool) -> _Scan:
        states = catalogue.file_states()
        tracks = {track.track_id: track for track in catalogue.tracks()}
        failures = {failure.path: failure for failure in catalogue.failures()}
        gone: dict[str, list[str]] = {}
        for path, state in states.items():
            if not os.path.lexists(path):
                gone.setdefault(state.content_hash, []).append(state.track_id)
        paths = {state.track_id: path for path, state in states.items()}
        return cls(catalogue, dry_run, ScanReport(), states, paths, tracks, catalogue.label_sources(), failures, gone)

    def tags_of(self, path: Path) -> Tags:
        """Artist and genre that a file names, from the catalogue where it is known there."""
        state = self.states.get(name_of(path))
        if state is not None:
            return Tags(artist=self.tracks[state.track_id].artist, genre=state.genre_tag)
        return read_tags(path) if path.is_file() else Tags()

    def look_at(self, song: Song, root: Path) -> None:
        """Count one file once: unchanged, new, changed, moved, failed or a known failure."""
        path = name_of(song.path)
        try:
            size, mtime_ns = size_and_time(song.path)
        except InputError as error:
            self.fail(Failure(path, "scan", error.code, error.message, error.hint))
            return
        state, refused = self.states.get(path), self.failures.get(path)
        if state is not None and (state.size, state.mtime_ns) == (size, mtime_ns):
            self.refresh(song, root, state)
        elif refused is not None and _still(refused, FileState(size, mtime_ns, "", "")):
            self.report.known_failures += 1
        elif self.dry_run:
            self.report.new += state is None
            self.report.changed += state is not None
        else:
            try:
                self.read(song, root, FileState(size, mtime_ns, hash_of(song.path), ""))
            except InputError as error:
                self.fail(Failure(path, "scan", error.code, error.message, error.hint, size, mtime_ns))

    def refresh(self, song: Song, root: Path, state: FileState) -> None:
        """Take over what the table or the folder says today of a song whose sound is as it was."""
        path = str(song.path)
        old = self.tracks[state.track_id]
        labels = labels_of(song, state.genre_tag, self.labels(old))
        track = _placed(replace(old, track_id=self.id_of(song, old)), song, labels)
        self.report.unchanged += track == old
        self.report.changed += track != old
        refused = self.failures.get(path)
        mended = refused is not None and not refused.kept and not _still(refused, state)
        if track != old or labels != self.labels(old) or self.states[path] != state or mended:
            self.put(track, labels, root, state, None if mended else refused)

    def read(self, song: Song, root: Path, state: FileState) -> None:
        """Open a file that is new or changed and catalogue it. Raises InputError where it has no usable sound."""
        path = str(song.path)
        before = self.states.get(path)
        if before is not None and before.content_hash == state.content_hash:  # only its time of change is new
            self.refresh(song, root, before._replace(size=state.size, mtime_ns=state.mtime_ns))
            return
        found = probe(song.path)
        old = self.tracks[before.track_id] if before is not None else self.former(song, root, state.content_hash)
        tags = read_tags(song.path)
        labels = labels_of(song, tags.genre, self.labels(old))
        track_id = self.id_of(song, old)
        unplaced = Track(track_id, path, tags.artist, tags.title, tags.album, {}, found.duration_s, state.content_hash)
        track = _placed(unplaced, song, labels)
        damage = _damage(path, found, state)
        self.put(track, labels, root, state._replace(genre_tag=tags.genre), damage)
        moved = old is not None and before is None and old.content_hash == state.content_hash
        self.report.moved += moved
        self.report.changed += old is not None and not moved
        self.report.new += old is None
        if damage is not None:
            self.report.damaged.append(damage)

    def labels(self, track: Track | None) -> dict[str, Label]:
        """The labels that the catalogue has of a song."""
        if track is None:
            return {}
        sources = self.label_sources.get(track.track_id, {})
        return {kind: Label(value, sources[kind]) for kind, value in track.labels.items()}

    def former(self, song: Song, root: Path, content_hash: str) -> Track | None:
        """The catalogued song that this new path is: one with this content whose file is gone, or the one that a table names."""
        candidates = self.gone.get(content_hash, [])
        if song.listed:
            path = self.paths.get(song.track_id)
            same = path is not None and (not os.path.lexists(path) or lies_below(path, root))
            wanted = song.track_id if same else ""
        else:
            wanted = song.track_id if song.track_id in candidates else next(iter(candidates), "")
        if wanted in candidates:
            candidates.remove(wanted)
        return self.tracks.get(wanted)

    def id_of(self, song: Song, old: Track | None) -> str:
        """A known song keeps its id unless a table gives it another; a taken id gets "~" and 8 hex digits of the path."""
        if old is not None and not song.listed:
            return old.track_id
        own = old.track_id if old is not None else None
        if song.track_id == own or song.track_id not in self.tracks:
            return song.track_id
        return f"{song.track_id}~{blake2b(os.fsencode(song.path), digest_size=4).hexdigest()}"

    def put(self, track: Track, labels: Mapping[str, Label], root: Path, state: FileState, damage: Failure | None) -> None:
        """Write one song, in the catalogue and in memory."""
        if self.dry_run:
            return
        sources = {kind: label.source for kind, label in labels.items()}
        self.catalogue.put(
            track,
            root=str(root),
            size=state.size,
            mtime_ns=state.mtime_ns,
            genre_tag=state.genre_tag,
            label_sources=sources,
            damage=damage,
        )
        former = self.states.pop(track.path, None)
        if former is not None:
            self.tracks.pop(former.track_id, None)
            self.paths.pop(former.track_id, None)
        self.states.pop(self.paths.get(track.track_id, ""), None)
        self.states[track.path] = state._replace(track_id=track.track_id)
        self.paths[track.track_id] = track.path
        self.tracks[track.track_id] = track
        self.label_sources[track.track_id] = sources

    def fail(self, failure: Failure) -> None:
        """Write one failure to the ledger, or count it where it stands there already."""
        if self.failures.get(failure.path) == failure:
            self.report.known_failures += 1
            return
        self.report.failed.append(failure)
        if not self.dry_run:
            self.catalogue.record_failure(failure)

    def note_problems(self, layout: Layout) -> None:
        """Ledger what is wrong with the folder besides its songs; strike what was and is mended."""
        self.report.lines += layout.notes
        tables = {str(table) for table in layout.tables}  # they may lie beside the folder
        here = set()
        for problem in layout.problems:
            where = problem.where.encode("utf-8", "backslashreplace").decode()
            here.add(where)
            self.fail(Failure(where, "layout", problem.code, problem.reason, problem.hint))
        for path, failure in self.failures.items():
            ours = lies_below(path, layout.root) or path.rpartition(":")[0] in tables
            if failure.stage == "layout" and path not in here and ours and not self.dry_run:
                self.catalogue.clear_failure(path)

    def note_vanished(self, roots: list[Path], seen: set[str]) -> None:
        """Report the songs below `roots` that were not met; strike the failures of files that no longer exist."""
        report = self.report
        below = [path for path in self.states if path not in seen and any(lies_below(path, root) for root in roots)]
        report.vanished = sorted(self.states[path].track_id for path in below)
        if report.vanished:
            report.lines.append(f"{len(report.vanished)} songs are no longer there; the catalogue keeps them")
        for path, failure in self.failures.items():
            dead = failure.stage == "scan" and not failure.kept and path not in seen and not os.path.lexists(path)
            if dead and not self.dry_run and any(lies_below(path, root) for root in roots):
                self.catalogue.clear_failure(path)


def _placed(track: Track, song: Song, labels: Mapping[str, Label]) -> Track:
    """`track` with these labels and with the names that its place gives it."""
    artist, title, album = (getattr(song, name) or getattr(track, name) for name in ("artist", "title", "album"))
    return replace(track, artist=artist, title=title, album=album, labels={kind: label.value for kind, label in labels.items()})


def _still(failure: Failure, state: FileState) -> bool:
    """Whether a failure stands: its file is as it was then, and the reason is none that goes away by itself."""
    return (failure.size, failure.mtime_ns) == (state.size, state.mtime_ns) and failure.code not in _PASSING


def _damage(path: str, found: Probe, state: FileState) -> Failure | None:
    if found.shortfall_s == 0:
        return None
    reason = f"{path} is damaged: {found.shortfall_s:.1f} s of {found.duration_s:.1f} s cannot be decoded; the rest is used"
    return Failure(path, "scan", "damaged", reason, "Copy or download the file again", state.size, state.mtime_ns, kept=True)
