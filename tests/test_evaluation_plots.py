"""Figures: names of points never lie on one another."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.plots import bias_scatter, recall_by_history, spread

falling = st.lists(st.floats(0, 1), max_size=25).map(lambda values: sorted(values, reverse=True))


@given(falling, st.floats(0.001, 0.3))
def test_spread_places_keep_order_and_distance(places, gap):
    moved = spread(places, gap)
    room = min(gap, 1 / max(1, len(places) - 1))
    assert len(moved) == len(places)
    assert all(a - b >= room - 1e-9 for a, b in pairwise(moved))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in moved)


def test_places_with_room_stay_where_they_are():
    assert spread([0.9, 0.5, 0.1], 0.2) == pytest.approx([0.9, 0.5, 0.1])


def test_equal_places_are_spread_to_both_sides():
    assert spread([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.6, 0.5, 0.4])


def row(model, metric, value, slice_name="all"):
    return {
        "model": model, "split": "warm", "slice": slice_name, "metric": metric, "k": 10, "value": value, "low": value,
        "high": value, "n_users": 9, "n_candidates": 9,
    }  # fmt: skip


def test_names_of_models_that_share_a_point_stand_on_lines_of_their_own():
    models = [f"model-{n}" for n in range(20)]
    rows = [row(model, metric, 0.3) for model in models for metric in ("ndcg", "novelty")]
    svg = bias_scatter({"rows": rows}, "warm", 10)
    heights = [
        float(y)
        for y in re.findall(r'<text[^>]*transform="translate\([\d.]+ ([\d.]+)\)"[^>]*>model-', svg)
        or re.findall(r'<text[^>]*y="([\d.]+)"[^>]*>model-', svg)
    ]
    assert len(heights) == 20
    assert min(b - a for a, b in pairwise(sorted(heights))) > 9  # points: the size of a letter


def test_a_panel_stands_for_each_slice_of_history_shortest_first():
    slices = ("history 1-3", "history 4-7", "history 8-20")
    rows = [row(model, metric, 0.3, s) for model in "ab" for s in slices for metric in ("recall",)]
    rows += [row(model, "ndcg", 0.3) for model in "ab"]
    svg = recall_by_history({"rows": rows}, "warm", 10)
    assert re.findall(r">(\d+-\d+) songs in train<", svg) == ["1-3", "4-7", "8-20"]


def test_without_slices_of_history_there_is_no_figure():
    assert recall_by_history({"rows": [row("a", "ndcg", 0.1)]}, "warm", 10) == ""
