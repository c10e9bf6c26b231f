"""The shipped encoder in a workspace: embeddings without training, training that starts from it, evaluation with it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3

import numpy as np
import pytest
from conftest import copied, once
from test_recsys_training import torchrun

from content.pretrained import pretrained_encoder
from data.embeddings import read_embeddings
from data.errors import InputError
from recsys.steps import starting

FROZEN = ("train-content", "--epochs", 1, "--workers", 1, "--set", "body_rate=0")
TUNED = ("train-content", "--epochs", 1, "--workers", 1, "--set", "body_rate=0.1")
RECOMMENDERS = ("evaluate", "recommenders", "--folds", 2, "--seeds", 1, "--workers", 1)


@pytest.fixture(scope="session")
def day_zero(shared_folder, world):
    """A scanned and embedded workspace where nothing was trained. Read only."""
    from recsys.steps import content, library, listens

    root = shared_folder / "day-zero"
    with once(shared_folder / "day-zero-made") as first:
        if first:
            library.scan(root, [world])
            content.embed(root, workers=1)
            listens.import_listens(root, [world / "listens.csv"])
    return root


@pytest.fixture
def own(day_zero, tmp_path):
    """A copy of it that a test may change."""
    return copied(day_zero, tmp_path / "own")


def about(root):
    return json.loads((root / "models" / "encoder" / "model.json").read_text())


def parquet(root):
    return (root / "embeddings" / "embeddings.parquet").read_bytes()


def folds(root):
    return sorted(root.glob("models/folds/*/*.npz"))


# Without training


def test_embeddings_need_neither_training_nor_labels(day_zero):
    embeddings = read_embeddings(day_zero / "embeddings")
    assert embeddings.fingerprint == pretrained_encoder().fingerprint
    assert embeddings.vectors.shape == (45, pretrained_encoder().architecture.embedding_size)
    assert np.isfinite(embeddings.vectors).all()
    assert not (day_zero / "models" / "encoder").exists()


def test_embedding_again_does_nothing_and_says_by_which_encoder(recsys, own):
    answer = recsys("-w", own, "embed", "--json").json
    assert (answer["encoder"], answer["pretrained"], answer["embedded"]) == (pretrained_encoder().fingerprint, True, 0)
    assert "shipped encoder" in answer["summary"]


def test_what_follows_embedding_works_without_training(recsys, own, world, tmp_path):
    song = (world / "tracks.csv").read_text().splitlines()[1].split(",")[0]
    for command in (
        ("similar", song),
        ("map",),
        ("train-hybrid",),
        ("recommend", "--user", "nobody"),
        ("recommend", "--like", song),
        ("export", "embeddings", "--out", tmp_path / "songs.parquet"),
        ("doctor",),
    ):
        assert recsys("-w", own, *command).code == 0, command


def test_the_map_of_songs_without_any_label_is_drawn(recsys, own):
    with contextlib.closing(sqlite3.connect(own / "catalogue.sqlite")) as db, db:
        db.execute("DELETE FROM labels")
    assert recsys("-w", own, "map").code == 0


def test_without_embeddings_the_next_step_named_is_embed(recsys, world, tmp_path):
    recsys("-w", tmp_path / "w", "scan", world)
    assert "recsys embed" in recsys("-w", tmp_path / "w", "map").err


def test_the_doctor_names_the_shipped_encoder_and_which_one_is_in_use(recsys, day_zero, trained):
    found = {check["what"]: check for check in recsys("-w", day_zero, "doctor", "--json").json}
    assert pretrained_encoder().fingerprint in found["shipped encoder"]["found"]
    assert "MB" in found["shipped encoder"]["found"]
    assert "encoder: the shipped one" in found["workspace"]["found"]
    found = {check["what"]: check for check in recsys("-w", trained, "doctor", "--json").json}
    assert "encoder: trained on genre" in found["workspace"]["found"]


def test_a_damaged_installation_is_named_by_the_doctor(recsys, day_zero, monkeypatch, tmp_path):
    monkeypatch.setattr("content.pretrained.files", lambda _name: tmp_path)
    monkeypatch.setattr("content.pretrained.pretrained_encoder", pretrained_encoder.__wrapped__)
    ran = recsys("-w", day_zero, "doctor", "--json")
    (check,) = [check for check in ran.json if check["state"] == "FAIL"]
    assert (ran.code, check["what"], check["advice"]) == (1, "shipped encoder", "Install recsys again")
    with pytest.raises(InputError, match="ships with recsys"):
        pretrained_encoder.__wrapped__()


# Training that starts from it


def test_with_few_labels_training_starts_from_it_and_says_so(recsys, own):
    ran = recsys("-w", own, *TUNED, "--json")
    assert ran.json["start"] == "pretrained"
    assert "45 songs carry genre, fewer than 5,000" in ran.err
    assert about(own)["config"]["start"] == pretrained_encoder().fingerprint
    assert about(own)["architecture"] == pretrained_encoder().architecture.text
    assert not recsys("-w", own, *TUNED, "--json").json["trained"]


@pytest.mark.parametrize(
    ("options", "few", "words"), [(["--architecture", "IC(9,15,4)F(8)O"], 5000, "is asked for"), ([], 45, "45 or more")]
)
def test_a_named_architecture_or_many_labels_start_from_scratch(recsys, own, monkeypatch, options, few, words):
    monkeypatch.setattr(starting, "FEW_SONGS", few)
    ran = recsys("-w", own, "train-content", "--epochs", 1, "--workers", 1, *options, "--json")
    assert ran.json["start"] == "scratch"
    assert words in ran.err
    assert "start" not in about(own)["config"]


def test_what_is_asked_for_is_not_explained(recsys, own):
    ran = recsys("-w", own, *TUNED, "--from", "pretrained", "--json")
    assert ran.json["start"] == "pretrained"
    assert "carry genre" not in ran.err


def test_a_frozen_body_keeps_embeddings_and_recommender(recsys, own):
    assert recsys("-w", own, "train-hybrid").code == 0
    before = parquet(own)
    answer = recsys("-w", own, *FROZEN, "--json").json
    assert (answer["trained"], answer["embedded"]) == (True, 0)
    assert parquet(own) == before
    assert not recsys("-w", own, "train-hybrid", "--json").json["trained"]


def test_one_goes_to_and_fro_between_the_trained_encoder_and_the_shipped_one(recsys, own):
    shipped = parquet(own)
    assert recsys("-w", own, *TUNED, "--json").json["embedded"] == 45
    tuned = parquet(own)
    assert tuned != shipped
    assert recsys("-w", own, "embed", "--json").json["embedded"] == 0
    ran = recsys("-w", own, "embed", "--pretrained", "--json")
    assert (ran.json["embedded"], ran.json["pretrained"], parquet(own) == shipped) == (45, True, True)
    assert "set aside" in ran.err
    assert recsys("-w", own, "embed", "--json").json["pretrained"]  # it stays so
    back = recsys("-w", own, *TUNED, "--json").json
    assert (back["trained"], back["embedded"], parquet(own) == tuned) == (False, 45, True)
    assert not recsys("-w", own, "embed", "--json").json["pretrained"]


def test_a_half_saved_encoder_is_named_and_not_replaced_in_silence(recsys, workspace):
    (workspace / "models" / "encoder" / "model.json").unlink()
    before = parquet(workspace)
    ran = recsys("-w", workspace, "embed")
    assert (ran.code, parquet(workspace) == before) == (1, True)
    assert "train-content" in ran.err
    assert recsys("-w", workspace, "embed", "--pretrained", "--json").json["pretrained"]


def test_further_labels_and_validation_work_from_it(recsys, own):
    ran = recsys("-w", own, *TUNED, "--also", "mood", "--set", "validation_share=0.2", "--json")
    assert ran.code == 0
    assert [head["label"] for head in about(own)["also"]] == ["mood"]
    assert about(own)["config"]["validation_songs"] > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "pretrained", "--architecture", "best"), ("architecture 'best'", "--from pretrained")),
        (("--set", "snippet_seconds=5"), ("snippet_seconds=5", "--from scratch")),
        (("--from", "scratch", "--set", "body_rate=0"), ("body_rate=0", "--from pretrained")),
    ],
)
def test_what_contradicts_the_start_is_one_line(recsys, day_zero, options, words):
    ran = recsys("-w", day_zero, "train-content", *options)
    assert ran.code == 1
    (line,) = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert all(word in line for word in words)


@pytest.mark.slow
def test_two_processes_of_torchrun_start_from_it(own):
    ran = torchrun(2, "-w", own, *FROZEN, "--device", "cpu", "--json")
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert (answer["start"], answer["trained"], answer["embedded"]) == ("pretrained", True, 0)


# Evaluation


def test_recommenders_are_compared_with_it_without_training_a_network(recsys, own):
    ran = recsys("-w", own, *RECOMMENDERS, "--json")
    assert folds(own) == []
    assert {"content", "als", "lightfm", "lightfm-shuffled"} <= {row["model"] for row in ran.json["rows"]}
    fingerprint = pretrained_encoder().fingerprint
    assert ran.json["encoder"] == {"start": "pretrained", "fingerprint": fingerprint, "label": None}
    assert fingerprint in ran.json["notes"][0]
    assert "no label and no listen of this library" in ran.json["notes"][0]
    assert "no label and no listen" in (own / "reports" / "report.md").read_text()


def test_nothing_needs_to_be_embedded_before_recommenders_are_compared(recsys, own):
    embedded = recsys("-w", own, *RECOMMENDERS, "--json").json
    shutil.rmtree(own / "embeddings")
    assert recsys("-w", own, *RECOMMENDERS, "--json").json["rows"] == embedded["rows"]


def test_a_workspace_with_a_trained_encoder_can_be_compared_with_the_shipped_one(recsys, workspace):
    before = parquet(workspace)
    result = recsys("-w", workspace, *RECOMMENDERS, "--from", "pretrained", "--json").json
    assert result["encoder"]["fingerprint"] == pretrained_encoder().fingerprint
    assert folds(workspace) == []
    assert parquet(workspace) == before
    result = recsys("-w", workspace, *RECOMMENDERS, "--from", "scratch", "--json").json
    assert result["encoder"] == {"start": "scratch", "fingerprint": about(workspace)["fingerprint"], "label": "genre"}
    assert len(folds(workspace)) == 2


def test_a_head_on_a_frozen_body_needs_no_networks_of_folds(recsys, own):
    recsys("-w", own, *FROZEN)
    assert recsys("-w", own, *RECOMMENDERS, "--json").json["encoder"]["label"] is None
    assert folds(own) == []


def test_a_tuned_encoders_folds_are_tuned_without_their_labels(recsys, own):
    recsys("-w", own, *TUNED)
    result = recsys("-w", own, *RECOMMENDERS, "--json").json
    assert result["encoder"] == {"start": "pretrained", "fingerprint": about(own)["fingerprint"], "label": "genre"}
    assert len(folds(own)) == 2
    assert "without the labels of that fold's artists" in result["notes"][0]
    ran = recsys("-w", own, *RECOMMENDERS, "--from", "scratch")
    assert (ran.code, "train-content --from scratch" in ran.err) == (1, True)


def test_an_encoder_tuned_from_an_earlier_shipped_one_is_not_compared(recsys, own):
    recsys("-w", own, *TUNED)
    changed = about(own)
    changed["config"]["start"] = "0123456789abcdef"
    (own / "models" / "encoder" / "model.json").write_text(json.dumps(changed))
    ran = recsys("-w", own, *RECOMMENDERS)
    assert ran.code == 1
    assert "0123456789abcdef" in ran.err
    assert pretrained_encoder().fingerprint in ran.err


def test_folds_of_labels_start_from_it_and_the_report_says_so(recsys, own):
    args = ("evaluate", "labels", "--from", "pretrained", "--folds", 2, "--epochs", 1, "--workers", 2, "--json")
    ran = recsys("-w", own, *args, "--set", "body_rate=0", "--against", "IC(9,15,4)F(8)O")
    assert ran.code == 0, ran.err
    table = ran.json
    assert table["start"] == "pretrained"
    assert table["architecture"] == pretrained_encoder().architecture.text
    assert table["settings"]["training"]["start"] == pretrained_encoder().fingerprint
    assert any("no label and no listen of this library" in note for note in table["notes"])
    assert table["against"]["architecture"] == "IC(9,15,4)F(8)O"
    assert "from the shipped encoder" in table["summary"]


def test_a_table_of_the_shipped_encoder_leaves_its_architecture(recsys, day_zero):
    ran = recsys("-w", day_zero, "evaluate", "labels", "--from", "pretrained", "--architecture", "best")
    assert ran.code == 1
    assert "architecture 'best'" in ran.err
