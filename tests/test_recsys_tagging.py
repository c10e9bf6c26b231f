"""Tags are predicted while songs are embedded: once a sound, whoever embeds, and apart from the user's labels."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scanning import song

import content.embedding
import content.pretrained
from content.pretrained import pretrained_encoder
from data.files import read_json
from data.predicted_tags import PredictedTags, read_predicted_tags
from recsys.steps import content as steps
from recsys.steps import library, tagging
from recsys.workspace import open_workspace


def tags_in(workspace: Path) -> PredictedTags:
    with open_workspace(workspace).catalogue(readonly=True) as catalogue:
        tags = read_predicted_tags(catalogue)
    assert tags is not None
    return tags


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fingerprints of the encoders that hear a song from now on, one entry a song."""
    heard: list[str] = []
    original = content.embedding._song

    def count(network, encoder, image):
        heard.append(encoder.fingerprint)
        return original(network, encoder, image)

    monkeypatch.setattr(content.embedding, "_song", count)
    return heard


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A workspace of three songs, not analysed yet, in which the shipped encoder embeds."""
    for seed in range(3):
        song(tmp_path / "songs" / f"{seed}.wav", seed, seconds=2.0)
    workspace = tmp_path / "w"
    library.scan(workspace, [tmp_path / "songs"])
    pretrained_encoder().save(open_workspace(workspace).encoder)
    return workspace


def test_training_on_labels_of_ones_own_has_the_shipped_encoder_tell_the_tags(trained):
    tags = tags_in(trained)
    assert len(tags.tracks) == 45
    assert (tags.encoder, tags.names) == (pretrained_encoder().fingerprint, pretrained_encoder().classes)
    assert read_json(open_workspace(trained).encoder / "model.json")["fingerprint"] != tags.encoder


def test_tags_are_no_label_that_a_network_could_learn(recsys, trained):
    ran = recsys("-w", trained, "train-content", "--label", content.pretrained.TAG)
    assert ran.code == 1
    assert "labels in the catalogue: genre" in ran.err
    assert content.pretrained.TAG not in ran.err.split("labels in the catalogue")[1]


def test_one_pass_embeds_and_tags_where_the_shipped_encoder_embeds(small, heard):
    assert steps.embed(small, workers=1)["embedded"] == 3
    assert heard == [pretrained_encoder().fingerprint] * 3
    assert len(tags_in(small).tracks) == 3


def test_what_is_tagged_is_not_heard_again(small, heard):
    steps.embed(small, workers=1)
    heard.clear()
    steps.embed(small, workers=1)
    assert heard == []


def test_the_one_pass_and_a_pass_for_tags_alone_predict_the_same(small, heard):
    steps.embed(small, workers=1)
    together = tags_in(small).probabilities
    with open_workspace(small).catalogue() as catalogue, catalogue.transaction() as db:
        db.execute("DELETE FROM predicted_tags")
    heard.clear()
    assert steps.embed(small, workers=1)["embedded"] == 0
    assert len(heard) == 3
    np.testing.assert_array_equal(tags_in(small).probabilities, together)


def test_probabilities_are_the_encoders(small):
    steps.embed(small, workers=1)
    from content.cache import HyperImageCache
    from content.spec import HyperImageSpec

    tags = tags_in(small)
    with open_workspace(small).catalogue(readonly=True) as catalogue:
        track = catalogue.track(tags.tracks.ids[1])
    image = HyperImageCache(open_workspace(small).images, HyperImageSpec()).load(track.content_hash)
    _, said = content.embedding.embed(pretrained_encoder(), [image])
    np.testing.assert_allclose(tags.probabilities[1], np.exp(said[0]), rtol=1e-4)


def test_a_song_added_later_is_tagged_alone(small, heard, tmp_path):
    steps.embed(small, workers=1)
    before = tags_in(small)
    song(tmp_path / "songs" / "new.wav", 9, seconds=2.0)
    library.scan(small, [tmp_path / "songs"])
    heard.clear()
    steps.embed(small, workers=1)
    assert len(heard) == 1
    after = tags_in(small)
    assert len(after.tracks) == 4
    np.testing.assert_array_equal(after.probabilities[after.tracks.rows(before.tracks.ids)], before.probabilities)


def test_a_song_whose_sound_changed_is_tagged_anew(small, heard, tmp_path):
    steps.embed(small, workers=1)
    song(tmp_path / "songs" / "1.wav", 7, seconds=3.0)
    library.scan(small, [tmp_path / "songs"])
    assert tags_in(small).tracks.ids == ("0.wav", "2.wav")
    heard.clear()
    steps.embed(small, workers=1)
    assert len(heard) == 1
    assert tags_in(small).tracks.ids == ("0.wav", "1.wav", "2.wav")


def test_two_files_of_one_sound_are_heard_once_for_tags(small, heard, tmp_path):
    steps.embed(small, workers=1)
    shutil.copyfile(tmp_path / "songs" / "1.wav", tmp_path / "songs" / "copy.wav")
    library.scan(small, [tmp_path / "songs"])
    heard.clear()
    steps.embed(small, workers=1)
    assert heard == []
    assert "copy.wav" in tags_in(small).tracks


def test_a_workspace_from_before_there_were_tags_gets_them_and_keeps_its_embeddings(small, heard):
    steps.embed(small, workers=1)
    before = (small / "embeddings" / "embeddings.json").read_bytes()
    db = sqlite3.connect(small / "catalogue.sqlite")
    db.executescript("DROP TABLE predicted_tags; DROP TABLE tag_encoders; DROP INDEX tracks_by_sound")
    db.close()
    heard.clear()
    assert steps.embed(small, workers=1)["embedded"] == 0
    assert (small / "embeddings" / "embeddings.json").read_bytes() == before
    assert len(heard) == len(tags_in(small).tracks) == 3


def test_a_killed_run_loses_at_most_one_batch(small, heard, monkeypatch):
    steps.embed(small, workers=1)
    with open_workspace(small).catalogue() as catalogue, catalogue.transaction() as db:
        db.execute("DELETE FROM predicted_tags")
    monkeypatch.setattr(tagging, "AT_ONCE", 1)
    store, stored = tagging.store_predicted_tags, []

    def killed(*args):
        if stored:
            raise KeyboardInterrupt
        stored.append(store(*args))

    monkeypatch.setattr(tagging, "store_predicted_tags", killed)
    with pytest.raises(KeyboardInterrupt):
        steps.embed(small, workers=1)
    assert len(tags_in(small).tracks) == 1
    monkeypatch.setattr(tagging, "store_predicted_tags", store)
    heard.clear()
    steps.embed(small, workers=1)
    assert len(heard) == 2


def test_another_shipped_encoder_predicts_all_anew_when_that_is_asked_for(small, heard, monkeypatch):
    steps.embed(small, workers=1)
    spec = dict(pretrained_encoder().spec) | {"excerpt_seconds": 1.0}  # and its images are of another kind
    newer = replace(pretrained_encoder(), spec=spec)
    monkeypatch.setattr(content.pretrained, "pretrained_encoder", lambda: newer)
    before = tags_in(small)
    heard.clear()
    assert steps.embed(small, workers=1)["newer"] == newer.fingerprint
    assert (heard, tags_in(small).encoder) == ([], before.encoder)
    assert steps.embed(small, update=True, workers=1)["embedded"] == 0
    assert heard == [newer.fingerprint] * 3
    after = tags_in(small)
    assert (after.encoder, after.tracks.ids) == (newer.fingerprint, before.tracks.ids)
    assert len(list(open_workspace(small).images.iterdir())) == 2
