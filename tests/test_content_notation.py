"""The paper's notation: what it means, and how a wrong one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.layers import (
    Architecture,
    Attention,
    BatchNorm,
    Branches,
    Convolution,
    Dropout,
    FullyConnected,
    GlobalPool,
    LocalResponse,
    MaxPool,
    Moments,
    Recurrent,
    Relu,
    Residual,
    Separable,
    TemporalConvolution,
)
from content.notation import PRESETS, architecture, parse
from data.errors import InputError


def test_the_paper_preset_has_the_layers_of_table_1():
    assert architecture("paper").layers == (
        Convolution(stride=5, receptive_field=15, depth=64),
        LocalResponse(),
        MaxPool(),
        Convolution(stride=1, receptive_field=5, depth=64),
        LocalResponse(),
        MaxPool(),
        FullyConnected(384),
        FullyConnected(192),
    )


def test_the_last_fully_connected_layer_is_the_embedding():
    assert architecture("paper").embedding_size == 192


def test_blanks_do_not_matter():
    assert parse("  I C( 5, 15 ,64) L P F (3) O ") == parse("IC(5,15,64)LPF(3)O")


def test_a_preset_and_its_notation_are_the_same():
    assert architecture("paper") == architecture(PRESETS["paper"])


KERNEL = (st.integers(1, 9), st.integers(1, 31), st.integers(1, 512))
SPATIAL = st.one_of(
    *(st.builds(kind, *KERNEL) for kind in (Convolution, TemporalConvolution, Separable, Residual)),
    st.sampled_from((LocalResponse(), MaxPool(), BatchNorm(), Relu())),
    st.builds(Recurrent, st.integers(1, 99)),
)
POOL = st.one_of(st.sampled_from((GlobalPool(), Moments())), st.builds(Attention, st.integers(1, 9)))
FLAT = st.one_of(
    st.sampled_from((BatchNorm(), Relu())),
    st.builds(Dropout, st.integers(1, 99)),
    st.builds(FullyConnected, st.integers(1, 999)),
)
WAY = st.builds(
    lambda spatial, pool, flat: (*spatial, pool, *flat), st.lists(SPATIAL, max_size=4), POOL, st.lists(FLAT, max_size=3)
)
BRANCHES = st.builds(lambda ways: Branches(tuple(ways)), st.lists(WAY, min_size=2, max_size=3))


@given(st.lists(SPATIAL, max_size=5), st.one_of(POOL, BRANCHES), st.lists(FLAT, max_size=3))
def test_text_and_parse_are_inverse(spatial, middle, flat):
    whole = Architecture((*spatial, middle, *flat, FullyConnected(192)))
    assert parse(str(whole)) == whole


@pytest.mark.parametrize(
    ("text", "position", "rule"),
    [
        ("", 1, "starts with I"),
        ("C(1,2,3)F(2)O", 1, "starts with I"),
        ("IX(3)F(2)O", 2, "unknown layer 'X'"),
        ("IC5,15,64)F(2)O", 3, "parenthesis is missing"),
        ("IC(5,15,64F(2)O", 11, "closing parenthesis is missing"),
        ("IC(5,15,64", 11, "closing parenthesis is missing"),
        ("IC(5,15)F(2)O", 3, "takes 3 numbers, got 2"),
        ("IF()O", 3, "takes 1 number, got 0"),
        ("IF(2,3)O", 3, "takes 1 number, got 2"),
        ("IL(2)F(2)O", 3, "L takes no numbers"),
        ("IC(5,0,64)F(2)O", 6, "receptive field must be a positive integer, got '0'"),
        ("IC(5, -3,64)F(2)O", 7, "receptive field must be a positive integer, got '-3'"),
        ("IF(2.5)O", 4, "neurons must be a positive integer, got '2.5'"),
        ("IF(٣)O", 4, "neurons must be a positive integer"),
        ("IF(2)", 6, "O, the output layer, is missing"),
        ("IF(2)OO", 7, "nothing may follow O"),
        ("IF(2)IO", 6, "only at the start"),
        ("IO", 2, "the layer before O must be F"),
        ("IC(1,3,8)LPO", 12, "the layer before O must be F"),
        ("IF(9)C(1,3,8)F(2)O", 6, "cannot come after F"),
        ("IF(9)PF(2)O", 6, "cannot come after F"),
        ("IGPF(2)O", 3, "cannot come after G, which leaves none"),
        ("IMT(1,3,8)F(2)O", 3, "cannot come after M"),
        ("ID(100)F(2)O", 4, "percent must be at most 99, got 100"),
        ("I[M|G]PF(2)O", 7, "cannot come after [, which leaves none"),
        ("I[M|G][M|G]F(2)O", 7, "cannot come after [, which leaves none"),
        ("I[M|GPF(4)]F(2)O", 6, "cannot come after G"),
        ("I[M]F(2)O", 2, "branches are two or more"),
        ("I[M|]F(2)O", 5, "a branch needs at least one layer"),
        ("I[|M]F(2)O", 3, "a branch needs at least one layer"),
        ("I[M|GF(2)O", 10, "a branch is not closed"),
        ("I[M|G", 6, "a branch is not closed"),
        ("IM|GF(2)O", 3, "unknown layer '|'"),
        ("IM]F(2)O", 3, "unknown layer ']'"),
        ("I" + "[M|" * 300 + "M" + "]" * 300 + "F(2)O", 62, "20 deep at most"),
        ("I[M|F(3]F(2)O", 8, "closing parenthesis is missing"),
    ],
)
def test_a_wrong_notation_is_refused_with_its_position(text, position, rule):
    with pytest.raises(InputError) as error:
        parse(text)
    assert rule in error.value.message
    assert f"position {position}:" in error.value.message
    assert error.value.code == "architecture"


def test_the_caret_stands_under_the_wrong_character():
    with pytest.raises(InputError) as error:
        parse("IC(5,15,64)LQF(2)O")
    _, line, caret = error.value.message.split("\n")
    assert line[caret.index("^")] == "Q"


def test_what_is_neither_preset_nor_notation_names_the_presets():
    with pytest.raises(InputError, match=r"'resnet' is neither a preset \(paper"):
        architecture("resnet")


def test_an_architecture_built_by_hand_must_end_in_a_fully_connected_layer():
    with pytest.raises(InputError, match="before O must be F"):
        Architecture((LocalResponse(),))


def test_an_architecture_built_by_hand_keeps_the_order_of_layers():
    with pytest.raises(InputError, match="P needs rows and frames, none are left"):
        Architecture((Branches(((Moments(),), (GlobalPool(), MaxPool()))), FullyConnected(2)))


def test_every_preset_makes_an_embedding_of_192_numbers():
    assert {architecture(name).embedding_size for name in PRESETS} == {192}
