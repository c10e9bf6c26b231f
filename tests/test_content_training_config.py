"""How a network is trained: ranges, presets, what the user writes, and the learning rate."""

from __future__ import annotations

import dataclasses

import pytest
from conftest import ROOT

from content import training_config
from content.notation import PRESETS
from content.training_config import PRESET_TRAINING, PRETRAINED, TrainingConfig, learning_rate, parse_settings, training_for
from data.errors import InputError


def test_the_cosine_falls_from_the_full_rate_to_nothing():
    config = TrainingConfig(learning_rate=0.02, schedule="cosine")
    assert [round(learning_rate(config, share), 4) for share in (0, 0.5, 1)] == [0.02, 0.01, 0.0]
    assert learning_rate(TrainingConfig(learning_rate=0.02, schedule="constant"), 0.9) == 0.02


def test_one_cycle_rises_from_a_25th_and_falls_to_nothing():
    config = TrainingConfig(learning_rate=0.5, schedule="one-cycle", warmup=0.2)
    assert [round(learning_rate(config, share), 6) for share in (0, 0.1, 0.2, 0.6, 1)] == [0.02, 0.26, 0.5, 0.25, 0.0]


def test_one_cycle_without_warmup_is_the_cosine():
    ours, cosine = (TrainingConfig(schedule=schedule, warmup=0.0) for schedule in ("one-cycle", "cosine"))
    assert [learning_rate(ours, share) for share in (0, 0.4, 1)] == [learning_rate(cosine, share) for share in (0, 0.4, 1)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("snippets_per_song", 0),
        ("batch_size", 0),
        ("snippet_seconds", 0.0),
        ("learning_rate", -1.0),
        ("momentum", 1.0),
        ("weight_decay", -0.1),
        ("schedule", "step"),
        ("seed", -1),
        ("threads", 0),
        ("learning_rate", float("nan")),
        ("epochs", 2.5),
        ("optimizer", "rmsprop"),
        ("positions", "middle"),
        ("class_weights", "heavy"),
        ("warmup", 1.0),
        ("gradient_clip", -1.0),
        ("label_smoothing", 1.0),
        ("mixup", float("inf")),
        ("time_masks", -1),
        ("time_mask_frames", 0),
        ("frequency_masks", -1),
        ("frequency_mask_rows", 0),
        ("weight_average", 1.0),
        ("validation_share", 1.0),
        ("patience", -1),
        ("patience", 3),  # without songs to validate on
        ("also_weight", -0.1),
        ("also_multi_weight", -0.1),
        ("least_songs", 0),
        ("device", "tpu"),
        ("epochs", 10**7),
        ("snippets_per_song", 10**9),
        ("snippet_seconds", 1e12),
        ("seed", 2**64),
        ("threads", 10**9),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=field):
        TrainingConfig(**{field: value})


def test_each_field_can_be_set_from_a_text_of_its_own_value():
    config = TrainingConfig()
    texts = [f"{field.name}={getattr(config, field.name)}" for field in dataclasses.fields(config)]
    assert TrainingConfig(**parse_settings(texts)) == config


def test_each_field_stands_in_the_documentation():
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for field in dataclasses.fields(TrainingConfig):
        assert f"`{field.name}`" in page, field.name


def test_settings_have_the_type_of_their_field():
    texts = ["epochs = 3", "learning_rate=1e-3", "mixed_precision=True", "threads=2", "schedule=constant"]
    assert parse_settings(texts) == {
        "epochs": 3,
        "learning_rate": 0.001,
        "mixed_precision": True,
        "threads": 2,
        "schedule": "constant",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs=2.5", "epochs=2.5 must be a whole number"),
        ("learning_rate=fast", "learning_rate=fast must be a number"),
        ("mixed_precision=1", "true or false"),
        ("threads=many", "whole number or none"),
        ("epochs", "KEY=VALUE"),
    ],
)
def test_a_setting_of_another_type_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse_settings([text])


def test_an_unknown_setting_lists_all_there_are():
    with pytest.raises(InputError, match="no training setting 'optimiser'") as error:
        parse_settings(["optimiser=adamw"])
    assert all(field.name in str(error.value) for field in dataclasses.fields(TrainingConfig))
    with pytest.raises(InputError, match="no training setting 'speed'"):
        training_for("paper", {"speed": 3})


def test_the_paper_is_trained_with_the_defaults():
    assert training_for("paper") == TrainingConfig()


def test_every_trained_preset_exists_and_its_settings_are_valid():
    assert set(PRESET_TRAINING) - {PRETRAINED} <= set(PRESETS)  # the shipped encoder's architecture is no preset
    training_for(PRETRAINED)
    for name in PRESETS:
        training_for(name)


def test_what_is_given_goes_before_the_preset_and_settings_before_both(monkeypatch):
    monkeypatch.setitem(training_config.PRESET_TRAINING, "toy", {"epochs": 7, "batch_size": 9, "seed": 4})
    config = training_for(" toy", {"batch_size": 5}, epochs=None, batch_size=6, seed=1)
    assert (config.epochs, config.batch_size, config.seed) == (7, 5, 1)
    assert training_for("IF(3)O", epochs=None) == TrainingConfig()
