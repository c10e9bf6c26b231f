"""FMA in its original files: its table beside its audio, and what is wrong with either."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from scanning import accounted, ids, labels, numbers, song

from data.catalogue import Catalogue
from data.errors import InputError
from data.layouts import fma
from data.library import scan

COLUMNS = [
    ("album", "comments"), ("album", "title"), ("artist", "bio"), ("artist", "name"), ("set", "split"), ("set", "subset"),
    ("track", "genre_top"), ("track", "genres"), ("track", "genres_all"), ("track", "title"),
]  # fmt: skip
ROWS = {
    2: ["0", "AWOL", "One\n\n\"bio\", two", "AWOL", "training", "small", "Hip-Hop", "[21]", "[21]", "Food"],
    5: ["0", "AWOL", "", "AWOL", "test", "small", "", "[10, 76]", "[10, 76]", "This World"],
    10: ["0", "Constant", "", "Kurt Vile", "validation", "small", "Pop", "[]", "[]", "Freeway"],
    1234: ["0", "Else", "", "Nobody", "training", "large", "Rock", "[12]", "[12]", "Not here"],
}  # fmt: skip
FILES = {2: "000/000002", 5: "000/000005", 10: "000/000010"}


def write_table(folder: Path, *, genres: bool = True) -> Path:
    """FMA's tables, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "tracks.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", *(first for first, _ in COLUMNS)])
        writer.writerow(["", *(second for _, second in COLUMNS)])
        writer.writerow(["track_id", *("" for _ in COLUMNS)])
        writer.writerows([number, *cells] for number, cells in ROWS.items())
    if genres:
        names = "10,1,0,Pop,10\n12,1,0,Rock,12\n21,1,0,Hip-Hop,21\n76,1,10,Experimental Pop,10\n"
        (folder / "genres.csv").write_text("genre_id,#tracks,parent,title,top_level\n" + names)
    return folder / "tracks.csv"


def write_audio(folder: Path) -> Path:
    for number, name in FILES.items():
        song(folder / f"{name}.mp3", number, artist="Tag", title="Tag", genre="Tag")
    return folder


@pytest.fixture
def fma_root(root: Path) -> Path:
    write_table(root / "fma_metadata")
    write_audio(root / "fma_small")
    return root


def test_the_table_gives_names_and_labels(catalogue: Catalogue, fma_root: Path) -> None:
    report = scan(catalogue, [fma_root])
    assert labels(catalogue) == {
        "2": {"genre": "Hip-Hop", "genres": "Hip-Hop", "split": "training"},
        "5": {"genres": "Pop; Experimental Pop", "split": "test"},
        "10": {"genre": "Pop", "split": "validation"},
    }
    found = catalogue.track("10")
    assert (found.artist, found.title, found.album) == ("Kurt Vile", "Freeway", "Constant")
    assert {source for sources in catalogue.label_sources().values() for source in sources.values()} == {"table"}
    assert report.failed == []
    assert "FMA" in report.lines[0]
    assert "3 songs, 1 rows have no file here" in report.lines[0]
    assert accounted(catalogue, fma_root)


@pytest.mark.parametrize("given", [["fma_small"], ["fma_small", "fma_metadata"], ["fma_metadata", "fma_small"], ["."]])
def test_either_folder_or_both_or_the_one_above_give_the_same(catalogue: Catalogue, fma_root: Path, given: list[str]) -> None:
    scan(catalogue, [fma_root / name for name in given])
    assert ids(catalogue) == ["10", "2", "5"]
    assert catalogue.label_values("split") == {"test": 1, "training": 1, "validation": 1}
    assert accounted(catalogue, *(fma_root / name for name in given))


def test_the_table_may_lie_in_the_folder_of_the_audio_or_far_away(catalogue: Catalogue, root: Path, tmp_path: Path) -> None:
    write_audio(root)
    write_table(tmp_path / "elsewhere" / "deep")
    scan(catalogue, [root, tmp_path / "elsewhere"])
    assert catalogue.label_kinds()["split"] == 3
    write_table(root)
    assert numbers(scan(catalogue, [root])) == (0, 0, 0, 3)


def test_metadata_without_audio_asks_for_the_audio(catalogue: Catalogue, fma_root: Path) -> None:
    with pytest.raises(InputError, match="no audio") as caught:
        scan(catalogue, [fma_root / "fma_metadata"])
    assert "give the folder of the set's audio" in caught.value.hint


def test_audio_without_metadata_is_songs_without_labels_and_a_note(catalogue: Catalogue, root: Path) -> None:
    write_audio(root / "fma_small")
    report = scan(catalogue, [root], folder_label="auto")
    assert len(ids(catalogue)) == 3
    assert "fma_metadata" in report.lines[0]
    write_table(root / "fma_metadata")
    assert numbers(scan(catalogue, [root])) == (0, 3, 0, 0)
    assert ids(catalogue) == ["10", "2", "5"]


def test_dead_clips_and_files_without_a_row_are_not_lost(catalogue: Catalogue, fma_root: Path) -> None:
    (fma_root / "fma_small" / "099").mkdir()
    (fma_root / "fma_small" / "099" / "099134.mp3").write_bytes(b"")
    song(fma_root / "fma_small" / "001" / "001777.mp3", 7, artist="Tag", genre="Tag")
    song(fma_root / "other.wav", 8)
    report = scan(catalogue, [fma_root])
    assert [Path(failure.path).name for failure in report.failed] == ["099134.mp3"]
    assert labels(catalogue)["1777"] == {}
    assert labels(catalogue)["other.wav"] == {}
    assert "2 files without a row" in report.lines[0]
    assert accounted(catalogue, fma_root)


def test_a_song_that_lies_there_twice_is_one_song_and_a_named_problem(catalogue: Catalogue, fma_root: Path) -> None:
    scan(catalogue, [fma_root])
    write_audio(fma_root / "fma_full")
    report = scan(catalogue, [fma_root])
    assert ids(catalogue) == ["10", "2", "5"]
    assert report.reasons() == {"duplicate-file": 3}
    assert "fma_full" in catalogue.track("2").path
    assert accounted(catalogue, fma_root)


def test_bad_rows_cost_one_row_each_and_are_listed(catalogue: Catalogue, fma_root: Path) -> None:
    table = fma_root / "fma_metadata" / "tracks.csv"
    text = table.read_text()
    bad = [
        '7,0,"never closed,,B,training,small,Pop,[],[],T',
        "9" * 5000 + ",0,A,,B,training,small,Pop,[],[],T",
        "8,0,A,,B,training,small,Pop,[],T",
        "2,0,A,,B,training,small,Pop,[],[],T",
    ]
    lines = text.split("\n")
    table.write_text("\n".join(lines[:3] + bad[:3] + lines[3:-1] + bad[3:]) + "\n")
    report = scan(catalogue, [fma_root / "fma_small"])
    assert ids(catalogue) == ["10", "2", "5"]
    assert {int(failure.path.rpartition(":")[2]): failure.code for failure in report.failed} == {
        4: "bad-row",
        5: "bad-row",
        6: "bad-row",
        13: "duplicate-row",
    }
    assert catalogue.track("2").artist == "AWOL"
    assert accounted(catalogue, fma_root / "fma_small")
    table.write_text(text)
    scan(catalogue, [fma_root / "fma_small"])
    assert catalogue.failures() == []  # struck although the table lies beside the folder


@pytest.mark.parametrize("cell", ["[77]", "rock", "{}", '["a"]', "21", "[" * 9999])
def test_genres_that_nobody_knows_are_a_bad_row(tmp_path: Path, cell: str) -> None:
    table = write_table(tmp_path)
    table.write_text(
        table.read_text().replace('"[10, 76]"', "[]").replace("[21],[21]", f'[21],"{cell.replace(chr(34), chr(34) * 2)}"')
    )
    rows = fma.read_table(table, lambda number: True)
    assert [problem.code for problem in rows.problems] == ["bad-row"]
    assert sorted(rows.wanted) == [5, 10, 1234]


def test_bytes_that_are_no_utf_8_are_a_bad_row(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    table.write_bytes(table.read_bytes().replace(b"Freeway", b"Fr\xe9eway"))
    rows = fma.read_table(table, lambda number: True)
    assert ["UTF-8" in problem.reason for problem in rows.problems] == [True]
    assert sorted(rows.wanted) == [2, 5, 1234]


def test_without_the_table_of_genres_only_that_label_is_missing_and_the_note_says_so(catalogue: Catalogue, root: Path) -> None:
    write_table(root / "fma_metadata", genres=False)
    write_audio(root / "fma_small")
    report = scan(catalogue, [root])
    assert set(catalogue.label_kinds()) == {"genre", "split"}
    assert "genres.csv does not lie beside" in report.lines[0]


def test_only_rows_that_are_wanted_are_kept(tmp_path: Path) -> None:
    rows = fma.read_table(write_table(tmp_path), {5}.__contains__)
    assert (list(rows.wanted), rows.others) == ([5], 3)


def test_our_own_table_is_not_taken_for_the_sets(tmp_path: Path) -> None:
    (tmp_path / "tracks.csv").write_text("track_id,path,title,genre\n")
    assert not fma.is_table(tmp_path / "tracks.csv")
    assert fma.is_table(write_table(tmp_path))


def test_a_table_with_line_ends_of_windows_and_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes().replace(b"\n", b"\r\n"))
    assert fma.is_table(table)
    assert fma.read_table(table, lambda number: True).wanted.keys() == ROWS.keys()


def test_an_ordinary_folder_beside_the_metadata_is_ordinary(catalogue: Catalogue, fma_root: Path) -> None:
    song(fma_root / "mine" / "000" / "song.wav")
    report = scan(catalogue, [fma_root / "mine"])
    assert ids(catalogue) == ["000/song.wav"]
    assert report.lines == []
