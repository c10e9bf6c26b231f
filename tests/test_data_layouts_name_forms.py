"""GTZAN, Homburg and Emotify as they come, and ordinary libraries that look a little like them."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import accounted, ids, labels, song

from data.catalogue import Catalogue
from data.layouts.name_forms import artist_and_title, form_of
from data.library import scan
from data.tags import Tags, read_tags


def homburg(root: Path, *names: str, **tags: str) -> None:
    for seed, name in enumerate(names):
        song(root / f"{name}.mp3", seed, **tags)


HOMBURG = (
    "folkcountry/Ada_B_-One",
    "folkcountry/22-Lonely",
    "jazz/Cyd_s_Four-I_m_Here_",
    "jazz/Dan-435",
    "rock/Eve-A-B",
    "rock/Flo-C",
)


# GTZAN


@pytest.mark.parametrize("above", ["", "genres", "genres_original", "Data/genres_original"])
@pytest.mark.parametrize("suffix", ["wav", "au"])
def test_gtzan_gives_genres_and_titles_and_no_artists(catalogue: Catalogue, root: Path, above: str, suffix: str) -> None:
    for seed, name in enumerate(("blues/blues.00000", "blues/blues.00001", "hiphop/hiphop.00000")):
        song(root / above / f"{name}.{suffix}", seed)
    (root / "images_original" / "blues").mkdir(parents=True)
    (root / "images_original" / "blues" / "blues00000.png").write_bytes(b"no song")
    (root / "features_30_sec.csv").write_text("filename,length\n")
    report = scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"blues": 2, "hiphop": 1}
    assert {(track.artist, track.title) for track in catalogue.tracks()} == {
        ("", "blues.00000"),
        ("", "blues.00001"),
        ("", "hiphop.00000"),
    }
    assert {source for sources in catalogue.label_sources().values() for source in sources.values()} == {"folder"}
    assert "GTZAN" in " ".join(report.lines)
    assert accounted(catalogue, root)


def test_the_unreadable_file_of_gtzan_is_a_named_failure(catalogue: Catalogue, root: Path) -> None:
    song(root / "jazz" / "jazz.00053.wav")
    song(root / "pop" / "pop.00000.wav", 1)
    (root / "jazz" / "jazz.00054.wav").write_bytes(bytes(range(256)) * 40)
    report = scan(catalogue, [root])
    assert [Path(failure.path).name for failure in report.failed] == ["jazz.00054.wav"]
    assert accounted(catalogue, root)


# Homburg


def test_homburg_gives_genres_and_artists_and_titles(catalogue: Catalogue, root: Path) -> None:
    homburg(root, *HOMBURG)
    report = scan(catalogue, [root])
    found = {track.track_id.removesuffix(".mp3"): (track.artist, track.title) for track in catalogue.tracks()}
    names = [("Ada B", "One"), ("22", "Lonely"), ("Cyd's Four", "I'm Here"), ("Dan", "435"), ("Eve", "A-B"), ("Flo", "C")]
    assert found == dict(zip(HOMBURG, names, strict=True))
    assert catalogue.label_values("genre") == {"folkcountry": 2, "jazz": 2, "rock": 2}
    assert "Homburg" in " ".join(report.lines)
    assert accounted(catalogue, root)


def test_in_homburg_names_of_files_win_over_tags(catalogue: Catalogue, root: Path) -> None:
    homburg(root, *HOMBURG, artist="Various", title="Track 01", genre="Other")
    scan(catalogue, [root])
    assert {track.artist for track in catalogue.tracks()} == {"Ada B", "22", "Cyd's Four", "Dan", "Eve", "Flo"}
    assert set(catalogue.label_values("genre")) == {"folkcountry", "jazz", "rock"}
    assert accounted(catalogue, root)


def test_without_folder_labels_homburg_still_gives_artists(catalogue: Catalogue, root: Path) -> None:
    homburg(root, *HOMBURG)
    scan(catalogue, [root], folder_label="none")
    assert catalogue.track("jazz/Cyd_s_Four-I_m_Here_.mp3").artist == "Cyd's Four"
    assert catalogue.label_kinds() == {}


@pytest.mark.parametrize(
    ("stem", "artist", "title"),
    [
        ("Murphy_s_Garage-Don_t_Call_Me_Sugar", "Murphy's Garage", "Don't Call Me Sugar"),
        ("H_A_D_-Policemen___Planes", "H A D", "Policemen Planes"),
        ("___In_the_Dirty_City-I_M_HERE_", "In the Dirty City", "I'M HERE"),
        ("A-Vitamin_D-b", "A", "Vitamin D-b"),
        ("A%20B-c", "A B", "c"),
        ("no_dash", "", "no dash"),
        ("_-_", "_", "_"),
    ],
)
def test_names_become_readable(stem: str, artist: str, title: str) -> None:
    assert artist_and_title(stem) == (artist, title)


# libraries that look like it


def judged(names: str, artist: str = "") -> bool:
    """Whether names "folder/file", separated by blanks, are read as artist and title; `artist` is what all tags say."""
    folders: dict[str, list[Path]] = {}
    for name in names.split():
        folders.setdefault(name.partition("/")[0], []).append(Path(f"{name}.mp3"))
    return form_of(folders, lambda path: Tags(artist)) is not None


def test_artists_and_titles_in_other_genres_are_read() -> None:
    assert judged("salsa/Ada-One salsa/Bob-Two tango/Cyd-Three tango/Dan-Four")


@pytest.mark.parametrize(
    "names",
    [
        "Wall/01-Mother Wall/02-Vera Animals/01-Dogs Animals/02-Sheep",
        "Wall/A1-Mother Wall/A2-Vera Animals/B1-Dogs Animals/B2-Sheep",
        "Wall/cd1-Mother Wall/cd2-Vera Animals/cd1-Dogs Animals/cd2-Sheep",
        "Cure/Cure-Lullaby Cure/Cure-Lovesong Blur/Blur-Tender Blur/Blur-Coffee",
        "jazz/Miles-One jazz/Miles-Two rock/Cure-One rock/Cure-Two",
        "jazz/Ada jazz/Bob-Two rock/Cyd rock/Dan-Four",
    ],
)
def test_numbers_and_one_artist_a_folder_and_few_dashes_are_no_such_names(names: str) -> None:
    assert not judged(names)


def test_words_of_titles_are_no_artists_where_tags_say_otherwise() -> None:
    names = "jazz/Take-Five jazz/So-What soul/Cold-Sweat soul/Think-Twice"
    assert judged(names)
    assert not judged(names, artist="Dave Brubeck")


def test_a_dash_between_blanks_is_left_to_the_tags(catalogue: Catalogue, root: Path) -> None:
    for seed, name in enumerate(("party/Ada - One", "party/Bob - Two", "sunday/Cyd - Three", "sunday/Dan - Four")):
        song(root / f"{name}.flac", seed, artist=f"Tag {seed}", title=f"Title {seed}")
    scan(catalogue, [root])
    assert catalogue.track("party/Ada - One.flac").artist == "Tag 0"


def test_albums_of_one_artist_below_one_folder_are_no_classes(catalogue: Catalogue, root: Path) -> None:
    for seed, name in enumerate(("Band/Wall/01-Mother", "Band/Wall/02-Vera", "Band/Animals/01-Dogs", "Band/Animals/02-Sheep")):
        song(root / f"{name}.wav", seed)
    scan(catalogue, [root])
    assert catalogue.label_kinds() == {}


def test_folders_that_are_numbers_are_no_classes(catalogue: Catalogue, root: Path) -> None:
    for seed, name in enumerate(("48/948", "48/1048", "49/949", "49/1049")):
        song(root / f"{name}.flac", seed, artist=f"A {seed}", title="T")
    report = scan(catalogue, [root])
    assert catalogue.label_kinds() == {}
    assert report.lines == []


# Emotify


def test_emotify_keeps_all_songs_although_their_names_repeat(catalogue: Catalogue, root: Path) -> None:
    for seed, genre in enumerate(("classical", "electronic", "pop", "rock")):
        for n in (1, 2):
            song(root / "emotifymusic" / genre / f"{n}.mp3", 10 * seed + n, artist=f"A{n}{genre}", title="T", genre="Other")
    (root / "data.csv").write_text("track id, genre, amazement\n1, classical, 0\n")
    report = scan(catalogue, [root])
    assert len(ids(catalogue)) == 8
    assert labels(catalogue)["emotifymusic/rock/1.mp3"] == {"genre": "rock"}
    assert catalogue.track("emotifymusic/rock/1.mp3").artist == "A1rock"
    assert "Emotify" in " ".join(report.lines)
    assert accounted(catalogue, root)


def test_tags_of_composed_mp3_files_are_real(root: Path) -> None:
    tags = read_tags(song(root / "1.mp3", artist="A", title="T", genre="Other"))
    assert (tags.artist, tags.title, tags.genre) == ("A", "T", "Other")
