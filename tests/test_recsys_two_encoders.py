"""Vectors of two encoders never meet: each place that joins what was made at different times refuses, and says what to run."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile as sf
from vectors import catalogue_ids, random_vectors, write_vectors

from data.embeddings import SongEmbeddings, read_embeddings, write_embeddings
from data.files import read_json, write_json


def tamper(path, **changes):
    """Change members of a JSON file; returns what they were."""
    about = read_json(path)
    write_json(path, about | changes)
    return [about[name] for name in changes]


@pytest.fixture
def of_another(workspace):
    """The workspace's embeddings called another encoder's, and both fingerprints."""
    (was,) = tamper(workspace / "embeddings" / "embeddings.json", fingerprint="another-encoder")
    return was, "another-encoder"


def add_song(recsys, workspace, tmp_path):
    (tmp_path / "more").mkdir()
    sf.write(tmp_path / "more" / "New Song.wav", 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    recsys("-w", workspace, "scan", tmp_path / "more")
    return "New Song.wav"


def assert_refused(ran, *words):
    assert ran.code == 1
    (line,) = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    for word in words:
        assert word in line, line


def test_embed_keeps_no_vector_of_another_encoder(recsys, workspace, of_another):
    vectors = read_embeddings(workspace / "embeddings", mmap=False)
    write_embeddings(
        workspace / "embeddings", SongEmbeddings(vectors.tracks, vectors.vectors + 1, of_another[1], vectors.sources)
    )
    assert recsys("-w", workspace, "embed", "--json").json["embedded"] == 45
    after = read_embeddings(workspace / "embeddings")
    assert after.fingerprint == of_another[0]
    np.testing.assert_array_equal(after.vectors, vectors.vectors)


def test_a_model_is_not_given_songs_of_another_encoder_and_both_are_named(recsys, workspace, tmp_path, of_another):
    new = add_song(recsys, workspace, tmp_path)
    now = read_embeddings(workspace / "embeddings", mmap=False)
    ids = type(now.tracks)((*now.tracks.ids, new), "track")
    grown = SongEmbeddings(ids, np.vstack([now.vectors, now.vectors[:1]]), now.fingerprint)
    write_embeddings(workspace / "embeddings", grown)
    ran = recsys("-w", workspace, "recommend", "--user", "nobody", "-k", 100, "--json")
    assert new not in {item["track_id"] for item in ran.json["items"]}
    (note,) = [note for note in ran.json["notes"] if "train-hybrid" in note]
    assert all(fingerprint in note for fingerprint in of_another)
    assert_refused(recsys("-w", workspace, "recommend", "--like", new), new, "train-hybrid")
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]
    ran = recsys("-w", workspace, "recommend", "--user", "nobody", "-k", 100, "--json")
    assert not ran.json["notes"][1:]


def test_a_model_that_names_another_encoder_than_its_files_is_refused_and_trained_anew(recsys, workspace):
    (was,) = tamper(workspace / "models" / "hybrid" / "serving.json", embeddings_fingerprint="another-encoder")
    assert_refused(recsys("-w", workspace, "recommend", "--user", "u"), was, "another-encoder", "train-hybrid")
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]
    assert recsys("-w", workspace, "recommend", "--user", "u").code == 0


def test_songs_of_another_width_are_refused(recsys, workspace, tmp_path):
    new = add_song(recsys, workspace, tmp_path)
    now = read_embeddings(workspace / "embeddings", mmap=False)
    ids = type(now.tracks)((*now.tracks.ids, new), "track")
    write_embeddings(workspace / "embeddings", SongEmbeddings(ids, random_vectors(46, 100), now.fingerprint))
    ran = recsys("-w", workspace, "recommend", "--user", "u")
    assert_refused(ran, now.fingerprint, "100 columns", "192", "recsys embed", "train-hybrid")


def test_an_array_of_another_width_is_refused(recsys, workspace, tmp_path, world):
    ids = catalogue_ids(world)
    recsys("-w", workspace, "import-embeddings", write_vectors(tmp_path / "v.npy", ids, random_vectors(45, 4)))
    (array,) = (workspace / "embeddings").glob("*.npy")
    np.save(array, random_vectors(45, 5))
    assert_refused(recsys("-w", workspace, "similar", ids[0]), "(4,) columns", "5")


def test_an_evaluation_refuses_embeddings_of_another_encoder_than_the_one_that_its_folds_copy(recsys, workspace, of_another):
    ran = recsys("-w", workspace, "evaluate", "recommenders", "--folds", 2, "--seeds", 1)
    assert_refused(ran, *of_another, "recsys embed")
    assert not (workspace / "models" / "folds").exists()  # before anything was trained


def test_an_evaluation_beside_refuses_our_half_of_another_encoder(recsys, workspace, tmp_path, world):
    file = write_vectors(tmp_path / "clap.npy", catalogue_ids(world), random_vectors(45, 4))
    recsys("-w", workspace, "import-embeddings", file, "--beside")
    (blocks,) = tamper(workspace / "embeddings" / "embeddings.json", blocks=[])
    encoder = blocks[0]["fingerprint"]
    blocks[0]["fingerprint"] = "another-encoder"
    tamper(workspace / "embeddings" / "embeddings.json", blocks=blocks)
    ran = recsys("-w", workspace, "evaluate", "recommenders", "--folds", 2, "--seeds", 1)
    assert_refused(ran, encoder, "another-encoder", "recsys embed")


def test_folds_beside_refuse_imported_vectors_that_were_replaced(workspace, tmp_path, world):
    from data.errors import InputError
    from recsys.steps.imported import import_embeddings
    from recsys.steps.in_use import with_imported
    from recsys.workspace import open_workspace

    for seed, name in enumerate(("old", "new")):
        file = write_vectors(tmp_path / f"{name}.npy", catalogue_ids(world), random_vectors(45, 4, seed))
        import_embeddings(workspace, file, beside=True)
        if name == "old":
            old = read_embeddings(workspace / "embeddings", mmap=False)
    new = read_embeddings(workspace / "embeddings")
    opened = open_workspace(workspace)
    own = {0: read_embeddings(workspace / "own-embeddings")}
    with opened.catalogue(readonly=True) as catalogue:
        with pytest.raises(InputError) as caught:
            with_imported(opened, catalogue, old, own)
        assert with_imported(opened, catalogue, new, own)[0].widths == (192, 4)
    for words in (old.blocks[1].fingerprint, new.blocks[1].fingerprint, "recsys embed"):
        assert words in str(caught.value)


def test_importing_makes_the_model_stale_and_names_both(recsys, workspace, tmp_path, world):
    before = read_embeddings(workspace / "embeddings").fingerprint
    file = write_vectors(tmp_path / "clap.npy", catalogue_ids(world), random_vectors(45, 192))  # of the same width as ours
    after = recsys("-w", workspace, "import-embeddings", file, "--json").json["fingerprint"]
    ran = recsys("-w", workspace, "recommend", "--user", "nobody", "--json")
    assert any(before in note and after in note and "train-hybrid" in note for note in ran.json["notes"])
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]
    assert recsys("-w", workspace, "recommend", "--user", "nobody", "--json").json["notes"][1:] == []


def test_a_model_copied_from_another_workspace_is_not_taken_for_this_ones(recsys, workspace, tmp_path, world):
    other = tmp_path / "other"
    shutil.copytree(workspace, other)
    file = write_vectors(tmp_path / "clap.npy", catalogue_ids(world), random_vectors(45, 192))
    recsys("-w", other, "import-embeddings", file)
    recsys("-w", other, "train-hybrid")
    shutil.rmtree(workspace / "models" / "hybrid")
    shutil.copytree(other / "models" / "hybrid", workspace / "models" / "hybrid")
    ours, theirs = (read_embeddings(root / "embeddings").fingerprint for root in (workspace, other))
    ran = recsys("-w", workspace, "recommend", "--user", "nobody", "--json")
    assert any(ours in note and theirs in note for note in ran.json["notes"])
    assert recsys("-w", workspace, "train-hybrid", "--json").json["trained"]


@pytest.mark.parametrize("scale", [1e-25, 1e30])
def test_vectors_of_any_size_can_be_used(recsys, workspace, tmp_path, world, scale):
    ids = catalogue_ids(world)
    recsys(
        "-w", workspace, "import-embeddings", write_vectors(tmp_path / "v.npy", ids, random_vectors(45, 6) * np.float32(scale))
    )
    assert recsys("-w", workspace, "map").code == 0
    assert recsys("-w", workspace, "train-hybrid", "--engine", "als").code == 0
    ran = recsys("-w", workspace, "recommend", "--like", ids[0], "-k", 3, "--json")
    (best, *_) = recsys("-w", workspace, "similar", ids[0], "--json").json["items"]
    assert (ran.code, len(ran.json["items"])) == (0, 3)
    unit = random_vectors(45, 6) / np.linalg.norm(random_vectors(45, 6), axis=1, keepdims=True)
    assert best["track_id"] == ids[1 + int((unit[1:] @ unit[0]).argmax())]
