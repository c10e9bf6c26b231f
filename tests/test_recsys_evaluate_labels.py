"""`recsys evaluate labels` from end to end, on the small composed world, with a network that trains in a moment."""

from __future__ import annotations

import json

import pytest

SMALL, OTHER = "IC(9,15,4)F(8)O", "IC(9,31,4)F(8)O"


@pytest.fixture
def run(recsys, workspace):
    def run(*args):
        ran = recsys(
            "-w",
            workspace,
            "evaluate",
            "labels",
            "--label",
            "genre",
            "--architecture",
            SMALL,
            "--epochs",
            1,
            "--workers",
            1,
            *args,
        )
        assert ran.code == 0, ran.err
        return ran

    return run


def test_all_splits_give_a_table_each_and_what_they_flatter(run, workspace):
    result = run("--folds", 2, "--split", "all", "--json").json
    assert list(result["splits"]) == ["snippet", "song", "artist"]
    means = {split: table["mean"]["song_precision_at_1"] for split, table in result["splits"].items()}
    for split in ("snippet", "song"):
        assert result["flatters"][split]["song_precision_at_1"] == pytest.approx(means[split] - means["artist"])
    assert result["splits"]["artist"]["flatters"] == result["flatters"]
    for split in ("snippet", "song", "artist"):
        assert json.loads((workspace / "reports" / f"labels-genre-{split}.json").read_text())["flatters"]


def test_a_rival_is_compared_on_the_same_folds(run):
    against = run("--folds", 2, "--against", OTHER, "--json").json["against"]
    assert against["architecture"] == OTHER
    assert set(against["difference"]) == {"song_precision_at_1", "song_macro_f1"}
    assert against["unit"] == "artist"
    assert set(against["train_seconds"]) == {"architecture", "against"}


def test_an_architecture_against_itself_differs_by_nothing(run):
    difference = run("--folds", 2, "--against", SMALL, "--json").json["against"]["difference"]
    assert difference["song_precision_at_1"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_person_reads_folds_interval_controls_rival_and_how_to_know_more(run):
    out = run("--folds", 2, "--against", OTHER).out
    for part in (
        "per snippet",
        "per song",
        "mean",
        "95 % interval",
        "majority class",
        "SVM on statistics",
        "difference",
        "--split all",
    ):
        assert part in out


def test_the_support_vector_machine_hears_the_composed_genres(run):
    """Chance is .11; the world's genres are told apart by their sound."""
    assert run("--folds", 3, "--split", "song", "--json").json["controls"]["svm_statistics"]["song_precision_at_1"] > 0.5


def test_the_page_holds_the_confusion_with_class_names(run, workspace):
    run("--folds", 2)
    page = (workspace / "reports" / "report.html").read_text()
    assert "Confusion by song: genre" in page
    assert "<th>blues</th>" in page
