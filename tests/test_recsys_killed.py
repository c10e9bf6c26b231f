"""Commands killed in the middle: the workspace stays good, and the next run ends as an unbroken one does."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np


def start(*args):
    command = [sys.executable, "-m", "recsys", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_when(process, condition, *, patience=60.0):
    """SIGKILL as soon as `condition()` holds; False if the process ended before."""
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        if condition():
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.01)
    process.wait()
    return False


def songs_in(workspace):
    """Rows of the catalogue, 0 while it does not exist."""
    try:
        with sqlite3.connect(f"{(workspace / 'catalogue.sqlite').as_uri()}?mode=ro", uri=True) as db:
            number = db.execute("SELECT count(*) FROM tracks").fetchone()[0]
        db.close()
    except sqlite3.Error:
        return 0
    return number


def catalogue_of(workspace):
    db = sqlite3.connect(workspace / "catalogue.sqlite")
    rows = db.execute("SELECT track_id, path, artist, title, duration, content_hash FROM tracks ORDER BY track_id").fetchall()
    labels = db.execute("SELECT * FROM labels ORDER BY track_id, kind").fetchall()
    db.close()
    return rows, labels


def test_a_killed_scan_goes_on_where_it_was(recsys, world, trained, tmp_path):
    workspace = tmp_path / "w"
    assert kill_when(start("-w", workspace, "scan", world), lambda: songs_in(workspace) >= 5)
    kept = songs_in(workspace)
    assert 5 <= kept < 45
    again = recsys("-w", workspace, "scan", world, "--json").json
    assert (again["unchanged"], again["new"]) == (kept, 45 - kept)
    assert catalogue_of(workspace) == catalogue_of(trained)


def test_a_killed_training_ends_with_the_bytes_of_an_unbroken_one(recsys, workspace, tmp_path):
    other = shutil.copytree(workspace, tmp_path / "other")
    args = ("train-content", "--from", "scratch", "--label", "mood", "--epochs", 3, "--workers", 1)
    checkpoint = workspace / "models" / "encoder-checkpoint"
    assert kill_when(start("-w", workspace, *args), checkpoint.exists)
    assert recsys("-w", workspace, "recommend", "--user", "x").code == 0  # the old model still answers
    assert recsys("-w", workspace, *args).code == 0
    assert recsys("-w", other, *args).code == 0
    for name in ("models/encoder/model.safetensors", "embeddings/embeddings.parquet"):
        assert (workspace / name).read_bytes() == (other / name).read_bytes()
    assert not checkpoint.exists()


def test_a_killed_extraction_leaves_only_whole_images(recsys, workspace):
    shutil.rmtree(workspace / "hyper-images")
    images = lambda: list((workspace / "hyper-images").glob("*/*/*.npy"))  # noqa: E731
    process = start("-w", workspace, "train-content", "--from", "scratch", "--epochs", 2, "--workers", 1)
    assert kill_when(process, lambda: len(images()) >= 3)
    for path in images():
        assert np.load(path).dtype == np.uint8
    assert recsys("-w", workspace, "train-content", "--from", "scratch", "--epochs", 2, "--workers", 1).code == 0
    assert len(images()) == 45
    assert not list(workspace.rglob("*.tmp"))
