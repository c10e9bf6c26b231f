"""A library that grows and moves: what was analysed stays as it is, bit for bit, and is never computed twice."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest


@pytest.fixture
def music(world, tmp_path):
    """Twenty songs in a folder without a table, and one more beside it."""
    songs = sorted(world.rglob("*.mp3"))[:21]
    (tmp_path / "music").mkdir()
    for number, song in enumerate(songs):
        os.link(song, tmp_path / "music" / f"{number:02}.mp3" if number < 20 else tmp_path / "newcomer.mp3")
    return tmp_path / "music"


def analyse(recsys, root, music):
    for command in (("scan", music), ("embed", "--workers", 1)):
        ran = recsys("-w", root, *command)
        assert ran.code == 0, ran.err


def vectors_of(root):
    from data.embeddings import read_embeddings

    embeddings = read_embeddings(root / "embeddings", mmap=False)
    return dict(zip(embeddings.tracks.ids, embeddings.vectors, strict=True))


def neighbours(recsys, root, song, k=5):
    return [item["track_id"] for item in recsys("-w", root, "similar", song, "-k", k, "--json").json["items"]]


def images_of(root):
    """Each hyper-image and when it was written."""
    return {image.name: image.stat().st_mtime_ns for image in (root / "hyper-images").rglob("*.npy")}


def test_a_newcomer_leaves_old_vectors_and_neighbours_as_they_were(recsys, music, tmp_path):
    root = tmp_path / "w"
    analyse(recsys, root, music)
    before, near = vectors_of(root), {song: neighbours(recsys, root, song) for song in ("00.mp3", "07.mp3", "19.mp3")}
    images = images_of(root)
    assert len(images) == 20
    shutil.move(tmp_path / "newcomer.mp3", music / "newcomer.mp3")
    analyse(recsys, root, music)
    after = vectors_of(root)
    assert len(images_of(root)) == 21
    assert images.items() <= images_of(root).items()
    assert set(after) - set(before) == {"newcomer.mp3"}
    assert all(before[song].tobytes() == after[song].tobytes() for song in before)
    assert np.isfinite(np.stack(list(after.values()))).all()
    for song, old in near.items():
        new = neighbours(recsys, root, song, 6)
        assert [one for one in new if one != "newcomer.mp3"][:5] == old


def test_a_moved_song_is_computed_never_again(recsys, music, tmp_path):
    root = tmp_path / "w"
    analyse(recsys, root, music)
    before, images = vectors_of(root), images_of(root)
    assert len(images) == 20
    (music / "deeper").mkdir()
    shutil.move(music / "03.mp3", music / "deeper" / "renamed.mp3")
    moved = recsys("-w", root, "scan", music, "--json").json
    assert (moved["moved"], moved["new"], moved["changed"], moved["vanished"]) == (1, 0, 0, 0)
    analyse(recsys, root, music)
    assert images_of(root) == images
    after = vectors_of(root)
    assert sorted(map(bytes, after.values())) == sorted(map(bytes, before.values()))
