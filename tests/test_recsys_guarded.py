"""Commands that read strangers' files: a file that hangs costs itself, and Ctrl-C and SIGTERM end them cleanly."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from scanning import song

fcntl = pytest.importorskip("fcntl")


@pytest.fixture
def hangs(tmp_path):
    """A good song of a library whose bytes nobody gets: to open it waits for the holder of its lease (45 s on Linux)."""
    if not hasattr(fcntl, "F_SETLEASE"):
        pytest.skip("no file leases on this system")
    path = song(tmp_path / "music" / "hangs.wav", 3)
    holder = os.open(path, os.O_RDWR)
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # the kernel tells the holder so that somebody waits
    try:
        fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError as error:
        os.close(holder)
        pytest.skip(f"no file leases here: {error}")
    yield path
    os.close(holder)
    signal.signal(signal.SIGIO, before)


def counted(recsys, *args):
    ran = recsys(*args, "--json")
    return ran.code, ran.json


def test_a_file_that_hangs_costs_a_scan_only_itself(recsys, hangs, tmp_path):
    for seed in range(3):
        song(hangs.with_name(f"{seed}.wav"), seed)
    start = time.monotonic()
    code, answer = counted(recsys, "-w", tmp_path / "w", "scan", hangs.parent, "--time-limit", "2")
    assert (code, answer["new"], answer["reasons"]) == (3, 3, {"time-limit": 1})
    assert time.monotonic() - start < 30
    code, again = counted(recsys, "-w", tmp_path / "w", "scan", hangs.parent, "--time-limit", "2")
    assert (code, again["failed"], again["known_failures"]) == (0, 0, 1)


def test_a_file_that_hangs_does_not_stop_a_scan_that_asks_tags_whether_folders_are_genres(recsys, hangs, tmp_path):
    for seed, name in enumerate(("jazz/1.flac", "jazz/2.flac", "blues/3.flac", "blues/4.flac")):
        song(hangs.parent / name, seed, artist=f"A{seed}")
    hangs.rename(hangs.parent / "blues" / "hangs.wav")
    code, answer = counted(recsys, "-w", tmp_path / "w", "scan", hangs.parent, "--time-limit", "2")
    assert (code, answer["new"], answer["reasons"]) == (3, 4, {"time-limit": 1})
    assert counted(recsys, "-w", tmp_path / "w", "scan", hangs.parent, "--time-limit", "2")[1]["unchanged"] == 4


def test_the_number_of_processes_changes_nothing(recsys, tmp_path):
    for seed in range(20):
        song(tmp_path / "music" / f"{seed % 3}" / f"{seed}.flac", seed, 0.6, artist=f"A{seed}")
    dumps = []
    for workers in (1, 3):
        recsys("-w", tmp_path / f"w{workers}", "scan", tmp_path / "music", "--workers", workers)
        db = sqlite3.connect(tmp_path / f"w{workers}" / "catalogue.sqlite")
        dumps.append(list(db.iterdump()))
        db.close()
    assert dumps[0] == dumps[1]


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf"])
def test_a_time_limit_that_is_none_is_one_line(recsys, world, tmp_path, limit):
    ran = recsys("-w", tmp_path / "w", "scan", world, "--time-limit", limit)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "time_limit" in ran.err


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_scan_with_one_line_and_what_was_finished_is_kept(hangs, tmp_path, sent, code):
    song(hangs.with_name("a.wav"))
    command = [sys.executable, "-m", "recsys", "-w", tmp_path / "w", "scan", hangs.parent, "--workers", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while songs_in(tmp_path / "w") < 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err.splitlines()[-1].startswith("recsys: ended")
    assert "Traceback" not in err
    assert songs_in(tmp_path / "w") == 1


def songs_in(workspace):
    try:
        db = sqlite3.connect(f"{(workspace / 'catalogue.sqlite').as_uri()}?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM tracks").fetchone()[0]
        finally:
            db.close()
    except sqlite3.Error:
        return 0
