"""`recsys architectures`: what each preset comes to."""

from __future__ import annotations

import pytest
import torch

from content.network import build
from content.notation import PRESETS, architecture
from content.training_config import PRESET_TRAINING, TrainingConfig, training_for
from data.errors import InputError
from recsys.steps.architectures import architectures


def test_every_preset_is_listed_with_its_notation():
    assert {row["name"]: row["architecture"] for row in architectures()} == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_parameters_are_those_of_the_network_without_its_output_layer(name):
    (row,) = architectures(name)
    _, n_rows, n_frames = row["layers"][0]["shape"]
    network = build(architecture(name), n_rows, n_frames, 9)
    assert row["parameters"] == sum(parameter.numel() for parameter in network.body.parameters())
    assert row["layers"][-1]["shape"] == (192,)


def test_multiply_adds_of_the_paper_are_those_of_its_layers():
    (row,) = architectures("paper")
    assert row["multiply_adds"] == 29_102_400 + 54_067_200 + 3_244_032 + 73_728


def test_a_notation_is_described_layer_by_layer():
    (row,) = architectures("I[M|T(2,5,8)G]F(192)O")
    assert row["name"] == ""
    assert [line["layer"] for line in row["layers"]] == ["I", "| M", "| T(2,5,8)", "| G", "]", "F(192)"]


def test_a_wrong_notation_is_refused_with_its_position():
    with pytest.raises(InputError, match="position 2: unknown layer 'Q'"):
        architectures("IQF(2)O")


def test_training_says_what_differs_from_the_defaults():
    (best,) = architectures("best")
    assert best["training"] == {k: v for k, v in PRESET_TRAINING["best"].items() if v != getattr(TrainingConfig(), k)}
    assert architectures("paper")[0]["training"] == {}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_training_that_is_valid(name):
    assert isinstance(training_for(name), TrainingConfig)


def test_the_best_preset_learns_on_a_batch():
    torch.manual_seed(0)
    network = build(architecture("best"), 31, 40, 3)
    network(torch.rand(4, 1, 31, 40)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_command_prints_presets_and_json(recsys):
    text = recsys("architectures")
    assert all(notation in text.out for notation in PRESETS.values())
    assert [row["name"] for row in recsys("architectures", "--json").json] == list(PRESETS)


def test_a_long_notation_stands_in_one_line(recsys):
    notation = "I[C(2,3,8)PG|MF(12)|T(1,3,8)U(4)A(2)|K(1,3,4)S(1,3,4)LBRD(10)G]F(32)O"
    assert recsys("architectures", notation).out.splitlines()[0] == f"notation: {notation}"
