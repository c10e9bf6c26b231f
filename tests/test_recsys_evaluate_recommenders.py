"""`evaluate recommenders`: which splits are made, what is said of those that are not, and what the report shows."""

import shutil

import pytest

from data.splits import read_split
from recsys.steps.evaluate_recommenders import LISTENS_ONLY, WITH_CONTENT, knows

COMMAND = ("evaluate", "recommenders", "--folds", 2, "--seeds", 2, "--workers", 1)


@pytest.fixture
def undated(recsys, workspace, world, tmp_path):
    """The small world's listens without their times."""
    rows = [line.split(",")[:3] for line in (world / "listens.csv").read_text().splitlines()]
    (tmp_path / "undated.csv").write_text("\n".join(map(",".join, rows)) + "\n")
    shutil.rmtree(workspace / "listens")
    assert recsys("-w", workspace, "import-listens", tmp_path / "undated.csv").code == 0
    return workspace


def splits_of(result):
    return list(dict.fromkeys(row["split"] for row in result["rows"]))


@pytest.mark.parametrize("given", [("--splits", "warm,cold-user"), ("--splits", "warm", "--splits", "cold-user")])
def test_only_the_wanted_splits_are_made_and_no_fold_network_for_others(recsys, workspace, given):
    shutil.rmtree(workspace / "models" / "folds", ignore_errors=True)
    result = recsys("-w", workspace, *COMMAND, *given, "--json").json
    assert splits_of(result) == ["warm", "cold-user"]
    assert not (workspace / "models" / "folds").exists()
    assert {"content", "als"} <= {row["model"] for row in result["rows"] if row["split"] == "warm"}


def test_splits_of_an_earlier_evaluation_do_not_stay(recsys, workspace):
    recsys("-w", workspace, *COMMAND, "--splits", "cold-user")
    recsys("-w", workspace, *COMMAND, "--splits", "warm")
    assert sorted(path.name for path in (workspace / "splits").glob("*.json")) == ["warm-seed-0.json", "warm-seed-1.json"]


def test_a_saved_split_holds_what_is_given(recsys, workspace):
    recsys("-w", workspace, *COMMAND, "--splits", "cold-user")
    split = read_split(workspace / "splits" / "cold-user-seed-1")
    assert len(split.given)
    assert len(split.test)


def test_without_times_there_is_no_split_in_time_and_a_note(recsys, undated):
    result = recsys("-w", undated, *COMMAND, "--json").json
    assert "temporal" not in splits_of(result)
    assert "No listen has a time: there is no split in time." in result["notes"]
    assert "there is no split in time" in (undated / "reports" / "report.md").read_text()


def test_a_split_in_time_that_is_asked_for_needs_times(recsys, undated):
    ran = recsys("-w", undated, *COMMAND, "--splits", "temporal")
    assert ran.code == 1
    assert len(ran.err.strip().splitlines()) == 1
    assert "needs listens with times" in ran.err


def test_an_unknown_split_is_named(recsys, workspace):
    ran = recsys("-w", workspace, *COMMAND, "--splits", "warm,lukewarm")
    assert ran.code == 1
    assert "split 'lukewarm' must be one of warm, temporal, cold, cold-user" in ran.err


@pytest.fixture
def page(recsys, workspace):
    assert recsys("-w", workspace, "evaluate", "labels", "--label", "genre", "--folds", 2, "--epochs", 1).code == 0
    ran = recsys("-w", workspace, *COMMAND, "--splits", "warm,temporal", "--json")
    return ran.json, (workspace / "reports" / "report.html").read_text(), (workspace / "reports" / "report.md").read_text()


def test_the_report_holds_the_new_tables_beside_the_labels(page):
    result, html, markdown = page
    for text in (html, markdown):
        for title in ("Split temporal, top 10", "by length of the listener", "What each model knows", "Recall@10 by popularity"):
            assert title in text
        assert "genre, split by artist" in text
    assert html.count("Recall@10 by songs of the listener in train") == 2
    assert set(result["models"]) == {row["model"] for row in result["rows"]}


def test_every_engine_says_what_it_knows():
    assert {knows(name) for name in (*LISTENS_ONLY, *WITH_CONTENT)} <= {"nothing", "listens", "content", "both"}
    assert [knows(name) for name in ("random", "popularity", "als-cf", "content", "lightfm")] == [
        *("nothing", "listens", "listens", "content", "both")
    ]
    assert knows("lightfm-shuffled") == "both, vectors of other songs"
