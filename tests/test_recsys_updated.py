"""After an update of the program: nothing is computed anew, old and new vectors never mix, and the user says when to change."""

from __future__ import annotations

import copy
import dataclasses
import shutil

import numpy as np
import pytest
import soundfile as sf
import torch
from conftest import copied, once

import content.spec
from content.pretrained import pretrained_encoder
from data.embeddings import read_embeddings
from recsys.steps.shipped import kept_fingerprint
from recsys.workspace import open_workspace


@pytest.fixture(scope="session")
def embedded(shared_folder, world):
    """A workspace embedded by the shipped encoder, with listens and a recommender. Read only."""
    from recsys.steps import content, hybrid, library, listens

    root = shared_folder / "embedded"
    with once(shared_folder / "embedded-made") as first:
        if first:
            library.scan(root, [world])
            content.embed(root, workers=1)
            listens.import_listens(root, [world / "listens.csv"])
            hybrid.train_hybrid(root, engine="content")
    return root


@pytest.fixture
def own(embedded, tmp_path):
    return copied(embedded, tmp_path / "own")


@pytest.fixture
def updated(own, monkeypatch):
    """The program ships another encoder now; its fingerprint."""
    old = pretrained_encoder()
    module = copy.deepcopy(old.module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.01)
    newer = dataclasses.replace(old, module=module)
    assert newer.fingerprint != old.fingerprint
    monkeypatch.setattr("content.pretrained.pretrained_encoder", lambda: newer)
    return newer.fingerprint


@pytest.fixture
def other_images(own, monkeypatch):
    """The same parameters of a hyper-image give other values now."""
    monkeypatch.setattr(content.spec, "DEFINITION", content.spec.DEFINITION + 1)


def add_song(recsys, own, tmp_path):
    (tmp_path / "more").mkdir()
    sf.write(tmp_path / "more" / "new.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    assert recsys("-w", own, "scan", tmp_path / "more").code == 0


def vectors(own):
    found = read_embeddings(own / "embeddings", mmap=False)
    return found.fingerprint, dict(zip(found.tracks.ids, found.vectors, strict=True))


def images(own):
    return sorted(own.glob("hyper-images/*/*/*.npy"))


def test_a_workspace_keeps_the_encoder_of_its_vectors(own):
    fingerprint, _ = vectors(own)
    assert kept_fingerprint(open_workspace(own)) == fingerprint == pretrained_encoder().fingerprint
    assert (own / "models" / "shipped" / fingerprint / "model.safetensors").stat().st_size > 1e6


def test_answers_go_on_with_the_old_vectors(recsys, own, updated):
    song = next(iter(vectors(own)[1]))
    before = vectors(own)[0]
    for command in (
        ("similar", song),
        ("recommend", "--like", song),
        ("train-hybrid", "--engine", "content"),
        ("map",),
        ("tags",),
    ):
        assert recsys("-w", own, *command).code == 0, command
    assert vectors(own)[0] == before != updated


def test_a_scan_and_embed_after_an_update_compute_nothing(recsys, own, updated, world):
    before, made = vectors(own), [path.stat().st_mtime_ns for path in images(own)]
    answer = recsys("-w", own, "scan", world, "--json").json
    assert (answer["unchanged"], answer["changed"], answer["new"]) == (45, 0, 0)
    answer = recsys("-w", own, "embed", "--json").json
    assert (answer["embedded"], answer["newer"]) == (0, updated)
    assert "recsys embed --update" in answer["summary"]
    assert [path.stat().st_mtime_ns for path in images(own)] == made
    np.testing.assert_array_equal(list(vectors(own)[1].values()), list(before[1].values()))


def test_new_songs_are_embedded_and_tagged_by_the_old_encoder(recsys, own, updated, tmp_path, monkeypatch):
    add_song(recsys, own, tmp_path)
    reference = copied(own, tmp_path / "reference")
    assert recsys("-w", own, "embed", "--json").json["embedded"] == 1
    fingerprint, with_update = vectors(own)
    assert fingerprint != updated
    assert recsys("-w", own, "tags", "new.wav", "--json").json["encoder"] == fingerprint
    monkeypatch.undo()
    assert recsys("-w", reference, "embed", "--json").json["newer"] == ""
    np.testing.assert_array_equal(vectors(reference)[1]["new.wav"], with_update["new.wav"])


def test_update_embeds_all_songs_by_the_new_encoder_and_forgets_the_old_one(recsys, own, updated):
    answer = recsys("-w", own, "embed", "--update", "--json").json
    assert (answer["embedded"], answer["encoder"], answer["newer"]) == (45, updated, "")
    assert vectors(own)[0] == updated
    assert sorted(path.name for path in (own / "models" / "shipped").iterdir()) == sorted([updated, "in-use.json"])
    assert recsys("-w", own, "embed", "--update", "--json").json["embedded"] == 0


def test_an_update_that_was_killed_goes_on_with_a_plain_embed(recsys, own, updated):
    from recsys.steps.shipped import update_shipped

    assert update_shipped(open_workspace(own))
    assert recsys("-w", own, "embed", "--json").json["embedded"] == 45
    assert vectors(own)[0] == updated


def test_the_doctor_tells_that_a_newer_encoder_is_there(recsys, own, updated):
    (check,) = [check for check in recsys("-w", own, "doctor", "--json").json if check["what"] == "workspace"]
    assert check["state"] == "note"
    assert updated in check["found"]
    assert "recsys embed --update" in check["advice"]


def test_without_the_old_encoder_new_songs_wait_and_one_line_says_what_to_run(recsys, own, updated, tmp_path):
    shutil.rmtree(own / "models" / "shipped")  # as in a workspace from before encoders were kept
    song, before = next(iter(vectors(own)[1])), vectors(own)[0]
    add_song(recsys, own, tmp_path)
    ran = recsys("-w", own, "embed")
    assert ran.code == 1
    assert "recsys embed --update" in ran.err.splitlines()[-1]
    assert before in ran.err
    assert recsys("-w", own, "similar", song).code == 0
    assert vectors(own)[0] == before
    assert recsys("-w", own, "embed", "--update", "--json").json["embedded"] == 46


def test_images_that_are_computed_otherwise_now_are_never_mixed_with_old_ones(recsys, own, updated, other_images, tmp_path):
    song, before = next(iter(vectors(own)[1])), vectors(own)[0]
    add_song(recsys, own, tmp_path)
    ran = recsys("-w", own, "embed")
    assert ran.code == 1
    assert "recsys embed --update" in ran.err.splitlines()[-1]
    assert recsys("-w", own, "similar", song).code == 0
    assert recsys("-w", own, "recommend", "--like", song).code == 0
    assert vectors(own)[0] == before
    answer = recsys("-w", own, "embed", "--update", "--json").json
    assert (answer["embedded"], vectors(own)[0]) == (46, updated)


def test_a_trained_encoder_of_other_images_asks_for_training(recsys, workspace, monkeypatch):
    monkeypatch.setattr(content.spec, "DEFINITION", content.spec.DEFINITION + 1)
    ran = recsys("-w", workspace, "embed")
    assert ran.code == 1
    assert "recsys train-content" in ran.err.splitlines()[-1]
    assert recsys("-w", workspace, "map").code == 0


def test_a_damaged_kept_encoder_is_named_with_what_to_run(recsys, own, updated):
    (weights,) = (own / "models" / "shipped").glob("*/model.safetensors")
    weights.unlink()
    weights.write_bytes(b"rubbish")
    ran = recsys("-w", own, "embed")
    assert ran.code == 1
    assert "recsys embed --update" in ran.err.splitlines()[-1]
