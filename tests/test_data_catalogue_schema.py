"""A catalogue of the schema before is read as it is, migrated whole by a writer, and everything else is refused."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from scanning import dump, numbers, song

from data import catalogue_schema, file_reading
from data.catalogue import Catalogue, Failure
from data.errors import InputError
from data.library import scan
from data.tracks import Track

# The text of schema 2, as the program of that time made its files.
TABLES_2 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tracks (
    track_id TEXT PRIMARY KEY, path TEXT NOT NULL UNIQUE, root TEXT NOT NULL, artist TEXT NOT NULL, title TEXT NOT NULL,
    album TEXT NOT NULL, duration REAL NOT NULL, content_hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    genre_tag TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE labels (
    track_id TEXT NOT NULL REFERENCES tracks ON DELETE CASCADE, kind TEXT NOT NULL, value TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('table', 'folder', 'tag')), PRIMARY KEY (track_id, kind)
) WITHOUT ROWID;
CREATE INDEX labels_by_kind ON labels (kind, value);
CREATE TABLE failures (
    path TEXT PRIMARY KEY, stage TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, hint TEXT NOT NULL, time REAL NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, kept INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('kind', 'catalogue'), ('schema', 2);
"""
SONG = Track("b", "/m/b.mp3", "Björk", "Jóga", "Homogenic", {"genre": "pop", "mood": "Q1"}, 12.5, "hash-b")
BAD = Failure("/m/x.mp3", "scan", "silent", "it is silent", "hint", 1, 2)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A catalogue of schema 2 with a song, its labels and a failure."""
    db = sqlite3.connect(tmp_path / "old.sqlite")
    db.executescript(TABLES_2)
    db.execute("INSERT INTO tracks VALUES ('b', '/m/b.mp3', '/m', 'Björk', 'Jóga', 'Homogenic', 12.5, 'hash-b', 3, 7, 'pop')")
    db.execute("INSERT INTO labels VALUES ('b', 'genre', 'pop', 'tag'), ('b', 'mood', 'Q1', 'table')")
    db.execute("INSERT INTO failures VALUES ('/m/x.mp3', 'scan', 'silent', 'it is silent', 'hint', 5.0, 1, 2, 0)")
    db.commit()
    db.close()
    return tmp_path / "old.sqlite"


def schema_of(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0])
    finally:
        db.close()


def test_a_reader_of_schema_2_sees_its_songs_and_leaves_the_file_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with Catalogue.open(old, readonly=True) as catalogue:
        assert catalogue.tracks() == [SONG]
        assert catalogue.tracks_by_id(["b"]) == {"b": SONG}
        assert catalogue.file_states()["/m/b.mp3"].tags_version == 0
        assert (catalogue.roots(), catalogue.count(), catalogue.failures()) == (["/m"], 1, [BAD])
    assert old.read_bytes() == before


def test_a_writer_migrates_schema_2_and_keeps_everything(old: Path) -> None:
    with Catalogue.open(old) as catalogue:
        assert catalogue.tracks() == [SONG]
        assert catalogue.failures() == [BAD]
        assert catalogue.label_sources() == {"b": {"genre": "tag", "mood": "table"}}
    assert schema_of(old) == catalogue_schema.SCHEMA == 3


def test_a_migrated_catalogue_has_the_columns_of_a_new_one(old: Path, tmp_path: Path) -> None:
    columns = []
    for path, create in ((old, False), (tmp_path / "new.sqlite", True)):
        with Catalogue.open(path, create=create) as catalogue:
            columns.append(catalogue.query("SELECT name, type, dflt_value FROM pragma_table_info('tracks')"))
    assert columns[0] == columns[1]


def test_a_reader_goes_on_while_a_writer_migrates(old: Path) -> None:
    with Catalogue.open(old, readonly=True) as reader:
        assert reader.count() == 1
        with Catalogue.open(old) as writer:
            writer.put(Track("c", "/m/c.mp3", year=1999), root="/m", size=1, mtime_ns=1)
            assert [track.track_id for track in reader.tracks()] == ["b", "c"]


def test_killed_in_the_middle_of_a_migration_the_file_is_whole_and_of_schema_2(old: Path) -> None:
    child = os.fork()
    if child == 0:
        columns = catalogue_schema._ADDED

        class Dying(dict):  # type: ignore[type-arg]
            def items(self):  # type: ignore[no-untyped-def]
                yield from list(columns.items())[:3]
                os.kill(os.getpid(), 9)

        catalogue_schema._ADDED = Dying(columns)
        Catalogue.open(old)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert schema_of(old) == 2
    with Catalogue.open(old, readonly=True) as catalogue:
        assert catalogue.tracks() == [SONG]
    with Catalogue.open(old) as catalogue:
        assert catalogue.tracks() == [SONG]


@pytest.mark.parametrize("schema", [1, 4])
@pytest.mark.parametrize("readonly", [True, False])
def test_any_other_schema_is_refused_with_its_number(old: Path, schema: int, readonly: bool) -> None:
    db = sqlite3.connect(old)
    db.execute("UPDATE meta SET value = ?", [schema])
    db.execute("UPDATE meta SET value = 'catalogue' WHERE key = 'kind'")
    db.commit()
    db.close()
    with pytest.raises(InputError, match=f"schema {schema}") as caught:
        Catalogue.open(old, readonly=readonly)
    assert caught.value.code == "schema"


def test_what_schema_3_added_comes_back_as_it_was(catalogue: Catalogue) -> None:
    mbid = "0a1b2c3d-1111-2222-3333-444455556666"
    track = Track(
        "a", "/m/a", album_artist="Various", year=1999, number=3, recording_mbid=mbid, artist_mbid="x", release_mbid="y"
    )
    catalogue.put(track, root="/m", size=1, mtime_ns=1, tags_version=5)
    assert catalogue.tracks() == [track]
    assert catalogue.file_states()["/m/a"].tags_version == 5


def older(catalogue: Catalogue) -> None:
    """Let the catalogue look as if a program before album artist and years had scanned it."""
    with catalogue.transaction() as db:
        db.execute("UPDATE tracks SET album_artist = '', year = 0, tags_version = 0")


def test_tags_of_an_older_program_are_read_again_without_decoding(
    catalogue: Catalogue, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song(root / "1.flac", artist="A", title="T", album="Al", year="1999")
    scan(catalogue, [root])
    complete = dump(catalogue)
    older(catalogue)
    for name in ("probe", "hash_of"):
        monkeypatch.setattr(file_reading, name, lambda path: pytest.fail(f"{path} was opened"))
    report = scan(catalogue, [root])
    assert (numbers(report), report.retagged) == ((0, 0, 0, 1), 1)
    assert dump(catalogue) == complete
    assert catalogue.track("1.flac").year == 1999
    assert scan(catalogue, [root]).retagged == 0


def test_reading_tags_again_keeps_the_names_that_are_there(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.flac", artist="A", title="T", year="1999")
    scan(catalogue, [root])
    older(catalogue)
    with catalogue.transaction() as db:
        db.execute("UPDATE tracks SET artist = 'a table said so'")
    scan(catalogue, [root])
    track = catalogue.track("1.flac")
    assert (track.artist, track.title, track.year) == ("a table said so", "T", 1999)


def test_a_dry_run_on_an_older_catalogue_reads_no_tags(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.flac")
    scan(catalogue, [root])
    older(catalogue)
    before = dump(catalogue)
    report = scan(catalogue, [root], dry_run=True)
    assert (numbers(report), report.retagged, dump(catalogue) == before) == ((0, 0, 0, 1), 0, True)
