"""`recsys tune`: what it looks at, what it keeps, and when it changes what is used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Ran

from collab.inputs import EngineConfig
from data.embeddings import SongEmbeddings, write_embeddings
from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from recsys.steps import tune as step
from recsys.steps.inputs import inputs_state, read_interactions
from recsys.steps.tune import tune
from recsys.steps.tuned import read_tuned, tuned_config, tuned_path
from recsys.workspace import Workspace, open_workspace


@pytest.fixture(scope="module")
def made(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with songs, listens and vectors, and no model."""
    from recsys.steps import library, listens

    root = tmp_path_factory.mktemp("tune") / "workspace"
    library.scan(root, [world])
    listens.import_listens(root, [world / "listens.csv"])
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        ids = [track.track_id for track in catalogue.tracks()]
    vectors = np.random.default_rng(0).normal(size=(len(ids), 24)).astype(np.float32)
    write_embeddings(workspace.embeddings, SongEmbeddings(IdMap(tuple(ids), "track"), vectors, "test"))
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "workspace"))


def without_seconds(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: value for key, value in trial.items() if key != "seconds"} for trial in result["trials"]]


def state_of(workspace: Workspace) -> str:
    with workspace.catalogue(readonly=True) as catalogue:
        return inputs_state(workspace, catalogue)


def journal_of(root: Path) -> Path:
    (path,) = (root / "tuning").glob("*.jsonl")
    return path


def planted(gain: float) -> Callable[..., Any]:
    """In place of `measuring`: fewer components are better, by `gain`."""

    def measuring(_engine: str, _content: object, **_choices: object) -> Any:
        def measure(config: EngineConfig, task: Any) -> step.Figures:
            level = 0.3 + gain * (config.als.components < 64)
            return step.Figures(np.full(len(task.warm.train.users), level), None, 0.0)

        return measure

    return measuring


def test_no_minutes_measure_the_defaults_only(root: Path) -> None:
    result = tune(root, engine="als", minutes=0)
    assert [trial["number"] for trial in result["trials"]] == [0]
    assert result["written"] is None
    assert "defaults" in result["summary"]
    assert json.loads(Path(result["report"]).read_text(encoding="utf-8"))["trials"] == result["trials"]


def test_a_second_run_goes_on_and_equals_an_unbroken_one(root: Path, made: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(made, tmp_path / "other"))
    first = tune(root, engine="als", trials=3)
    second = tune(root, engine="als", trials=6)
    assert (first["new_trials"], second["new_trials"]) == (3, 3)
    assert without_seconds(second) == without_seconds(tune(other, engine="als", trials=6))
    assert tune(root, engine="als", trials=6)["new_trials"] == 0


def test_a_torn_last_line_costs_that_trial_only(root: Path) -> None:
    whole = tune(root, engine="als", trials=4)
    data = journal_of(root).read_bytes()
    journal_of(root).write_bytes(data[:-7])
    again = tune(root, engine="als", trials=4)
    assert again["new_trials"] == 1
    assert without_seconds(again) == without_seconds(whole)


def test_what_is_measured_stays_when_it_is_interrupted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = 0
    fit = step.fit

    def interrupted(*args: Any, **choices: Any) -> Any:
        nonlocal fits
        fits += 1
        if fits > 10:  # the defaults take five, and no other takes more
            raise KeyboardInterrupt
        return fit(*args, **choices)

    monkeypatch.setattr(step, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune(root, engine="item-knn")
    monkeypatch.undo()
    result = tune(root, engine="item-knn", minutes=0)
    assert len(result["trials"]) >= 2
    assert result["new_trials"] == 0


def test_other_seeds_and_other_listens_are_other_searches(root: Path, tmp_path: Path) -> None:
    from recsys.steps import listens

    first = tune(root, engine="als", trials=2)
    assert tune(root, engine="als", trials=2, seed=1)["new_trials"] == 2
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        song = catalogue.tracks()[0].track_id
    (tmp_path / "more.csv").write_text(f"user_id,track_id,plays\nnew,{song},3\n", encoding="utf-8")
    listens.import_listens(root, [tmp_path / "more.csv"])
    later = tune(root, engine="als", trials=2)
    assert later["new_trials"] == 2
    assert later["inputs"] != first["inputs"]


def test_nothing_but_part_of_the_given_listens_reaches_an_engine(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        given = read_interactions(workspace, catalogue).listens
    (workspace.splits).mkdir()
    (workspace.splits / "cold-fold-0.json").write_text("not to be read", encoding="utf-8")
    seen: list[Listens] = []
    fit = step.fit
    monkeypatch.setattr(step, "fit", lambda name, train, *a, **k: [seen.append(train), fit(name, train, *a, **k)][1])
    tune(root, engine="als", trials=2)
    cells = [set(zip(part.user.tolist(), part.track.tolist(), strict=True)) for part in (given, *seen)]
    assert len(seen) >= 3
    assert all(part < cells[0] for part in cells[1:])


def test_a_better_configuration_is_written_and_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = open_workspace(root)
    assert tuned_config(workspace, "als", "any") == EngineConfig()
    monkeypatch.setattr(step, "measuring", planted(0.1))
    result = tune(root, engine="als", trials=20)
    assert result["written"] == str(tuned_path(workspace, "als"))
    notes: list[str] = []
    config = tuned_config(workspace, "als", state_of(workspace), notes)
    assert config.als.components < 64
    assert not notes
    assert tuned_config(workspace, "als", "later", notes) == config
    assert "recsys tune --engine als" in notes[0]
    assert tuned_config(workspace, "hybrid", "any") == EngineConfig()


def test_the_defaults_stand_and_nothing_is_written_where_nothing_beats_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "measuring", planted(-0.1))
    result = tune(root, engine="als", trials=12)
    assert (result["winner"], result["written"]) == (0, None)
    assert "they stand" in result["summary"]
    assert read_tuned(open_workspace(root), "als") is None


def test_what_an_earlier_search_found_goes_only_once_it_has_lost_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = open_workspace(root)
    monkeypatch.setattr(step, "measuring", planted(0.1))
    tune(root, engine="als", trials=20)
    monkeypatch.setattr(step, "measuring", planted(-0.1))
    assert "stays in use" in tune(root, engine="als", minutes=0, seed=1)["summary"]
    assert read_tuned(workspace, "als") is not None
    lost = tune(root, engine="als", trials=2, seed=1)
    assert lost["trials"][1]["gain"] < 0
    assert read_tuned(workspace, "als") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no valid JSON"),
        ('{"schema": 1, "config": {"als": {"k": 3}}}', r"als\.k.*Remove the file"),
        ('{"schema": 9}', "schema 9"),
    ],
)
def test_a_damaged_file_is_one_clear_line(root: Path, text: str, told: str) -> None:
    workspace = open_workspace(root)
    tuned_path(workspace, "als").parent.mkdir(exist_ok=True)
    tuned_path(workspace, "als").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told) as caught:
        tuned_config(workspace, "als", "any")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"engine": "nonsense"}, "engine='nonsense'"),
        ({"engine": "popularity"}, "nothing to tune"),
        ({"minutes": -1.0}, "minutes=-1"),
        ({"minutes": float("nan")}, "minutes=nan"),
        ({"trials": 0}, "trials=0"),
    ],
)
def test_bad_options_are_named(root: Path, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        tune(root, **options)


def test_an_engine_that_needs_content_says_so_where_there_is_none(root: Path) -> None:
    shutil.rmtree(root / "embeddings")
    with pytest.raises(InputError, match="embeddings"):
        tune(root, engine="als", trials=1)
    assert tune(root, engine="als-cf", trials=2)["defaults"]["figures"].keys() == {"warm"}


def test_the_command_shows_the_defaults_and_what_was_written(root: Path, recsys: Callable[..., Ran]) -> None:
    ran = recsys("-w", root, "tune", "--engine", "als", "--trials", 3)
    assert ran.code == 0, ran.err
    assert "defaults" in ran.out
    assert "nDCG@10" in ran.out
    as_json = recsys("-w", root, "tune", "--engine", "als", "--trials", 3, "--json").json
    assert as_json["new_trials"] == 0
    assert {"trials", "best", "winner", "space", "splits", "written", "report", "summary"} <= as_json.keys()


def test_the_command_refuses_bad_options(root: Path, recsys: Callable[..., Ran]) -> None:
    assert recsys("-w", root, "tune", "--minutes", -1).code == 2
    assert recsys("-w", root, "tune", "--trials", 0).code == 2
    ran = recsys("-w", root, "tune", "--engine", "nonsense")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


def test_with_too_few_listeners_to_choose_by_the_defaults_stand(root: Path, tmp_path: Path) -> None:
    from recsys.steps import listens

    with open_workspace(root).catalogue(readonly=True) as catalogue:
        songs = [track.track_id for track in catalogue.tracks()]
    rows = [f"{user},{songs[(7 * i + 3 * user) % len(songs)]},2" for user in range(5) for i in range(30)]
    shutil.rmtree(root / "listens")
    (tmp_path / "few.csv").write_text("user_id,track_id,plays\n" + "\n".join(rows) + "\n", encoding="utf-8")
    listens.import_listens(root, [tmp_path / "few.csv"])
    result = tune(root, engine="als", trials=5)
    assert len(result["trials"]) == 1
    assert "too few listeners" in result["summary"]


def test_hybrid_is_tuned_by_its_parts(root: Path) -> None:
    result = tune(root, trials=2)
    assert result["engine"] == "hybrid"
    parts = {name.split(".")[0] for name in result["space"]}
    assert parts == {"als", "ease", "bridge", "scaling"}
    assert result["defaults"]["figures"].keys() == {"warm", "cold"}
