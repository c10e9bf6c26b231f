"""`recsys compose`: what it writes, from what it starts, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import Ran

from content.composing.material import material_fingerprint
from content.spec import HyperImageSpec
from data.errors import InputError
from recsys.report import SILENT
from recsys.steps.compose import compose
from recsys.steps.composing_halves import halves
from recsys.steps.composing_wishes import learned, read_wishes
from recsys.steps.encoders import trained_encoder
from recsys.steps.evaluate_compose import evaluate_compose
from recsys.steps.images import songs_with_images
from recsys.workspace import open_workspace

TINY = {"steps": 2, "rounds": 1}


@pytest.fixture(scope="module")
def root(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which a piece was composed."""
    root = tmp_path_factory.mktemp("composing") / "workspace"
    shutil.copytree(trained, root)
    _compose(root, ["jazz"], root / "first.wav")
    return root


def _compose(root: Path, labels: list[str], out: Path, **more: Any) -> dict[str, Any]:
    return compose(root, labels, out=out, **{"seconds": 2.0, "epochs": 1, "options": TINY, "workers": 1, **more})


def _wishes(root: Path, labels: list[str], blend: str | None = None) -> dict[str, dict[str, float]]:
    workspace = open_workspace(root)
    with workspace.catalogue(readonly=True) as catalogue:
        return read_wishes(labels, blend, learned(trained_encoder(workspace)), catalogue)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_the_sound_is_written_in_the_format_of_its_name(root: Path, tmp_path: Path, suffix: str) -> None:
    answer = _compose(root, ["jazz"], tmp_path / f"piece{suffix}")
    samples, rate = soundfile.read(answer["sound_file"])
    assert len(samples) / rate == pytest.approx(2.0, abs=0.1)  # mp3 is written in whole frames
    assert 0.05 < np.abs(samples).max() < 1.0


def test_picture_and_description_stand_beside_it(root: Path) -> None:
    assert (root / "first.png").read_bytes()[:4] == b"\x89PNG"
    about = json.loads((root / "first.json").read_text())
    assert about["wishes"] == {"genre": {"jazz": 1.0}}
    assert set(about["probabilities"]) >= {"own", "shipped"}
    assert about["correlations"]["mel"] > 0.7
    assert about["settings"]["seed"] == 0


def test_networks_and_material_are_kept(root: Path, tmp_path: Path) -> None:
    kept = {path: path.stat().st_mtime_ns for path in (root / "models" / "composing").rglob("*") if path.is_file()}
    assert any("material" in str(path) for path in kept)
    _compose(root, ["rock"], tmp_path / "again.wav")
    assert {path: path.stat().st_mtime_ns for path in (root / "models" / "composing").rglob("*") if path.is_file()} == kept


def test_a_song_stays_as_much_as_its_style_is_wished(root: Path, tmp_path: Path) -> None:
    with open_workspace(root).catalogue(readonly=True) as catalogue:
        song = catalogue.tracks()[0]
    whole = _compose(root, ["jazz"], tmp_path / "whole.wav", start=song.track_id, style=1.0)
    gone = _compose(root, ["jazz"], tmp_path / "gone.wav", start=song.path, style=0.0)
    assert whole["start"] == song.name
    assert whole["nearest"]["track_id"] == song.track_id
    assert whole["nearest"]["likeness"] > 0.7 > gone["nearest"]["likeness"]


def test_the_symbolic_way_writes_the_same_files(root: Path, tmp_path: Path) -> None:
    few = {"first": 2, "rounds": 1, "per_round": 1, "finalists": 1, "takes": 1, "listened_s": 2.0}
    answer = _compose(root, ["jazz"], tmp_path / "score.wav", method="score", options=few)
    assert answer["method"] == "score"
    assert (tmp_path / "score.png").exists()


def test_shares_of_a_blend_are_brought_to_one(root: Path) -> None:
    assert _wishes(root, [], "jazz:1, blues:3") == {"genre": {"jazz": 0.25, "blues": 0.75}}


def test_several_labels_of_a_kind_share_it(root: Path) -> None:
    assert _wishes(root, ["jazz", "genre=rock"]) == {"genre": {"jazz": 0.5, "rock": 0.5}}


@pytest.mark.parametrize("blend", ["jazz", "jazz:", "jazz:0", "jazz:-1", "jazz:nan", ":1", "jazz:inf"])
def test_a_bad_blend_is_refused(root: Path, blend: str) -> None:
    with pytest.raises(InputError, match="LABEL:SHARE"):
        _wishes(root, [], blend)


REFUSED = [
    (("--label", "polka"), "none that the network here tells"),
    (("--label", "Q1"), "train-content --label mood"),
    (("--label", "jazz", "--seconds", "0"), "seconds=0"),
    (("--label", "jazz", "--style", "0.5"), "--from"),
    (("--label", "jazz", "--from", "x", "--style", "2"), "style=2"),
    (("--label", "jazz", "--from", "nobody"), "no song of the library"),
    (("--label", "jazz", "--from", "x", "--method", "score"), "cannot start from a song"),
    ((), "give --label or --blend"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_what_is_wrong_costs_one_line(
    recsys: Callable[..., Ran], trained: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    ran = recsys("-w", trained, "compose", *options, "--out", tmp_path / "x.wav")
    lines = [line for line in ran.err.splitlines() if line.startswith("recsys:")]
    assert (ran.code, len(lines)) == (1, 1)
    assert words in lines[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("out", ["x.ogg", "folder.wav", "file/x.wav"])
def test_a_place_that_cannot_be_written_is_named_at_once(
    recsys: Callable[..., Ran], trained: Path, tmp_path: Path, out: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").touch()
    ran = recsys("-w", trained, "compose", "--label", "jazz", "--out", tmp_path / out)
    assert ran.code == 1
    assert out.split("/", maxsplit=1)[0] in ran.err
    assert "composing:" not in ran.err


def test_without_a_trained_network_it_says_what_to_run(recsys: Callable[..., Ran], trained: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(trained, tmp_path / "w"))
    shutil.rmtree(root / "models" / "encoder")
    ran = recsys("-w", root, "compose", "--label", "jazz", "--out", tmp_path / "x.wav")
    assert ran.code == 1
    assert "train-content" in ran.err


def test_the_papers_way_is_judged_like_the_other(root: Path) -> None:
    result = evaluate_compose(
        root, label="mood", values=("Q1",), method="image", seeds=1, seconds=2.0, epochs=1, options=TINY, workers=1
    )
    assert [row["label"] for row in result["rows"]] == ["Q1"]
    assert result["rows"][0]["correlations"]["mel"] > 0.7
    assert result["mean"]["clipped"] == 0.0


def test_material_of_the_evaluation_is_of_the_networks_half_alone(root: Path) -> None:
    with open_workspace(root).catalogue() as catalogue:
        songs = songs_with_images(open_workspace(root), catalogue, HyperImageSpec(), workers=1, report=SILENT)
    ours, judges = halves(songs, "mood", 0)
    evaluate_compose(root, label="mood", values=("Q1",), method="image", seeds=1, seconds=2.0, epochs=1, options=TINY, workers=1)
    chosen = [track.content_hash for track in ours.tracks]
    place = root / "models" / "composing" / f"material-{material_fingerprint(chosen, HyperImageSpec(), 0)}"
    names = json.loads((place / "material.json").read_text())["names"]
    assert set(names) == {track.name for track in ours.tracks}
    assert not set(names) & {track.name for track in judges.tracks}
