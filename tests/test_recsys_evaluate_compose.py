"""`evaluate compose`: halves by artist, networks, pieces, judge, table; and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Ran

from data.errors import InputError
from recsys.report import SILENT
from recsys.steps.composing_halves import halves
from recsys.steps.composing_pieces import slug
from recsys.steps.evaluate_compose import evaluate_compose
from recsys.steps.images import songs_with_images
from recsys.workspace import open_workspace

TINY = {"first": 5, "rounds": 1, "per_round": 2, "finalists": 1, "takes": 1, "listened_s": 2.0}


def _evaluate(root: Path) -> dict[str, Any]:
    return evaluate_compose(root, label="mood", values=("Q1", "Q3"), seeds=1, seconds=2.0, epochs=1, options=TINY, workers=1)


@pytest.fixture(scope="module")
def judged(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A workspace in which compositions were judged, and the result."""
    root = tmp_path_factory.mktemp("judged") / "workspace"
    shutil.copytree(trained, root)
    return root, _evaluate(root)


def test_there_is_a_row_for_each_value_and_seed(judged: tuple[Path, dict[str, Any]]) -> None:
    assert [(row["label"], row["seed"]) for row in judged[1]["rows"]] == [("Q1", 0), ("Q3", 0)]


def test_the_means_stand_under_the_names_that_programs_read(judged: tuple[Path, dict[str, Any]]) -> None:
    mean = judged[1]["mean"]
    assert {"judge_accuracy", "chance", "mel_correlation", "chroma_correlation"} <= set(mean)
    assert mean["chance"] == 0.25


def test_the_result_is_kept_as_json(judged: tuple[Path, dict[str, Any]]) -> None:
    root, result = judged
    kept = json.loads((root / "reports" / "composing-mood-score.json").read_text())
    assert kept["mean"] == result["mean"]


def test_a_picture_shows_real_songs_and_pieces(judged: tuple[Path, dict[str, Any]]) -> None:
    picture = Path(judged[1]["picture"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000


def test_a_piece_written_and_read_again_has_the_image_that_was_meant(judged: tuple[Path, dict[str, Any]]) -> None:
    for row in judged[1]["rows"]:
        assert row["correlations"]["mel"] > 0.99
        assert row["clipped"] == 0.0


def test_a_second_run_composes_and_trains_nothing(judged: tuple[Path, dict[str, Any]]) -> None:
    root, result = judged
    folder = Path(result["pieces"])
    before = {path: path.stat().st_mtime_ns for path in [*folder.iterdir(), *(root / "models" / "composing").rglob("*")]}
    again = _evaluate(root)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again["rows"] == result["rows"]


def test_a_sound_file_that_is_gone_is_composed_again_with_the_same_bytes(judged: tuple[Path, dict[str, Any]]) -> None:
    root, result = judged
    wav = Path(result["pieces"]) / result["rows"][0]["file"]
    before = wav.read_bytes()
    wav.unlink()
    _evaluate(root)
    assert wav.read_bytes() == before


def test_no_artist_is_in_both_halves(trained: Path) -> None:
    workspace = open_workspace(trained)
    with workspace.catalogue(readonly=True) as catalogue:
        from content.spec import HyperImageSpec

        songs = songs_with_images(workspace, catalogue, HyperImageSpec(), workers=1, report=SILENT)
    ours, judges = halves(songs, "mood", 0)
    assert len(ours.rows) + len(judges.rows) == len(songs.tracks)
    assert not {track.artist for track in ours.tracks} & {track.artist for track in judges.tracks}


def test_a_label_with_too_few_songs_for_two_halves_is_refused(trained: Path) -> None:
    with pytest.raises(InputError, match="each value needs 3 in each half"):
        evaluate_compose(trained, label="genre", epochs=1, seeds=1)


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("--label", "colour"), "no song has a label 'colour'"),
        (("--label", "mood", "--value", "Q9"), "no song has mood 'Q9'"),
        (("--seconds", "0"), "seconds=0"),
        (("--seconds", "601"), "seconds=601"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(
    trained: Path, recsys: Callable[..., Ran], args: tuple[str, ...], what: str
) -> None:
    ran = recsys("-w", trained, "evaluate", "compose", *args)
    assert ran.code == 1
    assert what in ran.err
    assert ran.err.count("\n") == 1


def test_no_seeds_is_a_mistake_in_usage(trained: Path, recsys: Callable[..., Ran]) -> None:
    assert recsys("-w", trained, "evaluate", "compose", "--seeds", "0").code == 2


def test_two_values_never_share_a_file() -> None:
    assert slug("hip/hop") != slug("hip hop")
    assert slug("Q1") == "Q1"
