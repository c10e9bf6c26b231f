"""Scanning what cannot be used: each bad file stands in the ledger with its reason, and nothing else is lost."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scanning import RATE, numbers, song

from data.catalogue import Catalogue
from data.errors import InputError
from data.library import scan


def test_each_bad_file_stands_in_the_ledger_with_code_reason_and_hint(catalogue: Catalogue, root: Path) -> None:
    song(root / "good.wav")
    (root / "empty.mp3").touch()
    (root / "text.mp3").write_text("no song at all\n" * 50)
    song(root / "short.wav", seconds=0.4)
    soundfile.write(root / "silent.flac", np.zeros(RATE), RATE)
    cut = song(root / "cut.flac", seconds=4)
    cut.write_bytes(cut.read_bytes()[:20000])
    os.mkfifo(root / "pipe.wav")
    (root / "nobody.wav").symlink_to(root / "none")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.wav")).write_bytes(b"x")
    report = scan(catalogue, [root])
    codes = {Path(failure.path).name: failure.code for failure in catalogue.failures()}
    assert codes == {
        "empty.mp3": "empty-file",
        "text.mp3": "not-audio",
        "short.wav": "too-short",
        "silent.flac": "silent",
        "cut.flac": "truncated",
        "pipe.wav": "not-a-file",
        "nobody.wav": "unopenable",
        "\\udcff.wav": "bad-name",
    }
    assert report.new == 1
    assert len(report.failed) == 8
    assert all(failure.reason and "\n" not in failure.reason and not failure.kept for failure in catalogue.failures())


def test_a_damaged_song_is_catalogued_and_stands_in_the_ledger_as_kept(catalogue: Catalogue, root: Path) -> None:
    path = song(root / "1.wav", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    report = scan(catalogue, [root])
    (failure,) = catalogue.failures()
    assert (report.new, report.failed, report.damaged) == (1, [], [failure])
    assert (failure.code, failure.kept) == ("damaged", True)
    os.utime(path, ns=(5, 5))
    assert numbers(scan(catalogue, [root])) == (0, 0, 0, 1)
    assert catalogue.failures() == [failure]


@pytest.mark.parametrize(("name", "expected"), [("nowhere", "no-folder"), ("file", "no-folder"), ("empty", "no-audio")])
def test_a_folder_without_songs_is_an_error_that_names_it(catalogue: Catalogue, root: Path, name: str, expected: str) -> None:
    (root / "file").touch()
    (root / "empty").mkdir()
    with pytest.raises(InputError, match=name) as caught:
        scan(catalogue, [root / name])
    assert caught.value.code == expected
