"""What of a folder is not scanned: hidden names, trash, markers, and patterns of ignore files."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import ids, song

from data.catalogue import Catalogue
from data.errors import InputError
from data.layouts.audio_files import find_files
from data.library import scan


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_files(root).audio]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ("*.wav", ["a.mp3", "live/deep/c.mp3"]),
        ("live/", ["a.mp3", "b.wav"]),
        ("/a.mp3", ["b.wav", "live/c.wav", "live/deep/c.mp3"]),
        ("*.wav\n!b.wav", ["a.mp3", "b.wav", "live/deep/c.mp3"]),
        ("live\n!live/c.wav", ["a.mp3", "b.wav"]),  # nothing comes back out of an ignored folder, as with git
        ("# all\n\n**/deep/*", ["a.mp3", "b.wav", "live/c.wav"]),
        ("", ["a.mp3", "b.wav", "live/c.wav", "live/deep/c.mp3"]),
    ],
)
def test_an_ignore_file_holds_for_its_folder_and_below(root: Path, patterns: str, left: list[str]) -> None:
    files(root, "a.mp3", "b.wav", "live/c.wav", "live/deep/c.mp3")
    (root / ".recsysignore").write_text(patterns)
    assert found(root) == left


def test_an_inner_ignore_file_decides_before_an_outer_one(root: Path) -> None:
    files(root, "a.wav", "in/b.wav", "in/c.wav")
    (root / ".recsysignore").write_text("*.wav\n")
    (root / "in" / ".recsysignore").write_text("!b.wav\n")
    assert found(root) == ["in/b.wav"]


@pytest.mark.parametrize("marker", [".notmusic", ".nomusic"])
def test_a_marker_excludes_its_folder_and_all_below(root: Path, marker: str) -> None:
    files(root, "a.mp3", f"talk/{marker}", "talk/b.mp3", "talk/deep/c.mp3")
    assert found(root) == ["a.mp3"]


@pytest.mark.parametrize("place", [".Trash-1000", "@eaDir", "#recycle", "$RECYCLE.BIN", ".hidden", "lost+found"])
def test_trash_and_hidden_folders_are_left_out(root: Path, place: str) -> None:
    files(root, "a.mp3", f"x/{place}/b.mp3")
    assert found(root) == ["a.mp3"]


def test_a_line_that_is_no_pattern_is_a_problem_and_the_others_hold(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "2.wav", 1)
    (root / ".recsysignore").write_bytes(b"!\n\xff\xfe\n[z-a]\n/2.wav\n")
    assert scan(catalogue, [root]).reasons() == {"bad-pattern": 2}
    assert ids(catalogue) == ["1.wav"]
    (root / ".recsysignore").write_text("/2.wav\n")
    scan(catalogue, [root])
    assert catalogue.failures() == []


def test_a_marked_root_says_so(catalogue: Catalogue, root: Path) -> None:
    files(root, "a.mp3", ".notmusic")
    with pytest.raises(InputError, match="marker"):
        scan(catalogue, [root])


def test_a_song_that_is_ignored_now_counts_as_vanished_and_as_ignored(catalogue: Catalogue, root: Path) -> None:
    for number in range(3):
        song(root / f"{number}.wav", number)
    scan(catalogue, [root])
    (root / ".recsysignore").write_text("1.wav\n")
    (root / "2.wav").unlink()
    report = scan(catalogue, [root])
    assert (report.vanished, report.ignored) == (["1.wav", "2.wav"], ["1.wav"])
    assert catalogue.count() == 3


def test_a_refused_file_that_is_ignored_now_leaves_the_ledger(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    (root / "bad.mp3").write_text("no song")
    assert scan(catalogue, [root]).reasons() == {"not-audio": 1}
    (root / ".recsysignore").write_text("bad.mp3\n")
    scan(catalogue, [root])
    assert catalogue.failures() == []


def test_what_a_table_lists_is_wanted(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    (root / ".recsysignore").write_text("*\n")
    (root / "tracks.csv").write_text("track_id,path\na,1.wav\n")
    scan(catalogue, [root])
    assert ids(catalogue) == ["a"]
