"""Compare recommenders on warm and on cold-start splits, with encoders that have not heard the labels of cold songs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from collab.engine import fit
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.files import write_json
from data.recommender import Recommender
from data.splits import Split, cold_split, warm_split, write_split
from evaluation.compare import compare
from recsys.report import SILENT, Report
from recsys.steps.encoders import trained_encoder
from recsys.steps.fold_content import content_to_compare, encoder_to_compare, in_place
from recsys.steps.fold_rows import song_folds
from recsys.steps.inputs import Interactions, read_interactions
from recsys.steps.machine import workers_or_all
from recsys.steps.reporting import write_report
from recsys.steps.starting import Start
from recsys.workspace import Workspace, open_workspace

LISTENS_ONLY = ("random", "popularity", "item-knn", "lightfm-cf", "als-cf")
WITH_CONTENT = ("content", "als", "lightfm")
REFERENCE = "lightfm"


def evaluate_recommenders(
    root: Path,
    *,
    k: int = 10,
    folds: int = 5,
    seeds: int = 3,
    start: Start = "auto",
    device: str = "auto",
    seed: int = 0,
    workers: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Fit every engine without the held-out listens and rank all candidates.

    Splits: "warm" hides a fifth of each user's artists, once per seed; "cold" hides whole artists, one fold after the other,
    each with an encoder that was trained without the labels of that fold, or that knows no labels. "-shuffled" models get the
    embeddings of other songs: what they gain over chance, content has not earned.

    Parameters
    ----------
    start : whose embeddings: "auto": those in use, imported ones too; "pretrained": of the shipped one; "scratch": of networks
        trained from scratch, as the workspace's encoder was.

    Returns
    -------
    {"rows": [{"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}], "counts": {...},
    "differences", "train_seconds", "notes", "encoder": {"start", "fingerprint", "label"}, "report" (path), "summary"}; also
    written to reports/recommenders.json.

    Raises
    ------
    InputError : no workspace, songs or listens; too few artists for the folds; "scratch" where no encoder was trained so.
    """
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        interactions = read_interactions(workspace, catalogue)
        encoder = None if in_place(workspace, start) else encoder_to_compare(workspace, start)
        notes: list[str] = []
        splits = _splits(workspace, interactions, folds, seeds, seed, notes)  # first: too few listens show before any training
        content = content_to_compare(
            workspace, catalogue, start, encoder, folds, seed, device=device, workers=workers, report=report
        )
        notes.insert(0, content.note)
        engines = _engines(content.warm, content.cold)
        with report.task("models") as progress:
            comparison = compare(
                splits,
                engines,
                k=(k,),
                seeds=(seed,),
                reference=REFERENCE if REFERENCE in engines else "lightfm-cf",
                workers=workers_or_all(workers),
                progress=progress,
            )
        result = comparison.as_dict()
        result["notes"] = [*notes, *result["notes"]]
        result["counts"]["import"] = interactions.counts
        result["encoder"] = content.encoder
        write_json(workspace.reports / "recommenders.json", result)
        result["report"] = str(write_report(workspace))
    result["summary"] = f"Report: {result['report']}"
    return result


def _splits(
    workspace: Workspace,
    interactions: Interactions,
    folds: int,
    seeds: int,
    seed: int,
    notes: list[str],
) -> list[Split]:
    """Warm splits with different seeds and one cold split a fold of artists, saved as files."""
    listens, tracks = interactions.listens, interactions.tracks
    about = trained_encoder(workspace)
    label = str(about["label"]) if about else ""  # folds of artists as the networks have them
    fold_of_song = song_folds(tracks, label, "artist", folds, seed)
    fold_of = np.array([fold_of_song[track.track_id] for track in tracks], np.int32)
    artists = [track.artist for track in tracks]
    splits = [warm_split(listens, artists, seed=seed + n) for n in range(seeds)]
    splits += [cold_split(listens, fold_of, fold, seed=seed) for fold in range(folds)]
    empty = [split for split in splits if not len(split.test)]
    if len(empty) == len(splits):
        raise InputError("there are too few listens to hold any out", code="too-few-listens")
    if empty:
        notes.append(f"{len(empty)} of {len(splits)} splits hold out no listen and are left out.")
    for split in splits:
        part = f"fold-{split.fold}" if split.fold >= 0 else f"seed-{split.seed}"
        write_split(workspace.splits / f"{split.name}-{part}", split)
    return [split for split in splits if len(split.test)]


def _engines(
    warm_content: SongEmbeddings | None, cold_content: dict[int, SongEmbeddings]
) -> dict[str, Callable[[Split, int], Recommender]]:
    """Each model as `compare` wants it; content is that of the encoder that has not heard the split's cold songs."""

    def content_of(split: Split) -> SongEmbeddings | None:
        return warm_content if split.fold < 0 else cold_content.get(split.fold)

    def listens_only(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, None, None, seed + split.seed)

    def with_content(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, content_of(split), None, seed + split.seed)

    def with_shuffled(name: str) -> Callable[[Split, int], Recommender]:
        return lambda split, seed: fit(name, split.train, shuffled_embeddings(content_of(split), seed), None, seed + split.seed)

    engines = {name: listens_only(name) for name in LISTENS_ONLY}
    if warm_content is not None and cold_content:
        engines |= {name: with_content(name) for name in WITH_CONTENT}
        engines |= {f"{name}-shuffled": with_shuffled(name) for name in WITH_CONTENT}
    return engines


def shuffled_embeddings(content: SongEmbeddings | None, seed: int) -> SongEmbeddings | None:
    """The control: every song gets the vector of another one, drawn at random."""
    if content is None:
        return None
    n = len(content.tracks)
    cycle = np.random.default_rng(seed).permutation(n)  # each song takes the vector of the next one in a random round
    order = np.empty(n, np.int64)
    order[cycle] = np.roll(cycle, -1)
    return SongEmbeddings(content.tracks, content.vectors[order], f"{content.fingerprint}-shuffled", blocks=content.blocks)
