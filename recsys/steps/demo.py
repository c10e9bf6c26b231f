"""The whole chain on a composed world: scan, listens, train-content, train-hybrid, recommend, evaluate, map."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

from data.world.spec import WorldSpec
from data.world.world import compose_world
from recsys.report import SILENT, Report
from recsys.steps.content import train_content
from recsys.steps.evaluate_labels import evaluate_labels
from recsys.steps.evaluate_recommenders import evaluate_recommenders
from recsys.steps.hybrid import train_hybrid
from recsys.steps.library import scan
from recsys.steps.listens import import_listens
from recsys.steps.machine import workers_or_all
from recsys.steps.pictures import draw_map
from recsys.steps.recommend import recommend

# Shorter than the defaults for real songs, so that the demo takes minutes; still enough to see what each part is worth.
EPOCHS = 6
SNIPPETS_PER_SONG = 1
FOLDS = 3


def run_demo(
    folder: Path, *, songs: int = 540, listeners: int = 600, seed: int = 0, workers: int = 0, report: Report = SILENT
) -> dict[str, Any]:
    """Compose a world in `folder`/world and run every step on it in `folder`/workspace; a second run does only what is missing.

    Returns
    -------
    "labels" and "recommenders" (as the evaluations return them), "recommend" (for the listener who plays most), "map", "seconds",
    "closing": lines for a person.
    """
    start = time.monotonic()
    world, root = folder / "world", folder / "workspace"
    spec = WorldSpec(songs=songs, listeners=listeners, seed=seed)
    with report.task(f"composing {songs} songs") as progress:
        compose_world(world, spec, workers=workers_or_all(workers), progress=progress)
    scan(root, [world], report=report)
    import_listens(root, [world / "listens.csv"], report=report)
    trained = train_content(
        root,
        label="genre",
        start="scratch",  # the paper's chain
        architecture="paper",
        epochs=EPOCHS,
        snippets_per_song=SNIPPETS_PER_SONG,
        seed=seed,
        workers=workers,
        report=report,
    )
    report.say(trained["summary"])
    report.say(train_hybrid(root, seed=seed, report=report)["summary"])
    answer = recommend(root, user=_most_active(world / "listens.csv"), k=10)
    labels = evaluate_labels(
        root,
        label="genre",
        architecture="paper",
        folds=FOLDS,
        epochs=EPOCHS,
        snippets_per_song=SNIPPETS_PER_SONG,
        seed=seed,
        workers=workers,
        report=report,
    )
    recommenders = evaluate_recommenders(root, folds=FOLDS, seeds=1, seed=seed, workers=workers, report=report)
    picture = draw_map(root)
    seconds = time.monotonic() - start
    closing = [
        "This world is composed: songs and listeners were made by rule, so that the whole chain can be heard, seen and tested.",
        f"Songs: {world / 'audio'}   Workspace: {root}   ({seconds:.0f} s in all)",
        f"Report: {recommenders['report']}   Map: {picture['page']}",
        f"Try: recsys -w {root} recommend --user {answer['user']} -k 5",
    ]
    return {
        "labels": labels,
        "recommenders": recommenders,
        "recommend": answer,
        "map": picture,
        "seconds": seconds,
        "closing": closing,
    }


def _most_active(listens_csv: Path) -> str:
    """The listener with most rows in the file."""
    lines = listens_csv.read_text(encoding="utf-8").splitlines()[1:]
    return Counter(line.split(",", 1)[0] for line in lines).most_common(1)[0][0]
