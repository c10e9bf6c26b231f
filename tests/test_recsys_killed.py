"""Commands killed in the middle: the workspace stays good, and the next run ends as an unbroken one does."""

from __future__ import annotations

import shutil
import sqlite3

import numpy as np
import pytest
from killing import kill_at_random, killed_when, rows_of, start


def songs_in(workspace):
    """Rows of the catalogue, 0 while it does not exist."""
    try:
        with sqlite3.connect(f"{(workspace / 'catalogue.sqlite').as_uri()}?mode=ro", uri=True) as db:
            number = db.execute("SELECT count(*) FROM tracks").fetchone()[0]
        db.close()
    except sqlite3.Error:
        return 0
    return number


def test_a_killed_scan_goes_on_where_it_was(recsys, world, trained, tmp_path):
    workspace = tmp_path / "w"
    assert killed_when(start("-w", workspace, "scan", world), lambda: songs_in(workspace) >= 5)
    kept = songs_in(workspace)
    assert 5 <= kept < 45
    again = recsys("-w", workspace, "scan", world, "--json").json
    assert (again["unchanged"], again["new"]) == (kept, 45 - kept)
    tables = ("table tracks", "table labels", "table failures")
    assert [rows_of(workspace / "catalogue.sqlite")[name] for name in tables] == [
        rows_of(trained / "catalogue.sqlite")[name] for name in tables
    ]


def test_a_killed_training_ends_with_the_bytes_of_an_unbroken_one(recsys, workspace, tmp_path):
    other = shutil.copytree(workspace, tmp_path / "other")
    args = ("train-content", "--from", "scratch", "--label", "mood", "--epochs", 3, "--workers", 1)
    checkpoint = workspace / "models" / "encoder-checkpoint"
    assert killed_when(start("-w", workspace, *args), checkpoint.exists)
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
    assert killed_when(process, lambda: len(images()) >= 3)
    for path in images():
        assert np.load(path).dtype == np.uint8
    assert recsys("-w", workspace, "train-content", "--from", "scratch", "--epochs", 2, "--workers", 1).code == 0
    assert len(images()) == 45
    assert not list(workspace.rglob("*.tmp"))


def test_commands_killed_at_random_moments_end_as_unbroken_ones(stages, tmp_path):
    outcome = kill_at_random(stages, tmp_path, kills=6, seed=6)
    assert all(outcome.kills.values()), outcome


@pytest.mark.slow
def test_200_kills_at_random_moments_lose_nothing(stages, tmp_path):
    outcome = kill_at_random(stages, tmp_path, kills=200, seed=200, in_a_row=3)
    assert outcome.number == 200
    for name, shares in outcome.kills.items():
        print(f"{name}: {len(shares)} kills, at {min(shares):.2f} to {max(shares):.2f} of the run")
        assert len(shares) >= 20, name
        assert min(shares) < 0.3
        assert max(shares) > 0.6, name
