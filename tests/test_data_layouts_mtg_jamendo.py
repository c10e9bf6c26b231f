"""MTG-Jamendo in its original files: tables of tags beside numbered audio."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import accounted, ids, labels, song

from data.catalogue import Catalogue
from data.layouts import mtg_jamendo
from data.library import scan

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
ROWS = (
    "track_0000948\tartist_000087\talbum_000149\t48/948.mp3\t212.7\tgenre---rock\tinstrument---piano\tinstrument---voice",
    "track_0001349\tartist_000087\talbum_000149\t49/1349.mp3\t200.0\tgenre---rock\tgenre---pop\tmood/theme---happy",
    "track_0000950\tartist_000088\talbum_000150\t50/950.mp3\t200.0\tmood/theme---dark",
)


def write_table(path: Path, *rows: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def write_audio(folder: Path, *, low: bool = False) -> Path:
    for seed, name in enumerate(("48/948", "49/1349")):
        song(folder / f"{name}{'.low' if low else ''}.mp3", seed, artist="Tag", title=f"T{seed}", genre="Tag")
    return folder


@pytest.fixture
def jamendo(root: Path) -> Path:
    write_table(root / "data" / "autotagging.tsv", *ROWS)
    write_audio(root / "audio")
    return root


@pytest.mark.parametrize("low", [False, True])
def test_tags_become_labels_of_several_values_and_one_genre_the_genre(catalogue: Catalogue, root: Path, low: bool) -> None:
    write_table(root / "data" / "autotagging.tsv", *ROWS)
    write_audio(root / "audio", low=low)
    report = scan(catalogue, [root])
    assert labels(catalogue) == {
        "track_0000948": {"genre": "rock", "genres": "rock", "instruments": "piano; voice"},
        "track_0001349": {"genres": "rock; pop", "moods": "happy"},
    }
    found = catalogue.track("track_0000948")
    assert (found.artist, found.title) == ("artist_000087", "T0")
    assert {source for sources in catalogue.label_sources().values() for source in sources.values()} == {"table"}
    assert report.failed == []
    assert "MTG-Jamendo" in report.lines[0]
    assert "2 songs, 1 rows have no file here" in report.lines[0]
    assert accounted(catalogue, root)


@pytest.mark.parametrize("given", [["audio"], ["audio", "data"], ["data", "audio"]])
def test_either_folder_or_both_give_the_same(catalogue: Catalogue, jamendo: Path, given: list[str]) -> None:
    scan(catalogue, [jamendo / name for name in given])
    assert labels(catalogue)["track_0001349"] == {"genres": "rock; pop", "moods": "happy"}
    assert accounted(catalogue, *(jamendo / name for name in given))


def test_several_tables_are_united_and_splits_deeper_in_the_tree_are_not_read(catalogue: Catalogue, jamendo: Path) -> None:
    start = "track_0000948\tartist_000087\talbum_000149\t48/948.mp3\t212.7\t"
    write_table(jamendo / "data" / "autotagging_moodtheme.tsv", start + "mood/theme---calm")
    write_table(jamendo / "data" / "splits" / "split-0" / "autotagging-test.tsv", start + "mood/theme---wrong")
    scan(catalogue, [jamendo])
    assert labels(catalogue)["track_0000948"] == {
        "genre": "rock",
        "genres": "rock",
        "instruments": "piano; voice",
        "moods": "calm",
    }


def test_a_symbolic_link_that_became_a_text_file_is_followed(catalogue: Catalogue, jamendo: Path) -> None:
    table = jamendo / "data" / "autotagging.tsv"
    table.rename(table.with_name("raw_30s_cleantags_50artists.tsv"))
    table.write_text("raw_30s_cleantags_50artists.tsv")
    scan(catalogue, [jamendo])
    assert catalogue.label_kinds()["genres"] == 2


def test_bad_rows_cost_one_row_each_and_are_listed(catalogue: Catalogue, jamendo: Path) -> None:
    bad = (
        "track_0000951\tartist_000088\talbum_000150",
        "track_0000951\tartist_000088\talbum_000150\t50/951.mp3\t200.0\tgenre---rock",
        "\tartist_000088\talbum_000150\t51/951.mp3\t200.0\tgenre---rock",
        "track_0000951\tartist_000088\talbum_000150\t51/951.mp3\t200.0\trock",
    )
    table = write_table(jamendo / "data" / "autotagging.tsv", *bad, *ROWS)
    with table.open("ab") as file:
        file.write(b"track_\xff\ta\tb\t52/952.mp3\t1\tgenre---rock\n")
    report = scan(catalogue, [jamendo / "audio"])
    assert sorted(int(failure.path.rpartition(":")[2]) for failure in report.failed) == [2, 3, 4, 5, 9]
    assert report.reasons() == {"bad-row": 5}
    assert len(ids(catalogue)) == 2
    assert accounted(catalogue, jamendo / "audio")


def test_files_without_a_row_are_songs_without_labels(catalogue: Catalogue, jamendo: Path) -> None:
    song(jamendo / "audio" / "77" / "977.mp3", 7, artist="Tag", genre="Tag")
    report = scan(catalogue, [jamendo])
    assert labels(catalogue)["track_0000977"] == {}
    assert catalogue.track("track_0000977").artist == "Tag"
    assert "1 files without a row" in report.lines[0]


def test_of_both_qualities_the_better_is_the_song_and_the_other_a_named_problem(catalogue: Catalogue, jamendo: Path) -> None:
    write_audio(jamendo / "audio", low=True)
    report = scan(catalogue, [jamendo])
    assert [Path(track.path).name for track in catalogue.tracks()] == ["948.mp3", "1349.mp3"]
    assert report.reasons() == {"duplicate-file": 2}
    assert accounted(catalogue, jamendo)


def test_two_sets_and_a_tree_of_genres_below_one_folder_are_each_read(catalogue: Catalogue, jamendo: Path) -> None:
    for seed, name in enumerate(("blues/blues.00000", "rock/rock.00000")):
        song(jamendo / "gtzan" / f"{name}.wav", seed + 5)
    scan(catalogue, [jamendo])
    assert labels(catalogue)["gtzan/rock/rock.00000.wav"] == {"genre": "rock"}
    assert labels(catalogue)["track_0000948"]["genre"] == "rock"


@pytest.mark.parametrize("place", ["48/949.mp3", "948.mp3", "48/x948.mp3", "048/948.mp3", f"48/{'48' * 3000}.mp3"])
def test_other_places_have_no_number(place: str) -> None:
    assert mtg_jamendo.number_of(Path("/audio") / place) is None
