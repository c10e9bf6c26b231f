"""Judge compositions honestly: networks of one half of the artists are composed against, a judge of the other half decides."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from content.cache import Rows
from content.composing.familiar import familiar
from content.composing.score import ScoreSearch
from data.errors import InputError
from data.files import fingerprint, write_json
from evaluation.composing import composing_table
from evaluation.composing_judge import Judge, fit_judge
from recsys.report import SILENT, Report
from recsys.steps.checks import check_label
from recsys.steps.composing_halves import Half, halves, networks_of, spec_of_all
from recsys.steps.composing_judged import Bench, draw_pieces, judge_piece
from recsys.steps.composing_means import kept_material
from recsys.steps.composing_pieces import METHODS, Wanted, compose_all, slug
from recsys.steps.composing_real import RealSong, hear_real
from recsys.steps.evaluate_labels import check_one_value
from recsys.steps.images import songs_with_images
from recsys.steps.machine import patient_threads, workers_or_all
from recsys.workspace import Workspace, open_workspace

SHORTEST_S, LONGEST_S = 2.0, 600.0
NOTES = (
    "The judge has heard other artists than the networks that were composed against, is no network, and reads no hyper-image.",
    "judge_accuracy on real songs is of the networks' half: what the judge can do at best on songs that it has not heard.",
    "The interval is Wilson's over all pieces; pieces of one label resemble each other, so it is a guide, not a proof.",
)


def evaluate_compose(
    root: Path,
    *,
    label: str = "genre",
    values: Sequence[str] = (),
    method: str = "score",
    seeds: int = 10,
    seconds: float = 10.0,
    epochs: int | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Compose pieces for each value of a label and let a judge of other songs name them. Goes on where an earlier run stopped.

    Parameters
    ----------
    values : of the label; all of them if none is named.
    method : "image" or "score".
    seeds : pieces of each value.
    epochs : of the networks; None leaves them to their presets.
    options : fields of the method's settings (`ImageSearch`, `ScoreSearch`).
    seed : of the halves and of the first piece; the others count upwards.

    Returns
    -------
    What `evaluation.composing.composing_table` gives, with "rows" (one a piece), "label", "method", "seconds", "seeds",
    "controls" ("judge_on_real_songs", "networks_on_real_songs"), "songs", "pieces" (folder), "picture" (path), "notes",
    "summary"; also in reports/composing-<label>-<method>.json.

    Raises
    ------
    InputError : no workspace or songs, an unknown label or value, too few songs or artists, seeds or seconds out of range.
    """
    _check(method, seeds, seconds)
    settings = _settings(method, options or {})
    began = time.monotonic()
    patient_threads()
    count = workers_or_all(workers)
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        check_label(catalogue, label)
        check_one_value(catalogue, label)
        classes = sorted(catalogue.label_values(label))
        _check_values(label, values, classes)
        songs = songs_with_images(workspace, catalogue, spec_of_all(), workers=workers, report=report)
        ours, judges = halves(songs, label, seed)
        networks = networks_of(workspace.composing, songs, ours, label, epochs=epochs, workers=count, report=report)
        of_judge = hear_real(judges.tracks, seconds, workers=count, report=report)
        of_ours = hear_real(ours.tracks, seconds, workers=count, report=report)
        real = familiar(Rows(songs.images, ours.rows), ours.values, songs.images.cache.spec)
        judge = fit_judge(*_examples(of_judge, judges), seed=seed)
        folder = workspace.reports / f"composed-{slug(label)}-{method}"
        state = fingerprint(method, sorted(path.name for path in networks.values()), seconds, settings)
        wanted = [
            Wanted(folder / f"{slug(value)}-{number}", fingerprint("piece", state, label, value, number), label, value, number)
            for number in range(seed, seed + seeds)
            for value in values or classes
        ]
        material = kept_material(workspace.composing, ours.tracks, spec_of_all(), report=report) if method == "image" else None
        compose_all(
            wanted, networks, real, material, method=method, seconds=seconds, options=settings, workers=count, report=report
        )
        bench = Bench(judge, songs, _centroids(of_judge + of_ours, (*judges.values, *ours.values)))
        rows = []
        with report.task("judging") as progress:
            for piece in wanted:
                rows.append(judge_piece(piece, bench))
                progress(len(rows), len(wanted))
        picture = workspace.reports / f"composed-{slug(label)}-{method}.png"
        draw_pieces(picture, rows, wanted, bench)
        table = composing_table(rows, classes=judge.classes)
        result = table | {
            "rows": rows,
            "label": label,
            "method": method,
            "seconds": seconds,
            "seeds": seeds,
            "seed": seed,
            "controls": {
                "judge_on_real_songs": _accuracy(judge, of_ours, ours.values),
                "networks_on_real_songs": bench.networks_accuracy(networks, judges.rows, judges.values),
            },
            "songs": {"networks": len(ours.rows), "judge": len(judges.rows)},
            "pieces": str(folder),
            "picture": str(picture),
            "notes": list(NOTES),
            "wall_seconds": round(time.monotonic() - began, 1),
        }
        result["summary"] = _summary(result)
        _save(workspace, result)
    return result


def _check(method: str, seeds: int, seconds: float) -> None:
    if method not in METHODS:
        raise InputError(f"method={method!r} must be one of {', '.join(METHODS)}", code="unknown-method")
    if seeds < 1:
        raise InputError(f"seeds={seeds} must be at least 1", code="bad-seeds")
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise InputError(f"seconds={seconds:g} must be a number from {SHORTEST_S:g} to {LONGEST_S:g}", code="bad-seconds")


def _settings(method: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of the method's settings."""
    if method == "score":
        return asdict(ScoreSearch(**options))
    from content.composing.image import ImageSearch

    return asdict(ImageSearch(**options))


def _check_values(label: str, values: Sequence[str], classes: Sequence[str]) -> None:
    for value in values:
        if value not in classes:
            raise InputError(f"no song has {label} {value!r}; there are {', '.join(classes)}", code="unknown-value")


def _examples(heard: Sequence[RealSong], half: Half) -> tuple[Any, Any]:
    features = np.concatenate([song.features for song in heard if len(song.features)])
    values = [value for song, value in zip(heard, half.values, strict=True) for _ in song.centroids]
    return features, np.array(values)


def _accuracy(judge: Judge, heard: Sequence[RealSong], values: Sequence[str]) -> float:
    """The judge's share of real songs named rightly: of each song the middle cut."""
    cuts = [(song.features[len(song.features) // 2], value) for song, value in zip(heard, values, strict=True) if song.centroids]
    said = judge.log_probabilities(np.stack([features for features, _ in cuts])).argmax(axis=1)
    return float(np.mean([judge.classes[column] == value for column, (_, value) in zip(said.tolist(), cuts, strict=True)]))


def _centroids(heard: Sequence[RealSong], values: Sequence[str]) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {}
    for song, value in zip(heard, values, strict=True):
        out.setdefault(value, []).extend(song.centroids)
    return out


def _save(workspace: Workspace, result: Mapping[str, Any]) -> None:
    write_json(workspace.reports / f"composing-{slug(result['label'])}-{result['method']}.json", {"schema": 1, **result})


def _summary(result: Mapping[str, Any]) -> str:
    mean, real = result["mean"], result["controls"]["judge_on_real_songs"]
    figures = [
        f"{len(result['rows'])} pieces by method {result['method']}: the judge names {mean['judge_accuracy']:.0%} as meant",
        f"(95 % interval {result['low']:.0%} to {result['high']:.0%}, chance {mean['chance']:.0%}, real songs {real:.0%}).",
    ]
    for block in ("mel", "chroma"):
        if mean[f"{block}_correlation"] is not None:
            figures.append(f"Image to own sound, {block}: {mean[f'{block}_correlation']:.2f}.")
    return " ".join([*figures, f"Sound files: {result['pieces']}"])
