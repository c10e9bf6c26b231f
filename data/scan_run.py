"""One run of a scan: what each file is to the catalogue (known, new, changed, moved, refused), and writing it down."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from data.audio import Probe
from data.catalogue import Catalogue, Failure, FileState
from data.errors import InputError
from data.file_reading import FileRead
from data.guarded import Lost
from data.layouts.layout import Song
from data.scan_report import ScanReport
from data.scan_rules import FROM_TAGS, Pending, damage_of, placed, still
from data.song_files import hash_of, lies_below, name_of, size_and_time
from data.song_labels import Label, labels_of
from data.tags import TAGS_VERSION, Tags
from data.tracks import Track


@dataclass(frozen=True)
class ScanRun:
    """One run of a scan: the catalogue as it is in memory, kept in step with what is written."""

    catalogue: Catalogue
    dry_run: bool
    report: ScanReport
    states: dict[str, FileState]
    paths: dict[str, str]  # track_id -> path
    tracks: dict[str, Track]
    label_sources: dict[str, dict[str, str]]  # track_id -> kind -> source
    failures: dict[str, Failure]
    gone: dict[str, list[str]]  # content hash -> ids of songs whose file is no longer there
    gone_sizes: frozenset[int]  # of these files, as they were

    @classmethod
    def begin(cls, catalogue: Catalogue, dry_run: bool) -> ScanRun:
        states = catalogue.file_states()
        tracks = {track.track_id: track for track in catalogue.tracks()}
        failures = {failure.path: failure for failure in catalogue.failures()}
        gone: dict[str, list[str]] = {}
        for path, state in states.items():
            if not os.path.lexists(path):
                gone.setdefault(state.content_hash, []).append(state.track_id)
        sizes = frozenset(state.size for state in states.values() if state.content_hash in gone)
        paths = {state.track_id: path for path, state in states.items()}
        return cls(catalogue, dry_run, ScanReport(), states, paths, tracks, catalogue.label_sources(), failures, gone, sizes)

    def tags_of(self, read: Callable[[Path], Tags | Lost], path: Path) -> Tags:
        """Artist and genre that a file names, from the catalogue where it is known there; nothing of a file that was refused."""
        state, refused = self.states.get(name_of(path)), self.failures.get(name_of(path))
        if state is not None:
            return Tags(artist=self.tracks[state.track_id].artist, genre=state.genre_tag)
        found = read(path) if refused is None and path.is_file() else Tags()
        return found if isinstance(found, Tags) else Tags()

    def look_at(self, song: Song, root: Path) -> Pending | None:
        """Count one file once, as unchanged, failed or a known failure; or say what must be read of it: see `take`."""
        path = name_of(song.path)
        try:
            size, mtime_ns = size_and_time(song.path)
        except InputError as error:
            self.fail(Failure(path, "scan", error.code, error.message, error.hint))
            return None
        state, refused = self.states.get(path), self.failures.get(path)
        if state is not None and (state.size, state.mtime_ns) == (size, mtime_ns):
            if state.tags_version != TAGS_VERSION and not self.dry_run:
                return Pending(song, root, state, only_tags=True)
            self.refresh(song, root, state)
        elif refused is not None and still(refused, FileState(size, mtime_ns, "", "")):
            self.report.known_failures += 1
        elif self.dry_run:
            moved = state is None and self.foresee_move(song.path, size)
            self.report.moved += moved
            self.report.new += state is None and not moved
            self.report.changed += state is not None
        else:
            known = state.content_hash if state is not None else ""
            return Pending(song, root, FileState(size, mtime_ns, known, "", tags_version=TAGS_VERSION))
        return None

    def foresee_move(self, path: Path, size: int) -> bool:
        """In a dry run: whether a new file is a song whose own file is gone; that song then counts as met."""
        try:
            candidates = self.gone.get(hash_of(path)) if size in self.gone_sizes else None
        except InputError:  # the scan itself will say so
            return False
        if not candidates:
            return False
        self.states.pop(self.paths[candidates.pop(0)])
        return True

    def take(self, waiting: Pending, answer: FileRead | InputError | Lost) -> None:
        """Count and write a file that was read: unchanged, new, changed, moved or failed."""
        path, state = str(waiting.song.path), waiting.state
        if isinstance(answer, FileRead):
            if waiting.only_tags:
                self.retag(waiting, answer.tags or Tags())
            elif answer.probe is None or answer.tags is None:  # only its time of change is new
                before = self.states[path]
                self.refresh(waiting.song, waiting.root, before._replace(size=state.size, mtime_ns=state.mtime_ns))
            else:
                self.read(waiting, answer.content_hash, answer.probe, answer.tags)
        elif waiting.only_tags:  # the sound is known and good: the song stays as it is
            self.retag(waiting, Tags())
        else:
            reason = answer.message if isinstance(answer, InputError) else answer.reason
            self.fail(Failure(path, "scan", answer.code, reason, answer.hint, state.size, state.mtime_ns))

    def retag(self, waiting: Pending, tags: Tags) -> None:
        """Add what this version of the program reads of the tags and the one before did not; names that are there stay."""
        state = waiting.state._replace(tags_version=TAGS_VERSION)
        old = self.tracks[state.track_id]
        self.tracks[state.track_id] = replace(old, **{name: getattr(old, name) or getattr(tags, name) for name in FROM_TAGS})
        self.report.retagged += 1
        self.refresh(waiting.song, waiting.root, state)

    def refresh(self, song: Song, root: Path, state: FileState) -> None:
        """Take over what the table or the folder says today of a song whose sound is as it was."""
        path = str(song.path)
        old = self.tracks[state.track_id]
        labels = labels_of(song, state.genre_tag, self.labels(old))
        track = placed(replace(old, track_id=self.id_of(song, old)), song, labels)
        self.report.unchanged += track == old
        self.report.changed += track != old
        refused = self.failures.get(path)
        mended = refused is not None and not refused.kept and not still(refused, state)
        if track != old or labels != self.labels(old) or self.states[path] != state or mended:
            self.put(track, labels, root, state, None if mended else refused)

    def read(self, waiting: Pending, content_hash: str, found: Probe, tags: Tags) -> None:
        """Catalogue a file that is new or has new sound."""
        song, root, path = waiting.song, waiting.root, str(waiting.song.path)
        state = waiting.state._replace(content_hash=content_hash, genre_tag=tags.genre)
        before = self.states.get(path)
        old = self.tracks[before.track_id] if before is not None else self.former(song, root, content_hash)
        labels = labels_of(song, tags.genre, self.labels(old))
        told = {name: getattr(tags, name) for name in FROM_TAGS}
        unplaced = Track(self.id_of(song, old), path, duration=found.duration_s, content_hash=content_hash, **told)
        damage = damage_of(path, found, state)
        self.put(placed(unplaced, song, labels), labels, root, state, damage)
        moved = old is not None and before is None and old.content_hash == content_hash
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
            tags_version=state.tags_version,
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
