"""Floors under what the chain reaches, on a composed world and on real songs with real listeners; minutes each."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def values(result, split, metric="ndcg"):
    """Model -> (value, low, high) of one metric over all users."""
    rows = [row for row in result["rows"] if (row["split"], row["slice"], row["metric"]) == (split, "all", metric)]
    return {row["model"]: (row["value"], row["low"], row["high"]) for row in rows}


def assert_content_earns_its_place(result):
    """On cold songs content is clear of its shuffled control and of chance; a hybrid is, too."""
    cold = values(result, "cold")
    for model in ("content", "als", "lightfm"):
        assert cold[model][1] > cold[f"{model}-shuffled"][2], model
        assert cold[model][1] > cold["random"][2], model
    # Engines of listens alone know nothing of cold songs: chance, not better.
    for model in ("lightfm-cf", "als-cf", "popularity", "item-knn"):
        assert cold[model][1] <= cold["random"][2], model


def test_the_composed_world(recsys, tmp_path):
    folder = tmp_path / "demo"
    assert recsys("demo", "--folder", folder, "--songs", 270, "--listeners", 300).code == 0
    labels = recsys("-w", folder / "workspace", "evaluate", "labels", "--folds", 3, "--epochs", 6, "--json").json
    assert labels["mean"]["song_precision_at_1"] > 0.35  # nine genres; the majority class gives 0.11
    assert labels["controls"]["shuffled_labels"]["song_precision_at_1"] < 0.25
    result = recsys("-w", folder / "workspace", "evaluate", "recommenders", "--folds", 3, "--seeds", 1, "--json").json
    assert_content_earns_its_place(result)
    warm = values(result, "warm")
    assert warm["lightfm"][0] >= 0.9 * warm["lightfm-cf"][0]
    assert warm["popularity"][1] > warm["random"][2]


def test_real_songs_and_real_listeners(recsys, datasets, tmp_path):
    songs, root = datasets / "moods4q", tmp_path / "w"
    assert recsys("-w", root, "scan", songs, "--json").json["songs"] == 735
    assert recsys("-w", root, "import-listens", songs / "listens.csv").code == 0
    assert recsys("-w", root, "train-content", "--from", "scratch", "--label", "mood", "--epochs", 5).code == 0
    assert recsys("-w", root, "train-hybrid").code == 0
    items = recsys("-w", root, "recommend", "--user", 2, "-k", 10, "--json").json["items"]
    assert len(items) == 10
    table = recsys("-w", root, "evaluate", "labels", "--label", "mood", "--folds", 3, "--epochs", 5, "--json").json
    control = max(figures["song_precision_at_1"] for figures in table["controls"].values())
    assert table["mean"]["song_precision_at_1"] > control + 0.15
    result = recsys("-w", root, "evaluate", "recommenders", "--folds", 3, "--seeds", 1, "--json").json
    cold = values(result, "cold")
    assert cold["content"][1] > cold["content-shuffled"][0]
    assert cold["content"][0] > cold["content-shuffled"][2]
