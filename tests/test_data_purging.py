"""Which songs are gone, and when that is doubtful."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.catalogue import Catalogue
from data.layouts.audio_files import find_files
from data.purging import find_gone
from data.tracks import Track


def library(catalogue: Catalogue, root: Path, songs: int) -> Path:
    """A folder of empty files that the catalogue takes for songs, and a file that is none."""
    root.mkdir(exist_ok=True)
    (root / "cover.jpg").touch()
    for number in range(songs):
        path = root / f"{number:03}.mp3"
        path.touch()
        catalogue.put(Track(f"{root.name}/{number:03}", str(path)), root=str(root), size=0, mtime_ns=0)
    return root


def test_of_a_library_that_is_all_there_nothing_is_gone(catalogue: Catalogue, root: Path) -> None:
    library(catalogue, root, 3)
    assert find_gone(catalogue) == []


@pytest.mark.parametrize(
    ("songs", "gone", "doubtful"),
    [
        (20, 9, False),
        (20, 10, True),
        (4, 2, True),
        (4, 1, False),
        (2, 1, False),
        (100, 20, False),
        (100, 21, True),
        (3, 3, True),
        (1, 1, False),
    ],
)
def test_half_of_a_root_or_many_and_a_fifth_are_doubtful(
    catalogue: Catalogue, root: Path, songs: int, gone: int, doubtful: bool
) -> None:
    library(catalogue, root, songs)
    for path in sorted(root.glob("*.mp3"))[:gone]:
        path.unlink()
    (found,) = find_gone(catalogue)
    assert (found.songs, len(found.missing), bool(found.doubt)) == (songs, gone, doubtful)


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_root_that_is_missing_or_empty_may_be_a_disk_that_is_not_mounted(catalogue: Catalogue, root: Path, left: str) -> None:
    library(catalogue, root, 1)
    shutil.rmtree(root)
    if left != "nothing":
        root.mkdir()
    (found,) = find_gone(catalogue)
    assert "mounted" in found.doubt


def test_each_root_is_judged_for_itself(catalogue: Catalogue, tmp_path: Path) -> None:
    large, small = library(catalogue, tmp_path / "large", 100), library(catalogue, tmp_path / "small", 12)
    (large / "000.mp3").unlink()
    shutil.rmtree(small)
    found = find_gone(catalogue)
    assert [(gone.root, bool(gone.doubt)) for gone in found] == [(str(large), False), (str(small), True)]


def test_ignored_and_unlisted_songs_are_told_apart_from_missing_ones(catalogue: Catalogue, tmp_path: Path) -> None:
    tree, listed = library(catalogue, tmp_path / "tree", 3), library(catalogue, tmp_path / "listed", 3)
    (tree / "000.mp3").unlink()
    (tree / ".recsysignore").write_text("001.mp3\n")
    (listed / "tracks.csv").write_text("track_id,path\nx,000.mp3\ny,002.mp3\n")
    (listed / "002.mp3").unlink()
    by_root = {Path(gone.root).name: gone for gone in find_gone(catalogue)}
    assert (by_root["tree"].missing, by_root["tree"].ignored) == (("tree/000",), ("tree/001",))
    assert (by_root["listed"].missing, by_root["listed"].unlisted) == (("listed/002",), ("listed/001",))


def test_what_a_scan_finds_is_never_gone(catalogue: Catalogue, root: Path) -> None:
    library(catalogue, root, 6)
    (root / ".recsysignore").write_text("/00[0-2].mp3\n!002.mp3\n")
    met = {str(path) for path in find_files(root).audio}
    gone = {track_id for found in find_gone(catalogue) for track_id in found.ids}
    assert {track.path for track in catalogue.tracks() if track.track_id not in gone} == met


def test_a_link_to_nowhere_is_there(catalogue: Catalogue, root: Path) -> None:
    library(catalogue, root, 2)
    (root / "000.mp3").unlink()
    (root / "000.mp3").symlink_to("/disk/that/is/not/mounted.mp3")
    assert find_gone(catalogue) == []
