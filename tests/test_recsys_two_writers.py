"""One writer at a time: the second is told so, readers go on, and the lock of a killed writer is none."""

from __future__ import annotations

import pytest
from killing import killed_when, run, start

from recsys.workspace import open_workspace

WRITERS = [
    ("import-listens", "listens.csv"),
    ("embed", "--workers", 1),
    ("train-hybrid",),
    ("train-content", "--from", "scratch", "--workers", 1),
    ("map",),
    ("scan", "."),
    ("evaluate", "recommenders", "--splits", "warm", "--seeds", 1),
    ("import-embeddings", "--remove"),
]
READERS = [("recommend", "--user", "x"), ("similar", "C000001"), ("failed",), ("doctor",), ("recommend", "--like", "C000001")]


@pytest.mark.parametrize("command", WRITERS, ids=lambda command: command[0])
def test_a_second_writer_is_told_to_wait(recsys, workspace, world, monkeypatch, command):
    monkeypatch.chdir(world)
    with open_workspace(workspace).writing():
        ran = recsys("-w", workspace, *command)
    assert ran.code == 1
    (line,) = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert "another command is writing" in line
    assert "Wait" in line


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_readers_go_on_beside_a_writer(recsys, workspace, command):
    with open_workspace(workspace).writing(), open_workspace(workspace).catalogue():
        assert recsys("-w", workspace, *command, "--json").code == 0


def test_the_lock_of_a_killed_writer_is_no_obstacle(recsys, workspace, world):
    checkpoint = workspace / "models" / "encoder-checkpoint"
    process = start("-w", workspace, "train-content", "--from", "scratch", "--label", "mood", "--epochs", 50, "--workers", 1)
    assert killed_when(process, checkpoint.exists)
    assert (workspace / "lock").exists()
    assert recsys("-w", workspace, "import-listens", world / "listens.csv").code == 0
    assert recsys("-w", workspace, "train-hybrid").code == 0


def test_a_writer_in_another_process_is_seen(workspace, world):
    with open_workspace(workspace).writing():
        assert run("-w", workspace, "import-listens", world / "listens.csv") == 1
    assert run("-w", workspace, "import-listens", world / "listens.csv") == 0
