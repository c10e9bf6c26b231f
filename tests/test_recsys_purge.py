"""Purge forgets what is gone, asks where that is doubtful, and deletes nothing else."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3

import numpy as np
import pytest

from data.embeddings import read_embeddings
from data.errors import InputError
from recsys.steps.purge import purge


@pytest.fixture
def own(workspace, world, tmp_path):
    """A trained workspace and a copy of the world in the place where its catalogue looks for the songs."""
    music = shutil.copytree(world, tmp_path / "own-world")
    with contextlib.closing(sqlite3.connect(workspace / "catalogue.sqlite")) as db, db:
        db.execute("UPDATE tracks SET path = replace(path, root, ?1), root = ?1", [str(music)])
    return workspace, music


def songs_of(music):
    lines = (music / "tracks.csv").read_text().splitlines()
    return {line.split(",")[0]: music / line.split(",")[1] for line in lines[1:]}


def songs_in(workspace):
    with contextlib.closing(sqlite3.connect(workspace / "catalogue.sqlite")) as db:
        return db.execute("SELECT count(*) FROM tracks").fetchone()[0]


def images(workspace):
    return {path.stem for path in (workspace / "hyper-images").glob("*/*/*.npy")}


def test_nothing_gone_changes_nothing(recsys, workspace):
    before = images(workspace)
    answer = recsys("-w", workspace, "purge", "--json").json
    assert (answer["purged"], answer["images"], answer["songs"]) == (0, 0, 45)
    assert images(workspace) == before


@pytest.fixture
def two_gone(own):
    workspace, music = own
    gone = sorted(songs_of(music))[:2]
    for track in gone:
        songs_of(music)[track].unlink()
    return workspace, gone


def test_songs_that_are_gone_leave_the_catalogue_the_images_the_vectors_and_the_lists(recsys, two_gone):
    workspace, gone = two_gone
    dry = recsys("-w", workspace, "purge", "--dry-run", "--json").json
    assert (dry["ids"], dry["images"], dry["songs"], len(images(workspace))) == (gone, 2, 43, 45)
    before = read_embeddings(workspace / "embeddings", mmap=False)
    answer = recsys("-w", workspace, "purge", "--json").json
    assert {**dry, "dry_run": False, "summary": answer["summary"]} == answer
    assert len(images(workspace)) == 43
    after = read_embeddings(workspace / "embeddings")
    assert set(before.tracks.ids) - set(after.tracks.ids) == set(gone)
    rows = before.tracks.rows(after.tracks.ids)
    np.testing.assert_array_equal(before.vectors[rows], after.vectors)
    for command in (("similar", after.tracks.ids[0], "-k", 42), ("recommend", "-k", 43)):
        ran = recsys("-w", workspace, *command, "--json")
        assert ran.code == 0
        assert not any(track in ran.out for track in gone)
    assert recsys("-w", workspace, "map").code == 0
    assert recsys("-w", workspace, "embed", "--json").json["embedded"] == 0


@pytest.fixture
def half_gone(own):
    workspace, music = own
    for path in list(songs_of(music).values())[:22]:
        path.unlink()
    return workspace


def test_half_of_a_library_gone_is_refused_with_one_line_and_nothing_changes(recsys, half_gone):
    before = images(half_gone)
    ran = recsys("-w", half_gone, "purge")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "22 of 45" in ran.err
    assert "--yes" in ran.err
    assert (songs_in(half_gone), images(half_gone)) == (45, before)


def test_yes_forgets_half_of_a_library(recsys, half_gone):
    assert recsys("-w", half_gone, "purge", "--yes", "--json").json["songs"] == 23


@pytest.mark.parametrize(("answer", "left"), [(True, 23), (False, 45)])
def test_where_somebody_can_be_asked_the_answer_holds(half_gone, answer, left):
    asked = []

    def ask(doubt):
        asked.append(doubt)
        return answer

    if answer:
        assert purge(half_gone, ask=ask)["songs"] == left
    else:
        with pytest.raises(InputError, match="22 of 45"):
            purge(half_gone, ask=ask)
    assert len(asked) == 1


def test_a_library_that_is_gone_as_a_whole_is_refused_until_yes(recsys, own):
    workspace, music = own
    shutil.rmtree(music)
    ran = recsys("-w", workspace, "purge")
    assert ran.code == 1
    assert "mounted" in ran.err
    assert recsys("-w", workspace, "purge", "--yes", "--json").json["songs"] == 0
    assert not images(workspace)


def test_images_of_sounds_that_no_song_has_are_swept(recsys, workspace):
    stray = next((workspace / "hyper-images").glob("*")) / "ab" / "abcd.npy"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    assert recsys("-w", workspace, "purge", "--json").json["images"] == 1
    assert not stray.exists()
