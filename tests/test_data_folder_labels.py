"""Folders as labels: which trees are taken for classes, and how such labels come and go."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from scanning import numbers, song

from data import file_reading
from data.catalogue import Catalogue
from data.errors import InputError
from data.layouts.folder_classes import are_classes
from data.library import scan
from data.tags import Tags

# which trees are classes


def judged(songs: dict[str, Tags]) -> bool:
    """What is thought of a tree, given its songs ("folder/file") and their tags."""
    folders: dict[str, list[Path]] = {}
    for name in songs:
        folders.setdefault(name.partition("/")[0], []).append(Path(name))
    return are_classes(folders, lambda path: songs[path.as_posix()])


def tree(*folders: str, artists: int, genre: str = "", songs: int = 4) -> dict[str, Tags]:
    """`songs` songs a folder, by `artists` artists of its own (0: nobody knows); a genre of "=" is the folder's name."""
    return {
        f"{folder}/{n}.mp3": Tags(f"{folder} artist {n % artists}" if artists else "", genre=genre.replace("=", folder))
        for folder in folders
        for n in range(songs)
    }


def test_folders_without_any_tags_are_classes() -> None:
    assert judged(tree("blues", "rock", artists=0))


def test_folders_that_mix_artists_are_classes() -> None:
    assert judged(tree("blues", "rock", artists=3))


def test_folders_whose_genre_tags_say_the_same_are_classes() -> None:
    songs = tree("Hip-Hop", "blues", artists=2, genre="=")
    assert judged(songs)
    assert judged(songs | {name: Tags(tags.artist, genre="hiphop") for name, tags in songs.items() if "Hip" in name})


def test_folders_of_one_artist_each_are_albums() -> None:
    assert not judged(tree("The Wall", "Animals", artists=1))


def test_folders_of_one_artist_in_all_are_albums() -> None:
    assert not judged({f"{album}/{n}.mp3": Tags("Pink Floyd") for album in ("The Wall", "Animals") for n in range(3)})


def test_folders_named_after_artist_and_album_are_albums_even_without_tags() -> None:
    assert not judged(tree("Pink Floyd - The Wall", "Pink Floyd - Animals", artists=0))


def test_folders_named_after_one_of_their_artists_are_artists() -> None:
    songs = tree("Björk", "Cure", artists=2)
    assert not judged(songs | {"Björk/x.mp3": Tags("bjork"), "Cure/x.mp3": Tags("Cure")})


def test_folders_whose_songs_have_other_genres_are_no_classes() -> None:
    assert not judged(tree("Party", "Sunday", artists=3, genre="Rock"))


def test_genre_tags_of_a_few_songs_contradict_nothing() -> None:
    assert judged(tree("blues", "rock", artists=3) | {"rock/x.mp3": Tags("A", genre="Pop")})


def test_of_a_large_folder_only_some_songs_are_looked_at() -> None:
    songs = tree("blues", "rock", artists=5, songs=1000)
    looked: list[Path] = []

    def tags_of(path: Path) -> Tags:
        looked.append(path)
        return songs[path.as_posix()]

    assert are_classes({name: [Path(song) for song in songs if song.startswith(name)] for name in ("blues", "rock")}, tags_of)
    assert len(looked) <= 32
    assert Path("rock/0.mp3") in looked
    assert max(int(path.stem) for path in looked) > 900


# real trees


def test_file_names_in_the_manner_of_gtzan_are_classes(catalogue: Catalogue, root: Path) -> None:
    for seed, genre in enumerate(("blues", "rock")):
        song(root / genre / f"{genre}.00000.wav", seed)
        song(root / genre / f"{genre}.00001.wav", seed + 2)
    scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"blues": 2, "rock": 2}


def test_file_names_in_the_manner_of_homburg_are_classes(catalogue: Catalogue, root: Path) -> None:
    for seed, name in enumerate(("blues/Ada-One", "blues/Bob-Two", "rock/Cyd-Three", "rock/Dan-Four")):
        song(root / f"{name}.wav", seed)
    scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"blues": 2, "rock": 2}


def test_the_composed_world_without_its_table_is_of_classes(catalogue: Catalogue, world: Path, tmp_path: Path) -> None:
    shutil.copytree(world / "audio", tmp_path / "audio")
    report = scan(catalogue, [tmp_path / "audio"])
    assert report.lines
    assert set(catalogue.label_values("genre")) == {folder.name for folder in (world / "audio").iterdir()}


def test_albums_keep_the_genres_of_their_tags(catalogue: Catalogue, root: Path) -> None:
    for seed, album in enumerate(("The Wall", "Animals")):
        song(root / album / "01.flac", seed, artist="Pink Floyd", genre="Rock")
    report = scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"Rock": 2}
    assert report.lines == []


# how they come and go


@pytest.fixture
def classes(catalogue: Catalogue, root: Path) -> Path:
    """A scanned tree of two genres; one song's tag says another one."""
    song(root / "jazz" / "1.flac", genre="Pop")
    song(root / "blues" / "2.flac", 1)
    scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"blues": 1, "jazz": 1}
    return root


def test_none_takes_labels_of_folders_away_and_gives_the_tags_genre_back(
    catalogue: Catalogue, classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_reading, "probe", lambda path: pytest.fail(f"{path} was opened"))
    assert numbers(scan(catalogue, [classes], folder_label="none")) == (0, 2, 0, 0)
    assert catalogue.label_values("genre") == {"Pop": 1}
    assert catalogue.label_sources() == {"jazz/1.flac": {"genre": "tag"}}
    assert numbers(scan(catalogue, [classes], folder_label="none")) == (0, 0, 0, 2)


def test_another_kind_takes_the_place_of_the_first(catalogue: Catalogue, classes: Path) -> None:
    scan(catalogue, [classes], folder_label="mood")
    assert catalogue.label_values("mood") == {"blues": 1, "jazz": 1}
    assert catalogue.label_values("genre") == {"Pop": 1}


def test_a_label_that_changes_only_its_source_is_written(catalogue: Catalogue, root: Path) -> None:
    song(root / "pop" / "1.flac", genre="pop")
    scan(catalogue, [root], folder_label="genre")
    assert catalogue.label_sources() == {"pop/1.flac": {"genre": "folder"}}
    assert numbers(scan(catalogue, [root], folder_label="none")) == (0, 0, 0, 1)
    assert catalogue.label_sources() == {"pop/1.flac": {"genre": "tag"}}


def test_auto_takes_no_label_away_when_the_tree_is_no_longer_one_of_classes(catalogue: Catalogue, classes: Path) -> None:
    song(classes / "intro.wav", 2)
    assert numbers(scan(catalogue, [classes])) == (1, 0, 0, 2)
    assert catalogue.label_values("genre") == {"blues": 1, "jazz": 1}


def test_auto_again_gives_the_labels_back(catalogue: Catalogue, classes: Path) -> None:
    scan(catalogue, [classes], folder_label="none")
    scan(catalogue, [classes])
    assert catalogue.label_values("genre") == {"blues": 1, "jazz": 1}


def test_a_given_kind_is_the_innermost_folder(catalogue: Catalogue, root: Path) -> None:
    song(root / "a" / "b" / "1.wav")
    scan(catalogue, [root], folder_label="mood")
    assert catalogue.label_values("mood") == {"b": 1}


@pytest.mark.parametrize("kind", ["", " "])
def test_an_empty_kind_is_an_error(catalogue: Catalogue, root: Path, kind: str) -> None:
    song(root / "a" / "1.wav")
    with pytest.raises(InputError, match="folder_label"):
        scan(catalogue, [root], folder_label=kind)
