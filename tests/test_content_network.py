"""The network of a notation: shapes layer by layer, padding, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from content.modules import BatchNorm, Moments
from content.network import build, to_input
from content.notation import PRESETS, architecture, parse
from content.shapes import NetworkChoices, layer_shapes
from data.errors import InputError

# The paper preset on 233 rows and 5 s (215 frames): each stride s makes ceil(n / s) of n.
PAPER = [
    ("I", (1, 233, 215), 0, 0),
    ("C(5,15,64)", (64, 47, 43), 15 * 15 * 64 + 64, 15 * 15 * 64 * 47 * 43),
    ("L", (64, 47, 43), 0, 0),
    ("P", (64, 24, 22), 0, 0),
    ("C(1,5,64)", (64, 24, 22), 5 * 5 * 64 * 64 + 64, 5 * 5 * 64 * 64 * 24 * 22),
    ("L", (64, 24, 22), 0, 0),
    ("P", (64, 12, 11), 0, 0),
    ("F(384)", (384,), 64 * 12 * 11 * 384 + 384, 64 * 12 * 11 * 384),
    ("F(192)", (192,), 384 * 192 + 192, 384 * 192),
    ("O", (9,), 192 * 9 + 9, 192 * 9),
]


@pytest.mark.parametrize("index", range(len(PAPER)), ids=[line[0] for line in PAPER])
def test_the_paper_preset_says_these_shapes(index):
    line = layer_shapes(architecture("paper"), 233, 215, 9)[index]
    assert (line.layer, line.shape, line.parameters, line.multiply_adds) == PAPER[index]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("text", ["IC(5,15,8)LPC(1,5,4)LPF(6)F(5)O", "IC(2,4,3)PF(7)O", "IF(4)O"])
def test_the_module_makes_the_shapes_that_are_said(text, padding):
    choices = NetworkChoices(padding=padding)
    network = build(parse(text), 151, 133, 3, choices)
    x, made = torch.zeros(2, 1, 151, 133), [(1, 151, 133)]
    for module in network.body:
        x = module(x)
        if not isinstance(module, nn.ReLU | nn.Flatten):
            made.append(tuple(x.shape[1:]))
    said = layer_shapes(parse(text), 151, 133, 3, choices)
    assert made == [line.shape for line in said[:-1]]
    assert network(torch.zeros(2, 1, 151, 133)).shape == (2, *said[-1].shape)


def test_the_paper_preset_has_three_and_a_half_million_parameters():
    assert sum(parameter.numel() for parameter in build(architecture("paper"), 233, 215, 9).parameters()) == 3_437_001


EXTENDED = (
    "IT(2,5,6)BPU(4)A(2)F(3)O",
    "IK(2,3,4)K(1,3,4)GD(30)F(3)O",
    "IS(2,3,5)BRMF(7)BRF(3)O",
    "IT(2,5,6)K(2,3,8)S(2,3,4)GF(3)O",
    "I[M|C(2,3,4)PG|T(1,3,2)A(3)F(5)BR]D(40)F(3)O",
)


@pytest.mark.parametrize("text", [*PRESETS.values(), *EXTENDED])
def test_parameters_and_shapes_are_as_said(text):
    network, said = build(parse(text), 31, 40, 4).eval(), layer_shapes(parse(text), 31, 40, 4)
    assert sum(parameter.numel() for parameter in network.parameters()) == sum(line.parameters for line in said)
    embedding = network.embed(torch.rand(2, 1, 31, 40))
    assert tuple(embedding.shape[1:]) == said[-2].shape


@pytest.mark.parametrize("text", EXTENDED)
def test_every_layer_learns(text):
    torch.manual_seed(0)
    network = build(parse(text), 31, 40, 4)
    network(torch.rand(5, 1, 31, 40)).square().sum().backward()
    still = [name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.abs().sum()]
    # A bias right before batch normalisation has no effect, and the score's bias none in a softmax.
    assert [name for name in still if not name.endswith("bias")] == []


@pytest.mark.parametrize("text", EXTENDED)
def test_snippets_do_not_meet_outside_of_training(text):
    network, x = build(parse(text), 31, 40, 4).eval(), torch.rand(3, 1, 31, 40)
    torch.testing.assert_close(network(x)[1:2], network(x[1:2]))


def test_the_cost_of_a_network_counts_its_branches():
    lines = layer_shapes(parse("I[M|T(2,5,6)G]F(3)O"), 31, 40, 4)
    assert [line.layer for line in lines] == ["I", "| M", "| T(2,5,6)", "| G", "]", "F(3)", "O"]
    assert lines[2].multiply_adds == 31 * 5 * 6 * 20
    assert lines[4].shape == (3 * 31 + 3 * 6,)


def test_moments_are_mean_deviation_and_change_of_each_row():
    x = torch.rand(2, 1, 3, 50)
    rows = x[:, 0]
    wanted = torch.cat([rows.mean(2), (rows.var(2, correction=0) + 1e-5).sqrt(), rows.diff(dim=2).abs().mean(2)], 1)
    torch.testing.assert_close(Moments()(x), wanted)


def test_attention_starts_as_the_mean_over_frames():
    network = build(parse("IA(1)F(2)O"), 3, 50, 2)
    x = torch.rand(2, 1, 3, 50)
    torch.testing.assert_close(network.body[0](x), x[:, 0].mean(2))


def test_a_recurrent_layer_reads_in_both_directions():
    layer, x = build(parse("IU(4)GF(2)O"), 3, 20, 2).body[0], torch.rand(1, 1, 3, 20)
    other = x.clone()
    other[..., -1] += 1.0
    assert (layer(other)[..., 0] != layer(x)[..., 0]).any()


def test_batch_normalisation_of_a_single_sample_uses_the_running_statistics():
    layer = BatchNorm(4).train()
    torch.testing.assert_close(layer(torch.full((1, 4), 3.0)), torch.full((1, 4), 3.0) / math.sqrt(1 + layer.eps))
    assert layer.num_batches_tracked == 0


def test_a_convolution_is_followed_by_relu_and_a_fully_connected_layer_is_not():
    kinds = [type(module).__name__ for module in build(architecture("paper"), 233, 215, 9).body]
    block = ["PaddedConvolution", "ReLU", "LocalResponseNorm", "PaddedMaxPool"]
    assert kinds == [*block, *block, "Flatten", "Linear", "Linear"]


def test_hidden_relu_stands_between_fully_connected_layers_only():
    network = build(parse("IF(8)F(4)O"), 3, 3, 2, NetworkChoices(hidden_relu=True))
    assert [type(module).__name__ for module in network.body] == ["Flatten", "Linear", "ReLU", "Linear"]


def test_forward_is_the_output_layer_on_the_embedding():
    network = build(parse("IC(2,3,4)PF(5)O"), 12, 10, 3)
    x = torch.rand(2, 1, 12, 10)
    torch.testing.assert_close(network(x), network.output(network.embed(x)))


def test_same_padding_puts_the_odd_zero_at_the_end():
    network = build(parse("IC(2,4,1)F(2)O"), 9, 9, 2)
    convolution = network.body[0]
    x = torch.rand(1, 1, 9, 9)
    # 9 -> 5 needs (5 - 1) * 2 + 4 - 9 = 3 zeros: one before, two after.
    wanted = functional.conv2d(functional.pad(x, (1, 2, 1, 2)), convolution.weight, convolution.bias, stride=2)
    torch.testing.assert_close(convolution(x), wanted)


def test_the_edge_of_a_pooled_image_is_not_mixed_with_zeros():
    pool = build(parse("IPF(2)O"), 5, 5, 2).body[0]
    assert (pool(torch.full((1, 1, 5, 5), -2.0)) == -2.0).all()


def test_rows_are_normalised_by_the_buffers():
    network = build(parse("IF(2)O"), 2, 3, 2)
    x = torch.rand(1, 1, 2, 3)
    plain = network.embed((x - torch.tensor([0.2, 0.6])[:, None]) / torch.tensor([0.1, 0.3])[:, None])
    network.row_mean.copy_(torch.tensor([0.2, 0.6]))
    network.row_std.copy_(torch.tensor([0.1, 0.3]))
    torch.testing.assert_close(network.embed(x), plain)


def test_snippets_are_turned_to_rows_by_frames_between_0_and_1():
    snippets = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    x = to_input(snippets, torch.device("cpu"))
    assert x.shape == (2, 1, 4, 3)
    assert x.dtype == torch.float32
    assert x[1, 0, 3, 2].item() == pytest.approx(23 / 255)


def test_a_network_that_eats_the_image_up_is_refused_with_the_numbers():
    with pytest.raises(InputError, match=r"C\(1,5,64\) looks at 5 x 5 but only 3 rows x 2 frames are left"):
        build(parse("IPC(1,5,64)F(2)O"), 8, 6, 2, NetworkChoices(padding="valid"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("padding", "full"), ("pool_size", 0), ("pool_stride", 0), ("lrn_size", 4), ("lrn_alpha", -1.0), ("lrn_k", 0.0)],
)
def test_a_choice_out_of_range_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=field):
        NetworkChoices(**{field: value})


def test_initial_weights_keep_the_scale():
    torch.manual_seed(0)
    network = build(architecture("paper"), 233, 215, 9)
    assert network.body[4].weight.std().item() == pytest.approx(math.sqrt(2 / (64 * 25)), rel=0.02)
    assert network.body[9].weight.std().item() == pytest.approx(math.sqrt(1 / (64 * 12 * 11)), rel=0.02)
