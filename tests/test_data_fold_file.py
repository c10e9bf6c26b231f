"""Published folds: the forms of the files, and which songs they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.fold_file import match_folds, read_folds
from data.tracks import Track

GTZAN = {"train_filtered": "blues/blues.00029.wav", "valid_filtered": "rock/rock.00001.wav", "test_filtered": "pop/pop.00002.wav"}


def written(folder: Path, text: str, name: str = "folds.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def tracks(*paths: str) -> list[Track]:
    return [Track(f"id{row}", f"/music/{path}") for row, path in enumerate(paths)]


# reading


@pytest.mark.parametrize(
    "text",
    [
        "track_id,fold\na,1\nb,2\n",
        "fold\ttitle\tpath\n1\tx\ta\n2\tx\tb\n",
        "\ufefffilename,split\r\na,1\r\nb,2\r\n\r\n",
        '"file","fold"\n"a","1"\n./b,2\n',
        "a,1\nb,2\nc,2\n",
        "1\ta\n2\tb\n2\tc\n",
    ],
)
def test_a_table_gives_songs_and_folds(tmp_path: Path, text: str) -> None:
    assert {"a": "1", "b": "2"}.items() <= read_folds(written(tmp_path, text)).items()


def test_lists_are_folds_named_by_their_files(tmp_path: Path) -> None:
    files = [written(tmp_path, f"{song}\n", f"{name}.txt") for name, song in GTZAN.items()]
    assert read_folds(files) == {song: name for name, song in GTZAN.items()}


def test_tables_without_a_column_of_folds_are_folds_named_by_their_files(tmp_path: Path) -> None:
    header = "TRACK_ID\tARTIST_ID\tPATH\tTAGS\n"
    files = [written(tmp_path, f"{header}t{part}\ta\tp\tx\ty\n", f"autotagging-{part}.tsv") for part in ("train", "test")]
    assert read_folds(files) == {"ttrain": "autotagging-train", "ttest": "autotagging-test"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("track_id,fold\n", "0 fold"),
        ("track_id,fold\na,1\nb,1\n", "at least 2"),
        ("track_id,fold\na,1\na,2\n", "line 3: 'a' is in the fold '1'"),
        ("track_id,fold\na,1\nb\n", "line 3: 1 columns"),
        ("track_id,fold\na,1\nb,\n", "line 3: the fold is empty"),
        ('track_id,fold\na,1\n"b,2\n', "line 3"),
        ("song,fold\na,1\n", "none of track_id"),
        ("a,1\nb,2\n", "do not tell"),
        ("a,1\na,1\n", "do not tell"),
        ("a,1,x\nb,2,x\n", "no header"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_folds(written(tmp_path, text))
    assert "folds.csv" in str(caught.value)


def test_of_several_files_none_may_have_two_columns_without_names(tmp_path: Path) -> None:
    files = [written(tmp_path, f"{part}1.wav\tblues\n{part}2.wav\tblues\n", f"{part}.txt") for part in ("train", "test")]
    with pytest.raises(InputError, match="do not tell"):
        read_folds(files)


def test_a_file_that_is_missing_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv cannot be read"):
        read_folds(tmp_path / "nowhere.csv")


# matching


def test_songs_are_found_by_id_and_by_the_end_of_their_path_and_by_their_name() -> None:
    songs = tracks("g/blues/blues.00029.wav", "g/rock/rock.00001.au", "g/else/pop.00002.wav", "g/x.wav")
    found = match_folds({"blues/blues.00029.wav": "b", "rock/rock.00001.wav": "a", "pop/pop.00002.wav": "a", "id3": "b"}, songs)
    assert found.fold_of == {"id0": 1, "id1": 0, "id2": 0, "id3": 1}
    assert found.names == ("a", "b")
    assert (found.unmatched, found.without, found.warning) == ((), 0, "")


def test_what_is_not_found_is_told() -> None:
    found = match_folds({"a.wav": "1", "b.wav": "2", "gone.wav": "2"}, tracks("a.wav", "b.wav", "c.wav", "d.wav"))
    assert found.unmatched == ("gone.wav",)
    assert found.without == 2
    assert "1 songs of the fold file" in found.warning
    assert "2 songs of the catalogue have no fold" in found.warning


def test_names_that_repeat_across_folders_are_never_mixed_up() -> None:
    folds = {"rock/1.mp3": "a", "pop/1.mp3": "b", "rock/2.mp3": "b"}
    found = match_folds(folds, tracks("x/rock/1.mp3", "x/rock/2.mp3"))
    assert found.fold_of == {"id0": 0, "id1": 1}
    assert found.unmatched == ("pop/1.mp3",)


def test_a_name_that_two_songs_have_means_neither() -> None:
    found = match_folds({"1.mp3": "a", "2.mp3": "b", "3.mp3": "a"}, tracks("rock/1.mp3", "pop/1.mp3", "pop/2.mp3", "pop/3.mp3"))
    assert found.unmatched == ("1.mp3",)


def test_the_suffix_decides_where_only_it_differs() -> None:
    found = match_folds({"a/1.mp3": "x", "a/1.wav": "y"}, tracks("a/1.wav", "a/1.mp3"))
    assert found.fold_of == {"id0": 1, "id1": 0}


def test_numbers_of_folds_are_in_numeric_order() -> None:
    folds = {f"{n}.wav": f"fold{n}" for n in (10, 9, 1)}
    assert match_folds(folds, tracks("10.wav", "9.wav", "1.wav")).names == ("fold1", "fold9", "fold10")
    assert match_folds({"a.wav": "7" * 5000, "b.wav": "x"}, tracks("a.wav", "b.wav")).names == ("7" * 5000, "x")


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        ({"x": "1", "y": "2"}, "none of the 2 songs"),
        ({"a.wav": "1", "y": "2"}, "lie in the fold '1'"),
        ({"a.wav": "1", "id0": "2"}, "would be in the folds '1' and '2'"),
    ],
)
def test_folds_that_fit_no_songs_are_one_clear_error(folds: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        match_folds(folds, tracks("a.wav", "b.wav"))
