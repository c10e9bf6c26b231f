"""Compare recommenders on splits by song, time, artist and listener; encoders have not heard the labels of cold songs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from collab.engine import ENGINES, fit
from data.embeddings import SongEmbeddings
from data.files import write_json
from data.recommender import Recommender
from data.splits import Split
from evaluation.compare import compare
from recsys.report import SILENT, Report
from recsys.steps.fold_content import content_to_compare, encoder_to_compare, in_place
from recsys.steps.inputs import read_interactions
from recsys.steps.machine import workers_or_all
from recsys.steps.reporting import write_report
from recsys.steps.splits_to_compare import splits_to_compare
from recsys.steps.starting import Start
from recsys.workspace import open_workspace

# Engines that live on sparse side features alone have nothing here: a workspace's content is embeddings.
LISTENS_ONLY = tuple(
    name for name, engine in ENGINES.items() if not engine.uses_content and not getattr(engine, "uses_features", False)
)
WITH_CONTENT = tuple(name for name, engine in ENGINES.items() if engine.uses_content)
SHUFFLED = tuple(name for name in ("content", "hybrid", "als", "lightfm") if name in ENGINES)
_KNOWS = {"random": "nothing", "hybrid": "both"}  # (the hybrid can do without listens, so its record does not ask for them)
REFERENCES = ("hybrid", "lightfm", "als", "lightfm-cf", "als-cf", "popularity")  # the first that answers a split


def evaluate_recommenders(
    root: Path,
    *,
    k: int = 10,
    splits: Sequence[str] = (),
    folds: int = 5,
    seeds: int = 3,
    start: Start = "auto",
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Fit every engine without the held-out listens and rank all candidates.

    Splits: "warm" hides a fifth of each user's artists, once per seed; "temporal" hides what was first heard after a moment;
    "cold" hides whole artists, one fold after the other, each with an encoder that was trained without the labels of that fold,
    or that knows no labels; "cold-user" hides a fifth of the users but for a few artists that they give, once per seed.
    "-shuffled" models get the embeddings of other songs: what they gain over chance, content has not earned.

    Parameters
    ----------
    splits : which of these; all that the data allow if empty.
    start : whose embeddings: "auto": those in use, imported ones too; "pretrained": of the shipped one; "scratch": of networks
        trained from scratch, as the workspace's encoder was.

    Returns
    -------
    {"rows": [{"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}], "counts": {...},
    "models": {model: {"knows", "cold_songs", "new_users"}}, "differences", "train_seconds", "notes",
    "encoder": {"start", "fingerprint", "label"}, "report" (path), "summary"}; also
    written to reports/recommenders.json.

    Raises
    ------
    InputError : no workspace, songs or listens; an unknown split, or "temporal" where no time is known; too few artists for the
        folds; "scratch" where no encoder was trained so.
    """
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        interactions = read_interactions(workspace, catalogue)
        encoder = None if in_place(workspace, start) else encoder_to_compare(workspace, start)
        made, notes = splits_to_compare(  # first: too few listens show before any training
            workspace, catalogue, interactions, splits, folds=folds, seeds=seeds, seed=seed
        )
        hears = folds if any(split.fold >= 0 for split in made) else 0  # folds whose encoder must not know their labels
        content = content_to_compare(
            workspace, catalogue, start, encoder, hears, seed, device=device, workers=workers, report=report
        )
        notes.insert(0, content.note)
        engines = _engines(content.warm, content.cold, alone=hears > 0 and not content.cold)
        with report.task("models") as progress:
            comparison = compare(
                made,
                engines,
                k=(k,),
                seeds=(seed,),
                reference=[name for name in REFERENCES if name in engines],
                workers=workers_or_all(workers),
                progress=progress,
            )
        result = comparison.as_dict()
        result["notes"] = [*notes, *result["notes"]]
        result["models"] = {name: {"knows": knows(name), **about} for name, about in result["models"].items()}
        result["counts"]["import"] = interactions.counts
        result["encoder"] = content.encoder
        write_json(workspace.reports / "recommenders.json", result)
        result["report"] = str(write_report(workspace))
    result["summary"] = f"Report: {result['report']}"
    return result


def _engines(
    warm_content: SongEmbeddings | None, cold_content: dict[int, SongEmbeddings], *, alone: bool
) -> dict[str, Callable[[Split, int], Recommender]]:
    """Each model as `compare` wants it; content is that of the encoder that has not heard the split's cold songs.

    `alone`: there is no content for the cold songs, so listens stand alone.
    """

    def content_of(split: Split) -> SongEmbeddings | None:
        return warm_content if split.fold < 0 else cold_content.get(split.fold)

    def listens_only(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, None, None, seed + split.seed)

    def with_content(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, content_of(split), None, seed + split.seed)

    def with_shuffled(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, shuffled_embeddings(content_of(split), seed), None, seed + split.seed)

    engines = {name: listens_only(name) for name in LISTENS_ONLY}
    if warm_content is not None and not alone:
        engines |= {name: with_content(name) for name in WITH_CONTENT}
        engines |= {f"{name}-shuffled": with_shuffled(name) for name in SHUFFLED}
    return engines


def knows(model: str) -> str:
    """What a model is fitted on: "nothing", "listens", "content" or "both"."""
    name = model.removesuffix("-shuffled")
    engine = ENGINES[name]
    what = _KNOWS.get(name) or (("both" if engine.uses_listens else "content") if engine.uses_content else "listens")
    return what if name == model else f"{what}, vectors of other songs"


def shuffled_embeddings(content: SongEmbeddings | None, seed: int) -> SongEmbeddings | None:
    """The control: every song gets the vector of another one, drawn at random."""
    if content is None:
        return None
    n = len(content.tracks)
    cycle = np.random.default_rng(seed).permutation(n)  # each song takes the vector of the next one in a random round
    order = np.empty(n, np.int64)
    order[cycle] = np.roll(cycle, -1)
    return SongEmbeddings(content.tracks, content.vectors[order], f"{content.fingerprint}-shuffled", blocks=content.blocks)
