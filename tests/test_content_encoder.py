"""A trained encoder on disk, and songs through it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from content.embedding import embed, snippet_log_probabilities
from content.encoder import Encoder
from content.notation import parse
from content.spec import HyperImageSpec
from content.targets import Head
from content.training import train
from content.training_config import TrainingConfig
from data.errors import InputError

SPEC = HyperImageSpec(n_tempo=1, n_mels=4, n_mfcc=2, contrast_bands=2)  # 28 rows
RNG = np.random.default_rng(0)
IMAGES = [RNG.integers(0, 256, (frames, SPEC.n_rows), dtype=np.uint8) for frames in (60, 45, 100, 7, 21, 63)]


@pytest.fixture(scope="module")
def encoder():
    config = TrainingConfig(epochs=2, snippet_seconds=0.5, batch_size=4, threads=1, device="cpu")
    return train(IMAGES, ["x", "y", "z"] * 2, config, parse("IC(2,5,8)LPF(12)F(6)O"), spec=SPEC, label="mood")


def test_load_is_the_inverse_of_save(encoder, tmp_path):
    encoder.save(tmp_path / "model")
    loaded = Encoder.load(tmp_path / "model")
    assert loaded.fingerprint == encoder.fingerprint
    for field in ("architecture", "choices", "classes", "label", "n_rows", "n_frames", "history", "spec", "config"):
        assert getattr(loaded, field) == getattr(encoder, field), field


def test_a_loaded_encoder_gives_the_same_bytes(encoder, tmp_path):
    encoder.save(tmp_path)
    for ours, theirs in zip(embed(encoder, IMAGES), embed(Encoder.load(tmp_path), IMAGES), strict=True):
        assert ours.tobytes() == theirs.tobytes()


@pytest.fixture(scope="module")
def of_tags():
    """An encoder whose primary label has several values a song, and which tells a mood beside it."""
    config = TrainingConfig(epochs=2, snippet_seconds=0.5, batch_size=4, threads=1, device="cpu", least_songs=1)
    tags, moods = ["u; v", "v", "w; u"] * 2, ["x", "y", ""] * 2
    architecture = parse("IC(2,5,8)LPF(12)F(6)O")
    return train(IMAGES, tags, config, architecture, spec=SPEC, label="tags", also={"mood": moods})


def test_an_encoder_of_several_labels_comes_back_whole(of_tags, tmp_path):
    of_tags.save(tmp_path)
    loaded = Encoder.load(tmp_path)
    assert loaded.heads == (Head("tags", ("u", "v", "w"), True), Head("mood", ("x", "y")))
    assert (loaded.label, loaded.classes, loaded.fingerprint) == ("tags", ("u", "v", "w"), of_tags.fingerprint)
    for ours, theirs in zip(embed(of_tags, IMAGES), embed(loaded, IMAGES), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_each_of_several_values_has_a_probability_of_its_own(of_tags):
    """The mean of the snippets' log-odds, as a probability."""
    snippets = snippet_log_probabilities(of_tags, IMAGES[2])
    log_odds = (snippets - np.log1p(-np.exp(snippets))).mean(0)
    said = embed(of_tags, [IMAGES[2]])[1]
    assert said.shape == (1, 3)
    np.testing.assert_allclose(said[0], -np.log1p(np.exp(-log_odds)), atol=1e-4)
    assert np.exp(said).sum() > 1.2


def test_an_encoder_of_one_label_is_described_as_before_there_were_heads(encoder, tmp_path):
    encoder.save(tmp_path)
    assert not {"also", "multi_valued"} & set(json.loads((tmp_path / "model.json").read_text()))


def test_saving_twice_gives_the_same_files(encoder, tmp_path):
    encoder.save(tmp_path / "a")
    encoder.save(tmp_path / "b")
    for name in ("model.json", "model.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_model_that_was_saved_half_is_missing(encoder, tmp_path):
    encoder.save(tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(InputError, match="does not exist"):
        Encoder.load(tmp_path)


def test_another_schema_is_refused(encoder, tmp_path):
    encoder.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text()) | {"schema": 99}
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match="schema 99"):
        Encoder.load(tmp_path)


def test_damaged_weights_are_refused(encoder, tmp_path):
    encoder.save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="cannot be read"):
        Encoder.load(tmp_path)


def test_weights_of_another_model_are_refused(encoder, tmp_path):
    encoder.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    about["classes"] = ["z", "y", "x"]
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match=r"not those that model\.json describes"):
        Encoder.load(tmp_path)


def test_embeddings_have_one_row_a_song(encoder):
    vectors, log_probabilities = embed(encoder, IMAGES)
    assert vectors.shape == (6, 6)
    assert vectors.dtype == np.float32
    assert log_probabilities.shape == (6, 3)
    assert log_probabilities.dtype == np.float32


def test_probabilities_sum_to_one(encoder):
    np.testing.assert_allclose(np.exp(embed(encoder, IMAGES)[1]).sum(1), 1, rtol=1e-5)


def test_a_song_does_not_depend_on_the_songs_around_it(encoder):
    together = embed(encoder, IMAGES)
    for song, image in enumerate(IMAGES):
        for whole, single in zip(together, embed(encoder, [image]), strict=True):
            assert whole[song].tobytes() == single[0].tobytes()


def test_an_embedding_is_the_mean_over_the_songs_snippets(encoder):
    from content.snippets import cover

    snippets = cover(IMAGES[2], encoder.n_frames)
    parts = np.concatenate([embed(encoder, [snippet])[0] for snippet in snippets])
    assert len(parts) == 4
    np.testing.assert_allclose(embed(encoder, [IMAGES[2]])[0][0], parts.mean(0), atol=1e-6)


def test_a_long_song_in_pieces_is_the_same_as_at_once(encoder, monkeypatch):
    image = np.tile(IMAGES[0], (3, 1))
    whole = embed(encoder, [image])[0]
    monkeypatch.setattr("content.network.MOST_AT_ONCE", 2)
    np.testing.assert_allclose(embed(encoder, [image])[0], whole, atol=1e-6)


def test_a_song_says_what_its_snippets_say_on_average(encoder):
    votes = snippet_log_probabilities(encoder, IMAGES[0]).mean(0)
    wanted = votes - np.log(np.exp(votes).sum())
    np.testing.assert_allclose(embed(encoder, [IMAGES[0]])[1][0], wanted, atol=1e-5)


def test_progress_counts_songs(encoder):
    seen: list[tuple[int, int]] = []
    embed(encoder, IMAGES[:3], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_no_songs_give_no_rows(encoder):
    vectors, log_probabilities = embed(encoder, [])
    assert vectors.shape == (0, 6)
    assert log_probabilities.shape == (0, 3)


def test_an_image_of_another_height_is_refused(encoder):
    with pytest.raises(InputError, match=r"this encoder reads uint8 \(frames, 28\)"):
        embed(encoder, [np.zeros((50, 27), np.uint8)])
