"""Scanning a folder with a tracks.csv: the table names the songs and their labels, and bad rows stop nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import ids, numbers, song

from data import file_reading
from data.catalogue import Catalogue
from data.errors import InputError
from data.library import scan


def table(root: Path, *rows: str, header: str = "track_id,path,artist,title,mood,genre") -> None:
    (root / "tracks.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")


def test_a_table_names_the_songs_and_its_further_columns_are_labels(catalogue: Catalogue, root: Path) -> None:
    song(root / "audio" / "1.flac", artist="Tag", album="Album", genre="Pop")
    song(root / "audio" / "unlisted.wav")
    table(root, '7,audio/1.flac,"Simon, Paul",Tïtle,Q1,')
    scan(catalogue, [root])
    (track,) = catalogue.tracks()
    assert (track.track_id, track.artist, track.title, track.album) == ("7", "Simon, Paul", "Tïtle", "Album")
    assert dict(track.labels) == {"mood": "Q1"}


def test_bad_rows_go_to_the_ledger_with_file_and_line_and_do_not_stop(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "2.wav", 1)
    table(
        root,
        "a,1.wav,A,T,Q1,x",
        "b,2.wav,B",
        "c,,C,T,Q1,x",
        "a,2.wav,A,T,Q1,x",
        "d,none.wav,A,T,Q1,x",
        ",2.wav,A,T,Q1,x",
        "e,1.wav,A,T,Q1,x",
    )
    report = scan(catalogue, [root])
    assert ids(catalogue) == ["a"]
    found = {int(failure.path.rpartition(":")[2]): failure.code for failure in catalogue.failures()}
    assert found == {3: "bad-row", 4: "bad-row", 5: "duplicate-row", 6: "missing", 7: "bad-row", 8: "duplicate-row"}
    assert all("tracks.csv" in failure.path and "line" in failure.reason for failure in report.failed)
    again = scan(catalogue, [root])
    assert (again.failed, again.known_failures) == ([], 6)


def test_mended_rows_leave_the_ledger(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "2.wav", 1)
    table(root, "a,1.wav,A,T,Q1,x", "b,2.wav,B")
    scan(catalogue, [root])
    table(root, "a,1.wav,A,T,Q1,x", "b,2.wav,B,T,Q1,x")
    assert numbers(scan(catalogue, [root])) == (1, 0, 0, 1)
    assert catalogue.failures() == []


def test_an_edited_row_changes_the_labels_without_opening_the_file(
    catalogue: Catalogue, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song(root / "1.wav")
    table(root, "a,1.wav,A,T,Q1,x")
    scan(catalogue, [root])
    monkeypatch.setattr(file_reading, "probe", lambda path: pytest.fail(f"{path} was opened"))
    table(root, "a,1.wav,A,T,Q2,")
    assert numbers(scan(catalogue, [root])) == (0, 1, 0, 0)
    assert dict(catalogue.track("a").labels) == {"mood": "Q2"}


def test_a_table_that_comes_later_gives_known_songs_its_ids(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    scan(catalogue, [root])
    table(root, "a,1.wav,A,T,Q1,x")
    assert numbers(scan(catalogue, [root])) == (0, 1, 0, 0)
    assert ids(catalogue) == ["a"]
    assert numbers(scan(catalogue, [root])) == (0, 0, 0, 1)


def test_a_row_that_names_another_file_keeps_its_id(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "1.flac", 1)
    table(root, "a,1.wav,A,T,Q1,x")
    scan(catalogue, [root])
    table(root, "a,1.flac,A,T,Q1,x")
    assert numbers(scan(catalogue, [root])) == (0, 1, 0, 0)
    assert Path(catalogue.track("a").path).name == "1.flac"


def test_a_folder_with_its_table_moved_elsewhere_keeps_everything(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    table(root, "a,1.wav,A,T,Q1,x")
    scan(catalogue, [root])
    report = scan(catalogue, [root.rename(root.with_name("elsewhere"))])
    assert numbers(report) == (0, 0, 1, 0)
    assert ids(catalogue) == ["a"]


def test_a_table_with_a_byte_order_mark_is_read(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    (root / "tracks.csv").write_bytes(b"\xef\xbb\xbftrack_id,path\r\na,1.wav\r\n")
    scan(catalogue, [root])
    assert ids(catalogue) == ["a"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"track_id,path,title\na,1.wav,x\nb,2.wav,\xe9t\xe9\n", "line 3.*0xe9"),
        (b"id;path\n1;1.wav\n", "no column 'track_id'"),
        (b"track_id,path,x,x\n", "two columns"),
        (b"", "no column"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_clear_error(catalogue: Catalogue, root: Path, content: bytes, words: str) -> None:
    song(root / "1.wav")
    (root / "tracks.csv").write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        scan(catalogue, [root])
    assert caught.value.code == "bad-table"


def test_a_table_of_bad_rows_alone_is_an_error_and_the_ledger_has_them(catalogue: Catalogue, root: Path) -> None:
    table(root, "a,1.wav,A,T,Q1,x", 'b,"never closed', "c,2.wav")
    with pytest.raises(InputError, match="no audio") as caught:
        scan(catalogue, [root])
    assert caught.value.code == "no-audio"
    assert [failure.code for failure in catalogue.failures()] == ["missing", "bad-row", "bad-row"]
    assert "not closed" in catalogue.failures()[1].reason


@pytest.mark.parametrize(
    "row", ['1,1.wav,X,"Bad', '1,1.wav,"Bad,T', '1,"1.wav,X,T', '1,1.wav,X,"Bad" T', '1,1.wav,X,"two\nlines"']
)
def test_a_quotation_mark_that_is_not_closed_costs_its_row_alone(catalogue: Catalogue, root: Path, row: str) -> None:
    for number in (1, 2, 3):
        song(root / f"{number}.wav", number)
    table(root, row, "2,2.wav,Y,T2", '3,3.wav,Z,"T3"', header="track_id,path,artist,title")
    report = scan(catalogue, [root])
    assert ids(catalogue) == ["2", "3"]
    assert report.reasons() == {"bad-row": 1 + row.count("\n")}


def test_a_header_with_an_open_quotation_mark_is_one_clear_error(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    table(root, "a,1.wav", header='track_id,"path')
    with pytest.raises(InputError, match=r"line 1.*not closed") as caught:
        scan(catalogue, [root])
    assert caught.value.code == "bad-table"


def test_a_song_that_leaves_its_table_keeps_the_labels_of_the_table(catalogue: Catalogue, root: Path) -> None:
    song(root / "jazz" / "1.flac", genre="Pop")
    table(root, "a,jazz/1.flac,A,T,Q1,blues")
    scan(catalogue, [root])
    (root / "tracks.csv").unlink()
    assert numbers(scan(catalogue, [root], folder_label="genre")) == (0, 0, 0, 1)
    assert dict(catalogue.track("a").labels) == {"mood": "Q1", "genre": "blues"}


MBID = "0a1b2c3d-1111-2222-3333-444455556666"


def test_a_table_may_give_album_artist_year_number_and_musicbrainz_ids(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    header = "track_id,path,album_artist,year,track_number,musicbrainz_recordingid,artist_mbid,mood"
    table(root, f"a,1.wav,Various,1999,3,{MBID.upper()},{MBID},Q1", header=header)
    scan(catalogue, [root])
    track = catalogue.track("a")
    assert (track.album_artist, track.year, track.number) == ("Various", 1999, 3)
    assert (track.recording_mbid, track.artist_mbid, track.release_mbid) == (MBID, MBID, "")
    assert dict(track.labels) == {"mood": "Q1", "year": "1999"}


def test_a_cell_that_is_no_id_goes_to_the_ledger_and_the_song_is_read_without_it(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    table(root, "a,1.wav,no uuid", header="track_id,path,recording_mbid")
    report = scan(catalogue, [root])
    assert (report.new, report.reasons()) == (1, {"bad-cell": 1})
    assert catalogue.track("a").recording_mbid == ""
