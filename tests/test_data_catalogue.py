"""The catalogue file: what goes in comes out, and whatever is wrong with the file is said in one line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from data.catalogue import Catalogue, Failure
from data.errors import InputError
from data.tracks import Track

SONG = Track("b", "/m/b.mp3", "Björk", "Jóga", "Homogenic", {"genre": "pop", "mood": "Q1"}, 12.5, "hash-b")
OTHER = Track("a", "/m/a.mp3", labels={"genre": "jazz"}, duration=1.0, content_hash="hash-a")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Catalogue.open(tmp_path / "c.sqlite", create=True) as catalogue:
        for song in (SONG, OTHER):
            catalogue.put(song, root="/m", size=3, mtime_ns=7)
    return tmp_path / "c.sqlite"


def code(path: Path, **options: bool) -> str:
    with pytest.raises(InputError) as caught:
        Catalogue.open(path, **options)
    assert str(path) in caught.value.message
    return caught.value.code


def test_songs_come_back_as_they_were_ordered_by_id(path: Path) -> None:
    with Catalogue.open(path, readonly=True) as catalogue:
        assert catalogue.tracks() == [OTHER, SONG]
        assert catalogue.track("b") == SONG
        assert catalogue.count() == 2


def test_some_songs_by_id(path: Path) -> None:
    with Catalogue.open(path, readonly=True) as catalogue:
        assert catalogue.tracks_by_id(["b", "unknown", "b"]) == {"b": SONG}
        assert len(catalogue.tracks_by_id([str(n) for n in range(2000)] + ["a"])) == 1


def test_an_unknown_song_is_an_error_that_names_it(path: Path) -> None:
    with Catalogue.open(path) as catalogue, pytest.raises(InputError, match="'zz'"):
        catalogue.track("zz")


def test_labels_are_counted_by_kind_and_value(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        assert catalogue.label_kinds() == {"genre": 2, "mood": 1}
        assert catalogue.label_values("genre") == {"jazz": 1, "pop": 1}
        assert catalogue.label_values("none") == {}


def test_file_states_are_by_path(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        assert catalogue.file_states()["/m/b.mp3"] == (3, 7, "hash-b", "b", "", 0)


def test_putting_a_song_again_replaces_its_labels(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        catalogue.put(Track("b", "/m/new.mp3", labels={"mood": "Q2"}), root="/m", size=1, mtime_ns=1)
        assert dict(catalogue.track("b").labels) == {"mood": "Q2"}
        assert catalogue.count() == 2


def test_a_song_under_a_new_id_replaces_the_old_one_of_its_path(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        catalogue.put(Track("c", SONG.path), root="/m", size=1, mtime_ns=1)
        assert [track.track_id for track in catalogue.tracks()] == ["a", "c"]


def test_removing_a_song_removes_its_labels(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        catalogue.remove("b")
        assert catalogue.label_kinds() == {"genre": 1}


def test_the_state_of_the_songs_is_that_of_ids_artists_and_their_numbers(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        states = [catalogue.songs_state()]
        for track in (
            replace(SONG, artist="Other"),
            replace(SONG, labels={"lastfm_artist_id": "7"}),
            replace(SONG, labels={"lastfm_artist_id": "8"}),
            replace(SONG, track_id="c"),
        ):
            catalogue.put(track, root="/m", size=3, mtime_ns=7)
            states.append(catalogue.songs_state())
        catalogue.remove("a")
        states.append(catalogue.songs_state())
    assert len(set(states)) == 6
    assert all(len(state) == 16 and int(state, 16) >= 0 for state in states)


def test_the_state_by_names_knows_all_that_listens_are_matched_by(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        plain, states = catalogue.songs_state(), [catalogue.songs_state(names=True)]
        for track in (replace(SONG, title="Other"), replace(SONG, recording_mbid="5c0fce12-6e3a-4d15-b4b6-1b1f2b3e7a11")):
            catalogue.put(track, root="/m", size=3, mtime_ns=7)
            states.append(catalogue.songs_state(names=True))
        assert catalogue.songs_state() == plain
    assert len({plain, *states}) == 4


def test_the_state_of_the_songs_does_not_know_places_times_and_failures(path: Path, tmp_path: Path) -> None:
    with Catalogue.open(path) as catalogue, Catalogue.open(tmp_path / "again.sqlite", create=True) as again:
        before = catalogue.songs_state()
        catalogue.record_failure(Failure("/m/x.mp3", "scan", "silent", "it is silent"))
        catalogue.put(replace(SONG, path="/elsewhere", labels={"mood": "Q2"}), root="/", size=4, mtime_ns=8)
        assert catalogue.songs_state() == before
        for song in (OTHER, SONG):  # the other order
            again.put(song, root="/m", size=3, mtime_ns=7)
        assert again.songs_state() == before


def test_labels_say_where_they_come_from(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        catalogue.put(SONG, root="/m", size=3, mtime_ns=7, genre_tag="rock", label_sources={"genre": "folder"})
        assert catalogue.label_sources() == {"a": {"genre": "table"}, "b": {"genre": "folder", "mood": "table"}}
        assert catalogue.file_states()["/m/b.mp3"].genre_tag == "rock"


def test_the_ledger_keeps_one_failure_a_path(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        catalogue.record_failure(Failure("/m/x.mp3", "scan", "silent", "it is silent", "hint", 1, 2))
        again = Failure("/m/x.mp3", "scan", "truncated", "it is cut", "hint", 3, 4, kept=True)
        catalogue.record_failure(again)
        assert catalogue.failures() == [again]
        catalogue.clear_failure("/m/x.mp3")
        assert catalogue.failures() == []


def test_a_catalogued_song_leaves_the_ledger_unless_it_is_damaged(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        catalogue.record_failure(Failure(SONG.path, "scan", "silent", "r"))
        catalogue.put(SONG, root="/m", size=1, mtime_ns=1)
        assert catalogue.failures() == []
        damage = Failure(SONG.path, "scan", "damaged", "r", kept=True)
        catalogue.put(SONG, root="/m", size=1, mtime_ns=1, damage=damage)
        assert catalogue.failures() == [damage]


def test_a_broken_transaction_leaves_nothing_behind(path: Path) -> None:
    with Catalogue.open(path) as catalogue:
        before = catalogue.songs_state()
        with pytest.raises(sqlite3.Error):
            catalogue.put(Track("new", "/m/new.mp3", labels={"genre": None}), root="/m", size=1, mtime_ns=1)  # type: ignore[dict-item]
        assert (catalogue.count(), catalogue.songs_state()) == (2, before)
        catalogue.put(Track("new", "/m/new.mp3"), root="/m", size=1, mtime_ns=1)
        assert catalogue.count() == 3


def test_a_missing_catalogue_is_named_so(tmp_path: Path) -> None:
    assert code(tmp_path / "none.sqlite") == code(tmp_path / "none.sqlite", create=True, readonly=True) == "missing"


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_no_catalogue(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.sqlite").write_bytes(content)
    assert code(tmp_path / "c.sqlite") == "damaged"


@pytest.mark.parametrize("options", [{}, {"readonly": True}, {"create": True}])
def test_another_database_is_no_catalogue(tmp_path: Path, options: dict[str, bool]) -> None:
    db = sqlite3.connect(tmp_path / "c.sqlite")
    db.execute("CREATE TABLE meta (key TEXT, value)")
    db.commit()
    db.close()
    assert code(tmp_path / "c.sqlite", **options) == "damaged"


def test_a_catalogue_of_another_schema_is_refused_with_its_number(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE meta SET value = 99 WHERE key = 'schema'")
    db.commit()
    db.close()
    with pytest.raises(InputError, match="schema 99") as caught:
        Catalogue.open(path)
    assert caught.value.code == "schema"


def test_readers_read_while_a_writer_has_it_open(path: Path) -> None:
    with Catalogue.open(path) as writer, Catalogue.open(path, readonly=True) as reader:
        writer.put(Track("c", "/m/c.mp3"), root="/m", size=1, mtime_ns=1)
        assert reader.count() == 3


def test_a_reader_cannot_write(path: Path) -> None:
    with Catalogue.open(path, readonly=True) as reader, pytest.raises(InputError) as caught:
        reader.remove("a")
    assert caught.value.code == "unwritable"


def as_nobody(work: Callable[[], None]) -> int:
    """Exit code of `work` done by a user who may write nothing of ours: 0, or 1 if it raises."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def sealed() -> Iterator[Path]:
    """A catalogue of one song in a folder that a reader may not write."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders cannot be entered by other users
        place = Path(folder) / "c.sqlite"
        with Catalogue.open(place, create=True) as catalogue:
            catalogue.put(SONG, root="/m", size=3, mtime_ns=7)
        Path(folder).chmod(0o555)
        yield place
        Path(folder).chmod(0o755)


def count(path: Path, expected: int) -> None:
    with Catalogue.open(path, readonly=True) as catalogue:
        assert catalogue.count() == expected


def test_a_catalogue_in_a_folder_that_cannot_be_written_is_read(sealed: Path) -> None:
    assert as_nobody(lambda: count(sealed, 1)) == 0
    assert [path.name for path in sealed.parent.iterdir()] == ["c.sqlite"]


def test_a_reader_who_cannot_write_sees_what_another_user_is_writing(sealed: Path) -> None:
    sealed.parent.chmod(0o755)
    with Catalogue.open(sealed) as writer:
        writer.put(OTHER, root="/m", size=3, mtime_ns=7)
        sealed.parent.chmod(0o555)
        assert as_nobody(lambda: count(sealed, 2)) == 0


def test_a_log_that_a_reader_cannot_use_is_an_error_and_not_ignored(sealed: Path) -> None:
    sealed.parent.chmod(0o755)
    Path(f"{sealed}-wal").write_bytes(b"")
    sealed.parent.chmod(0o555)

    def read() -> None:
        assert code(sealed, readonly=True) == "unwritable"

    assert as_nobody(read) == 0


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    place = tmp_path / "a #? %20 ü.sqlite"
    Catalogue.open(place, create=True).close()
    with Catalogue.open(place, readonly=True) as catalogue:
        assert catalogue.count() == 0


def test_importing_it_needs_neither_numpy_nor_pandas() -> None:
    program = (
        "import sys, data.catalogue; print([m for m in ('numpy', 'pandas', 'pyarrow', 'av', 'soundfile') if m in sys.modules])"
    )
    root = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", program], cwd=root, env=os.environ, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
