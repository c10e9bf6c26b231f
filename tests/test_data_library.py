"""Scanning trees of songs: ids, labels, what is new and what is not, and what cannot be used."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scanning import dump, ids, numbers, song

from data import file_reading
from data.catalogue import Catalogue, Failure
from data.errors import InputError
from data.library import scan

# trees


def test_ids_are_relative_paths_and_other_files_are_skipped(catalogue: Catalogue, root: Path) -> None:
    song(root / "b" / "ü 2.WAV")
    song(root / "a" / "deep" / "1.flac", 1)
    song(root / ".hidden" / "x.wav")
    song(root / "a" / "._1.wav")
    (root / "cover.jpg").write_text("no song")
    report = scan(catalogue, [root])
    assert ids(catalogue) == ["a/deep/1.flac", "b/ü 2.WAV"]
    assert numbers(report) == (2, 0, 0, 0)
    assert catalogue.track("a/deep/1.flac").duration == 1.0


def test_symbolic_links_that_run_in_a_circle_are_survived(catalogue: Catalogue, root: Path) -> None:
    song(root / "a" / "1.wav")
    (root / "a" / "loop").symlink_to(root)
    (root / "dangling.wav").symlink_to(root / "nowhere.wav")
    report = scan(catalogue, [root])
    assert ids(catalogue) == ["a/1.wav"]
    assert report.reasons() == {"unopenable": 1}


def test_genre_folders_become_labels_and_the_report_says_so(catalogue: Catalogue, root: Path) -> None:
    song(root / "jazz" / "1.flac", genre="Pop")
    song(root / "blues" / "1.flac", 1)
    report = scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"blues": 1, "jazz": 1}
    assert report.lines == ["2 folders of songs: their names become the label 'genre'"]


def test_artist_folders_are_no_labels(catalogue: Catalogue, root: Path) -> None:
    song(root / "björk" / "1.flac", artist="Björk", genre="Pop")
    song(root / "Miles Davis" / "Miles Davis - So What.flac", 1)
    report = scan(catalogue, [root])
    assert catalogue.label_kinds() == {"genre": 1}
    assert report.lines == []
    song(root / "björk" / "2.flac", 2, artist="Björk")
    scan(catalogue, [root])
    assert catalogue.label_values("genre") == {"Pop": 1}


@pytest.mark.parametrize("places", [["jazz/1.wav", "2.wav"], ["jazz/1.wav", "jazz/2.wav"], ["jazz/x/1.wav", "pop/x/2.wav"]])
def test_other_trees_have_no_folder_labels(catalogue: Catalogue, root: Path, places: list[str]) -> None:
    for seed, place in enumerate(places):
        song(root / place, seed)
    scan(catalogue, [root])
    assert catalogue.label_kinds() == {}


def test_the_kind_of_folder_label_can_be_given_or_none(catalogue: Catalogue, root: Path) -> None:
    song(root / "calm" / "1.wav")
    song(root / "wild" / "2.wav", 1)
    scan(catalogue, [root], folder_label="none")
    assert catalogue.label_kinds() == {}
    report = scan(catalogue, [root], folder_label="mood")
    assert catalogue.label_values("mood") == {"calm": 1, "wild": 1}
    assert numbers(report) == (0, 2, 0, 0)


def test_an_id_that_another_root_has_gets_a_suffix_and_keeps_it(catalogue: Catalogue, tmp_path: Path) -> None:
    for seed, name in enumerate("ab"):
        song(tmp_path / name / "1.wav", seed)
        scan(catalogue, [tmp_path / name])
    first, second = ids(catalogue)
    assert first == "1.wav"
    assert second.startswith("1.wav~")
    assert len(second) == len("1.wav~") + 8
    assert numbers(scan(catalogue, [tmp_path / "a", tmp_path / "b"])) == (0, 0, 0, 2)


def test_folders_in_one_another_give_each_song_once(catalogue: Catalogue, root: Path) -> None:
    song(root / "a" / "1.wav")
    assert numbers(scan(catalogue, [root, root / "a"])) == (1, 0, 0, 0)
    assert ids(catalogue) == ["a/1.wav"]


def test_progress_counts_to_the_end(catalogue: Catalogue, root: Path) -> None:
    for seed in range(3):
        song(root / f"{seed}.wav", seed)
    calls: list[tuple[int, int]] = []
    scan(catalogue, [root], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


# what is new and what is not


def test_a_second_scan_opens_nothing(catalogue: Catalogue, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song(root / "a" / "1.wav")
    song(root / "b" / "2.wav", 1)
    (root / "b" / "bad.mp3").write_text("no song")
    first = scan(catalogue, [root])
    assert (first.new, first.reasons()) == (2, {"not-audio": 1})
    before = dump(catalogue)
    for name in ("probe", "hash_of"):
        monkeypatch.setattr(file_reading, name, lambda path: pytest.fail(f"{path} was opened"))
    report = scan(catalogue, [root])
    assert numbers(report) == (0, 0, 0, 2)
    assert (report.failed, report.known_failures) == ([], 1)
    assert dump(catalogue) == before


def test_one_song_more_is_the_only_work(catalogue: Catalogue, root: Path) -> None:
    for seed in range(5):
        song(root / f"{seed}.wav", seed)
    scan(catalogue, [root])
    before = catalogue.tracks()
    song(root / "new.wav", 9)
    assert numbers(scan(catalogue, [root])) == (1, 0, 0, 5)
    assert [track for track in catalogue.tracks() if track.track_id != "new.wav"] == before


def test_a_changed_file_keeps_its_id_and_gets_a_new_hash(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    scan(catalogue, [root])
    before = catalogue.track("1.wav")
    song(root / "1.wav", 1, seconds=2)
    assert numbers(scan(catalogue, [root])) == (0, 1, 0, 0)
    after = catalogue.track("1.wav")
    assert after.content_hash != before.content_hash
    assert after.duration == 2


def test_a_touched_file_is_unchanged(catalogue: Catalogue, root: Path) -> None:
    os.utime(song(root / "1.wav"), ns=(1, 1))
    scan(catalogue, [root])
    os.utime(root / "1.wav", ns=(2, 2))
    assert numbers(scan(catalogue, [root])) == (0, 0, 0, 1)
    assert next(iter(catalogue.file_states().values())).mtime_ns == 2


def test_a_moved_file_keeps_id_and_labels(catalogue: Catalogue, root: Path) -> None:
    song(root / "jazz" / "1.wav")
    song(root / "pop" / "2.wav", 1)
    scan(catalogue, [root], folder_label="genre")
    (root / "jazz" / "1.wav").rename(root / "3.wav")
    report = scan(catalogue, [root])
    assert numbers(report) == (0, 0, 1, 1)
    moved = catalogue.track("jazz/1.wav")
    assert (Path(moved.path).name, dict(moved.labels)) == ("3.wav", {"genre": "jazz"})
    assert report.vanished == []


def test_a_copy_is_another_song(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    scan(catalogue, [root])
    shutil.copy(root / "1.wav", root / "2.wav")
    assert numbers(scan(catalogue, [root])) == (1, 0, 0, 1)


def test_a_vanished_file_is_reported_and_kept(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "2.wav", 1)
    scan(catalogue, [root])
    (root / "2.wav").unlink()
    report = scan(catalogue, [root])
    assert report.vanished == ["2.wav"]
    assert ids(catalogue) == ["1.wav", "2.wav"]


def test_a_mended_file_leaves_the_ledger(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    (root / "2.wav").write_text("no song")
    scan(catalogue, [root])
    song(root / "2.wav", 1)
    assert numbers(scan(catalogue, [root])) == (1, 0, 0, 1)
    assert catalogue.failures() == []


def failed_extraction(catalogue: Catalogue, path: Path, code: str = "undecodable") -> Failure:
    state = path.stat()
    failure = Failure(str(path), "extract", code, "it cannot be analysed", "", state.st_size, state.st_mtime_ns)
    catalogue.record_failure(failure)
    return failure


def test_a_song_that_could_not_be_analysed_stays_in_the_ledger_while_its_file_is_the_same(
    catalogue: Catalogue, root: Path
) -> None:
    path = song(root / "a" / "1.wav")
    scan(catalogue, [root], folder_label="none")
    failure = failed_extraction(catalogue, path)
    before = dump(catalogue)
    assert numbers(scan(catalogue, [root])) == (0, 0, 0, 1)
    assert dump(catalogue) == before
    assert numbers(scan(catalogue, [root], folder_label="mood")) == (0, 1, 0, 0)
    assert catalogue.failures() == [failure]


def test_a_song_that_could_not_be_analysed_is_tried_again_when_its_file_changes(catalogue: Catalogue, root: Path) -> None:
    path = song(root / "1.wav")
    scan(catalogue, [root])
    failed_extraction(catalogue, path)
    os.utime(path, ns=(5, 5))
    assert numbers(scan(catalogue, [root])) == (0, 0, 0, 1)
    assert catalogue.failures() == []


def test_a_song_that_could_not_be_opened_for_a_while_is_tried_again(catalogue: Catalogue, root: Path) -> None:
    path = song(root / "1.wav")
    scan(catalogue, [root])
    failed_extraction(catalogue, path, "unopenable")
    scan(catalogue, [root])
    assert catalogue.failures() == []


def test_a_removed_bad_file_leaves_the_ledger(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    (root / "2.wav").write_text("no song")
    scan(catalogue, [root])
    (root / "2.wav").unlink()
    scan(catalogue, [root])
    assert catalogue.failures() == []


def test_a_song_that_breaks_keeps_its_place_in_the_catalogue(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "2.wav", 1)
    scan(catalogue, [root])
    (root / "2.wav").write_text("no song")
    report = scan(catalogue, [root])
    assert report.reasons() == {"not-audio": 1}
    assert catalogue.count() == 2
    assert scan(catalogue, [root]).known_failures == 1


def test_a_dry_run_counts_and_writes_nothing(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    before = dump(catalogue)
    assert scan(catalogue, [root], dry_run=True).new == 1
    assert (catalogue.count(), dump(catalogue)) == (0, before)


def test_a_dry_run_foresees_a_move(catalogue: Catalogue, root: Path) -> None:
    song(root / "1.wav")
    song(root / "2.wav", 1)
    scan(catalogue, [root])
    (root / "1.wav").rename(root / "3.wav")
    report = scan(catalogue, [root], dry_run=True)
    assert (report.moved, report.new, report.vanished) == (1, 0, [])
    again = scan(catalogue, [root])
    assert (again.moved, again.new, again.vanished) == (1, 0, [])


def test_a_killed_scan_leaves_whole_songs_and_the_next_goes_on(tmp_path: Path, root: Path) -> None:
    for seed in range(300):
        song(root / f"{seed:03}.wav", seed, 0.6)
    place = tmp_path / "killed.sqlite"
    program = f"""
from pathlib import Path; from data.catalogue import Catalogue; from data.library import scan
with Catalogue.open(Path({str(place)!r}), create=True) as c: scan(c, [Path({str(root)!r})])"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[1])
    deadline = time.monotonic() + 30
    done = 0
    while done < 5 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.002)
        if place.exists():
            try:
                with Catalogue.open(place, readonly=True) as reader:
                    done = reader.count()
            except InputError:  # not yet made
                continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    with Catalogue.open(place) as catalogue:
        done = catalogue.count()
        assert done >= 5
        assert numbers(scan(catalogue, [root])) == (300 - done, 0, 0, done)
