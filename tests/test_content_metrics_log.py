"""metrics.jsonl and TensorBoard: one line an epoch, also after a kill."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace

import pytest
from beats import QUICK, SMALL, SPEC, kill_in_epoch, songs

from content.checkpoint import EpochRecord
from content.metrics_log import check_tensorboard, metrics_log
from content.training import train
from data.errors import InputError

HISTORY = [EpochRecord(epoch, 1.0 / epoch, 0.5, 0.01) for epoch in (1, 2, 3)]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, run, history, new=()):
    with metrics_log(path, None, run, history) as log:
        for record in new:
            log(record, 2.0, 50)


def test_a_line_holds_the_epoch_and_its_speed(tmp_path):
    write(tmp_path / "m", "run", [], HISTORY[:1])
    assert lines(tmp_path / "m") == [
        {
            "run": "run",
            "epoch": 1,
            "loss": 1.0,
            "accuracy": 0.5,
            "learning_rate": 0.01,
            "validation_loss": None,
            "validation_accuracy": None,
            "seconds": 2.0,
            "snippets_per_second": 25.0,
        }
    ]


def test_an_epoch_that_comes_again_is_not_doubled(tmp_path):
    write(tmp_path / "m", "run", [], HISTORY)  # killed before the last checkpoint was written
    write(tmp_path / "m", "run", HISTORY[:2], HISTORY[2:])
    assert [line["epoch"] for line in lines(tmp_path / "m")] == [1, 2, 3]


def test_a_torn_line_and_lines_of_another_run_are_taken_out(tmp_path):
    write(tmp_path / "m", "old", [], HISTORY)
    with (tmp_path / "m").open("a") as file:
        file.write('{"run": "run", "epoch": 1, "lo')
    write(tmp_path / "m", "run", [], HISTORY[:1])
    assert [(line["run"], line["epoch"]) for line in lines(tmp_path / "m")] == [("run", 1)]


def test_a_lost_file_is_filled_from_the_checkpoint(tmp_path):
    write(tmp_path / "m", "run", HISTORY[:2], HISTORY[2:])
    assert [(line["epoch"], line["seconds"]) for line in lines(tmp_path / "m")] == [(1, None), (2, None), (3, 2.0)]


def test_a_killed_training_has_each_epoch_once(tmp_path):
    images, labels = songs(24, 0)
    config = replace(QUICK, validation_share=0.2)
    kill_in_epoch(3, tmp_path / "c", images, labels, config, metrics=tmp_path / "m")
    encoder = train(images, labels, config, SMALL, spec=SPEC, label="beat", checkpoint=tmp_path / "c", metrics=tmp_path / "m")
    found = lines(tmp_path / "m")
    assert [line["epoch"] for line in found] == [1, 2, 3]
    assert [line["loss"] for line in found] == [record.loss for record in encoder.history]
    assert [line["validation_loss"] for line in found] == [record.validation_loss for record in encoder.history]
    assert {line["run"] for line in found} == {encoder.config["run"]}
    assert all(line["seconds"] > 0 and line["snippets_per_second"] > 0 for line in found)


def test_tensorboard_gets_one_value_an_epoch(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    images, labels = songs(24, 0)
    kill_in_epoch(3, tmp_path / "c", images, labels, tensorboard=tmp_path / "events")
    train(images, labels, QUICK, SMALL, spec=SPEC, label="beat", checkpoint=tmp_path / "c", tensorboard=tmp_path / "events")
    events = EventAccumulator(str(tmp_path / "events"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3]
    assert set(events.Tags()["scalars"]) == {"loss", "accuracy", "learning_rate", "snippets_per_second"}


def test_a_folder_that_tensorboard_cannot_write_to_costs_no_earlier_line(tmp_path):
    pytest.importorskip("tensorboard")
    write(tmp_path / "m", "old", [], HISTORY)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"), metrics_log(tmp_path / "m", tmp_path / "file", "run", []):
        pass
    assert len(lines(tmp_path / "m")) == 3


def test_tensorboard_that_is_not_installed_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r"TensorBoard is not installed.*recsys\[tensorboard\]"):
        check_tensorboard()
