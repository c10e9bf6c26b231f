"""train-content and evaluate labels: settings, further labels, metrics, several processes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file


@pytest.fixture
def tagged(workspace):
    """A trained workspace whose songs, but for the first five, also carry tags."""
    with sqlite3.connect(workspace / "catalogue.sqlite") as db:
        songs = [row[0] for row in db.execute("SELECT track_id FROM tracks ORDER BY track_id")]
        columns = [row[1] for row in db.execute("PRAGMA table_info(labels)")]
        for number, song in enumerate(songs[5:]):
            row = {"track_id": song, "kind": "tags", "value": ("calm; slow", "loud", "loud; slow")[number % 3]}
            names = [name for name in columns if name in row]
            rest = [name for name in columns if name not in row]
            db.execute(
                f"INSERT INTO labels ({', '.join(names + rest)}) VALUES ({', '.join('?' * len(columns))})",
                [*(row[name] for name in names), *("table" for _ in rest)],
            )
    db.close()
    return workspace


def about(workspace):
    return json.loads((workspace / "models" / "encoder" / "model.json").read_text())


def train(recsys, workspace, *options):
    return recsys("-w", workspace, "train-content", "--from", "scratch", "--workers", 1, "--epochs", 1, *options)


def test_any_setting_can_be_given(recsys, workspace):
    ran = train(
        recsys, workspace, "--set", "optimizer=adamw", "--set", "weight_decay=0.02", "--set", "validation_share=0.2", "--json"
    )
    assert ran.code == 0
    assert ran.json["best_epoch"] == 1
    config = about(workspace)["config"]
    assert (config["optimizer"], config["weight_decay"], config["validation_songs"] > 0) == ("adamw", 0.02, True)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("optimiser=adamw", ["optimiser", "optimizer", "learning_rate"]),
        ("epochs=many", ["epochs=many", "whole number"]),
        ("mixup=-1", ["mixup=-1.0", "negative"]),
        ("patience=3", ["patience=3", "validation_share"]),
        ("epochs", ["KEY=VALUE"]),
    ],
)
@pytest.mark.parametrize("command", [("train-content",), ("evaluate", "labels")], ids=" ".join)
def test_a_wrong_setting_is_one_line(recsys, trained, command, setting, words):
    ran = recsys("-w", trained, *command, "--set", setting)
    assert ran.code == 1
    (line,) = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert all(word in line for word in words)


def test_further_labels_are_learned_beside_the_first(recsys, tagged):
    answer = train(recsys, tagged, "--label", "mood", "--also", "genre", "--also", "tags", "--json").json
    assert (answer["label"], answer["also"], answer["songs"]) == ("mood", ["genre", "tags"], 45)
    found = about(tagged)
    assert found["label"] == "mood"
    assert [(head["label"], head["multi_valued"]) for head in found["also"]] == [("genre", False), ("tags", True)]
    assert found["also"][1]["classes"] == ["calm", "loud", "slow"]
    outputs = load_file(tagged / "models" / "encoder" / "model.safetensors")["output.weight"].shape[0]
    assert outputs == len(found["classes"]) + len(found["also"][0]["classes"]) + 3
    assert not train(recsys, tagged, "--label", "mood", "--also", "genre", "--also", "tags", "--json").json["trained"]
    assert recsys("-w", tagged, "embed").code == 0


def test_a_label_of_several_values_may_be_the_first(recsys, tagged):
    answer = train(recsys, tagged, "--label", "tags", "--json").json
    assert (answer["classes"], answer["songs"]) == (["calm", "loud", "slow"], 40)


@pytest.mark.parametrize(("also", "word"), [("colour", "colour"), ("mood", "each may be named once")])
def test_a_wrong_further_label_is_named(recsys, workspace, also, word):
    ran = train(recsys, workspace, "--label", "mood", "--also", also)
    assert ran.code == 1
    assert word in ran.err


def test_folds_learn_further_labels_too(recsys, tagged):
    args = ("-w", tagged, "evaluate", "labels", "--label", "mood", "--folds", 2, "--epochs", 1, "--workers", 1, "--json")
    alone = recsys(*args).json
    together = recsys(*args, "--also", "tags", "--set", "also_multi_weight=1").json
    assert set(together["mean"]) == set(alone["mean"])
    assert together["mean"]["loss"] != alone["mean"]["loss"]


def test_the_comparison_of_recommenders_trains_as_the_encoder_was(recsys, tagged):
    """With its further labels and settings: what evaluate labels has trained with the same ones is read, not trained again."""
    options = ("--also", "tags", "--set", "optimizer=adamw", "--epochs", 1, "--label", "mood")
    train(recsys, tagged, *options)
    assert recsys("-w", tagged, "evaluate", "labels", *options, "--folds", 2, "--workers", 1).code == 0
    stamps = {path: path.stat().st_mtime_ns for path in tagged.glob("models/folds/*/*.npz")}
    assert recsys("-w", tagged, "evaluate", "recommenders", "--folds", 2, "--seeds", 1, "--workers", 1).code == 0
    assert {path: path.stat().st_mtime_ns for path in tagged.glob("models/folds/*/*.npz")} == stamps


def test_each_epoch_stands_in_metrics_jsonl(recsys, trained):
    lines = [json.loads(line) for line in (trained / "models" / "encoder" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert [line["loss"] for line in lines] == [record["loss"] for record in about(trained)["history"]]
    assert {line["run"] for line in lines} == {about(trained)["config"]["run"]}


def test_event_files_are_written_for_tensorboard(recsys, workspace, tmp_path):
    pytest.importorskip("tensorboard")
    assert train(recsys, workspace, "--label", "mood", "--tensorboard", tmp_path / "events").code == 0
    assert list((tmp_path / "events").glob("events.out.tfevents.*"))


def torchrun(count, *args):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", count, "-m", "recsys", *args]
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.slow
def test_two_processes_of_torchrun_share_a_workspace_and_answer_once(recsys, workspace, tmp_path):
    other = shutil.copytree(workspace, tmp_path / "other")
    options = (
        "train-content",
        "--from",
        "scratch",
        "--label",
        "mood",
        "--epochs",
        2,
        "--workers",
        2,
        "--device",
        "cpu",
        "--json",
    )
    ran = torchrun(2, "-w", workspace, *options)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["trained"]
    assert recsys("-w", other, *options).code == 0
    ours, alone = (load_file(place / "models" / "encoder" / "model.safetensors") for place in (workspace, other))
    for name, weights in alone.items():
        np.testing.assert_allclose(ours[name], weights, atol=1e-4, err_msg=name)
    lines = (workspace / "models" / "encoder" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
    again = torchrun(2, "-w", workspace, *options)
    assert not json.loads(again.stdout)["trained"]


@pytest.mark.slow
def test_what_the_first_process_refuses_ends_all_of_torchrun(workspace):
    ran = torchrun(2, "-w", workspace, "train-content", "--label", "colour", "--device", "cpu")
    assert ran.returncode != 0
    assert ran.stderr.count("recsys: no song has a label 'colour'") == 1
