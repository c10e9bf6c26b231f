"""`recsys benchmark`: our rows beside the published ones, one fit for both questions, no workspace."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from published_sets import write_citeulike, write_lastfm2k

from collab.engine import ENGINES
from data.errors import InputError
from data.published.sets import SETS
from evaluation.published import published_rows
from recsys.cli.benchmark import PublicSet
from recsys.steps import benchmark as step

KEYS = {"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}
FAST = ("random", "popularity", "content", "als")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    write_lastfm2k(folder / "lastfm2k")
    write_citeulike(folder / "citeulike-t")
    return folder


@pytest.fixture(scope="module")
def lastfm(sets):
    return step.benchmark("lastfm2k", sets / "lastfm2k", engines=FAST, seeds=2, workers=1)


@pytest.fixture(scope="module")
def citeulike(sets):
    return step.benchmark("citeulike-t", sets / "citeulike-t", engines=FAST, workers=1)


def value(result, model, split, metric, k):
    (row,) = [
        r for r in result["rows"] if (r["model"], r["split"], r["metric"], r["k"], r["slice"]) == (model, split, metric, k, "all")
    ]
    return row["value"]


def test_the_answer_has_the_shape_of_evaluate_recommenders(lastfm):
    assert all(set(row) == KEYS for row in lastfm["rows"])
    assert {"rows", "counts", "differences", "train_seconds", "seeds", "notes", "published"} <= set(lastfm)
    json.dumps(lastfm, allow_nan=False)


def test_splits_are_named_as_the_protocols(lastfm, citeulike):
    assert list(dict.fromkeys(row["split"] for row in lastfm["rows"])) == ["warm", "cold"]
    assert list(dict.fromkeys(row["split"] for row in citeulike["rows"])) == ["P=1", "P=10"]


def test_content_finds_cold_artists_and_shuffled_content_does_not(lastfm):
    assert value(lastfm, "content", "cold", "auc", None) > 0.7
    assert value(lastfm, "content-shuffled", "cold", "auc", None) < 0.65
    assert 0.35 < value(lastfm, "popularity", "cold", "auc", None) < 0.65


def test_citeulike_gives_recall_at_the_published_lengths(citeulike):
    assert {row["k"] for row in citeulike["rows"] if row["metric"] == "recall"} == {50, 100, 300}


def test_published_rows_of_the_splits_stand_beside_ours(citeulike):
    row = {"model": "TopPop", "split": "P=10", "metric": "recall", "k": 50, "value": 0.0576}
    assert any(row.items() <= published.items() for published in citeulike["published"])
    assert all(published["source"] for published in citeulike["published"])


def test_where_nothing_was_published_a_note_says_so(lastfm):
    assert lastfm["published"] == []
    assert any("No published figure" in note for note in lastfm["notes"])


def test_every_set_has_published_rows_or_says_that_it_has_none():
    for name, one in SETS.items():
        assert published_rows(name, one.protocols) or any("No published figure" in note for note in one.notes)


def test_one_fit_answers_warm_and_cold(sets, monkeypatch):
    fitted = []
    monkeypatch.setattr(step, "fit", lambda name, *rest, **more: fitted.append(name) or real(name, *rest, **more))
    result = step.benchmark("lastfm2k", sets / "lastfm2k", engines=("als", "popularity"), seeds=2, workers=1)
    assert sorted(fitted) == ["als", "als", "popularity", "popularity"]
    assert result["train_seconds"]["warm"] == result["train_seconds"]["cold"]


real = step.fit


def test_both_questions_get_the_figures_that_each_alone_gets(sets, lastfm):
    alone = step.benchmark("lastfm2k", sets / "lastfm2k", protocols=("cold",), engines=("als",), seeds=2, workers=1)
    assert value(alone, "als", "cold", "ndcg", 10) == value(lastfm, "als", "cold", "ndcg", 10)


@pytest.fixture
def without_als(monkeypatch):
    """Only two engines, of which lastfm2k leaves one out for its time."""
    one = replace(SETS["lastfm2k"], left_out={"als": "an hour"})
    monkeypatch.setattr(step, "benchmark_set", lambda _name: one)
    monkeypatch.setattr(step, "ENGINES", {name: ENGINES[name] for name in ("popularity", "als")})


def test_engines_left_out_for_their_time_are_named_with_the_way_to_ask(sets, without_als):
    result = step.benchmark("lastfm2k", sets / "lastfm2k", workers=1)
    assert {row["model"] for row in result["rows"]} == {"popularity"}
    assert "Engine als was left out (an hour): --engine als runs it." in result["notes"]


def test_an_engine_left_out_runs_when_asked_for(sets, without_als):
    result = step.benchmark("lastfm2k", sets / "lastfm2k", engines=("als",), workers=1)
    assert {row["model"] for row in result["rows"]} == {"als"}


def test_the_same_seed_gives_the_same_rows(sets, lastfm):
    again = step.benchmark("lastfm2k", sets / "lastfm2k", engines=FAST, seeds=2, workers=2)
    assert again["rows"] == lastfm["rows"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"engines": ("alls",)}, "engine='alls' must be one of random"),
        ({"protocols": ("P=5",)}, "protocol='P=5' must be one of warm, cold"),
        ({"seeds": 0}, "seeds=0 must be 1 or more"),
    ],
)
def test_a_wrong_argument_is_named_with_its_rule(sets, wrong, says):
    with pytest.raises(InputError, match=says):
        step.benchmark("lastfm2k", sets / "lastfm2k", **wrong)


def test_an_unknown_set_is_named_with_those_there_are(tmp_path):
    with pytest.raises(InputError, match="'ml-1m' must be one of lastfm2k, citeulike-t"):
        step.benchmark("ml-1m", tmp_path)


def test_the_command_knows_every_set():
    assert [one.value for one in PublicSet] == list(SETS)


def test_the_command_prints_both_kinds_of_rows_and_makes_no_workspace(recsys, sets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = recsys("benchmark", "citeulike-t", "--data", sets / "citeulike-t", "--protocol", "P=10", "--engine", "popularity")
    assert ran.code == 0
    assert "ItemKNN CFCBF" in ran.out
    assert "popularity" in ran.out
    assert list(tmp_path.iterdir()) == []


def test_the_json_of_the_command_is_the_answer_of_the_step(recsys, sets):
    ran = recsys("benchmark", "lastfm2k", "--data", sets / "lastfm2k", "--engine", "popularity", "--seeds", 2, "--json")
    expected = step.benchmark("lastfm2k", sets / "lastfm2k", engines=("popularity",), seeds=2)
    assert ran.json["rows"] == expected["rows"]
    assert "report" not in ran.json


def test_a_folder_gets_the_report_in_three_forms(recsys, sets, tmp_path):
    words = ("--engine", "popularity", "--protocol", "P=10", "--out", tmp_path / "out", "--json")
    ran = recsys("benchmark", "citeulike-t", "--data", sets / "citeulike-t", *words)
    assert ran.json["report"] == str(tmp_path / "out" / "benchmark-citeulike-t.html")
    saved = json.loads((tmp_path / "out" / "benchmark-citeulike-t.json").read_text())
    assert saved["rows"] == ran.json["rows"]
    for suffix in ("md", "html"):
        assert "ItemKNN CFCBF" in (tmp_path / "out" / f"benchmark-citeulike-t.{suffix}").read_text()


def test_the_workspace_that_is_named_gets_the_report(recsys, sets, workspace):
    ran = recsys("-w", workspace, "benchmark", "lastfm2k", "--data", sets / "lastfm2k", "--engine", "popularity", "--json")
    assert ran.json["report"] == str(workspace / "reports" / "benchmark-lastfm2k.html")


def test_a_workspace_that_is_not_there_is_not_made(recsys, sets, tmp_path):
    ran = recsys("-w", tmp_path / "none", "benchmark", "lastfm2k", "--data", sets / "lastfm2k", "--engine", "popularity")
    assert ran.code == 1
    assert not (tmp_path / "none").exists()


def test_a_folder_without_the_set_is_one_line(recsys, tmp_path):
    ran = recsys("benchmark", "citeulike-t", "--data", tmp_path)
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        f"recsys: {tmp_path}/mult.dat does not exist. Give --data the folder that holds the set's original files"
    )


def test_popularity_on_citeulike_t_is_the_published_one(datasets):
    folder = datasets / "citeulike-t"
    if not folder.is_dir():
        pytest.skip(f"no citeulike-t in {datasets}")
    result = step.benchmark("citeulike-t", folder, protocols=("P=10",), engines=("popularity",), workers=1)
    for k, published in ((50, 0.0576), (100, 0.0871), (300, 0.1544)):
        assert value(result, "popularity", "P=10", "recall", k) == pytest.approx(published, abs=0.003)
    assert result["counts"]["P=10"]["users evaluated"] == 2598


def test_lastfm2k_has_the_artists_listeners_and_plays_of_the_protocol(datasets):
    folder = datasets / "lastfm2k"
    if not folder.is_dir():
        pytest.skip(f"no lastfm2k in {datasets}")
    result = step.benchmark("lastfm2k", folder, engines=("popularity",), seeds=1, workers=1)
    counts = result["counts"]["cold"]
    assert (counts["users"], counts["artists"], counts["plays"], counts["candidates"]) == (1882, 4487, 77044, 673)
